/** A step that a person reads easily: 1, 2, 2.5 or 5 times a power of ten, at least `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step))
  return power * ([1, 2, 2.5, 5, 10].find((times) => times * power >= step * 0.999) ?? 10)
}

export interface ScaleOptions {
  /** Not below 0. */
  readonly values: readonly number[]
  readonly objective?: number | undefined
  /** What a value cannot exceed: 1 for shares. Where one does, as the level of what is overloaded, there is no such limit. */
  readonly limit?: number | undefined
  /** Counts: the ends and steps are whole numbers. */
  readonly whole?: boolean | undefined
}

/**
 * Bottom and top of a chart, round numbers both. From 0 where the values are near it; else so wide that calm looks calm:
 * a wobble of a few per cent never fills the chart.
 */
export function scaleOf({
  values,
  objective,
  whole,
  ...options
}: ScaleOptions): [bottom: number, top: number] {
  const stepOf = (least: number): number => {
    const step = niceStep(whole ? Math.max(1, least) : least)
    return whole && step === 2.5 ? 5 : step
  }
  const all = objective === undefined ? values : [...values, objective]
  const high = Math.max(0, ...all)
  const low = Math.min(...all)
  const limit = options.limit !== undefined && high > options.limit ? undefined : options.limit
  if (high < 1e-9) return [0, limit ?? 1]
  if (limit !== undefined && low >= limit * 0.9) {
    const step = niceStep(Math.max((limit - low) * 1.2, limit * 0.01))
    return [limit - step, limit]
  }
  if (low <= high * 0.6) {
    const step = stepOf((high * 1.02) / 5)
    const top = Math.ceil((high * 1.02) / step) * step
    return [0, limit === undefined ? top : Math.min(top, limit)]
  }
  const middle = (high + low) / 2
  const span = Math.max((high - low) * 1.6, Math.abs(middle) * 0.12)
  const step = stepOf(span / 2)
  return [Math.floor((middle - span / 2) / step) * step, Math.ceil((middle + span / 2) / step) * step]
}
