import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Snapshot } from '../../console/api.ts'
import { createAudience } from '../../console/testing/audience.ts'
import { sendAudience } from '../../console/testing/sendAudience.ts'
import { STEP_MS, windowOf } from '../../console/windows.ts'
import { METRIC_NAMES, type Metric } from '../../schemas/metrics.ts'
import { ROLLUP_NAMES, ROLLUPS } from '../../schemas/rollups.ts'
import { kindOfMetric, metricSql, metricWhere } from '../../schemas/sql.ts'
import { type Firstframe, startFirstframe } from '../pipeline/firstframe.ts'
import { rowsAtRest } from '../pipeline/rowsAtRest.ts'
import { sqlOf } from '../pipeline/sql.ts'
import { waitFor } from '../stream/waitFor.ts'
import { preparePython } from './python.ts'

/** A notebook and the console, pointed at one address, say the same numbers: beacons over HTTP, the real pipeline, the real clients. */

const SHOW = 'gala'
const SCRIPT = fileURLToPath(new URL('python/same_numbers.py', import.meta.url))

let firstframe: Firstframe
let python: string
let answers: { readonly snapshot: Snapshot; readonly values: Columns; readonly series: Columns }

before(async () => {
  python = await preparePython()
  firstframe = await startFirstframe({ environment: { FIRSTFRAME_TRUSTED_PROXIES: '127.0.0.1' } })
  const audience = createAudience({ show: SHOW, sessions: 120, seed: 'notebook', round_every_s: 20 })
  const sender = sendAudience({ url: firstframe.url, audience, clock: Date.now, key: firstframe.serverKey() })
  const began = Math.ceil(Date.now() / STEP_MS) * STEP_MS
  const at_ms = began + 2 * STEP_MS
  try {
    await waitFor(
      async () => {
        const now = (await (await fetch(`${firstframe.consoleUrl}/api/show/${SHOW}`)).json()) as Snapshot
        return now.data_ms >= at_ms + STEP_MS
      },
      { what: 'twenty seconds of the show to be in the store', timeout_ms: 90_000, every_ms: 500 },
    )
  } finally {
    await sender.stop()
  }
  assert.equal(sender.failures(), 0)
  // The console and the clients read one after the other: they can be compared if nothing was written meanwhile.
  const query = sqlOf(firstframe)
  answers = await waitFor(
    async () => {
      const rows = await rowsAtRest(query)
      // The clients take seconds: they begin when the writer seems to be done.
      await pause(1_500)
      if (rows === undefined || rows !== (await rowsAtRest(query))) return undefined
      const answer = await fetch(`${firstframe.consoleUrl}/api/show/${SHOW}?at=${at_ms}`)
      const snapshot = (await answer.json()) as Snapshot
      const values = await notebook(valueQueries(snapshot))
      const series = await notebook(seriesQueries(snapshot))
      return rows === (await rowsAtRest(query)) ? { snapshot, values, series } : undefined
    },
    { what: 'the writer to be done', timeout_ms: 90_000 },
  )
})
after(() => firstframe?.dispose())

const same = (found: number | null | undefined, wanted: number, where: string) =>
  assert.ok(
    found !== null && found !== undefined && Math.abs(found - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)),
    `${where}: ${found}, the console says ${wanted}`,
  )

type Columns = Record<string, Record<string, (number | null)[]>>

async function notebook(queries: Readonly<Record<string, string>>) {
  const running = promisify(execFile)(python, [SCRIPT, firstframe.consoleUrl], { maxBuffer: 64 << 20 })
  running.child.stdin!.end(JSON.stringify(queries))
  return JSON.parse((await running).stdout) as Columns
}

const valueQueries = ({ values, at_ms }: Snapshot) =>
  Object.fromEntries(
    (Object.keys(values) as Metric[]).map((name) => {
      const window_ms = windowOf(name)
      return [
        name,
        `SELECT ${metricSql(name, { over: 'raw', window_ms })} AS value FROM ${kindOfMetric(name)}
         WHERE tenant = 'demo' AND show = '${SHOW}' AND ${metricWhere(name)}
           AND received_time >= fromUnixTimestamp64Milli(toInt64(${at_ms - window_ms}))
           AND received_time < fromUnixTimestamp64Milli(toInt64(${at_ms}))`,
      ]
    }),
  )

const seriesQueries = ({ series, from_ms, at_ms }: Snapshot) =>
  Object.fromEntries(
    METRIC_NAMES.filter((name) => series[name] !== undefined).map((name) => {
      const rollup = ROLLUP_NAMES.find(
        (each) => ROLLUPS[each].kind === kindOfMetric(name) && ROLLUPS[each].step_s * 1000 === STEP_MS,
      )!
      return [
        name,
        `SELECT value FROM (SELECT time, ${metricSql(name, { over: 'rollup', window_ms: STEP_MS })} AS value FROM ${rollup}
         WHERE tenant = 'demo' AND show = '${SHOW}' AND ${metricWhere(name)} AND time >= ${from_ms / 1000} AND time < ${at_ms / 1000}
         GROUP BY time) WHERE isNotNull(value) ORDER BY time`,
      ]
    }),
  )

test('values: what the console shows of a moment is what pandas and pyarrow read of it', () => {
  const { snapshot, values } = answers
  const names = Object.keys(snapshot.values)
  assert.ok(names.length >= 15, `the console shows only ${names.join(', ')}`)
  assert.deepEqual(Object.keys(values), names)
  for (const [name, ways] of Object.entries(values))
    for (const [path, found] of Object.entries(ways)) {
      assert.equal(found.length, 1, `${name} by ${path}`)
      same(found[0], snapshot.values[name as Metric]!, `${name} by ${path}`)
    }
})

test('series: every point of every line, from the rollups', () => {
  const { snapshot, series } = answers
  const names = METRIC_NAMES.filter((name) => snapshot.series[name] !== undefined)
  assert.ok(names.length >= 15, `the console draws only ${names.join(', ')}`)
  for (const name of names) {
    const points = Object.entries(snapshot.series[name]!)
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, value]) => value)
    for (const [path, values] of Object.entries(series[name]!)) {
      assert.equal(values.length, points.length, `${name} by ${path}: points`)
      for (const [index, value] of values.entries())
        same(value, points[index]!, `${name} by ${path}, point ${index}`)
    }
  }
})
