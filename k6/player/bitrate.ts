import type { Variant } from './playlist.ts'

export interface BitrateChooser {
  /** A segment of `bytes` came in `ms`. */
  readonly measured: (bytes: number, ms: number) => void
  readonly kbps: () => number
  /** The best variant the line carries; the first listed while nothing is known, as players begin. */
  readonly choose: (variants: readonly Variant[], current: number) => number
}

/** hls.js’s half-lives for live streams, s, and its share of the measured bandwidth to spend. */
const FAST_S = 3
const SLOW_S = 9
const DOWN = 0.95
const UP = 0.7
const MIN_BYTES = 4_000

/** Two moving averages of the measured bandwidth, weighted by transfer time; the smaller one decides. */
export function createBitrateChooser(): BitrateChooser {
  const averages = [FAST_S, SLOW_S].map((halfLife) => ({
    alpha: Math.exp(Math.log(0.5) / halfLife),
    kbps: 0,
    weight: 0,
  }))
  const kbps = () =>
    Math.min(
      ...averages.map(({ alpha, kbps: value, weight }) =>
        weight === 0 ? Number.NaN : value / (1 - alpha ** weight),
      ),
    )
  return {
    measured: (bytes, ms) => {
      if (bytes < MIN_BYTES) return
      const seconds = Math.max(ms, 5) / 1000
      for (const average of averages) {
        const keep = average.alpha ** seconds
        average.kbps = ((bytes * 8) / Math.max(ms, 5)) * (1 - keep) + keep * average.kbps
        average.weight += seconds
      }
    },
    kbps,
    choose: (variants, current) => {
      const bandwidth = kbps()
      if (Number.isNaN(bandwidth)) return current
      let best = -1
      for (const [index, variant] of variants.entries()) {
        const spend = variant.kbps <= (variants[current]?.kbps ?? 0) ? DOWN : UP
        const fits = variant.kbps <= bandwidth * spend
        if (fits && (best < 0 || variant.kbps > (variants[best]?.kbps ?? 0))) best = index
      }
      if (best >= 0) return best
      return variants.reduce(
        (least, variant, index) => (variant.kbps < (variants[least]?.kbps ?? 0) ? index : least),
        0,
      )
    },
  }
}
