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
  let sums: Record<string, number> = {}
  let waits: number[] = []
  return {
    add: ({ count = 1, bytes = 0, bytes_p2p = 0, bytes_reference = bytes, ttfb_ms, failed }) => {
      const more = {
        requests: count,
        requests_failed: Number(failed ?? 0),
        bytes,
        bytes_p2p,
        bytes_reference,
      }
      for (const [name, value] of Object.entries(more)) {
        const whole = Math.round(value)
        if (whole > 0) sums[name] = (sums[name] ?? 0) + whole
      }
      if (ttfb_ms !== undefined && ttfb_ms >= 0 && ttfb_ms < 600_000) waits.push(ttfb_ms)
    },
    take: () => {
      const counted = sums
      if (waits.length > 0) counted.ttfb_ms = waits.reduce((sum, each) => sum + each, 0) / waits.length
      sums = {}
      waits = []
      return counted
    },
  }
}
