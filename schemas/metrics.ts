import { INTERACTION_METRICS } from './metrics/interaction.ts'
import { LINK_METRICS } from './metrics/link.ts'
import type { MetricSpec } from './metrics/metric.ts'
import { VIEWER_METRICS } from './metrics/viewer.ts'

export type { MetricSpec }

/** Metrics of the link, in the order in which they are shown. */
export const METRICS = {
  ...VIEWER_METRICS,
  ...INTERACTION_METRICS,
  ...LINK_METRICS,
} as const satisfies Readonly<Record<string, MetricSpec>>

export type Metric = keyof typeof METRICS
export const METRIC_NAMES = Object.keys(METRICS) as Metric[]
export const metricOf = (name: Metric): MetricSpec => METRICS[name]
