import type { IncidentView } from '../../schemas/incident.ts'
import type { Hop } from '../../schemas/kinds/kinds.ts'
import { type Metric, metricOf } from '../../schemas/metrics.ts'
import { kindOfMetric } from '../../schemas/sql.ts'
import type { Store } from '../../store/client.ts'
import { AXIS_MS, STEP_MS, windowOf } from '../windows.ts'
import type { Subject } from './readShow.ts'
import { metricSeries, metricValues } from './state.ts'

/** A hop's metric among those whom an incident names, so that a part's illness does not drown in the whole. */
export interface Caused {
  readonly incident: string
  readonly metric: Metric
  readonly value?: number
  readonly series: Readonly<Record<string, number>>
}

/** Nodes say little, so their raw reports are read, which keep every dimension apart; players' come from the rollup. */
const rawOf = (metric: Metric) => (kindOfMetric(metric) === 'hop' ? 'raw' : 'rollup')

/** What the worst open incident's own viewers and nodes show, at the hop that breaks and at the player. */
export async function readCaused(
  store: Store,
  subject: Subject,
  at_ms: number,
  incidents: readonly IncidentView[],
): Promise<Partial<Record<Hop, Caused>>> {
  const worst = incidents.find(({ state, cause }) => state === 'open' && Object.keys(cause).length > 0)
  if (worst === undefined) return {}
  const metrics = new Map<Hop, Metric>()
  for (const { hop, metric } of [
    { hop: metricOf(worst.metric).hop, metric: worst.metric },
    ...worst.evidence.symptoms,
  ])
    if ((hop === worst.hop || hop === 'player' || hop === 'interaction') && !metrics.has(hop))
      metrics.set(hop, metric)
  const to_ms = Math.floor(at_ms / STEP_MS) * STEP_MS
  const scope = { ...subject, stream: worst.stream, within: worst.cause }
  const caused: Partial<Record<Hop, Caused>> = {}
  await Promise.all(
    [...metrics].map(async ([hop, metric]) => {
      const [now, steps] = await Promise.all([
        metricValues(store, { ...scope, from_ms: at_ms - windowOf(metric), to_ms: at_ms }, [metric]),
        metricSeries(
          store,
          { ...scope, from_ms: to_ms - AXIS_MS, to_ms },
          STEP_MS / 1000,
          [metric],
          rawOf(metric),
        ),
      ])
      const value = now.values[metric]
      const points = (steps.series[metric] ?? []).flatMap((each, index) =>
        each === null ? [] : [[String(steps.times_ms[index]! / 1000), each]],
      )
      if (typeof value === 'number' || points.length > 0)
        caused[hop] = {
          incident: worst.id,
          metric,
          ...(typeof value === 'number' ? { value } : {}),
          series: Object.fromEntries(points),
        }
    }),
  )
  return caused
}
