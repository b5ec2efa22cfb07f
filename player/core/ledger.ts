import type { KindFields } from '../../schemas/kinds/kinds.ts'

export type PlayState = NonNullable<KindFields<'heartbeat'>['state']>

/** How the time of one interval was spent, whole ms. The parts and the time spent starting add up to `interval_ms`. */
export interface Spent {
  readonly interval_ms: number
  readonly played_ms: number
  readonly stalled_ms: number
  readonly paused_ms: number
  readonly seeking_ms: number
  readonly fast_ms: number
  readonly slow_ms: number
  readonly stall_count: number
}

export interface Ledger {
  /** From `at` on the player was in `state`. An `at` in the past rewrites the open interval, no further back. */
  readonly enter: (state: PlayState, at: number) => void
  /** From `at` on the playback rate was `rate`. */
  readonly rate: (rate: number, at: number) => void
  /** Closes the interval at `at` and opens the next one there. */
  readonly take: (at: number) => Spent
}

interface Cut {
  readonly at: number
  readonly state: PlayState
  readonly rate: number
}

const COLUMN: Partial<Record<PlayState, 'played_ms' | 'stalled_ms' | 'paused_ms' | 'seeking_ms'>> = {
  playing: 'played_ms',
  stalled: 'stalled_ms',
  paused: 'paused_ms',
  seeking: 'seeking_ms',
}

/** Where the time went, exactly: intervals tile the session, and the parts tile the interval. */
export function createLedger(start: number, state: PlayState = 'starting'): Ledger {
  let cuts: Cut[] = [{ at: start, state, rate: 1 }]
  let stall_count = 0
  const cut = (change: Partial<Cut>, time: number) => {
    const last = cuts[cuts.length - 1]!
    const at = Math.max(time, cuts[0]!.at)
    // What was noted after a moment that we learn of late did not happen.
    cuts = cuts.filter((each, index) => index === 0 || each.at < at)
    cuts.push({ ...last, ...change, at })
  }
  return {
    enter: (next, at) => {
      if (next === 'stalled') stall_count++
      cut({ state: next }, at)
    },
    rate: (rate, at) => cut({ rate }, at),
    take: (time) => {
      const last = cuts[cuts.length - 1]!
      const at = Math.max(time, last.at)
      const spent = { played_ms: 0, stalled_ms: 0, paused_ms: 0, seeking_ms: 0, fast_ms: 0, slow_ms: 0 }
      cuts.forEach((each, index) => {
        // Rounded at the cuts, not at the lengths: so the parts add up to the whole.
        const length = Math.round(cuts[index + 1]?.at ?? at) - Math.round(each.at)
        const column = COLUMN[each.state]
        if (column) spent[column] += length
        if (each.state === 'playing' && each.rate > 1) spent.fast_ms += length
        if (each.state === 'playing' && each.rate < 1) spent.slow_ms += length
      })
      const whole = { ...spent, interval_ms: Math.round(at) - Math.round(cuts[0]!.at), stall_count }
      stall_count = 0
      cuts = [{ ...last, at }]
      return whole
    },
  }
}
