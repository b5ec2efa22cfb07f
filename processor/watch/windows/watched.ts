import { KIND_NAMES, type Kind } from '../../../schemas/kinds/kinds.ts'
import { MEASURES, type Measure, type MeasureSpec } from '../../../schemas/measures.ts'
import { METRIC_NAMES, metricOf } from '../../../schemas/metrics.ts'

/** Beside the measures of metrics: how often players report, since their silence can only be judged against it; and what pools are judged by. */
const used = new Set<Measure>([
  'heartbeats_count',
  'reward_returned_amount_sum',
  'reward_doubled_amount_sum',
  'reward_ends_sum',
  'reward_ends_count',
])
for (const name of METRIC_NAMES) {
  const { numerator, denominator } = metricOf(name)
  for (const measure of [numerator, denominator]) if (measure) used.add(measure)
}

/** Distinct sessions are kept by slices of ten seconds (`sessionSlices.ts`). */
export const isSessionCount = (name: Measure): boolean => {
  const { aggregate, add, otherwise }: MeasureSpec = MEASURES[name]
  return aggregate === 'unique' && add?.[0] === 'session' && otherwise === undefined
}

/** The measures that windows keep, by kind: what rules and the catalogue's metrics are made of; sums, counts and distinct sessions. */
export const WATCHED = Object.fromEntries(
  KIND_NAMES.map((kind) => [
    kind,
    [...used].filter((name) => {
      const measure: MeasureSpec = MEASURES[name]
      return (
        measure.kind === kind &&
        (measure.aggregate === 'sum' || measure.aggregate === 'count' || isSessionCount(name))
      )
    }),
  ]),
) as unknown as Readonly<Record<Kind, readonly Measure[]>>
