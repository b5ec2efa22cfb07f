import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { askRows } from '../../console/report/ask.ts'
import { collect, isJudged } from '../../console/report/collect.ts'
import { serveSql } from '../../console/server/sql.ts'
import { type MetricValues, metricSeries, metricValues } from '../../console/server/state.ts'
import { GRAFANA_RULES } from '../../dashboards/alerts/alertRules.ts'
import { alertSql, alertWindow } from '../../dashboards/alerts/alertSql.ts'
import { createWatchCore } from '../../processor/watch/watchCore.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { ddl } from '../../schemas/derive/ddl.ts'
import {
  ANY_METRIC_NAMES,
  type AnyMetric,
  METRIC_NAMES,
  type Metric,
  metricOf,
} from '../../schemas/metrics.ts'
import { kindOfMetric, metricSql, metricWhere } from '../../schemas/sql.ts'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { type Answer, askAsReader } from '../dashboards/ask.ts'
import { ALL, expand } from '../dashboards/macros.ts'
import { boardQueries } from '../dashboards/queries.ts'
import { insertObjects } from '../dashboards/rehearsedShow.ts'
import { anyFacts } from './anyFacts.ts'

/**
 * One definition everywhere: for each metric of the catalogue, over one window in which both clocks agree, an analyst's query over raw
 * rows, the console, every panel of every board, the report, Grafana's alerts and the watcher's windows say the same number.
 */

/** A length that every panel can look at: tables of operators look back five minutes. */
const WINDOW_S = 300
const WINDOW_MS = WINDOW_S * 1000
const show = { tenant: 'demo', show: 'gala' }

let it: TestStore
let app: FastifyInstance
let url: string
let from_ms: number
let to_ms: number
const core = createWatchCore({ emit: () => {} })

before(async () => {
  it = await startTestStore()
  for (const statement of ddl({ database: 'firstframe' })) await it.store.exec(statement)
  to_ms = Math.floor((Date.now() - 60_000) / WINDOW_MS) * WINDOW_MS
  from_ms = to_ms - WINDOW_MS
  const inside = anyFacts({ ...show, from_ms, to_ms, rows: 600 })
  // what must not count: another show, and the same show before and after
  const others = [
    anyFacts({ ...show, show: 'another', from_ms, to_ms, rows: 60 }),
    anyFacts({ ...show, from_ms: from_ms - WINDOW_MS, to_ms: from_ms, rows: 60 }),
    anyFacts({ ...show, from_ms: to_ms, to_ms: to_ms + WINDOW_MS, rows: 60 }),
  ]
  for (const [nth, facts] of [inside, ...others].entries())
    for (const [kind, rows] of facts)
      await insertObjects(
        it.store,
        kind,
        rows.map((row) => ({ ...row, session: `${nth}-${row.session}` })),
      )
  for (const [kind, rows] of inside) {
    const builder = createBuilder(kind)
    for (const row of rows) builder.pushRow(row)
    core.ingest({ kind, partition: 0, bytes: builder.finish() })
  }
  core.advance(to_ms)
  app = Fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  serveSql(app, { url: it.url, user: it.reader, password: '' })
  url = await app.listen({ host: '127.0.0.1', port: 0 })
})
after(async () => {
  await app?.close()
  await it?.stop()
})

const same = (found: unknown, wanted: number | null, where: string) => {
  if (wanted === null || found === null) assert.equal(found, wanted, where)
  else
    assert.ok(
      Math.abs(Number(found) - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)),
      `${where}: ${found}, not ${wanted}`,
    )
}

/** A column of a panel that is no dimension, as it is made of dimensions. */
const MADE: Readonly<Record<string, string>> = { name: "concat(resource, ' ', node)" }

/** What an analyst's SQL over raw rows says, for every combination of the columns. */
async function raw(metric: Metric, by: readonly string[] = []): Promise<ReadonlyMap<string, number | null>> {
  const kind = kindOfMetric(metric)
  const keys = by.map((name, index) => `toString(${MADE[name] ?? name}) AS key_${index}`)
  const { data } = await askAsReader(
    it.url,
    `SELECT ${[...keys, `${metricSql(metric, { over: 'raw', window_ms: WINDOW_MS })} AS value`].join(', ')} FROM ${kind}
     WHERE tenant = 'demo' AND show = 'gala' AND received_time >= fromUnixTimestamp64Milli(toInt64(${from_ms}))
       AND received_time < fromUnixTimestamp64Milli(toInt64(${to_ms})) AND ${metricWhere(metric)}
     ${by.length > 0 ? `GROUP BY ${by.map((_, index) => `key_${index}`).join(', ')}` : ''}`,
  )
  return new Map(
    data.map((row) => [by.map((_, index) => row[`key_${index}`]).join('\n'), row.value as number | null]),
  )
}

/** Whether it is made of one kind of event, so that raw rows of one table say it. */
const isMetric = (name: AnyMetric): name is Metric => (METRIC_NAMES as readonly AnyMetric[]).includes(name)

const whole = async (metric: Metric): Promise<number | null> => (await raw(metric)).get('') ?? null

test('every metric has a number in this window, so that nothing is compared with nothing', async () => {
  for (const metric of METRIC_NAMES) assert.notEqual(await whole(metric), null, metric)
})

test('the console: values and series', async () => {
  const scope = { ...show, from_ms, to_ms }
  const { values } = (await metricValues(it.store, scope)) as { values: MetricValues }
  const { series } = await metricSeries(it.store, scope, WINDOW_S, METRIC_NAMES)
  for (const metric of METRIC_NAMES) {
    same(values[metric], await whole(metric), `${metric}: value`)
    assert.equal(series[metric]!.length, 1)
    same(series[metric]![0], await whole(metric), `${metric}: series`)
  }
})

const isText = (type: string) => /^(LowCardinality\()?(Nullable\()?(String|FixedString|Enum)/.test(type)

/** Every number of a panel's answer that is a metric's, with the columns that say whose it is. */
function describe(answer: Answer, metrics: readonly Metric[]) {
  const keys = answer.meta.filter(({ type }) => isText(type)).map(({ name }) => name)
  return metrics
    .filter((metric) => answer.meta.some(({ name }) => name === metricOf(metric).title.en))
    .flatMap((metric) =>
      answer.data.map((row) => ({
        metric,
        keys,
        of: keys.map((name) => row[name]).join('\n'),
        value: row[metricOf(metric).title.en],
      })),
    )
}

test('every panel of every board that shows a metric of the catalogue', async () => {
  const found = new Map<Metric, number>()
  for (const { board, name, panel, target } of boardQueries()) {
    const metrics = [...(panel?.description ?? '').matchAll(/metrics\.md#(\w+)/g)]
      .map(([, metric]) => metric as AnyMetric)
      .filter(isMetric)
    if (metrics.length === 0) continue
    const sql = expand(target.rawSql, {
      from_ms,
      to_ms,
      interval_s: WINDOW_S,
      variables: { ...show, stream: ALL, app: ALL, cdn: ALL, session: '', price_per_gb: '1' },
    })
    const answer = await askAsReader(it.url, sql)
    for (const each of describe(answer, metrics)) {
      const where = `${board}: ${name}: ${each.metric} ${each.of.replaceAll('\n', ' × ')}`
      const wanted = await raw(each.metric, each.keys)
      assert.ok(wanted.has(each.of), `${where}: not among raw rows`)
      same(each.value, wanted.get(each.of)!, where)
      found.set(each.metric, (found.get(each.metric) ?? 0) + 1)
    }
  }
  assert.deepEqual(
    METRIC_NAMES.filter((metric) => !found.has(metric)),
    [],
    'metrics that no panel shows under their title',
  )
})

test('Grafana’s alerts: what every rule compares', async () => {
  for (const { metric, rule } of GRAFANA_RULES) {
    if (rule.type === 'baseline' || rule.type === 'objective') {
      const window = (from_s: number, to_s: number) => alertWindow(metric, from_s, to_s, [])
      const requested = alertSql(metric, rule)
      const first = rule.type === 'baseline' ? rule.window_s : rule.fast_s
      const steps = Math.max(10, Math.ceil(first / 10) * 10)
      assert.ok(requested.includes(window(steps, 0)), `${metric} ${rule.type} compares something else`)
    }
    if (metricOf(metric).by_slice) continue
    const answer = await askAsReader(
      it.url,
      expand(alertWindow(metric, WINDOW_S, 0, []), {
        // the newest complete step is the one that ended two seconds ago
        from_ms,
        to_ms: to_ms + 2_000,
        interval_s: 10,
        variables: {},
      }),
    )
    const rows = answer.data.filter((row) => row.show === show.show)
    const wanted = await raw(metric, ['stream'])
    assert.equal(rows.length, wanted.size, metric)
    for (const row of rows) same(row.value, wanted.get(String(row.stream))!, `${metric} of ${row.stream}`)
  }
})

test('the report: every metric with an objective', async () => {
  const { quality } = await collect(askRows(url), { ...show, from_ms, to_ms })
  assert.deepEqual(
    quality.map(({ metric }) => metric),
    ANY_METRIC_NAMES.filter(isJudged),
  )
  for (const { metric, value } of quality) if (isMetric(metric)) same(value, await whole(metric), metric)
})

test('the watcher: the sums of its last minute', async () => {
  const last_ms = to_ms - 60_000
  for (const metric of METRIC_NAMES) {
    const {
      numerator,
      denominator,
      per_window,
      scale = 1,
      complement,
      where,
      quantile,
      ...spec
    } = metricOf(metric)
    if (spec.by_slice || quantile) continue
    const views = ['one', 'two'].map((stream) => core.windows.stream(show.tenant, show.show, stream))
    const sum = (measure: NonNullable<typeof numerator>) =>
      views.reduce((all, view) => all + view.total(measure, last_ms, to_ms, where), 0)
    const bottom = per_window ? 60_000 : sum(denominator!)
    const quotient = bottom === 0 ? null : (sum(numerator!) / bottom) * scale
    const { values } = await metricValues(it.store, { ...show, from_ms: last_ms, to_ms }, [metric])
    same(quotient === null || !complement ? quotient : 1 - quotient, values[metric] ?? null, metric)
  }
})
