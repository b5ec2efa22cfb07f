import type { RatioKind } from './cells.ts'

/**
 * Natural logarithm of the gamma function for x > 0: Stirling's series from 7 upwards, shifted by products below
 * (NIST DLMF 5.11.1). Absolute error below 1e-9, which is far finer than any score here needs.
 */
export const lnGamma = (x: number): number => {
  let product = 1
  let y = x
  while (y < 7) {
    product *= y
    y += 1
  }
  const inverse = 1 / y
  const square = inverse * inverse
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
  const value = (y - 0.5) * Math.log(y) - y + 0.9189385332046728 + series
  return product === 1 ? value : value - Math.log(product)
}

/**
 * Log-likelihood of a cell (value of count) if its true ratio is spread around `mean` with `precision` (pseudo-viewers:
 * the larger, the closer to the mean). Terms that do not depend on mean and precision are left out: only differences
 * of the same cell are ever used.
 */
export type CellLikelihood = (value: number, count: number, mean: number, precision: number) => number

/** Beta-binomial: `value` of `count` viewers, the cell's own rate ~ Beta(mean × precision, (1 - mean) × precision). */
const share: CellLikelihood = (value, count, mean, precision) => {
  const m = Math.min(Math.max(mean, 1e-6), 1 - 1e-6)
  const a = m * precision
  const b = precision - a
  return (
    lnGamma(a + value) -
    lnGamma(a) +
    lnGamma(b + Math.max(0, count - value)) -
    lnGamma(b) +
    lnGamma(precision) -
    lnGamma(precision + count)
  )
}

/**
 * Gamma with an inverse-gamma mean (a beta prime): the sum of `count` measurements whose standard deviation is as
 * large as their mean, and the cell's own mean spread around `mean`. So a level needs no unit and no known variance.
 */
const level: CellLikelihood = (value, count, mean, precision) => {
  const alpha = precision + 1
  const beta = precision * Math.max(mean, 1e-12)
  return (
    alpha * Math.log(beta) +
    lnGamma(alpha + count) -
    lnGamma(alpha) -
    (alpha + count) * Math.log(value + beta)
  )
}

/** The likelihood for a kind of ratio. */
export const likelihoodOf = (kind: RatioKind): CellLikelihood => (kind === 'share' ? share : level)
