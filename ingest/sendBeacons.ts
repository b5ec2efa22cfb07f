import type { Beacon } from '../schemas/beacon.ts'
import type { Emit } from '../schemas/facts.ts'
import type { EventGroup, Send } from './route.ts'

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

/**
 * A `Send` for a machine without a collector (the encoder's own): each group is one beacon by HTTP, in order.
 * 429 and 5xx and a line that is down are tried again; other answers are given up and told.
 */
export function sendBeacons(options: SendBeaconsOptions): BeaconSender {
  const { emit, clock, retry_ms = [500, 1_000, 2_000, 5_000], most = 1_000 } = options
  const address = new URL('/v1/beacons', options.url).href
  const kept: { group: EventGroup; at_ms: number }[] = []
  let stopped = false
  let working: Promise<void> | undefined
  let wake: (() => void) | undefined

  /** true: done with it, one way or the other. */
  async function post({ group, at_ms }: { group: EventGroup; at_ms: number }): Promise<boolean> {
    const { source } = group
    const beacon: Beacon = {
      key: options.key,
      sent_ms: clock(),
      context: { ...(source === undefined ? {} : { source }), ...group.context },
      events: group.events.map((event) => ({ time_ms: at_ms, ...event })),
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
        emit({ type: 'ingest_send_failed', source, status: answer.status, answer: text.slice(0, 500) })
      }
      return true
    } catch {
      return false
    }
  }

  async function work(): Promise<void> {
    let failures = 0
    for (let next = kept[0]; next !== undefined; next = kept[0]) {
      if (await post(next)) {
        failures = 0
        if (kept[0] === next) kept.shift()
        continue
      }
      if (stopped) return
      if (failures === 0) emit({ type: 'ingest_send_failed', source: next.group.source, kept: kept.length })
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
