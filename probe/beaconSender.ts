import type { Beacon } from '../schemas/beacon.ts'
import type { Emit } from '../schemas/facts.ts'
import { type Clock, pause } from './clock.ts'
import type { ProbeEvent } from './event.ts'

export interface BeaconSenderOptions {
  /** The collector's address, e.g. `http://127.0.0.1:8080`. */
  readonly collector: string
  readonly key: string
  readonly region: string
  /** Names this run of this probe; a new one at each start, because its events are counted from 1. */
  readonly session: string
  readonly clock: Clock
  readonly emit: Emit
  /** Most events kept while the collector is away; the oldest go first. Default 2 000. */
  readonly keep?: number
  readonly fetch?: typeof fetch
}

export interface BeaconSender {
  /** Takes the next number of the session. */
  readonly next: () => number
  readonly add: (event: ProbeEvent) => void
  /** Delivers what waits; resolves when nothing waits any more or the signal aborts. */
  readonly flush: (signal?: AbortSignal) => Promise<void>
  readonly waiting: () => number
}

const BATCH = 200
const RETRY_MS = 1_000
const LONGEST_RETRY_MS = 30_000
const TIMEOUT_MS = 10_000

/** Sends a probe's events to the collector as any client does, and keeps them while it is away. */
export function beaconSender(options: BeaconSenderOptions): BeaconSender {
  const { collector, key, region, session, clock, emit } = options
  const keep = options.keep ?? 2_000
  const send = options.fetch ?? fetch
  const queue: ProbeEvent[] = []
  let seq = 0
  let flushing: Promise<void> | undefined

  /** Milliseconds to wait before trying again; undefined when it is done with. */
  const post = async (events: readonly ProbeEvent[], attempt: number): Promise<number | undefined> => {
    const beacon: Beacon = {
      key,
      sent_ms: Math.round(clock()),
      context: { session, region, source: 'probe', synthetic: true },
      events,
    }
    const backoff = Math.min(RETRY_MS * 2 ** attempt, LONGEST_RETRY_MS)
    try {
      const answer = await send(new URL('/v1/beacons', collector), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(beacon),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      const body = await answer.text()
      if (answer.status === 204) {
        emit({ type: 'probe_sent', events: events.length, refused: 0 })
        return undefined
      }
      if (answer.ok) {
        const { refused = [] } = JSON.parse(body) as { refused?: { index: number; code: string }[] }
        emit({ type: 'probe_sent', events: events.length, refused: refused.length, why: refused[0]?.code })
        return undefined
      }
      if (answer.status !== 429 && answer.status < 500) {
        emit({ type: 'probe_sent', events: 0, refused: events.length, why: `HTTP ${answer.status}` })
        return undefined
      }
      emit({ type: 'probe_send_failed', waiting: queue.length, error: `HTTP ${answer.status}` })
      const after = Number(answer.headers.get('retry-after'))
      return after > 0 ? Math.min(after * 1000, LONGEST_RETRY_MS) : backoff
    } catch (error) {
      emit({ type: 'probe_send_failed', waiting: queue.length, error: (error as Error).message })
      return backoff
    }
  }

  const drain = async (signal?: AbortSignal): Promise<void> => {
    for (let attempt = 0; queue.length > 0 && !signal?.aborted; ) {
      const batch = queue.slice(0, BATCH)
      const again_ms = await post(batch, attempt)
      if (again_ms === undefined) {
        attempt = 0
        // the queue may have dropped its oldest meanwhile
        const sent = new Set(batch)
        while (queue.length > 0 && sent.has(queue[0] as ProbeEvent)) queue.shift()
        continue
      }
      attempt++
      await pause(again_ms, signal)
    }
  }
  return {
    next: () => ++seq,
    add: (event) => {
      queue.push(event)
      while (queue.length > keep) queue.shift()
    },
    flush: async (signal) => {
      // one sender at a time, so that events arrive in the order of their numbers
      while (flushing !== undefined) await flushing
      flushing = drain(signal).finally(() => {
        flushing = undefined
      })
      await flushing
    },
    waiting: () => queue.length,
  }
}
