import type { BeaconEvent } from '../../schemas/beacon.ts'
import { increase, known } from '../counters.ts'

/** A connection by which nginx-rtmp pushes a stream to another server. */
export interface StatPush {
  /** `host:port/app`, as the page writes it. */
  readonly address: string
  /** Media time of the newest frame sent, ms. */
  readonly timestamp_ms: number | undefined
  readonly dropped: number | undefined
}

/** How nginx-rtmp calls its own connections to push targets. */
export const PUSH_AGENT = 'ngx-local-relay'

/**
 * A stream's push targets, each a row of the link: up, how far behind the publisher, frames dropped. nginx-rtmp counts no bytes by
 * connection. A promised target that is not there is down.
 */
export function pushEvents(
  now: PushReading,
  before: PushReading | undefined,
  { promised, interval_ms }: { readonly promised: readonly string[]; readonly interval_ms: number },
): BeaconEvent<'hop'>[] {
  const base = { kind: 'hop', hop: 'push', interval_ms } as const
  const up = now.pushes.map(({ address, timestamp_ms, dropped }): BeaconEvent<'hop'> => {
    const last = before?.pushes.find((push) => push.address === address)
    const lag_ms =
      now.source_ms === undefined || timestamp_ms === undefined
        ? undefined
        : Math.max(0, now.source_ms - timestamp_ms)
    return {
      ...base,
      node: address,
      status: 'up',
      ...known({ lag_ms, frames_dropped: increase(dropped, last?.dropped) }),
    }
  })
  const missing = promised.filter((address) => !now.pushes.some((push) => push.address === address))
  return [...up, ...missing.map((node) => ({ ...base, node, status: 'down' }) as const)]
}

export interface PushReading {
  /** Media time of the publisher's newest frame, ms. */
  readonly source_ms: number | undefined
  readonly pushes: readonly StatPush[]
}
