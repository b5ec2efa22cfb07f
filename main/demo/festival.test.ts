import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { SERVER_KEY, startTestCollector } from '../../collector/testing.ts'
import { createWatchCore } from '../../processor/watch/watchCore.ts'
import { parseScenario } from '../../rehearsal/parseScenario.ts'
import { createShow } from '../../rehearsal/show.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { columnsOf } from '../../schemas/derive/columns.ts'
import { KIND_NAMES, type Kind } from '../../schemas/kinds/kinds.ts'
import { METRIC_NAMES, metricOf } from '../../schemas/metrics.ts'
import { cuesOf } from './festival.ts'
import { BESIDE, roomEvents } from './room.ts'

const FILE = new URL('../../rehearsal/shows/festival.yaml', import.meta.url)
const START_MS = 1_800_000_000_000
const LENGTH_S = 100
const STREAM = { show: 'festival', stream: 'main' }

test('the festival gives a number to every metric that the watcher sees', () => {
  const parsed = parseScenario(readFileSync(FILE, 'utf8'))
  assert.ok('scenario' in parsed)
  const { scenario } = parsed
  const show = createShow({
    scenario: { ...scenario, ...STREAM, audience: { ...scenario.audience, viewers: 60 } },
    tenant: 'demo',
    start_time: START_MS,
  })
  const core = createWatchCore({ emit: () => {} })
  const add = (kind: Kind, bytes: Uint8Array) => core.ingest({ kind, partition: 0, bytes })
  let seq = 0
  for (let second = 1; second <= LENGTH_S; second += 1) {
    for (const { kind, bytes } of show.advance(second * 1000)) add(kind, bytes)
    const received_time = START_MS + second * 1000 - 500
    const events = [
      ...roomEvents(second, STREAM),
      ...(second === 60 ? cuesOf('round-1-1', received_time) : []),
    ] as unknown as Record<string, unknown>[]
    for (const kind of KIND_NAMES) {
      const own = events.filter((event) => event.kind === kind)
      if (own.length === 0) continue
      const known = new Set(columnsOf(kind).map(({ name }) => name))
      const builder = createBuilder(kind)
      for (const { kind: _, time_ms: __, ...fields } of own) {
        assert.deepEqual(
          Object.keys(fields).filter((name) => !known.has(name)),
          [],
          `${kind} has no such fields`,
        )
        seq += 1
        builder.pushRow({ session: 'room', seq, ...fields, tenant: 'demo', weight: 1, received_time })
      }
      add(kind, builder.finish())
    }
  }
  core.advance(START_MS + LENGTH_S * 1000)
  const view = core.windows.stream('demo', STREAM.show, STREAM.stream)
  const silent = METRIC_NAMES.filter((name) => {
    const { numerator, denominator = numerator, where, quantile } = metricOf(name)
    return !quantile && view.total(denominator!, START_MS, START_MS + LENGTH_S * 1000, where) === 0
  })
  assert.deepEqual(silent, ['publish_refusals', 'recordings_lost'], 'these two come later in the show')
})

test('the collector takes every event of the room', async () => {
  const it = await startTestCollector({ clock: () => START_MS })
  try {
    const seconds = [
      0,
      20,
      30,
      31,
      60,
      100,
      BESIDE.push_gone.from_s,
      BESIDE.publisher_refused,
      BESIDE.recording_lost,
    ]
    const events = seconds.flatMap((second) => [
      ...roomEvents(second, STREAM),
      ...(second === 60 ? cuesOf('round-1-1', START_MS) : []),
    ])
    for (let at = 0; at < events.length; at += 100) {
      const body = { key: SERVER_KEY, sent_ms: START_MS, events: events.slice(at, at + 100) }
      const answer = await it.post(body, { url: '/v1/beacons' })
      assert.equal(answer.status, 204, answer.body)
    }
    for (const kind of KIND_NAMES) {
      const rows = await it.rows(kind)
      assert.equal(rows.length, events.filter((event) => event.kind === kind).length, kind)
      assert.ok(
        rows.every(({ flags }) => Number(flags ?? 0) === 0),
        `${kind}: nothing was dropped or doubted`,
      )
    }
  } finally {
    await it.close()
  }
})
