import { METRIC_NAMES, type Metric, metricOf } from '../metrics.ts'

/** The metrics that virtual viewers make, and the kind of k6 metric each is. */
const MADE = {
  video_startup_time: 'trend',
  rebuffering_ratio: 'rate',
  rebuffering_frequency: 'trend',
  stalled_viewers: 'rate',
  video_start_failure: 'rate',
  live_latency: 'trend',
  media_request_failure: 'rate',
  dropped_frames: 'rate',
  interaction_success: 'rate',
  interaction_latency: 'trend',
} as const satisfies Partial<Record<Metric, 'trend' | 'rate'>>

/** k6 thresholds of one metric: its own objective, and those of its quantiles (`live_latency_p95`). */
function thresholdsOf(metric: keyof typeof MADE): string[] {
  const thresholds: string[] = []
  for (const name of METRIC_NAMES) {
    const spec = metricOf(name)
    if (spec.objective === undefined) continue
    const quantile = new RegExp(`^${metric}_p(\\d+)$`).exec(name)?.[1]
    if (name !== metric && quantile === undefined) continue
    const aggregate = quantile === undefined ? (MADE[metric] === 'rate' ? 'rate' : 'avg') : `p(${quantile})`
    thresholds.push(`${aggregate}${spec.better === 'lower' ? '<=' : '>='}${spec.objective}`)
  }
  return thresholds
}

/** The text of `k6/generated/thresholds.ts`: the catalogue's objectives as k6 writes thresholds. */
export function generateK6Thresholds(): string {
  const lines = (Object.keys(MADE) as (keyof typeof MADE)[]).map(
    (metric) =>
      `  ${metric}: [${thresholdsOf(metric)
        .map((each) => `'${each}'`)
        .join(', ')}],`,
  )
  return `// Generated from the catalogue's objectives by \`npm run generate\`: change schemas/metrics.ts instead.
export const THRESHOLDS = {
${lines.join('\n')}
} as const

export type Thresholds = typeof THRESHOLDS
`
}
