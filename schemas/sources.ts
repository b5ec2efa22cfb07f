import type { Measure } from './measures.ts'
import { type AnyMetric, metricOf } from './metrics.ts'
import { keptBy, ROLLUP_NAMES, ROLLUPS, type Rollup, type RollupSpec } from './rollups.ts'
import { kindOfMetric } from './sql.ts'

/** What a metric is reckoned from. */
export function measuresOfMetric(metric: AnyMetric): Measure[] {
  const { numerator, denominator, quantile, factors, parts } = metricOf(metric)
  const others = [...Object.keys(parts ?? {}), ...(factors ?? []).flat().map(({ of }) => of)] as AnyMetric[]
  if (others.length > 0) return [...new Set(others.flatMap(measuresOfMetric))]
  return [numerator, denominator, quantile?.of].filter((each) => each !== undefined)
}

/**
 * Rollups that metrics of one kind can be read from, the one with the fewest dimensions first: it has the fewest rows.
 * @param apart dimensions and fields that they must keep apart; tenant, show and stream all do
 */
export function rollupsOf(metrics: readonly AnyMetric[], apart: readonly string[] = []): Rollup[] {
  const fields = [
    ...apart.filter((name) => !['tenant', 'show', 'stream'].includes(name)),
    ...metrics.flatMap((name) => Object.keys(metricOf(name).where ?? {})),
  ]
  const measures = metrics.flatMap(measuresOfMetric)
  const spec = (name: Rollup): RollupSpec => ROLLUPS[name]
  return ROLLUP_NAMES.filter(
    (name) =>
      metrics.every((metric) => spec(name).kind === kindOfMetric(metric)) &&
      measures.every((measure) => keptBy(spec(name)).includes(measure)) &&
      fields.every((field) => spec(name).by.includes(field)),
  ).sort((a, b) => spec(a).by.length - spec(b).by.length)
}
