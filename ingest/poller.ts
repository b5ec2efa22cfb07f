import type { Emit } from '../schemas/facts.ts'
import type { EventGroup, Send } from './route.ts'

/** A server that is asked: where, and how its answer is read. */
export interface PolledSource {
  readonly source: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Reads an answer. Throws when it is not what such a server says. */
  readonly read: (body: string, at_ms: number) => readonly EventGroup[]
}

export interface PollerOptions extends PolledSource {
  /** From one question to the next, ms. Default 1 000. */
  readonly interval_ms?: number
  readonly send: Send
  readonly emit: Emit
  /** ms since the epoch. */
  readonly clock: () => number
}

export interface Poller {
  /** Asks once now; resolves when what came of it was sent. Never rejects. */
  readonly poll: () => Promise<void>
  /** Resolves when the running question, if any, has ended. */
  readonly stop: () => Promise<void>
}

const BODY_BYTES = 8 << 20

/**
 * Asks a server again and again. A server that does not answer is not heard: the facts say so once,
 * and the rules of absence do the rest, so a poller never invents a reading.
 */
export function startPoller(options: PollerOptions): Poller {
  const { source, interval_ms = 1_000, clock, emit } = options
  let failing = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const cancel = new AbortController()

  async function ask(): Promise<void> {
    try {
      const signal = AbortSignal.any([cancel.signal, AbortSignal.timeout(Math.max(interval_ms, 2_000))])
      const answer = await fetch(options.url, { headers: { ...options.headers }, signal })
      const body = await answer.text()
      if (!answer.ok) throw new Error(`it answered ${answer.status}`)
      if (body.length > BODY_BYTES) throw new Error(`its answer has ${body.length} characters`)
      const groups = options.read(body, clock())
      if (failing) emit({ type: 'ingest_poll_recovered', source, url: options.url })
      failing = false
      if (groups.length > 0) await options.send(groups)
    } catch (error) {
      if (stopped) return
      if (!failing) emit({ type: 'ingest_poll_failed', source, url: options.url, error })
      failing = true
    }
  }

  function poll(): Promise<void> {
    running = running.then(ask)
    return running
  }

  let next_ms = performance.now()
  function loop(): void {
    if (stopped) return
    void poll().then(() => {
      next_ms = Math.max(next_ms + interval_ms, performance.now())
      if (!stopped) timer = setTimeout(loop, next_ms - performance.now())
    })
  }
  loop()

  return {
    poll,
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      cancel.abort()
      await running
    },
  }
}
