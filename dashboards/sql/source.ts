import { MEASURES } from '../../schemas/measures.ts'
import type { AnyMetric } from '../../schemas/metrics.ts'
import { ROLLUPS, type Rollup, type RollupSpec } from '../../schemas/rollups.ts'
import { measuresOfMetric, rollupsOf } from '../../schemas/sources.ts'

/** A rollup’s specification by its name. */
export const rollup = (name: Rollup): RollupSpec => ROLLUPS[name]

const counted = (metric: AnyMetric): boolean =>
  measuresOfMetric(metric).some((name) => MEASURES[name].aggregate === 'unique')

/**
 * The rollup a metric is read from: the one with the fewest dimensions that keeps these apart. Whoever counts people once reads
 * `audience_5m`, whose states are few; by dimensions that tens of seconds do not keep apart, minutes are read. Throws when no rollup keeps them apart.
 */
export function sourceOf(metric: AnyMetric, by: readonly string[] = []): Rollup {
  const fitting = rollupsOf([metric], by)
  for (const step_s of counted(metric) ? [300] : [10, 60]) {
    const found = fitting.find((name) => rollup(name).step_s === step_s)
    if (found !== undefined) return found
  }
  throw new Error(`no rollup has ${metric} by ${by.join(', ')}`)
}
