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

/** Up to so many whole viewers a product is quicker than the gamma function. */
const SMALL = 8

/** ln Γ(x + k) - ln Γ(x): a product for a few whole steps, which is what a small cell needs. */
const lnRising = (x: number, k: number): number => {
  if (k === 0) return 0
  if (k <= SMALL && Number.isInteger(k)) {
    let product = x
    for (let i = 1; i < k; i++) product *= x + i
    return Math.log(product)
  }
  return lnGamma(x + k) - lnGamma(x)
}

/**
 * Log-likelihood of a cell (value of count) if its true ratio is spread around `mean` with a relative standard
 * deviation of about 1/√`tightness`. Terms that depend on neither mean nor tightness are left out: only differences
 * of the same cell are ever used.
 */
export type CellLikelihood = (value: number, count: number, mean: number, tightness: number) => number

/**
 * Beta-binomial: `value` of `count` viewers, the cell's own rate ~ Beta with that mean. The spread is relative to the
 * rarer of the two outcomes, so that failing 2 % and succeeding 98 % is the same thing.
 */
const share: CellLikelihood = (value, count, mean, tightness) => {
  const m = Math.min(Math.max(mean, 1e-6), 1 - 1e-6)
  const precision = tightness / Math.min(m, 1 - m)
  const a = m * precision
  const b = precision - a
  const well = Math.max(0, count - value)
  if (count <= SMALL && Number.isInteger(count) && Number.isInteger(value)) {
    // The same as below in one logarithm: most cells of a large table are this small.
    let ratio = 1
    for (let i = 0; i < value; i++) ratio *= (a + i) / (precision + i)
    for (let i = 0; i < well; i++) ratio *= (b + i) / (precision + value + i)
    return Math.log(ratio)
  }
  return lnRising(a, value) + lnRising(b, well) - lnRising(precision, count)
}

/**
 * Gamma with an inverse-gamma mean (a beta prime): the sum of `count` measurements whose standard deviation is as
 * large as their mean, and the cell's own mean spread around `mean`. So a level needs no unit and no known variance.
 */
const level: CellLikelihood = (value, count, mean, tightness) => {
  const alpha = tightness + 1
  const beta = tightness * Math.max(mean, 1e-12)
  return alpha * Math.log(beta) + lnRising(alpha, count) - (alpha + count) * Math.log(value + beta)
}

/** The likelihood for a kind of ratio. */
export const likelihoodOf = (kind: RatioKind): CellLikelihood => (kind === 'share' ? share : level)
