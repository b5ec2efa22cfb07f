/** Where a number lies with 95 % certainty, and of how many facts it was made. */
export interface Bounds {
  readonly low: number
  readonly high: number
  readonly n: number
}

const Z = 1.96

/**
 * The score interval at 95 % of a weighted count under sampling by session: the true counts from which so many in the sample are
 * not improbable. Without sampling (`excess` 0) it has no width.
 * @param estimate Σ weight
 * @param excess Σ weight × (weight − 1) ÷ Σ weight: the mean of weight − 1, each session weighted
 */
export function sampledBounds(estimate: number, excess: number): Bounds {
  const half = (Z * Z * excess) / 2
  const reach = Math.sqrt(half * (half + 2 * estimate))
  return {
    low: Math.max(estimate / (1 + excess), estimate + half - reach),
    high: estimate + half + reach,
    n: Math.round(estimate / (1 + excess)),
  }
}
