import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface LoadOptions {
  /** Begins the names of its sessions. */
  readonly name: string
  readonly urls: readonly string[]
  readonly events_per_s: number
  /** Sessions at a time. */
  readonly senders: number
  /** Events of one beacon. */
  readonly batch: number
  /** Beacons of one session. */
  readonly beacons: number
  /** Streams the sessions watch, each with an encoder that reports once a second. */
  readonly streams: number
}

export type LoadCommand =
  | { readonly type: 'cut' | 'mend'; readonly stream: number }
  | { readonly type: 'rate'; readonly events_per_s: number }
  | { readonly type: 'count'; readonly fresh: boolean }
  | { readonly type: 'stop' }

export interface LoadCount {
  /** Sessions begun. */
  readonly sessions: number
  readonly events: number
  /** Beacons to send again, by the answer's status; 0: none came. */
  readonly retries: Readonly<Record<number, number>>
  /** The longest time without any answer since the last fresh count, ms. */
  readonly gap_ms: number
}

export type LoadAnswer =
  | ({ readonly type: 'count' } & LoadCount)
  | { readonly type: 'answered'; readonly events: number; readonly sessions: readonly [string, number][] }

export interface Load {
  readonly pid: number
  /** The encoder of a stream falls silent, or reports again. */
  cut(stream: number): void
  mend(stream: number): void
  rate(events_per_s: number): void
  /** @param fresh begins to measure `gap_ms` anew */
  count(fresh?: boolean): Promise<LoadCount>
  /** Ends it when every beacon is answered; how many events were answered, by session. */
  stop(): Promise<ReadonlyMap<string, number>>
  kill(): void
}

const PROGRAM = fileURLToPath(new URL('./loadProcess.ts', import.meta.url))

export function startLoad(options: LoadOptions): Load {
  const child = fork(PROGRAM, [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] })
  const tell = (command: LoadCommand): void => void child.send(command)
  const next = <T extends LoadAnswer['type']>(type: T) =>
    new Promise<Extract<LoadAnswer, { type: T }>>((resolve, reject) => {
      const hear = (message: LoadAnswer): void => {
        if (message.type !== type) return
        child.off('message', hear)
        child.off('exit', ended)
        resolve(message as Extract<LoadAnswer, { type: T }>)
      }
      const ended = (code: number | null): void => reject(new Error(`the load ended with ${code}`))
      child.on('message', hear)
      child.once('exit', ended)
    })
  return {
    pid: child.pid!,
    cut: (stream) => tell({ type: 'cut', stream }),
    mend: (stream) => tell({ type: 'mend', stream }),
    rate: (events_per_s) => tell({ type: 'rate', events_per_s }),
    count(fresh = false) {
      const answer = next('count')
      tell({ type: 'count', fresh })
      return answer
    },
    async stop() {
      const answer = next('answered')
      tell({ type: 'stop' })
      const { sessions } = await answer
      child.disconnect()
      return new Map(sessions)
    },
    kill() {
      child.kill('SIGKILL')
    },
  }
}
