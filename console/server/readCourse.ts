import type { IncidentView } from '../../schemas/incident.ts'
import { HOPS, type Hop } from '../../schemas/kinds/kinds.ts'
import { type Metric, metricOf } from '../../schemas/metrics.ts'
import { kindOfMetric } from '../../schemas/sql.ts'
import type { Store } from '../../store/client.ts'
import type { CourseRow, IncidentCourse } from '../api.ts'
import { STEP_MS } from '../windows.ts'
import { HEADLINES, symptomsOf, worstOf } from './health.ts'
import { metricSeries, type Scope } from './state.ts'

/** What is shown before it began and after it was over, and the longest that is shown at all. */
const BEFORE_MS = 60_000
const AFTER_MS = 30_000
const LONGEST_MS = 900_000
/** Up to this length raw rows are read, so that a cause is seen to come seconds before its effect; beyond it the rollup. */
const FINE_MS = 300_000
const FINE_STEP_MS = 2_000

/** What is shown of each hop: what was seen there, else what stands under it. */
function metricsOf(incident: IncidentView): [Hop, readonly Metric[]][] {
  const seen = symptomsOf(incident)
  const named = metricOf(incident.metric as Metric).hop
  return HOPS.map((hop) => {
    const own = hop === named ? [incident.metric as Metric] : []
    const first = seen.find((symptom) => symptom.hop === hop)
    return [hop, first === undefined ? [...own, ...HEADLINES[hop]] : [...own, first.metric]]
  })
}

/** The hops that an incident's cause can be told apart at: those before the one that breaks serve everybody. */
const isBehind = (hop: Hop, incident: IncidentView): boolean =>
  Object.keys(incident.cause).length > 0 && HOPS.indexOf(hop) >= HOPS.indexOf(incident.hop as Hop)

/**
 * How an incident went, hop by hop: those whom its cause names, and beside them everybody else. A hop that said nothing in
 * all that time is left out.
 */
export async function readCourse(
  store: Store,
  incident: IncidentView,
  now_ms: number,
): Promise<IncidentCourse> {
  const over_ms = incident.state === 'open' ? now_ms : Math.min(now_ms, incident.resolved_ms + AFTER_MS)
  const ended_ms = incident.state === 'open' ? now_ms : incident.resolved_ms
  const start_ms = incident.began_ms - BEFORE_MS
  const fine = Math.min(over_ms - start_ms, LONGEST_MS) <= FINE_MS
  const step_ms = fine ? FINE_STEP_MS : STEP_MS
  const from_ms = Math.floor(start_ms / step_ms) * step_ms
  const to_ms = Math.floor(Math.min(over_ms, from_ms + LONGEST_MS) / step_ms) * step_ms
  const scope: Scope = {
    tenant: incident.tenant,
    show: incident.show,
    ...(incident.stream === '' ? {} : { stream: incident.stream }),
    from_ms,
    to_ms,
  }
  const chosen = metricsOf(incident)
  const metrics = [...new Set(chosen.flatMap(([, names]) => names))]
  const ask = (part: Partial<Scope>) =>
    // Nodes say little and have many places: their raw rows keep every dimension apart.
    Promise.all(
      [
        metrics.filter((name) => kindOfMetric(name) === 'hop'),
        metrics.filter((name) => kindOfMetric(name) !== 'hop'),
      ].map((names, index) =>
        metricSeries(
          store,
          { ...scope, ...part },
          step_ms / 1000,
          names,
          fine || index === 0 ? 'raw' : 'rollup',
        ),
      ),
    )
  const split = Object.keys(incident.cause).length > 0
  const [whole, among, rest] = await Promise.all([
    ask({}),
    split ? ask({ within: incident.cause }) : [],
    split ? ask({ outside: incident.cause }) : [],
  ])
  const pointsOf = (requested: Awaited<ReturnType<typeof ask>>, name: Metric): CourseRow['series'] => {
    const { times_ms = [], series } = requested.find((entry) => entry.series[name] !== undefined) ?? {
      series: {},
    }
    return Object.fromEntries(
      (series[name] ?? []).flatMap((value, index) =>
        value === null ? [] : [[String(times_ms[index]! / 1000), value]],
      ),
    )
  }
  const hops: Partial<Record<Hop, CourseRow>> = {}
  for (const [hop, names] of chosen) {
    const behind = isBehind(hop, incident)
    for (const metric of names) {
      const own = behind ? pointsOf(among, metric) : {}
      const apart = Object.keys(own).length > 0
      const series = apart ? own : pointsOf(whole, metric)
      if (Object.keys(series).length === 0) continue
      const others = apart ? pointsOf(rest, metric) : {}
      const during = Object.entries(series).flatMap(([at, value]) =>
        Number(at) * 1000 + step_ms > incident.began_ms && Number(at) * 1000 < ended_ms ? [value] : [],
      )
      hops[hop] = {
        metric,
        series,
        others: Object.keys(others).length > 0 ? others : undefined,
        worst: worstOf(metric, during, incident),
      }
      break
    }
  }
  return { clock: 'received_time', from_ms, to_ms, step_ms, hops }
}
