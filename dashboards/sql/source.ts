import { MEASURES, type Measure } from '../../schemas/measures.ts'
import { type Metric, metricOf } from '../../schemas/metrics.ts'
import { ROLLUP_NAMES, ROLLUPS, type Rollup, type RollupSpec } from '../../schemas/rollups.ts'
import { kindOfMetric } from '../../schemas/sql.ts'

export const rollup = (name: Rollup): RollupSpec => ROLLUPS[name]

const measuresOf = (metric: Metric): Measure[] => {
  const { numerator, denominator, quantile } = metricOf(metric)
  return [numerator, denominator, quantile?.of].filter((each) => each !== undefined)
}

const counted = (metric: Metric): boolean =>
  measuresOf(metric).some((name) => MEASURES[name].aggregate === 'unique')

/**
 * The rollup a metric is read from: the one with the fewest dimensions that keeps these apart. Whoever counts people once reads
 * `audience_5m`, whose states are few. Throws when no rollup keeps them apart.
 */
export function sourceOf(metric: Metric, by: readonly string[] = []): Rollup {
  const kind = kindOfMetric(metric)
  const dimensions = by.filter((name) => name !== 'stream' && name !== 'show')
  const fitting = ROLLUP_NAMES.filter((name) => {
    const spec = rollup(name)
    return (
      spec.kind === kind &&
      (counted(metric) ? spec.step_s === 300 : spec.step_s === 10) &&
      measuresOf(metric).every((measure) => spec.measures.includes(measure)) &&
      dimensions.every((dimension) => spec.by.includes(dimension))
    )
  }).sort((a, b) => rollup(a).by.length - rollup(b).by.length)
  if (fitting[0] === undefined) throw new Error(`no rollup has ${metric} by ${by.join(', ')}`)
  return fitting[0]
}
