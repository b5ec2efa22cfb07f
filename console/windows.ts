import type { Metric } from '../schemas/metrics.ts'
import { kindOfMetric } from '../schemas/sql.ts'

/** The axis of a page where nobody asks for another: a quarter of an hour in steps of the rollup. */
export const AXIS_MS = 900_000
export const STEP_MS = 10_000

/** A stretch of time in equal steps. */
export interface Axis {
  readonly length_ms: number
  readonly step_ms: number
}

/** Shortest and longest axis. */
export const RANGE_MS = { least: 60_000, most: 86_400_000 } as const
/** Steps of the longer axes, ms: at most 120 or so are drawn. */
const STEPS_MS = [STEP_MS, 30_000, 60_000, 300_000, 900_000] as const

/** The axis of a range: no more steps than a screen shows. */
export function axisOf(range_ms: number = AXIS_MS): Axis {
  const length_ms = Math.min(RANGE_MS.most, Math.max(RANGE_MS.least, range_ms))
  const step_ms = STEPS_MS.find((step) => length_ms / step <= 121) ?? STEPS_MS[4]
  return { length_ms: Math.ceil(length_ms / step_ms) * step_ms, step_ms }
}

/** What is seldom said is counted over a minute, everything else over ten seconds. */
export const windowOf = (metric: Metric): number =>
  ['heartbeat', 'hop', 'interaction'].includes(kindOfMetric(metric)) ? 10_000 : 60_000

/** A beacon is in the store this long after it came, at the latest: what is shown as now is this old. */
export const SETTLE_MS = 2_000
