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

/** At most `x` events where `mean` are expected. */
export function surpriseOfFew(x: number, mean: number, shape: number): number {
  if (x >= mean) return 0
  const first = x > 0 ? x * Math.log(x / mean) : 0
  return first - (x + shape) * Math.log((x + shape) / (mean + shape))
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
