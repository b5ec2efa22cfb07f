import type { KindFields } from '../../schemas/kinds/kinds.ts'
import type { MediaRequest } from '../adapter.ts'

type Counted = Pick<
  KindFields<'heartbeat'>,
  'requests' | 'requests_failed' | 'ttfb_ms' | 'bytes' | 'bytes_p2p' | 'bytes_reference'
>

export interface Counters {
  readonly add: (request: MediaRequest) => void
  /** What was counted since the last call; zeros are left out. */
  readonly take: () => Counted
}

/** Requests and bytes of an interval. */
export function createCounters(): Counters {
  const fresh = () => ({ requests: 0, requests_failed: 0, bytes: 0, bytes_p2p: 0, bytes_reference: 0 })
  let sums = fresh()
  let waits: number[] = []
  return {
    add: ({ count = 1, bytes = 0, bytes_p2p = 0, bytes_reference = bytes, ttfb_ms, failed }) => {
      sums.requests += count
      sums.requests_failed += Number(failed ?? 0)
      sums.bytes += Math.round(bytes)
      sums.bytes_p2p += Math.round(bytes_p2p)
      sums.bytes_reference += Math.round(bytes_reference)
      if (ttfb_ms !== undefined && ttfb_ms >= 0 && ttfb_ms < 600_000) waits.push(ttfb_ms)
    },
    take: () => {
      const counted: Record<string, number> = Object.fromEntries(
        Object.entries(sums).filter(([, value]) => value > 0),
      )
      if (waits.length > 0) counted.ttfb_ms = waits.reduce((sum, each) => sum + each, 0) / waits.length
      sums = fresh()
      waits = []
      return counted
    },
  }
}
