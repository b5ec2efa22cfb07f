import { isBranchName } from './kinds/branches.ts'
import { BRANCH_METRICS } from './metrics/branches.ts'
import { INTERACTION_METRICS } from './metrics/interaction.ts'
import { POOL_METRICS } from './metrics/ledger.ts'
import { LINK_METRICS } from './metrics/link.ts'
import type { MetricSpec } from './metrics/metric.ts'
import { SHOW_METRICS } from './metrics/show.ts'
import { VIEWER_METRICS } from './metrics/viewer.ts'

export type { MetricSpec }

/** Metrics of the link, in the order in which they are shown. */
export const METRICS = {
  ...VIEWER_METRICS,
  ...INTERACTION_METRICS,
  ...LINK_METRICS,
  ...BRANCH_METRICS,
  ...POOL_METRICS,
} as const satisfies Readonly<Record<string, MetricSpec>>

export type Metric = keyof typeof METRICS
/** A metric of one kind of event, or one of a show, made of two. */
export type AnyMetric = Metric | keyof typeof SHOW_METRICS
export const METRIC_NAMES = Object.keys(METRICS) as Metric[]
export const ANY_METRIC_NAMES: readonly AnyMetric[] = [
  ...METRIC_NAMES,
  ...(Object.keys(SHOW_METRICS) as (keyof typeof SHOW_METRICS)[]),
]
const ANY: Readonly<Record<AnyMetric, MetricSpec>> = { ...METRICS, ...SHOW_METRICS }
/** A metric’s specification by its name. */
export const metricOf = (name: AnyMetric): MetricSpec => ANY[name]

/** Whether a metric is of a branch of the link (`schemas/kinds/branches.ts`), or of a prize pool: what stands by itself and explains nothing else. */
export const isBranch = (name: AnyMetric): boolean =>
  name in POOL_METRICS || isBranchName(metricOf(name).where?.hop)
