import type { Beacon } from '../schemas/beacon.ts'
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
  /** Waits before trying again, ms. */
  readonly retry_ms?: readonly number[]
  /** Groups kept while the collector is away; beyond it the oldest go. Default 1 000. */
  readonly most?: number
}

export interface BeaconSender {
  readonly send: Send
  /** Tries once more to send what is kept, and ends. */
  readonly stop: () => Promise<void>
}

/** Groups in one beacon; a group has one event or a few. */
const BATCH = 100

/**
 * A `Send` for a machine without a collector (the encoder's own): what is waiting goes in one beacon, in order.
 * 429 and 5xx and a line that is down are tried again; other answers are given up and told.
 */
export function sendBeacons(options: SendBeaconsOptions): BeaconSender {
  const { emit, clock, retry_ms = [500, 1_000, 2_000, 5_000], most = 1_000 } = options
  const address = new URL('/v1/beacons', options.url).href
  const kept: { group: EventGroup; at_ms: number }[] = []
  let stopped = false
  let working: Promise<void> | undefined
  let wake: (() => void) | undefined

  /** true: done with them, one way or the other. */
  async function post(batch: typeof kept): Promise<boolean> {
    const beacon: Beacon = {
      key: options.key,
      sent_ms: clock(),
      // A beacon has one context, and these are of many streams: each event brings its own.
      events: batch.flatMap(({ group: { source, context, events }, at_ms }) =>
        events.map((event) => ({
          time_ms: at_ms,
          source,
          ...context,
          ...event,
        })),
      ),
    }
    try {
      const answer = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(beacon),
        signal: AbortSignal.timeout(5_000),
      })
      const text = await answer.text()
      if (answer.status === 429 || answer.status >= 500) return false
      if (answer.status !== 204) {
        const { source } = batch[0]!.group
        emit({ type: 'ingest_send_failed', source, status: answer.status, answer: text.slice(0, 500) })
      }
      return true
    } catch {
      return false
    }
  }

  async function work(): Promise<void> {
    let failures = 0
    while (kept.length > 0) {
      const batch = kept.slice(0, BATCH)
      if (await post(batch)) {
        failures = 0
        // What came while it was on its way may have pushed the oldest out.
        const sent = new Set(batch)
        while (kept.length > 0 && sent.has(kept[0]!)) kept.shift()
        continue
      }
      if (stopped) return
      if (failures === 0)
        emit({ type: 'ingest_send_failed', source: batch[0]?.group.source, kept: kept.length })
      const wait_ms = retry_ms[Math.min(failures, retry_ms.length - 1)] ?? 1_000
      failures++
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait_ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  return {
    send: (groups) => {
      for (const group of groups) kept.push({ group, at_ms: clock() })
      if (kept.length > most) {
        const dropped = kept.splice(0, kept.length - most).length
        emit({ type: 'ingest_send_failed', source: groups[0]?.source, dropped })
      }
      working ??= work().finally(() => {
        working = undefined
      })
    },
    stop: async () => {
      stopped = true
      wake?.()
      await working
    },
  }
}
