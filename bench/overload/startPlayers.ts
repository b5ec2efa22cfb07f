import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export type PlayersCommand =
  | {
      readonly type: 'begin'
      readonly port: number
      readonly key: string
      /** Begins the names of the sessions. */
      readonly name: string
      readonly connections: number
      /** Never waits, and drops what was refused. */
      readonly stubborn: boolean
      /** Report as seldom as answers advise. */
      readonly advised: boolean
    }
  | { readonly type: 'rate'; readonly events_per_s: number; readonly afresh: boolean }
  | { readonly type: 'count' }

/** What happened since the report before. */
export interface PlayersReport {
  /** Events made, and events answered 204. */
  made: number
  answered: number
  requests: number
  /** Requests answered 429 or 503, and those without an answer or with another one. */
  refused: number
  failed: number
  /** Events given up by stubborn players. */
  dropped: number
  /** From sending to the 204, ms. */
  answered_ms: number[]
  /** From the moment a beacon could be sent until it was: how late the players are, ms. */
  late_ms: number[]
  /** From sending to the refusal, ms. */
  refused_ms: number[]
  /** The longest interval that answers advised, ms. */
  advised_ms: number
}

export interface Players {
  readonly pid: number
  /** So many events a second, by more or fewer players; `afresh`: by new ones, without what others kept. */
  rate(events_per_s: number, afresh?: boolean): void
  count(): Promise<PlayersReport>
  stop(): void
}

export function startPlayers(options: Omit<Extract<PlayersCommand, { type: 'begin' }>, 'type'>): Players {
  const child = fork(fileURLToPath(new URL('./players.ts', import.meta.url)), [], {
    execArgv: [...process.execArgv, '--max-semi-space-size=32'],
  })
  const tell = (command: PlayersCommand): void => void child.send(command)
  tell({ type: 'begin', ...options })
  return {
    pid: child.pid!,
    rate: (events_per_s, afresh = false) => tell({ type: 'rate', events_per_s, afresh }),
    async count() {
      const answer = once(child, 'message')
      tell({ type: 'count' })
      return (await answer)[0] as PlayersReport
    },
    stop: () => child.disconnect(),
  }
}
