import { type Metric, metricOf } from '../../schemas/metrics.ts'
import type { RuleSpec } from '../../schemas/rules.ts'
import { metricSql, metricWhere } from '../../schemas/sql.ts'
import { sourceOf } from '../sql/source.ts'

/** Rules that Grafana can judge from rollups; `mix` and `unusual` compare many cells and stay with the watcher. */
type Watchers = 'mix' | 'unusual' | 'over_issue' | 'double_grant' | 'undistributed'
const WATCHERS: ReadonlySet<string> = new Set<Watchers>([
  'mix',
  'unusual',
  'over_issue',
  'double_grant',
  'undistributed',
])
export type GrafanaRule = Exclude<RuleSpec, { type: Watchers }>
/** Whether a rule can be written as a Grafana alert: it needs one number in SQL. */
export const canBeGrafanas = (rule: RuleSpec): rule is GrafanaRule => !WATCHERS.has(rule.type)

/** Concurrent plays below which a stream's numbers say little; the watcher judges these too, by an interval. */
const FEWEST = 20
const STEP_S = 10

const steps = (seconds: number): number => Math.max(STEP_S, Math.ceil(seconds / STEP_S) * STEP_S)
/** The end of the newest step that is complete. */
const END = `toStartOfInterval($__toTime - INTERVAL 2 SECOND, INTERVAL ${STEP_S} SECOND)`
const ago = (seconds: number): string => (seconds === 0 ? END : `${END} - INTERVAL ${seconds} SECOND`)

/** A metric between two moments before the newest complete step, by stream: what every rule compares. */
export function alertWindow(metric: Metric, from_s: number, to_s: number, by: readonly string[]): string {
  const source = sourceOf(metric, by)
  const keys = ['tenant', 'show', 'stream', ...by].join(', ')
  const value = metricSql(metric, { over: 'rollup', window_ms: (from_s - to_s) * 1000 })
  return `SELECT ${keys}, ${value} AS value
  FROM ${source}
  WHERE time >= ${ago(from_s)} AND time < ${ago(to_s)} AND ${metricWhere(metric)}
  GROUP BY ${keys}`
}

/** Streams that enough people watch, so that one viewer's bad minute pages nobody. */
const watched = (metric: Metric): string =>
  metricOf(metric).hop === 'player' && metric !== 'concurrent_plays'
    ? `\n  AND (tenant, show, stream) IN (SELECT tenant, show, stream FROM (${alertWindow('concurrent_plays', 60, 0, [])}) WHERE value >= ${FEWEST})`
    : ''

const LABELS = 'tenant, show, stream'
const where = (...all: readonly string[]) => all.join(' AND ')

/** Whether `now` is worse than `before` by the factor and by the step. */
function worse(metric: Metric, now: string, before: string, factor: number, step: number): string {
  return metricOf(metric).better === 'lower'
    ? where(`${now} > ${before} * ${factor}`, `${now} - ${before} >= ${step}`)
    : // a ratio near 1 is judged by what is missing to 1
      metricOf(metric).unit === 'ratio' && (metricOf(metric).objective ?? 0) > 0.5
      ? where(`1 - ${now} > (1 - ${before}) * ${factor}`, `${before} - ${now} >= ${step}`)
      : where(`${now} * ${factor} < ${before}`, `${before} - ${now} >= ${step}`)
}

/** How far a value is beyond the objective, as a multiple of what the objective allows. */
function burn(metric: Metric, value: string): string {
  const { objective, better, unit } = metricOf(metric)
  if (objective === undefined) throw new Error(`${metric} has no objective`)
  if (better === 'lower') return `${value} / ${objective}`
  return unit === 'ratio' ? `(1 - ${value}) / ${1 - objective}` : `${objective} / nullIf(${value}, 0)`
}

/**
 * SQL of a rule: a row with labels and \`value\` for every stream that breaks it, no row where all is well. Steps are the rollup's ten
 * seconds, so a rule of three seconds is judged over ten: the watcher is faster, and needs no Grafana.
 */
export function alertSql(metric: Metric, rule: GrafanaRule): string {
  switch (rule.type) {
    case 'baseline': {
      const now = steps(rule.window_s)
      return `SELECT ${LABELS}, now.value AS value
FROM (${alertWindow(metric, now, 0, [])}) AS now
INNER JOIN (${alertWindow(metric, now + rule.baseline_s, now, [])}) AS before USING (tenant, show, stream)
WHERE ${worse(metric, 'now.value', 'before.value', rule.factor, rule.step)}${watched(metric)}`
    }
    case 'objective':
      return `SELECT ${LABELS}, fast.value AS value
FROM (${alertWindow(metric, steps(rule.fast_s), 0, [])}) AS fast
INNER JOIN (${alertWindow(metric, steps(rule.slow_s), 0, [])}) AS slow USING (tenant, show, stream)
WHERE ${burn(metric, 'fast.value')} > ${rule.burn} AND ${burn(metric, 'slow.value')} > ${rule.burn}${watched(metric)}`
    case 'absence': {
      const source = sourceOf(metric)
      return `SELECT ${LABELS}, toFloat64(dateDiff('second', max(time), $__toTime)) AS value
FROM ${source}
WHERE time >= ${ago(300)} AND ${metricWhere(metric)}
GROUP BY ${LABELS}
HAVING max(time) < ${ago(steps(rule.after_s) + STEP_S)} AND uniq(time) >= 6`
    }
    case 'spread':
      return `SELECT ${LABELS}, max(value) - min(value) AS value
FROM (${alertWindow(metric, steps(rule.window_s), 0, [rule.by])}) AS by_${rule.by}
WHERE ${rule.by} != ''
GROUP BY ${LABELS}
HAVING max(by_${rule.by}.value) - min(by_${rule.by}.value) > ${rule.beyond}`
    case 'limit': {
      const by = alertWindow(metric, steps(rule.window_s), 0, ['node'])
      const beyond = metricOf(metric).better === 'lower' ? `>= ${rule.beyond}` : `<= ${rule.beyond}`
      return `SELECT ${LABELS}, node, value
FROM (${by})
WHERE value ${beyond}`
    }
    case 'quorum':
      return `SELECT ${LABELS}, toFloat64(countIf(by_place.value >= 0.5)) AS value
FROM (${alertWindow(metric, steps(rule.window_s), 0, [rule.by])}) AS by_place
GROUP BY ${LABELS}
HAVING countIf(by_place.value >= 0.5) >= ${rule.at_least}`
    case 'forecast': {
      const source = sourceOf(metric, ['resource', 'node'])
      const keys = `${LABELS}, resource, node`
      // a straight line through the last steps: when does it meet 0
      return `SELECT ${keys}, line.2 / -line.1 - dateDiff('second', ${ago(60)}, $__toTime) AS value
FROM (SELECT ${keys}, simpleLinearRegression(toFloat64(dateDiff('second', ${ago(60)}, time)), level) AS line
  FROM (SELECT ${keys}, time, ${metricSql(metric, { over: 'rollup' })} AS level FROM ${source}
    WHERE time >= ${ago(60)} AND time < ${END} AND ${metricWhere(metric)} GROUP BY ${keys}, time)
  GROUP BY ${keys} HAVING count() >= 3)
WHERE line.1 < 0 AND value < ${rule.horizon_s}`
    }
  }
}
