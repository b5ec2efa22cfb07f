import type { IncidentView } from '../../schemas/incident.ts'
import type { Hop } from '../../schemas/kinds/kinds.ts'
import { type Metric, metricOf } from '../../schemas/metrics.ts'
import { kindOfMetric } from '../../schemas/sql.ts'
import type { Store } from '../../store/client.ts'
import { type Axis, windowOf } from '../windows.ts'
import { byHarm, type Caused, symptomsOf, worstOf } from './health.ts'
import type { Subject } from './readShow.ts'
import { metricSeries, metricValues } from './state.ts'

/** Nodes say little, so their raw reports are read, which keep every dimension apart; players' come from the rollup. */
const rawOf = (metric: Metric) => (kindOfMetric(metric) === 'hop' ? 'raw' : 'rollup')

/** Hops that are read apart at most: each costs two queries a second. */
const HOPS_MOST = 4

/** For each hop the incident that is shown there, the worst first, and its metric. */
function chosenOf(incidents: readonly IncidentView[]): [Hop, { incident: IncidentView; metric: Metric }][] {
  const chosen = new Map<Hop, { incident: IncidentView; metric: Metric }>()
  const named = incidents.filter(({ cause }) => Object.keys(cause).length > 0).sort(byHarm)
  for (const incident of named)
    for (const { hop, metric } of [
      { hop: metricOf(incident.metric as Metric).hop, metric: incident.metric as Metric },
      ...symptomsOf(incident),
    ])
      if ((hop === incident.hop || hop === 'player' || hop === 'interaction') && !chosen.has(hop))
        chosen.set(hop, { incident, metric })
  return [...chosen].slice(0, HOPS_MOST)
}

/**
 * What the viewers and nodes show whom the worst incident names, hop by hop. An incident that is over is read too while it is on
 * the axis: its row keeps its metric and its peak.
 */
export async function readCaused(
  store: Store,
  subject: Subject,
  at_ms: number,
  incidents: readonly IncidentView[],
  { length_ms, step_ms }: Axis,
): Promise<Partial<Record<Hop, Caused>>> {
  const to_ms = Math.floor(at_ms / step_ms) * step_ms
  const caused: Partial<Record<Hop, Caused>> = {}
  await Promise.all(
    chosenOf(incidents).map(async ([hop, { incident, metric }]) => {
      const scope = { ...subject, stream: incident.stream || subject.stream, within: incident.cause }
      const [now, steps] = await Promise.all([
        metricValues(store, { ...scope, from_ms: at_ms - windowOf(metric), to_ms: at_ms }, [metric]),
        metricSeries(
          store,
          { ...scope, from_ms: to_ms - length_ms, to_ms },
          step_ms / 1000,
          [metric],
          rawOf(metric),
        ),
      ])
      const value = now.values[metric] ?? undefined
      const points = (steps.series[metric] ?? []).flatMap((each, index) =>
        each === null ? [] : [[steps.times_ms[index]!, each] as const],
      )
      if (value === undefined && points.length === 0) return
      const over_ms = incident.state === 'open' ? at_ms : incident.resolved_ms
      const during = points.flatMap(([at, each]) =>
        at + step_ms > incident.began_ms && at < over_ms ? [each] : [],
      )
      caused[hop] = {
        incident: incident.id,
        cause: incident.cause,
        metric,
        value,
        series: Object.fromEntries(points.map(([at, each]) => [String(at / 1000), each])),
        worst: worstOf(
          metric,
          incident.state === 'open' && value !== undefined ? [...during, value] : during,
          incident,
        ),
      }
    }),
  )
  return caused
}
