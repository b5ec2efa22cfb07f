/**
 * How improbable something is, in nats: −ln p, by Chernoff's bound, which needs no special functions and never says
 * more than the truth (Chernoff 1952; the forms below are the Kullback–Leibler divergences of the two distributions).
 */

/**
 * At least `x` events when a Gamma(`shape`) knowledge of the rate expects `mean`: the negative binomial's upper tail.
 * The less is known (small shape), the less surprising is an excess.
 */
export function surpriseOfCount(x: number, mean: number, shape: number): number {
  if (x <= mean || x <= 0) return 0
  const expected = Math.max(mean, 1e-9)
  return x * Math.log(x / expected) - (x + shape) * Math.log((x + shape) / (expected + shape))
}

/**
 * At most `heard` of `known` are heard in a time in which each would be with the probability `chance`: the binomial's lower tail.
 * A chance near 1 is not believed: somebody is always late.
 */
export function surpriseOfSilence(heard: number, known: number, chance: number): number {
  const p = Math.min(0.95, chance)
  const share = Math.max(0, heard / Math.max(known, 1e-9))
  if (share >= p) return 0
  const spoken = share > 0 ? share * Math.log(share / p) : 0
  return known * (spoken + (1 - share) * Math.log((1 - share) / (1 - p)))
}

/**
 * A mean that is `ratio` times the expected one, when its relative variance is `variance`: a gamma distribution's tail,
 * on the side on which the ratio lies.
 */
export function surpriseOfLevel(ratio: number, variance: number): number {
  if (!(variance > 0)) return 0
  const r = Math.max(ratio, 1e-9)
  return (r - 1 - Math.log(r)) / variance
}

/** Looks a stream gets in six hours, five seconds apart, over some ten metrics, for one false page in fifty shows. */
const LOOKS = Math.log((6 * 720 * 10) / 0.02)

/** What a finding must surpass, nats: more where more values are looked at, so that many looks find no more by chance. */
export const threshold = (values: number): number => LOOKS + Math.log(Math.max(1, values))
