import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { type EmbeddedLog, openEmbeddedLog } from '../../log/embedded.ts'
import { createWatchCore } from '../../processor/watch/watchCore.ts'
import { SESSION_SLICE_MS } from '../../processor/watch/windows/sessionSlices.ts'
import { isSessionCount, WATCHED } from '../../processor/watch/windows/watched.ts'
import { startWriter, type Writer } from '../../processor/write/writer.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { fingerprint } from '../../schemas/arrow/schema.ts'
import { ddl } from '../../schemas/derive/ddl.ts'
import type { FieldSpec } from '../../schemas/field.ts'
import { isNumeric, rangeOf } from '../../schemas/field.ts'
import { KINDS, type Kind } from '../../schemas/kinds/kinds.ts'
import { MEASURED_KINDS } from '../../schemas/measuredKinds.ts'
import { measureOf, measuresOfKind } from '../../schemas/measures.ts'
import { METRIC_NAMES, metricOf } from '../../schemas/metrics.ts'
import { ROLLUP_NAMES, ROLLUPS } from '../../schemas/rollups.ts'
import { kindOfMetric, measureOverRaw, measureOverRollup, metricSql, metricWhere } from '../../schemas/sql.ts'
import { HEADERS, topicOf, topics } from '../../schemas/topics.ts'
import { startTestStore, type TestStore } from '../../store/testing.ts'

/** One definition everywhere: what the watcher sums in memory, raw rows and rollups say the same number. */

let folder: string
let store: TestStore
let log: EmbeddedLog
let writer: Writer

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firstframe-windows-'))
  store = await startTestStore()
  for (const statement of ddl({ database: 'firstframe' })) await store.store.exec(statement)
  log = await openEmbeddedLog({
    path: join(folder, 'log'),
    topics: topics(1),
    emit: () => {},
    clock: Date.now,
  })
  writer = await startWriter({ log, store: store.store, emit: () => {}, clock: Date.now, every_ms: 20 })
})

after(async () => {
  await writer.close()
  await log.close()
  await store.stop()
  await rm(folder, { recursive: true })
})

/** Any value a field may have: whole quarters, so that sums are exact in doubles whatever their order. */
function anyValue(name: string, field: FieldSpec): fc.Arbitrary<unknown> {
  if (field.values) return fc.constantFrom(...field.values)
  if (field.type === 'flag') return fc.boolean()
  if (!isNumeric(field)) return fc.constantFrom('', `${name}-1`, `${name}-2`)
  const { min, max } = rangeOf(field)
  const least = Math.max(min, -10_000)
  const most = Math.min(max, 10_000)
  const whole = fc.integer({ min: Math.ceil(least), max: Math.floor(most) })
  return field.type.startsWith('f') ? whole.map((value) => Math.min(value + 0.25, most)) : whole
}

const rowOf = (kind: Kind): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .record(
      Object.fromEntries(
        Object.entries(KINDS[kind].fields).map(([name, field]: [string, FieldSpec]) => [
          name,
          field.required ? anyValue(name, field) : fc.option(anyValue(name, field), { nil: undefined }),
        ]),
      ),
    )
    .chain((fields) =>
      fc
        .record({
          cdn: fc.constantFrom('a', 'b'),
          app: fc.constantFrom('x', 'y'),
          session: fc.constantFrom('s1', 's2', 's3'),
          seq: fc.integer({ min: 1, max: 12 }),
          weight: fc.constantFrom(1, 1, 2.5, 0),
          synthetic: fc.constantFrom(false, false, true),
          source: fc.constantFrom('sdk', 'cmcd', 'k6'),
          second: fc.integer({ min: 0, max: 29 }),
        })
        .map((envelope) => ({ ...fields, ...envelope })),
    )

const batches = fc.array(
  fc
    .constantFrom(...MEASURED_KINDS)
    .chain((kind) =>
      fc.record({ kind: fc.constant(kind), rows: fc.array(rowOf(kind), { minLength: 1, maxLength: 12 }) }),
    ),
  { minLength: 1, maxLength: 6 },
)

const close = (a: number | null, b: number | null, what: string) => {
  if (a === null || b === null) assert.equal(a, b, what)
  else assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b)), `${what}: ${a} ≠ ${b}`)
}

test('for any batches with any repeats, windows = raw rows = rollups, for every metric', {
  timeout: 240_000,
}, async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(batches, async (input) => {
      run += 1
      const stream = `stream-${run}`
      const t0 = Math.floor((Date.now() - 60_000) / 60_000) * 60_000
      const core = createWatchCore({ emit: () => {} })
      for (const { kind, rows } of input) {
        const builder = createBuilder(kind)
        for (const { second, ...row } of rows) {
          const time = t0 + (second as number) * 1000
          builder.pushRow({
            ...row,
            session: `${row.session}-${run}`,
            tenant: 'demo',
            show: 'show',
            stream,
            received_time: time,
            event_time: time,
          })
        }
        const value = builder.finish()
        await log.append([
          {
            topic: topicOf(kind),
            partition: 0,
            headers: {
              [HEADERS.type]: 'rows',
              [HEADERS.rows]: String(rows.length),
              [HEADERS.schema]: fingerprint(kind),
            },
            value,
          },
        ])
        core.ingest({ kind, partition: 0, bytes: value })
      }
      core.advance(t0 + 60_000)
      for (const kind of new Set(input.map((each) => each.kind))) {
        const { end } = await log.bounds({ topic: topicOf(kind), partition: 0 })
        while ((log.committed('write', { topic: topicOf(kind), partition: 0 })?.offset ?? 0) < end) {
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      }
      const view = core.windows.stream('demo', 'show', stream)
      for (const kind of new Set(input.map((each) => each.kind))) {
        const names = METRIC_NAMES.filter((name) => kindOfMetric(name) === kind)
        const from = `FROM ${kind} WHERE stream = {stream:String}`
        const synthetic = kind === 'probe' ? '' : ' AND NOT synthetic'
        // What repeats is seen by windows alone.
        const measures = WATCHED[kind].filter(
          (name) => !isSessionCount(name) && measureOf(name).repeated === undefined,
        )
        const distinct = WATCHED[kind].filter(isSessionCount)
        // What no window keeps is still the same in raw rows and in rollups.
        const stored = kind === 'ledger' || measures.length === 0 ? measuresOfKind(kind) : measures
        const select = (over: typeof measureOverRaw) =>
          stored.map((name) => `${over(name)} AS m_${name}`).join(', ')
        const read = async (sql: string) =>
          (await store.store.query<Record<string, number | null>>(sql, { params: { stream } }))[0]!
        const raw = await read(`SELECT ${select(measureOverRaw)} ${from}${synthetic}`)
        for (const measure of measures)
          close(
            view.total(measure, t0, t0 + 60_000),
            raw[`m_${measure}`]!,
            `${measure} of the window and of raw rows`,
          )
        // Distinct sessions are counted once in each slice, and add up over slices.
        for (let slice = t0; distinct.length > 0 && slice < t0 + 60_000; slice += SESSION_SLICE_MS) {
          const select = distinct.map((name) => `${measureOverRaw(name)} AS m_${name}`).join(', ')
          const within = `received_time >= fromUnixTimestamp64Milli(${slice}) AND received_time < fromUnixTimestamp64Milli(${slice + SESSION_SLICE_MS})`
          const counted = await read(`SELECT ${select} ${from}${synthetic} AND ${within}`)
          for (const measure of distinct)
            close(
              view.total(measure, slice, slice + SESSION_SLICE_MS),
              counted[`m_${measure}`]!,
              `${measure} of a slice of the window and of raw rows`,
            )
        }
        for (const rollup of ROLLUP_NAMES.filter((name) => ROLLUPS[name].kind === kind)) {
          const rolled = await read(
            `SELECT ${select(measureOverRollup)} FROM ${rollup} WHERE stream = {stream:String}${synthetic}`,
          )
          for (const measure of stored)
            close(raw[`m_${measure}`]!, rolled[`m_${measure}`]!, `${measure} of raw rows and of ${rollup}`)
        }
        for (const name of names) {
          const metric = metricOf(name)
          if (metric.by_slice || metric.quantile) continue
          const value = await read(
            `SELECT ${metricSql(name, { over: 'raw', window_ms: 60_000 })} AS v ${from} AND ${metricWhere(name)}`,
          )
          const top = view.total(metric.numerator!, t0, t0 + 60_000, metric.where)
          const bottom = metric.per_window
            ? 60_000
            : view.total(metric.denominator!, t0, t0 + 60_000, metric.where)
          const quotient = bottom === 0 ? null : (top / bottom) * (metric.scale ?? 1)
          close(quotient === null || !metric.complement ? quotient : 1 - quotient, value.v!, name)
        }
      }
    }),
    { numRuns: 25 },
  )
})
