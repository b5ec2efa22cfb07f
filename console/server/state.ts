import { columnsOf, type Table } from '../../schemas/derive/columns.ts'
import { STARTUP_PHASES } from '../../schemas/kinds/startup.ts'
import { MEASURES, type MeasureSpec } from '../../schemas/measures.ts'
import { METRIC_NAMES, type Metric, type MetricSpec, metricOf } from '../../schemas/metrics.ts'
import { ROLLUPS, type Rollup } from '../../schemas/rollups.ts'
import { rollupsOf } from '../../schemas/sources.ts'
import { kindOfMetric, measureOverRaw, metricSql, metricWhere } from '../../schemas/sql.ts'
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
  /** Only rows that differ from these in at least one. */
  readonly outside?: Readonly<Record<string, string>>
}

export type MetricValues = Partial<Record<Metric, number | null>>

const by10s = (name: Rollup): boolean => ROLLUPS[name].step_s === 10

/**
 * The 10 s rollup with the fewest rows that has these metrics of one kind and keeps `by` apart, and what the scope asks for. What no
 * rollup of them keeps apart of the scope is passed over; of `by` it is a RangeError.
 */
function rollupOf(metrics: readonly Metric[], scope: Scope, by: readonly string[] = []): Rollup {
  const kept = new Set<string>(
    rollupsOf(metrics)
      .filter(by10s)
      .flatMap((name) => ROLLUPS[name].by),
  )
  const requested = Object.keys({
    ...(scope.app === undefined ? {} : { app: '' }),
    ...scope.within,
    ...scope.outside,
  })
  const table = rollupsOf(metrics, [...by, ...requested.filter((name) => kept.has(name))]).find(by10s)
  if (table === undefined)
    throw new RangeError(
      `${metrics.join(', ')}: kept apart by ${[...kept].join(', ')}, not by ${by.join(' and ')}`,
    )
  return table
}

/** Conditions of a scope over a table with these columns, and their parameters. */
export function scopeWhere(scope: Scope, table: string): { sql: string; params: Record<string, unknown> } {
  const time = table.endsWith('_10s') ? 'time' : 'received_time'
  const hasApp = (ROLLUPS as Record<string, { by: readonly string[] }>)[table]?.by.includes('app') ?? true
  const conditions = ['tenant = {tenant:String}', 'show = {show:String}']
  if (scope.stream !== undefined) conditions.push('stream = {stream:String}')
  if (scope.app !== undefined && hasApp) conditions.push('app = {app:String}')
  const keeps =
    (ROLLUPS as Record<string, { by: readonly string[] }>)[table]?.by ??
    columnsOf(table as Table).map((column) => column.name)
  const chosen = Object.entries(scope.within ?? {}).filter(([name]) => keeps.includes(name))
  const others = Object.entries(scope.outside ?? {}).filter(([name]) => keeps.includes(name))
  for (const [name] of chosen) conditions.push(`${name} = {within_${name}:String}`)
  if (others.length > 0)
    conditions.push(`NOT (${others.map(([name]) => `${name} = {outside_${name}:String}`).join(' AND ')})`)
  conditions.push(
    `${time} >= fromUnixTimestamp64Milli({from_ms:Int64})`,
    `${time} < fromUnixTimestamp64Milli({to_ms:Int64})`,
  )
  return {
    sql: conditions.join(' AND '),
    params: {
      tenant: scope.tenant,
      show: scope.show,
      stream: scope.stream,
      app: scope.app,
      ...Object.fromEntries(chosen.map(([name, value]) => [`within_${name}`, value])),
      ...Object.fromEntries(others.map(([name, value]) => [`outside_${name}`, value])),
      from_ms: Math.floor(scope.from_ms),
      to_ms: Math.floor(scope.to_ms),
    },
  }
}

/** Metrics of one kind: one query answers them all, those of single hops too. */
interface Asked {
  readonly kind: ReturnType<typeof kindOfMetric>
  readonly names: Metric[]
  /** The field whose values some of them are limited to: `hop`. */
  readonly split: string | undefined
  /** Condition on the rows of all of them. */
  readonly where: string
}

const ownWhere = (metric: Metric): Readonly<Record<string, string>> =>
  (metricOf(metric) as MetricSpec).where ?? {}

function askedOf(metrics: readonly Metric[]): Asked[] {
  const kinds = new Map<Asked['kind'], Metric[]>()
  for (const metric of metrics)
    kinds.set(kindOfMetric(metric), [...(kinds.get(kindOfMetric(metric)) ?? []), metric])
  return [...kinds].map(([kind, names]) => {
    const fields = [...new Set(names.flatMap((name) => Object.keys(ownWhere(name))))]
    if (fields.length > 1) throw new RangeError(`metrics of ${kind} are limited by ${fields.join(' and ')}`)
    return { kind, names, split: fields[0], where: kind === 'probe' ? '1' : 'NOT synthetic' }
  })
}

/** Selects, groups and rows of one kind's metrics; `step` is the expression of a step's beginning, if any. */
function partsOf({ names, split }: Asked, expressions: readonly string[], step?: string) {
  const by = [...(step === undefined ? [] : ['at']), ...(split === undefined ? [] : [split])]
  const select = [
    ...(step === undefined ? [] : [`${step} AS at`]),
    ...(split === undefined ? [] : [`toString(${split}) AS part`, `grouping(${split}) AS whole`]),
    ...expressions,
  ].join(', ')
  const group =
    split !== undefined
      ? ` GROUP BY GROUPING SETS ((${by.join(', ')}), (${by.filter((name) => name !== split).join(', ')}))`
      : by.length === 0
        ? ''
        : ` GROUP BY ${by.join(', ')}`
  /** Those of the metrics that a row speaks of: its own hop's, or the ones that every row counts for. */
  const reported = (row: { readonly part?: string; readonly whole?: number }): readonly Metric[] =>
    split === undefined
      ? names
      : names.filter((name) =>
          Number(row.whole) === 1 ? ownWhere(name)[split] === undefined : ownWhere(name)[split] === row.part,
        )
  return { select, group, told: reported }
}

type Row = Readonly<Record<string, number | null>> & { readonly part?: never; readonly whole?: never }

/** Which shares are counted, so that rows say how sure they are. */
const counts = (name: Metric): boolean => {
  const { denominator, numerator, unit } = metricOf(name)
  const counted = (measure: MeasureSpec) => measure.aggregate === 'count'
  return (
    unit === 'ratio' &&
    denominator !== undefined &&
    numerator !== undefined &&
    counted(MEASURES[denominator]) &&
    counted(MEASURES[numerator])
  )
}

const EXCESS = 'sum(weight * (weight - 1) * interval_ms) / nullIf(sum(weight * interval_ms), 0)'

/**
 * Every metric's value over the scope, from raw rows where the time is short, else from the rollup; the same number. Of counted
 * shares over raw rows also how many facts there were (k of n), unweighted.
 */
export async function metricValues(
  store: Store,
  scope: Scope,
  metrics: readonly Metric[] = METRIC_NAMES,
): Promise<{
  readonly values: MetricValues
  readonly facts: Partial<Record<Metric, [k: number, n: number]>>
  /** Of plays over raw rows: the mean of weight − 1, by which `sampledBounds` says how sure they are; 0 without sampling. */
  readonly excess: number
}> {
  const window_ms = scope.to_ms - scope.from_ms
  const raw = window_ms <= 60_000
  const values: MetricValues = {}
  const facts: Partial<Record<Metric, [number, number]>> = {}
  let excess = 0
  const rows = (name: Metric, measure: 'numerator' | 'denominator') =>
    measureOverRaw(metricOf(name)[measure]!).replace('toFloat64(weight)', 'toUInt8(weight > 0)')
  await Promise.all(
    askedOf(metrics).map(async (requested) => {
      const table = raw ? requested.kind : rollupOf(requested.names, scope)
      const { sql, params } = scopeWhere(scope, table)
      const expressions = requested.names.flatMap((name) => [
        `${metricSql(name, { over: raw ? 'raw' : 'rollup', window_ms })} AS ${name}`,
        ...(raw && counts(name)
          ? [`${rows(name, 'numerator')} AS k_${name}`, `${rows(name, 'denominator')} AS n_${name}`]
          : []),
      ])
      if (raw && requested.names.includes('concurrent_plays')) expressions.push(`${EXCESS} AS excess`)
      const { select, group, told: reported } = partsOf(requested, expressions)
      const answer = await store.query<Row>(
        `SELECT ${select} FROM ${table} WHERE ${sql} AND ${requested.where}${group}`,
        { params },
      )
      for (const row of answer) {
        excess = Math.max(excess, Number(row.excess ?? 0))
        for (const name of reported(row)) {
          values[name] = row[name] ?? null
          const n = Number(row[`n_${name}`] ?? 0)
          if (n > 0) facts[name] = [Number(row[`k_${name}`]), n]
        }
      }
    }),
  )
  return { values, facts, excess }
}

/** Every metric as one value a step of the scope's time, null where nothing was measured; rollups have steps of 10 s. */
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
  for (const name of metrics) series[name] = new Array<number | null>(count).fill(null)
  await Promise.all(
    askedOf(metrics).map(async (requested) => {
      const table = over === 'raw' ? requested.kind : rollupOf(requested.names, scope)
      const time = over === 'raw' ? 'received_time' : 'time'
      const { sql, params } = scopeWhere({ ...scope, from_ms: first }, table)
      const {
        select,
        group,
        told: reported,
      } = partsOf(
        requested,
        requested.names.map((name) => `${metricSql(name, { over, window_ms: step_ms })} AS ${name}`),
        `toUnixTimestamp(toStartOfInterval(${time}, INTERVAL ${step_s} SECOND))`,
      )
      const answer = await store.query<Row>(
        `SELECT ${select} FROM ${table} WHERE ${sql} AND ${requested.where}${group}`,
        { params },
      )
      for (const row of answer) {
        const index = (Number(row.at) * 1000 - first) / step_ms
        if (index >= 0 && index < count)
          for (const name of reported(row)) series[name]![index] = row[name] ?? null
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
  const table = rollupOf([metric], scope, by)
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

/** Mean time of each phase of the start, and how many started. */
export async function startupPhases(store: Store, scope: Scope): Promise<Record<string, number | null>> {
  const { sql, params } = scopeWhere(scope, 'startup_10s')
  const select = STARTUP_PHASES.map((phase) => {
    const name = phase.replace(/_ms$/, '')
    return `sum(${name}_sum) / nullIf(sum(${name}_count), 0) AS ${phase}`
  })
  const [row] = await store.query<Record<string, number | null>>(
    `SELECT ${select.join(', ')}, sum(starts_count) AS starts FROM startup_10s WHERE ${sql} AND NOT synthetic`,
    { params },
  )
  return row ?? {}
}
