import type { Metric } from '../schemas/metrics.ts'
import { kindOfMetric } from '../schemas/sql.ts'

/** The axis of a page: a quarter of an hour in steps of the rollup. */
export const AXIS_MS = 900_000
export const STEP_MS = 10_000

/** What is seldom said is counted over a minute, everything else over ten seconds. */
export const windowOf = (metric: Metric): number =>
  ['heartbeat', 'hop', 'interaction'].includes(kindOfMetric(metric)) ? 10_000 : 60_000

/** A beacon is in the store this long after it came, at the latest: what is shown as now is this old. */
export const SETTLE_MS = 2_000
