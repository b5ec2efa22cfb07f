import type { EventGroup } from '../schemas/eventRoute.ts'
import type { Emit } from '../schemas/facts.ts'
import type { Send } from './sendBeacons.ts'

/** A server that is polled: where, and how its answer is read. */
export interface PolledSource {
  readonly source: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Reads an answer, one body for each page of it. Throws when it is not what such a server writes. */
  readonly read: (bodies: readonly string[], at_ms: number) => readonly EventGroup[]
  /** The address of the next page after `bodies` (none at first); undefined: that is all. Default: `url` alone. */
  readonly next?: (bodies: readonly string[]) => string | undefined
}

export interface PollerOptions extends PolledSource {
  /** From one poll to the next, ms. Default 1 000. */
  readonly interval_ms?: number
  readonly send: Send
  readonly emit: Emit
  /** ms since the epoch. */
  readonly clock: () => number
}

export interface Poller {
  /** Polls once now; resolves when the events were sent. Never rejects. */
  readonly poll: () => Promise<void>
  /** Resolves when the running poll, if any, has ended. */
  readonly stop: () => Promise<void>
}

const BODY_BYTES = 8 << 20
const MOST_PAGES = 20

/** An answer's text within `limit` bytes, after decompression. */
async function boundedText(answer: Response, limit: number): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of answer.body ?? []) {
    bytes += piece.length
    if (bytes > limit) throw new Error(`the answer has more than ${limit} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** What a server answers, within 8 MiB; rejects when it refuses. */
export async function loadText(
  url: string,
  signal: AbortSignal,
  headers?: Readonly<Record<string, string>>,
): Promise<string> {
  // A connection that is kept would always ask the same worker or server of several.
  const answer = await fetch(url, { headers: { connection: 'close', ...headers }, signal })
  const body = await boundedText(answer, BODY_BYTES)
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
  return body
}

/**
 * Polls a server. A server that does not answer is not heard: one fact tells it, and the rules of absence do the rest,
 * so a poller never invents a reading.
 */
export function startPoller(options: PollerOptions): Poller {
  const { interval_ms = 1_000, clock } = options

  return startReading({
    ...options,
    read: async (cancelled) => {
      const signal = AbortSignal.any([cancelled, AbortSignal.timeout(Math.max(interval_ms, 2_000))])
      const bodies: string[] = []
      const next = options.next ?? ((read) => (read.length === 0 ? options.url : undefined))
      for (let url = next(bodies); url !== undefined && bodies.length < MOST_PAGES; url = next(bodies))
        bodies.push(await loadText(url, signal, options.headers))
      return options.read(bodies, clock())
    },
  })
}

export interface ReadingOptions
  extends Pick<PollerOptions, 'source' | 'url' | 'interval_ms' | 'send' | 'emit'> {
  /** Reads once. Rejects when there is nothing to be read. */
  readonly read: (cancelled: AbortSignal) => Promise<readonly EventGroup[]>
}

/** Reads something again and again, and sends what it says; a reading that fails is told once until one succeeds. */
export function startReading(options: ReadingOptions): Poller {
  const { source, interval_ms = 1_000, emit } = options
  let failing = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const cancel = new AbortController()

  async function pollOnce(): Promise<void> {
    try {
      const groups = await options.read(cancel.signal)
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
    running = running.then(pollOnce)
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
