import { BeaconQueue } from '../schemas/beaconQueue.ts'
import type { Emit } from '../schemas/facts.ts'
import type { Clock } from './clock.ts'
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

/** Sends a probe's events to the collector as any client does, and keeps them while it is away. */
export function beaconSender(options: BeaconSenderOptions): BeaconSender {
  const { collector, key, region, session, clock, emit, keep = 2_000 } = options
  let seq = 0
  const queue = new BeaconQueue<ProbeEvent>({
    collector,
    // Each may carry a picture of 40 kB.
    batch: 20,
    most: keep,
    pauses: { first_ms: 1_000, longest_ms: 30_000 },
    beaconOf: (events) => ({
      key,
      sent_ms: Math.round(clock()),
      context: { session, region, source: 'probe', synthetic: true },
      events,
    }),
    answered: ({ length }, status, body) => {
      const outcome = outcomeOf(length, status, body)
      emit({ type: 'probe_sent', ...outcome })
      if (outcome.refused > 0) emit({ type: 'probe_refused', events: outcome.refused, why: outcome.why })
    },
    failed: (_events, error) => emit({ type: 'probe_send_failed', waiting: queue.waiting, error }),
    fetch: options.fetch,
  })
  return {
    next: () => ++seq,
    add: (event) => void queue.add([event]),
    flush: (signal) => queue.flush(signal),
    waiting: () => queue.waiting,
  }
}

function outcomeOf(sent: number, status: number, body: string) {
  if (status === 204) return { events: sent, refused: 0 }
  if (status >= 300) return { events: 0, refused: sent, why: `HTTP ${status} ${body.slice(0, 200)}` }
  const { refused = [] } = JSON.parse(body) as { refused?: { index: number; code: string }[] }
  return { events: sent, refused: refused.length, why: refused[0]?.code }
}
