/** ln Σ exp(x) over `from` ≤ index < `to`, without overflow; -∞ for nothing. */
export const logSum = (logs: Float64Array, from: number, to: number): number => {
  let high = Number.NEGATIVE_INFINITY
  for (let i = from; i < to; i++) if (logs[i]! > high) high = logs[i]!
  if (high === Number.NEGATIVE_INFINITY) return high
  let sum = 0
  for (let i = from; i < to; i++) sum += Math.exp(logs[i]! - high)
  return high + Math.log(sum)
}

/** ln(e^a + e^b). */
export const logSumOf = (a: number, b: number): number =>
  Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))
