import type { KindFields } from '../../schemas/kinds/kinds.ts'

export interface Pace {
  /** The playback rate is `rate` now. Playing faster than 1 is a catch-up, until it ends. */
  readonly set: (rate: number) => void
  /** The rate, and the catch-ups that ended since the last call. */
  readonly take: () => Pick<KindFields<'heartbeat'>, 'playback_rate' | 'catch_ups' | 'caught_up_ms'>
}

/** A playback's rate, and what catching up won. `latency_ms`: the live latency now, if it is known. */
export function createPace(latency_ms: () => number | undefined): Pace {
  let rate = 1
  /** Live latency when the player began to catch up. */
  let behind_ms: number | undefined
  let catch_ups = 0
  let caught_up_ms: number | undefined
  return {
    set: (next) => {
      const fast = next > 1
      if (rate > 1 !== fast) {
        const now_ms = latency_ms()
        if (fast) behind_ms = now_ms
        else {
          catch_ups++
          const gained = Number(behind_ms) - Number(now_ms) + (caught_up_ms ?? 0)
          if (!Number.isNaN(gained)) caught_up_ms = Math.max(-600_000, Math.min(600_000, gained))
        }
      }
      rate = next
    },
    take: () => {
      const taken = { playback_rate: rate, catch_ups, caught_up_ms }
      catch_ups = 0
      caught_up_ms = undefined
      return taken
    },
  }
}
