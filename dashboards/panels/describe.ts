import { type AnyMetric, metricOf } from '../../schemas/metrics.ts'
import type { Rollup } from '../../schemas/rollups.ts'
import { rollup } from '../sql/source.ts'

const CLOCKS = {
  received_time: 'Clock: received_time (the collector’s).',
  event_time: 'Clock: event_time (the session’s, corrected).',
  prometheus: 'Clock: Prometheus (when it scraped).',
  incident: 'Clock: received_time; an incident begins with the first affected beacon.',
} as const
export type Clock = keyof typeof CLOCKS

/** A panel's description: what it says, by whose clock, and from where. Every panel has one. */
export const describe = (text: string, clock: Clock, from: string): string =>
  `${text}\n\n${CLOCKS[clock]} From: ${from}.`

/** The definition of the dictionary, the objective and the clock. */
export function describeMetrics(names: readonly AnyMetric[], source: Rollup): string {
  const entry = (name: AnyMetric): string => {
    const { title, help, objective, better, unit } = metricOf(name)
    const goal =
      objective === undefined
        ? ''
        : ` Objective: ${better === 'lower' ? 'at most' : 'at least'} ${objective}${unit === 'ratio' ? '' : ` ${unit}`}.`
    return `${names.length > 1 ? `**${title.en}**: ` : ''}${help}${goal} (docs/data/metrics.md#${name})`
  }
  return describe(names.map(entry).join('\n\n'), rollup(source).clock, source)
}
