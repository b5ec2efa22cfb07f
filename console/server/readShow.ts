import { changeText } from '../../schemas/change.ts'
import type { Hop } from '../../schemas/kinds/kinds.ts'
import { METRIC_NAMES, type Metric, metricOf } from '../../schemas/metrics.ts'
import { sampledBounds } from '../../schemas/sampling.ts'
import { kindOfMetric } from '../../schemas/sql.ts'
import { TRUSTED_FROM } from '../../schemas/trust.ts'
import type { Store } from '../../store/client.ts'
import type { Interval, Snapshot } from '../api.ts'
import { readChanges } from '../report/changes.ts'
import { type Axis, STEP_MS, windowOf } from '../windows.ts'
import { readGroups, readRounds } from './readGroups.ts'
import { readWatching, type WatchingCounts } from './readWatching.ts'
import {
  breakdown,
  type MetricValues,
  metricSeries,
  metricValues,
  type Scope,
  scopeWhere,
  startupPhases,
} from './state.ts'

/** Who looks at what: a scope without its time. */
export type Subject = Omit<Scope, 'from_ms' | 'to_ms'>

/** What changes slowly, or is cut by the rollup's steps: read again every few seconds. */
export interface SlowFacts {
  readonly read_ms: number
  readonly from_ms: number
  readonly step_ms: number
  readonly series: Snapshot['series']
  readonly startup: Snapshot['startup']
  readonly heat: Snapshot['heat']
  readonly streams: Snapshot['streams']
  readonly apps: Snapshot['apps']
  readonly rounds: Snapshot['rounds']
  readonly changes: Snapshot['changes']
  readonly set_apart: number
  /** End of the newest step in which each hop said something. */
  readonly heard_ms: Partial<Record<Hop, number>>
}

/** What the last seconds say. */
export interface FastFacts {
  readonly at_ms: number
  readonly values: MetricValues
  readonly intervals: Snapshot['intervals']
  readonly heard_ms: Partial<Record<Hop, number>>
  readonly watching: WatchingCounts
}

const AXIS_METRICS = METRIC_NAMES.filter((name) => !metricOf(name).by_round)
/** Recent past of heat, phases and lists. */
const RECENT_MS = 60_000

/** Reads what of a show’s page may be some seconds old. */
export async function readSlow(
  store: Store,
  subject: Subject,
  at_ms: number,
  { length_ms, step_ms }: Axis,
): Promise<SlowFacts> {
  const end_ms = Math.floor(at_ms / step_ms) * step_ms
  const to_ms = Math.floor(at_ms / STEP_MS) * STEP_MS
  const axis: Scope = { ...subject, from_ms: end_ms - length_ms, to_ms: end_ms }
  const recent: Scope = { ...subject, from_ms: to_ms - RECENT_MS, to_ms }
  const whole: Scope = { tenant: subject.tenant, show: subject.show, from_ms: recent.from_ms, to_ms }
  const [steps, phases, cells, streams, apps, rounds, changes, set_apart] = await Promise.all([
    metricSeries(store, axis, step_ms / 1000, AXIS_METRICS),
    startupPhases(store, recent),
    breakdown(store, recent, 'rebuffering_ratio', ['isp', 'cdn'], 60),
    readGroups(store, whole, 'stream'),
    readGroups(store, subject.stream === undefined ? whole : { ...whole, stream: subject.stream }, 'app'),
    readRounds(store, axis),
    readChanges((sql, params) => store.query(sql, { params }), { ...axis, to_ms: at_ms }),
    readSetApart(store, recent),
  ])
  const series: Record<string, Record<string, number>> = {}
  const heard_ms: Partial<Record<Hop, number>> = {}
  for (const [name, values] of Object.entries(steps.series)) {
    const points: Record<string, number> = {}
    for (const [index, value] of values.entries()) {
      if (value === null) continue
      const from = steps.times_ms[index]!
      points[String(from / 1000)] = value
      const { hop } = metricOf(name as Metric)
      heard_ms[hop] = Math.min(at_ms, Math.max(heard_ms[hop] ?? 0, from + step_ms))
    }
    if (Object.keys(points).length > 0) series[name] = points
  }
  const heat: Record<string, Record<string, { value: number; watching: number }>> = {}
  for (const { isp, cdn, value, viewers } of cells) {
    if (value === null) continue
    heat[String(isp)] = {
      ...heat[String(isp)],
      [String(cdn)]: { value: Number(value), watching: Number(viewers) },
    }
  }
  const startup = Object.fromEntries(Object.entries(phases).filter(([, value]) => value !== null))
  return {
    read_ms: at_ms,
    from_ms: axis.from_ms,
    step_ms,
    series,
    startup: { ...startup, starts: Number(phases.starts ?? 0) } as Snapshot['startup'],
    heat,
    streams,
    apps,
    rounds,
    changes: Object.fromEntries(
      changes.map((change, index) => [
        `${change.at_ms}-${index}`,
        { at_ms: change.at_ms, label: changeText(change) },
      ]),
    ),
    set_apart,
    heard_ms,
  }
}

/** Sessions that cannot be believed: they are stored with weight 0 and count nowhere. */
async function readSetApart(store: Store, scope: Scope): Promise<number> {
  const { sql, params } = scopeWhere(scope, 'heartbeat')
  const [row] = await store.query<{ sessions: number }>(
    `SELECT uniqCombined64If(session, trust < ${TRUSTED_FROM}) AS sessions FROM heartbeat WHERE ${sql} AND NOT synthetic`,
    { params },
  )
  return Number(row?.sessions ?? 0)
}

/** Every metric now, the bounds of counted shares, and when each hop was heard; kinds that say nothing are not asked. */
export async function readFast(
  store: Store,
  subject: Subject,
  at_ms: number,
  heard: ReadonlySet<string>,
): Promise<FastFacts> {
  const metrics = AXIS_METRICS.filter((name) => heard.has(kindOfMetric(name)))
  const windows = new Map<number, Metric[]>()
  for (const name of metrics) windows.set(windowOf(name), [...(windows.get(windowOf(name)) ?? []), name])
  const [heard_ms, watching, ...known] = await Promise.all([
    readHeard(store, subject, at_ms),
    readWatching(store, subject, at_ms),
    ...[...windows].map(([window_ms, names]) =>
      metricValues(store, { ...subject, from_ms: at_ms - window_ms, to_ms: at_ms }, names),
    ),
  ])
  const values: MetricValues = Object.assign({}, ...known.map((entry) => entry.values))
  const intervals = Object.fromEntries(
    known.flatMap(({ facts }) => Object.entries(facts).map(([name, [k, n]]) => [name, wilson(k, n)])),
  ) as Snapshot['intervals']
  const excess = known.find((entry) => entry.excess > 0)?.excess
  const sampled =
    excess === undefined ? {} : { concurrent_plays: sampledBounds(values.concurrent_plays ?? 0, excess) }
  return { at_ms, values, intervals: { ...intervals, ...sampled }, heard_ms, watching }
}

/** Wilson's score interval at 95 % (Wilson, JASA 1927): right for few facts and for shares near 0 or 1. */
export function wilson(k: number, n: number): Interval {
  const z = 1.96
  const share = k / n
  const middle = (share + (z * z) / (2 * n)) / (1 + (z * z) / n)
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half), n }
}

/** Where each hop's newest fact is looked for. */
const HEARD = [
  ['heartbeat', `'player'`],
  ['startup', `'player'`],
  ['hop', 'toString(hop)'],
  ['interaction', `'interaction'`],
  ['resource', `'interaction'`],
] as const

/** When each hop was heard within the last half minute. */
export async function readHeard(
  store: Store,
  subject: Subject,
  at_ms: number,
): Promise<Partial<Record<Hop, number>>> {
  const { app: _, ...rest } = subject
  const range = { from_ms: at_ms - 30_000, to_ms: at_ms }
  const parts = HEARD.map(([table, hop]) => {
    const requested = table === 'hop' || table === 'resource' ? rest : subject
    const { sql } = scopeWhere({ ...requested, ...range }, table)
    return `SELECT ${hop} AS at, toUnixTimestamp64Milli(max(received_time)) AS ms FROM ${table} WHERE ${sql} GROUP BY at`
  })
  const rows = await store.query<{ at: Hop; ms: number }>(parts.join(' UNION ALL '), {
    params: scopeWhere({ ...subject, ...range }, 'heartbeat').params,
  })
  const heard_ms: Partial<Record<Hop, number>> = {}
  for (const { at, ms } of rows) heard_ms[at] = Math.max(heard_ms[at] ?? 0, Number(ms))
  return heard_ms
}
