/** A source of numbers, uniform in 0 ≤ x < 1. */
export type Random = () => number

/** mulberry32: a small generator, so that a seed gives the same numbers everywhere. */
export const generator = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Standard normal (Box and Muller). */
export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** Successes of `n` trials; by the normal approximation where it is close. */
export const binomial = (random: Random, n: number, p: number): number => {
  if (n * p * (1 - p) > 25) {
    return Math.min(n, Math.max(0, Math.round(n * p + normal(random) * Math.sqrt(n * p * (1 - p)))))
  }
  let hits = 0
  for (let i = 0; i < n; i++) if (random() < p) hits++
  return hits
}
