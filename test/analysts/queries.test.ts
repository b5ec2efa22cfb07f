import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readWorkedQueries } from '../../console/query/workedQueries.ts'
import { metricSql, metricWhere } from '../../schemas/sql.ts'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { insertKnownShow, insertSetApart, type KnownShow } from './knownShow.ts'

/** A row of the experience score: a part that was not measured weighs nothing. */
function experience(app: string, start: number, smoothness: number, latency: number, interaction?: number) {
  const sum = 20 * start + 35 * smoothness + 15 * latency
  const score = interaction === undefined ? sum / 70 : (sum + 15 * interaction) / 85
  return [app, start, smoothness, latency, null, interaction ?? null, score] as const
}

/** Every worked query on eight sessions whose numbers were reckoned by hand from `knownShow.ts`. */
const EXPECTED: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  '01-audience-by-minute': [
    ['+0', 3],
    ['+60', 2],
  ],
  '02-viewers-by-app': [
    ['shop', 3, 3, 175 / 60, 175 / 180],
    ['video', 2, 2, 0.5, 0.25],
    ['news', 1, 1, 1, 1],
  ],
  '03-cohorts-by-first-screen': [
    ['1: under 0.6 s', 2, 60],
    ['2: 0.6 – 1 s', 2, 57.5],
    ['3: 1 s and more', 2, 15],
  ],
  '04-funnel': [[8, 6, 4, 4, 0.75, 4 / 6]],
  '05-funnel-by-app': [
    ['news', 2, 1, 1, 1],
    ['shop', 3, 3, 3, 3],
    ['video', 3, 2, 0, 0],
  ],
  '06-what-a-stall-costs': [[2.5, 2]],
  '07-watch-time-by-stall-dose': [
    ['0', 2, 60],
    ['under 2 %', 1, 59],
    ['2 – 10 %', 1, 56],
    ['10 % and more', 2, 15],
  ],
  '08-stall-ratio-by-cdn': [
    ['cdn-a', 1 / 180, 3],
    ['cdn-b', 34 / 120, 2],
  ],
  '09-cdn-controlling-for-isp': [
    ['cdn-a', (0 * 180 + (1 / 60) * 120) / 300, 1 / 180],
    ['cdn-b', ((4 / 60) * 180 + (30 / 60) * 120) / 300, 34 / 120],
  ],
  '10-top-movers': [
    ['cdn-b', 'Beijing', 4 / 60, 0.5, (0.5 - 4 / 60) * 0.5],
    ['cdn-a', 'Guangdong', 1 / 120, 0, -1 / 120],
  ],
  '11-worst-regions': [
    ['Beijing', 19 / 90, 2, 19 / 35],
    ['Guangdong', 16 / 210, 4, 16 / 35],
  ],
  '12-first-screen-by-device': [
    ['phone', 3, 600, 1000],
    ['tv', 3, 800, 1200],
  ],
  '13-where-the-first-second-goes': [
    ['first byte', 100, 0.5],
    ['manifest', 50, 0.25],
    ['tcp', 30, 0.15],
    ['dns', 20, 0.1],
  ],
  '14-errors-before-the-first-frame': [['network', 'E1', 1, 1, 1]],
  '15-start-by-cdn': [
    ['cdn-a', 5, 0.2, 0.2, 500],
    ['cdn-b', 3, 0, 0, 1000],
  ],
  '16-how-long-they-stay': [
    [0, 2, 1, 1, 1],
    [1, 4, 1, 0.5, 0.5],
  ],
  '17-who-came-back': [
    [0, 1, 1, 1],
    [1, 4, 0, 0],
  ],
  '18-fairness-between-apps': [
    ['shop', 1000, 0],
    ['news', 1600, 600],
    ['video', 3000, 2000],
  ],
  '19-rounds': [
    ['round-1', 3, 2, 1, 1, 150],
    ['round-2', 3, 3, 2 / 3, 0, 200],
  ],
  '20-do-stalls-keep-people-from-taking-part': [
    [0, 2, 1],
    [1, 4, 0.5],
  ],
  '21-what-codecs-save': [
    ['h264', 52.5, 0, 2000],
    ['h265', 10.8, 0.5, 1000],
  ],
  '22-cost-by-app': [
    ['shop', 28.2e6 * 2e-11, (28.2e6 * 2e-11) / 3],
    ['news', 12e6 * 2e-11, 12e6 * 2e-11],
    ['video', 8.1e6 * 2e-11, (8.1e6 * 2e-11) / 2],
  ],
  '23-edge-beside-stalls': [
    ['cdn-a', 12, null, 50, 1 / 240],
    [
      'cdn-b',
      9,
      pearson([50, 50, 50, 50, 50, 50, 400, 400, 400], [0.2, 0.2, 0, 0, 0, 0, 0.5, 0.5, 0.5]),
      1500 / 9,
      1.9 / 9,
    ],
  ],
  '24-what-incidents-cost': [
    ['edge', 1, 100, 3],
    ['interaction', 1, 10, 1],
  ],
  '25-how-far-to-trust-it': [['sdk', 57 / 60, 0.2, 0, 30]],
  '26-how-many-watched-and-how-sure': [[6, 6, 0, 6, 6, 1]],
  '27-experience-by-app': [
    // One of three attempts failed; six stalls and 30 s of a minute; 3 s behind.
    experience('video', (800 / 9.1) * (2 / 3), 50 * (1 / Math.sqrt(10) + Math.exp(-5)), 800 / 9),
    // Three stalls and 5 s of three minutes; three of four acts arrived.
    experience('shop', 800 / 8.6, 50 * (1 / Math.sqrt(1.25) + Math.exp(-5 / 18)), 100, (75 * 4000) / 4170),
    // One of two attempts was left.
    experience('news', (800 / 8.5) * 0.75, 100, 100, 400 / 4.2),
  ],
}

function pearson(a: readonly number[], b: readonly number[]): number {
  const mean = (list: readonly number[]) => list.reduce((sum, x) => sum + x, 0) / list.length
  const [ma, mb] = [mean(a), mean(b)]
  const products = (x: readonly number[], mx: number, y: readonly number[], my: number) =>
    x.reduce((sum, each, at) => sum + (each - mx) * (y[at]! - my), 0)
  return products(a, ma, b, mb) / Math.sqrt(products(a, ma, a, ma) * products(b, mb, b, mb))
}

let it: TestStore
let show: KnownShow
let params: Record<string, unknown>
before(async () => {
  it = await startTestStore()
  show = await insertKnownShow(it.store, Date.now())
  await insertSetApart(it.store, show)
  params = {
    tenant: show.tenant,
    show: show.show,
    from: show.from_ms / 1000,
    to: show.to_ms / 1000,
    price_per_gb: 0.02,
  }
})
after(() => it?.stop())

const same = (found: unknown, wanted: unknown, where: string): void => {
  if (typeof wanted === 'string' && wanted.startsWith('+')) {
    assert.equal((Date.parse(`${found}Z`) - show.from_ms) / 1000, Number(wanted), where)
  } else if (typeof wanted !== 'number') assert.equal(found, wanted, where)
  else
    assert.ok(
      Math.abs((found as number) - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)),
      `${where}: ${found}, not ${wanted}`,
    )
}

test('there are 27 worked queries, each with a title, an explanation and an expected result', () => {
  const queries = readWorkedQueries()
  assert.deepEqual(
    queries.map(({ name }) => name),
    Object.keys(EXPECTED),
  )
  assert.equal(queries.length, 27)
  for (const { name, question, explanation } of queries) {
    assert.match(question, /\?|\.$/, name)
    assert.ok(explanation.length > 40, name)
  }
})

for (const { name, question, sql } of readWorkedQueries()) {
  test(`${name}: ${question}`, async () => {
    const rows = await it.store.query<Record<string, unknown>>(sql, { params })
    const wanted = EXPECTED[name]!
    assert.equal(rows.length, wanted.length, JSON.stringify(rows))
    for (const [at, row] of rows.entries()) {
      const values = Object.values(row)
      assert.equal(values.length, wanted[at]!.length)
      for (const [column, value] of values.entries())
        same(value, wanted[at]![column], `row ${at}, ${Object.keys(row)[column]}`)
    }
  })
}

test('where a worked query says a metric of the catalogue, it is the catalogue’s number', async () => {
  const byCdn = await it.store.query<{ cdn: string; v: number }>(
    `SELECT cdn, ${metricSql('rebuffering_ratio', { over: 'raw' })} AS v FROM heartbeat WHERE ${metricWhere('rebuffering_ratio')} AND weight > 0 GROUP BY cdn ORDER BY cdn`,
  )
  assert.deepEqual(
    byCdn.map(({ cdn }) => cdn),
    ['cdn-a', 'cdn-b'],
  )
  for (const [at, { v }] of byCdn.entries())
    same(v, EXPECTED['08-stall-ratio-by-cdn']![at]![1], 'rebuffering_ratio')
  const starts = await it.store.query<{ cdn: string; failed: number; left: number; first: number }>(
    `SELECT cdn, ${metricSql('video_start_failure', { over: 'raw' })} AS failed, ${metricSql('exit_before_video_start', { over: 'raw' })} AS left, ${metricSql('video_startup_time', { over: 'raw' })} AS first
     FROM startup WHERE ${metricWhere('video_start_failure')} AND weight > 0 GROUP BY cdn ORDER BY cdn`,
  )
  for (const [at, { failed, left, first }] of starts.entries()) {
    const [, , f, l, ms] = EXPECTED['15-start-by-cdn']![at]!
    same(failed, f, 'failed')
    same(left, l, 'left')
    same(first, ms, 'first screen')
  }
})
