import type { Matched, RatioKind } from './cells.ts'
import { likelihoodOf } from './likelihood.ts'
import { logSum, logSumOf } from './logSum.ts'

/** Rises that are tried for a share: the probability by which somebody fails who would not have. */
const SHARE_RISES = [0.004, 0.008, 0.015, 0.025, 0.04, 0.06, 0.09, 0.135, 0.2, 0.29, 0.42, 0.6, 0.85]
/** Rises that are tried for a level: by so much of itself it grew, or it fell to 1 ÷ (1 + rise). */
const LEVEL_RISES = [0.03, 0.06, 0.1, 0.16, 0.25, 0.4, 0.63, 1, 1.6, 2.5, 4, 6.3, 10]
/** Logarithms of the factors by which all cells may have drifted together. */
const DRIFTS = [-0.4, 0, 0.4, 0.8, 1.2]

/** e to the power of this is nothing beside 1. */
const NEGLIGIBLE = -20

export interface TableOptions {
  readonly cells: Matched
  readonly kind: RatioKind
  /** 1: a rise is bad; -1: a fall is bad. */
  readonly sign: 1 | -1
  readonly inside: number
  /** Of several the one that fits an explanation is believed: they are averaged. */
  readonly outside: readonly number[]
  readonly drift: number
  readonly stray: number
}

/** Log-likelihoods of every cell, computed once: each explanation only adds some of them up. */
export interface CellTables {
  /** Rises that were tried, ascending. */
  readonly rises: readonly number[]
  /** Log-likelihood of cell i at `i * (rises.length + 1)`: not risen, then risen by each of `rises`. */
  readonly risen: Float64Array
  /** How many combinations of a common drift and a tightness were tried. */
  readonly drifts: number
  /** Log-likelihood of cell i at `i * drifts`: drifted together with all others by each. */
  readonly drifted: Float64Array
  /** Log of the prior probability of each. */
  readonly drift_prior: Float64Array
}

/**
 * A cell outside a cause follows the common drift. With the small probability `stray` it has trouble of its own (any
 * rise), so that one odd cell costs an explanation a bounded amount.
 */
export const cellTables = (options: TableOptions): CellTables => {
  const { cells, kind, sign, inside, outside, drift, stray } = options
  const { size, value, count, expected } = cells
  const likelihood = likelihoodOf(kind)
  const rises = kind === 'share' ? SHARE_RISES : LEVEL_RISES
  const width = rises.length + 1
  const risen = new Float64Array(size * width)
  const steps = outside.flatMap((tightness) =>
    DRIFTS.map((log) => ({ tightness, log, factor: Math.exp(log) })),
  )
  const drifted = new Float64Array(size * steps.length)
  const usual = Math.log(1 - stray)
  const strange = Math.log(stray / rises.length)
  for (let i = 0; i < size; i++) {
    const v = value[i]!
    const n = count[i]!
    const b = expected[i]!
    const row = i * width
    risen[row] = likelihood(v, n, b, outside[0]!)
    for (let k = 1; k < width; k++)
      risen[row + k] = likelihood(v, n, meanAt(b, rises[k - 1]!, kind, sign), inside)
    // A cell that did not rise has no trouble of its own.
    const own =
      (v - n * b) * sign > 0 ? strange + highest(risen, row + 1, row + width) : Number.NEGATIVE_INFINITY
    for (let s = 0; s < steps.length; s++) {
      const { factor, tightness } = steps[s]!
      const together = usual + likelihood(v, n, b * factor, tightness)
      drifted[i * steps.length + s] = own - together < NEGLIGIBLE ? together : logSumOf(together, own)
    }
  }
  const weights = Float64Array.from(steps, ({ log }) => -0.5 * (log / drift) ** 2)
  const total = logSum(weights, 0, weights.length)
  return {
    rises,
    risen,
    drifts: steps.length,
    drifted,
    drift_prior: weights.map((weight) => weight - total),
  }
}

const highest = (logs: Float64Array, from: number, to: number): number => {
  let high = logs[from]!
  for (let i = from + 1; i < to; i++) if (logs[i]! > high) high = logs[i]!
  return high
}

const meanAt = (expected: number, rise: number, kind: RatioKind, sign: 1 | -1): number => {
  if (kind === 'share') return expected + rise * (1 - expected)
  return sign > 0 ? expected * (1 + rise) : expected / (1 + rise)
}
