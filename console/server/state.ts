import { DIMENSIONS } from '../../schemas/dimensions.ts'
import { HOPS, type Hop } from '../../schemas/kinds/kinds.ts'
import { STARTUP_PHASES } from '../../schemas/kinds/startup.ts'
import { METRIC_NAMES, type Metric, metricOf } from '../../schemas/metrics.ts'
import { ROLLUP_NAMES, ROLLUPS } from '../../schemas/rollups.ts'
import { kindOfMetric, metricSql, metricWhere } from '../../schemas/sql.ts'
import type { Store } from '../../store/client.ts'

/** What is looked at: a show (or one stream of it), over a time by the collector's clock. */
export interface Scope {
  readonly tenant: string
  readonly show: string
  readonly stream?: string
  readonly app?: string
  readonly from_ms: number
  readonly to_ms: number
  /** Only rows with these values of dimensions; those a table does not keep apart are passed over. */
  readonly within?: Readonly<Record<string, string>>
}

export type MetricValues = Partial<Record<Metric, number | null>>

const rollupOf = (metric: Metric) =>
  ROLLUP_NAMES.find((name) => ROLLUPS[name].kind === kindOfMetric(metric) && ROLLUPS[name].step_s === 10)!

/** Conditions of a scope over a table with these columns, and their parameters. */
export function scopeWhere(scope: Scope, table: string): { sql: string; params: Record<string, unknown> } {
  const time = table.endsWith('_10s') ? 'time' : 'received_time'
  const hasApp = (ROLLUPS as Record<string, { by: readonly string[] }>)[table]?.by.includes('app') ?? true
  const conditions = ['tenant = {tenant:String}', 'show = {show:String}']
  if (scope.stream !== undefined) conditions.push('stream = {stream:String}')
  if (scope.app !== undefined && hasApp) conditions.push('app = {app:String}')
  const keeps = (ROLLUPS as Record<string, { by: readonly string[] }>)[table]?.by ?? Object.keys(DIMENSIONS)
  const chosen = Object.entries(scope.within ?? {}).filter(([name]) => keeps.includes(name))
  for (const [name] of chosen) conditions.push(`${name} = {within_${name}:String}`)
  conditions.push(
    `${time} >= fromUnixTimestamp64Milli({from_ms:Int64})`,
    `${time} < fromUnixTimestamp64Milli({to_ms:Int64})`,
  )
  return {
    sql: conditions.join(' AND '),
    params: {
      tenant: scope.tenant,
      show: scope.show,
      ...(scope.stream === undefined ? {} : { stream: scope.stream }),
      ...(scope.app === undefined ? {} : { app: scope.app }),
      ...Object.fromEntries(chosen.map(([name, value]) => [`within_${name}`, value])),
      from_ms: Math.floor(scope.from_ms),
      to_ms: Math.floor(scope.to_ms),
    },
  }
}

/** Metrics that share a table and a condition, so that each group is one query. */
function groups(metrics: readonly Metric[]): Map<string, Metric[]> {
  const grouped = new Map<string, Metric[]>()
  for (const metric of metrics) {
    const key = `${kindOfMetric(metric)}\0${metricWhere(metric)}`
    grouped.set(key, [...(grouped.get(key) ?? []), metric])
  }
  return grouped
}

/** Every metric's value over the scope: from raw rows where the time is short, else from the rollup; the same number. */
export async function metricValues(
  store: Store,
  scope: Scope,
  metrics: readonly Metric[] = METRIC_NAMES,
): Promise<MetricValues> {
  const window_ms = scope.to_ms - scope.from_ms
  const raw = window_ms <= 60_000
  const values: MetricValues = {}
  await Promise.all(
    [...groups(metrics).values()].map(async (names) => {
      const table = raw ? kindOfMetric(names[0]!) : rollupOf(names[0]!)
      const { sql, params } = scopeWhere(scope, table)
      const select = names
        .map((name) => `${metricSql(name, { over: raw ? 'raw' : 'rollup', window_ms })} AS ${name}`)
        .join(', ')
      const [row] = await store.query<MetricValues>(
        `SELECT ${select} FROM ${table} WHERE ${sql} AND ${metricWhere(names[0]!)}`,
        { params },
      )
      Object.assign(values, row)
    }),
  )
  return values
}

/** Every metric as one value a step of the scope's time (a multiple of 10 s), null where nothing was measured. */
export async function metricSeries(
  store: Store,
  scope: Scope,
  step_s: number,
  metrics: readonly Metric[],
  over: 'raw' | 'rollup' = 'rollup',
): Promise<{ readonly times_ms: number[]; readonly series: Partial<Record<Metric, (number | null)[]>> }> {
  const step_ms = step_s * 1000
  const first = Math.floor(scope.from_ms / step_ms) * step_ms
  const count = Math.max(0, Math.ceil((scope.to_ms - first) / step_ms))
  const times_ms = Array.from({ length: count }, (_, index) => first + index * step_ms)
  const series: Partial<Record<Metric, (number | null)[]>> = {}
  await Promise.all(
    [...groups(metrics).values()].map(async (names) => {
      const table = over === 'raw' ? kindOfMetric(names[0]!) : rollupOf(names[0]!)
      const time = over === 'raw' ? 'received_time' : 'time'
      const { sql, params } = scopeWhere({ ...scope, from_ms: first }, table)
      const select = names
        .map((name) => `${metricSql(name, { over, window_ms: step_ms })} AS ${name}`)
        .join(', ')
      const rows = await store.query<MetricValues & { at: number }>(
        `SELECT toUnixTimestamp(toStartOfInterval(${time}, INTERVAL ${step_s} SECOND)) AS at, ${select} FROM ${table} WHERE ${sql} AND ${metricWhere(names[0]!)} GROUP BY at`,
        { params },
      )
      for (const name of names) series[name] = new Array<number | null>(count).fill(null)
      for (const row of rows) {
        const index = (Number(row.at) * 1000 - first) / step_ms
        if (index >= 0 && index < count) for (const name of names) series[name]![index] = row[name] ?? null
      }
    }),
  )
  return { times_ms, series }
}

/** One metric by the values of one or two dimensions, the most viewed first. */
export async function breakdown(
  store: Store,
  scope: Scope,
  metric: Metric,
  by: readonly string[],
  limit = 200,
) {
  const table = rollupOf(metric)
  const known = ROLLUPS[table].by as readonly string[]
  const unknown = by.filter((name) => !known.includes(name))
  if (unknown.length > 0)
    throw new RangeError(`${table} keeps ${known.join(', ')} apart, not ${unknown.join(', ')}`)
  const { sql, params } = scopeWhere(scope, table)
  const window_ms = scope.to_ms - scope.from_ms
  const weigh =
    kindOfMetric(metric) === 'heartbeat'
      ? metricSql('concurrent_plays', { over: 'rollup', window_ms })
      : 'count()'
  return store.query<Record<string, string | number | null>>(
    `SELECT ${by.join(', ')}, ${metricSql(metric, { over: 'rollup', window_ms })} AS value, ${weigh} AS viewers FROM ${table} WHERE ${sql} AND ${metricWhere(metric)} GROUP BY ${by.join(', ')} ORDER BY viewers DESC LIMIT ${limit}`,
    { params },
  )
}

/** Mean time of each phase of the start. */
export async function startupPhases(store: Store, scope: Scope): Promise<Record<string, number | null>> {
  const { sql, params } = scopeWhere(scope, 'startup_10s')
  const select = STARTUP_PHASES.map((phase) => {
    const name = phase.replace(/_ms$/, '')
    return `sum(${name}_sum) / nullIf(sum(${name}_count), 0) AS ${phase}`
  })
  const [row] = await store.query<Record<string, number | null>>(
    `SELECT ${select.join(', ')} FROM startup_10s WHERE ${sql} AND NOT synthetic`,
    { params },
  )
  return row ?? {}
}

/** Shows seen in the last `within_ms` before `to_ms`, with what a list shows of them. */
export async function shows(store: Store, tenant: string, to_ms: number, within_ms = 900_000) {
  return store.query<{ show: string; streams: string[]; apps: string[]; last_ms: number }>(
    `SELECT show, groupUniqArray(stream) AS streams, groupUniqArrayIf(app, app != '') AS apps, toUnixTimestamp64Milli(max(last)) AS last_ms FROM (
       SELECT show, stream, app, toDateTime64(max(time), 3) AS last FROM heartbeat_10s WHERE tenant = {tenant:String} AND time >= fromUnixTimestamp64Milli({from_ms:Int64}) AND time < fromUnixTimestamp64Milli({to_ms:Int64}) GROUP BY show, stream, app
       UNION ALL
       SELECT show, stream, '' AS app, toDateTime64(max(time), 3) AS last FROM hop_10s WHERE tenant = {tenant:String} AND time >= fromUnixTimestamp64Milli({from_ms:Int64}) AND time < fromUnixTimestamp64Milli({to_ms:Int64}) GROUP BY show, stream
     ) GROUP BY show ORDER BY last_ms DESC LIMIT 200`,
    { params: { tenant, from_ms: Math.floor(to_ms - within_ms), to_ms: Math.floor(to_ms) } },
  )
}

/** Metrics of one hop, in the order of the catalogue. */
export const metricsOfHop = (hop: Hop): Metric[] => METRIC_NAMES.filter((name) => metricOf(name).hop === hop)
export { HOPS }
