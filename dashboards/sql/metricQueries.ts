import { type AnyMetric, metricOf } from '../../schemas/metrics.ts'
import { keptBy, type Rollup } from '../../schemas/rollups.ts'
import { measuresOfMetric } from '../../schemas/sources.ts'
import { metricSql, metricWhere } from '../../schemas/sql.ts'
import { type Filter, scope } from './scope.ts'
import { rollup, sourceOf } from './source.ts'
import { point_ms, pointTime, range_ms, wholePoints, wholeRange } from './time.ts'

export interface Built {
  readonly sql: string
  readonly source: Rollup
}

/** A name of a column as a person reads it. */
export const named = (text: string): string => `"${text.replaceAll('"', '')}"`

/** The column of a metric: its title. */
export const titled = (name: AnyMetric): string => named(metricOf(name).title.en)

const where = (...conditions: readonly string[]): string =>
  conditions.filter((each) => each !== '1').join('\n  AND ')

interface LineOptions {
  readonly by?: string
  readonly filters?: readonly Filter[]
  readonly title?: string
  /** A further condition, e.g. one hop. */
  readonly only?: string
}

/** A metric as lines over time: `at`, the dimension if asked for, and the value. */
export function metricLine(name: AnyMetric, { by, filters, title, only }: LineOptions = {}): Built {
  const source = sourceOf(name, by === undefined ? [] : [by])
  const { by: columns, step_s } = rollup(source)
  const label = by === undefined ? '' : `, ${by}`
  const value = metricSql(name, { over: 'rollup', window_ms: point_ms(step_s) })
  return {
    source,
    sql: `SELECT ${pointTime(step_s)}${label}, ${value} AS ${title === undefined ? titled(name) : named(title)}
FROM ${source}
WHERE ${where(...scope(columns, filters), wholePoints(step_s), metricWhere(name), only ?? '1')}
GROUP BY at${label}
ORDER BY at${label}`,
  }
}

/** A metric as one number over the board's time. */
export function metricValue(
  name: AnyMetric,
  { filters, only }: Omit<LineOptions, 'by' | 'title'> = {},
): Built {
  const source = sourceOf(name)
  const { by: columns, step_s } = rollup(source)
  return {
    source,
    sql: `SELECT ${metricSql(name, { over: 'rollup', window_ms: range_ms(step_s) })} AS ${titled(name)}
FROM ${source}
WHERE ${where(...scope(columns, filters), wholeRange(step_s), metricWhere(name), only ?? '1')}`,
  }
}

interface TableOptions {
  readonly by: readonly string[]
  readonly filters?: readonly Filter[]
  readonly only?: string
  readonly limit?: number
}

/**
 * How far back a table looks into a rollup, s. `heartbeat_10s` keeps operators and regions apart and has millions of rows an hour of a large
 * show: of it, what is going on now; the report and the worked queries look at whole evenings.
 */
const REACH_S: Partial<Record<Rollup, number>> = { heartbeat_10s: 300, heartbeat_1m: 900 }
/** How far back a table looks into a rollup, s; undefined: over the whole time that is shown. */
export const reachOf = (source: Rollup): number | undefined => REACH_S[source]

/** Metrics of one kind and one condition, a row for every combination of dimension values; the first metric sorts it. */
export function metricTable(
  names: readonly AnyMetric[],
  { by, filters, only, limit = 100 }: TableOptions,
): Built {
  const first = names[0]!
  const source = sourceOf(first, by)
  for (const name of names) {
    if (metricWhere(name) !== metricWhere(first))
      throw new Error(`${name} and ${first} count other rows: two queries`)
    if (!measuresOfMetric(name).every((measure) => keptBy(rollup(source)).includes(measure)))
      throw new Error(`${source} does not keep ${name}`)
  }
  const { by: columns, step_s } = rollup(source)
  const values = names.map(
    (name) =>
      `${metricSql(name, { over: 'rollup', window_ms: range_ms(step_s, reachOf(source)) })} AS ${titled(name)}`,
  )
  return {
    source,
    sql: `SELECT ${[...by, ...values].join(',\n  ')}
FROM ${source}
WHERE ${where(...scope(columns, filters), wholeRange(step_s, reachOf(source)), metricWhere(first), only ?? '1')}
GROUP BY ${by.join(', ')}
ORDER BY ${titled(first)} DESC NULLS LAST
LIMIT ${limit}`,
  }
}
