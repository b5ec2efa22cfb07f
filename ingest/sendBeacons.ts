import { BeaconQueue } from '../schemas/beaconQueue.ts'
import type { EventGroup } from '../schemas/eventRoute.ts'
import type { Emit } from '../schemas/facts.ts'

/** Takes what sources report: into a collector of the same process, or by HTTP to one elsewhere (`sendBeacons`). */
export type Send = (groups: readonly EventGroup[]) => void | Promise<void>

export interface SendBeaconsOptions {
  /** The collector's origin: `https://beacons.example.com`. */
  readonly url: string
  /** The tenant's write key. */
  readonly key: string
  readonly emit: Emit
  readonly clock: () => number
}

export interface BeaconSender {
  readonly send: Send
  /** Tries once more to send what is kept, and ends. */
  readonly stop: () => Promise<void>
}

interface Kept {
  readonly group: EventGroup
  readonly at_ms: number
}

/** Groups in one beacon; a group has one event or a few. */
const BATCH = 100
/** Groups kept while the collector is away. */
const MOST = 1_000

/**
 * A `Send` for a machine without a collector (the encoder's own): what is waiting goes in one beacon, in order.
 * 429 and 5xx and a line that is down are tried again; other answers are given up and told.
 */
export function sendBeacons({ url, key, emit, clock }: SendBeaconsOptions): BeaconSender {
  const stopped = new AbortController()
  let working: Promise<void> | undefined
  const sourceOf = (items: readonly Kept[]): string | undefined => items[0]?.group.source
  const queue = new BeaconQueue<Kept>({
    collector: url,
    batch: BATCH,
    most: MOST,
    pauses: { first_ms: 500, longest_ms: 5_000 },
    beaconOf: (items) => ({
      key,
      sent_ms: clock(),
      // A beacon has one context, and these are of many streams: each event brings its own.
      events: items.flatMap(({ group: { source, context, events }, at_ms }) =>
        events.map((event) => ({ time_ms: at_ms, source, ...context, ...event })),
      ),
    }),
    answered: (items, status, answer) => {
      if (status === 204) return
      emit({ type: 'ingest_send_failed', source: sourceOf(items), status, answer: answer.slice(0, 500) })
    },
    failed: (items, _reason, attempt) => {
      if (attempt === 0) emit({ type: 'ingest_send_failed', source: sourceOf(items), kept: queue.waiting })
    },
  })
  return {
    send: (groups) => {
      const dropped = queue.add(groups.map((group) => ({ group, at_ms: clock() })))
      if (dropped > 0) emit({ type: 'ingest_send_failed', source: groups[0]?.source, dropped })
      working ??= queue.flush(stopped.signal).finally(() => {
        working = undefined
      })
    },
    stop: async () => {
      stopped.abort()
      await working
      await queue.flush(stopped.signal)
    },
  }
}
