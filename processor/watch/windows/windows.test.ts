import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createBuilder } from '../../../schemas/arrow/builder.ts'
import type { Kind } from '../../../schemas/kinds/kinds.ts'
import { createWatchCore } from '../watchCore.ts'

const T0 = 1_800_000_000_000

function bytes(kind: Kind, rows: readonly Record<string, unknown>[]) {
  const builder = createBuilder(kind)
  for (const row of rows) {
    builder.pushRow({
      tenant: 'demo',
      show: 's',
      stream: 'x',
      source: 'sdk',
      received_time: T0,
      event_time: T0,
      interval_ms: 1000,
      ...row,
    })
  }
  return builder.finish()
}

function watch(kind: Kind, rows: readonly Record<string, unknown>[], watermark_ms = T0 + 10_000) {
  const core = createWatchCore({ emit: () => {} })
  core.ingest({ kind, partition: 0, bytes: bytes(kind, rows) })
  core.advance(watermark_ms)
  return core.windows.stream('demo', 's', 'x')
}

test('sums count weight times value, by second', () => {
  const view = watch('heartbeat', [
    { session: 'a', seq: 1, stalled_ms: 100, weight: 2 },
    { session: 'b', seq: 1, stalled_ms: 50, received_time: T0 + 1500 },
  ])
  assert.equal(view.total('stalled_ms_sum', T0, T0 + 10_000), 250)
  assert.deepEqual([...view.series('stalled_ms_sum', T0, T0 + 3000, 1000)], [200, 50, 0])
})

test('groups and conditions cut by dimensions', () => {
  const view = watch('heartbeat', [
    { session: 'a', seq: 1, cdn: 'a', isp: 'x', stalled_ms: 1 },
    { session: 'b', seq: 1, cdn: 'b', isp: 'x', stalled_ms: 2 },
    { session: 'c', seq: 1, cdn: 'b', isp: 'y', stalled_ms: 4 },
  ])
  const by = view.groups(['stalled_ms_sum', 'interval_ms_sum'], 'cdn', T0, T0 + 1000)
  assert.deepEqual([...by.get('b')!], [6, 2000])
  assert.equal(view.total('stalled_ms_sum', T0, T0 + 1000, { cdn: 'b', isp: 'y' }), 4)
  assert.equal(view.total('stalled_ms_sum', T0, T0 + 1000, { cdn: 'never' }), 0)
  const cells = view.cells(['stalled_ms_sum'], T0, T0 + 1000, { dimensions: ['isp'] })
  assert.deepEqual(
    Array.from({ length: cells.rows }, (_, row) => [
      cells.values[0]![cells.codes[0]![row]!],
      cells.sums[0]![row],
    ]),
    [
      ['x', 3],
      ['y', 4],
    ],
  )
})

test('conditions of measures hold: outcomes, missing values, fatal errors', () => {
  const startup = watch('startup', [
    { session: 'a', seq: 1, outcome: 'started', video_startup_time_ms: 500 },
    { session: 'b', seq: 1, outcome: 'failed', error_category: 'business' },
    { session: 'c', seq: 1, outcome: 'failed', error_category: 'network' },
    { session: 'd', seq: 1, outcome: 'abandoned' },
  ])
  const total = (measure: Parameters<typeof startup.total>[0]) => startup.total(measure, T0, T0 + 1000)
  assert.deepEqual(
    [
      total('attempts_count'),
      total('start_failures_count'),
      total('abandons_count'),
      total('first_screen_count'),
    ],
    [4, 1, 1, 1],
  )
})

test('repeats, synthetic viewers and muted CMCD do not count', () => {
  const view = watch('heartbeat', [
    { session: 'a', seq: 1, stalled_ms: 1 },
    { session: 'a', seq: 1, stalled_ms: 1 },
    { session: 'k', seq: 1, stalled_ms: 1, synthetic: true },
    { session: 'a', seq: 9, stalled_ms: 1, source: 'cmcd' },
  ])
  assert.equal(view.total('stalled_ms_sum', T0, T0 + 1000), 1)
})

test('old seconds become blocks of ten, and nothing of their sums is lost', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ at: fc.integer({ min: 0, max: 299 }), cdn: fc.constantFrom('a', 'b') }), {
        maxLength: 60,
      }),
      (events) => {
        const core = createWatchCore({ emit: () => {} })
        const sorted = [...events].sort((a, b) => a.at - b.at)
        sorted.forEach(({ at, cdn }, index) => {
          core.ingest({
            kind: 'heartbeat',
            partition: 0,
            bytes: bytes('heartbeat', [
              { session: 'a', seq: index + 1, cdn, stalled_ms: at + 1, received_time: T0 + at * 1000 },
            ]),
          })
          core.advance(T0 + at * 1000)
        })
        core.advance(T0 + 300_000)
        const view = core.windows.stream('demo', 's', 'x')
        const want = (cdn?: string) =>
          events
            .filter((each) => cdn === undefined || each.cdn === cdn)
            .reduce((sum, { at }) => sum + at + 1, 0)
        assert.equal(view.total('stalled_ms_sum', T0, T0 + 300_000), want())
        assert.equal(view.total('stalled_ms_sum', T0, T0 + 300_000, { cdn: 'a' }), want('a'))
        assert.equal(
          [...view.series('stalled_ms_sum', T0, T0 + 300_000, 1000)].reduce((a, b) => a + b, 0),
          want(),
        )
      },
    ),
    { numRuns: 50 },
  )
})

test('reporters are heard with their newest status', () => {
  const view = watch('hop', [
    { hop: 'ingest', node: 'n1', status: 'up' },
    { hop: 'ingest', node: 'n1', status: 'up', received_time: T0 + 1000 },
    { hop: 'ingest', node: 'n1', status: 'down', received_time: T0 + 2000 },
  ])
  assert.deepEqual(view.heard('hop', ['hop', 'node']), [
    { values: { hop: 'ingest', node: 'n1' }, first_ms: T0, last_ms: T0 + 2000, slices: 3, status: 'down' },
  ])
})

test('who judges late does not hear what came after the second that is judged', () => {
  const core = createWatchCore({ emit: () => {} })
  const at = (seconds: readonly number[]) =>
    core.ingest({
      kind: 'hop',
      partition: 0,
      bytes: bytes(
        'hop',
        seconds.map((second) => ({
          ...{ hop: 'encoder', node: 'e', session: 'e', seq: second + 1, status: 'up' },
          received_time: T0 + second * 1000,
        })),
      ),
    })
  // It fell silent for twenty seconds, and all of it is read before the first second is judged.
  at([0, 1, 2, 3, 4, 25, 26])
  const heard = (second: number) => {
    core.advance(T0 + second * 1000)
    return core.windows
      .stream('demo', 's', 'x')
      .heard('hop', ['node'])
      .map(({ last_ms, slices }) => [(last_ms - T0) / 1000, slices])
  }
  assert.deepEqual(heard(1), [[0, 1]])
  assert.deepEqual(heard(20), [[4, 5]])
  assert.deepEqual(heard(26), [[25, 6]])
  at([24])
  assert.deepEqual(heard(27), [[26, 7]], 'what comes late for a second that was judged changes nothing')
})

test('a stream that is silent for as long as windows reach back is forgotten', () => {
  const core = createWatchCore({ emit: () => {} })
  core.ingest({ kind: 'heartbeat', partition: 0, bytes: bytes('heartbeat', [{ session: 'a', seq: 1 }]) })
  core.advance(T0 + 20 * 60_000)
  assert.equal(core.windows.streams.size, 0)
})

test('a grant is doubled when its reference was issued before in the pool, whoever books it and under which stream', () => {
  const first = { entry: 'issued', amount: 5, count: 1, pool: 'box', round: 'r1', currency: 'cny' }
  const doubled = (more: Record<string, unknown>) => {
    const core = createWatchCore({ emit: () => {} })
    const rows = [first, { ...first, ...more }].map((row, at) => ({
      ...{ node: 'rewards', session: 'rewards', seq: at + 1, reference: 'g-1' },
      ...row,
    }))
    core.ingest({ kind: 'ledger', partition: 0, bytes: bytes('ledger', rows) })
    core.advance(T0 + 10_000)
    return [...core.windows.streams.values()].reduce(
      (sum, view) => sum + view.total('reward_doubled_amount_sum', T0, T0 + 10_000),
      0,
    )
  }
  for (const more of [
    {},
    { app: 'b' },
    { stream: 'y' },
    { stream: 'y', app: 'b' },
    { node: 'b', session: 'b', seq: 1 },
  ])
    assert.equal(doubled(more), 5, JSON.stringify(more))
  for (const more of [
    ...[{ round: 'r2' }, { pool: 'car' }, { currency: 'coins' }, { show: 's2' }, { tenant: 't2' }],
    ...[{ reference: 'g-2' }, { reference: '' }, { entry: 'claimed' }],
  ])
    assert.equal(doubled(more), 0, JSON.stringify(more))
})

test('cells of two streams that bear the same number are two places', () => {
  const core = createWatchCore({ emit: () => {} })
  const issued = { entry: 'issued', amount: 5, count: 1, reference: 'g-1', session: 'rewards' }
  const rows = [
    { ...issued, stream: 'x', pool: 'a', seq: 1 },
    { ...issued, stream: 'y', pool: 'b', seq: 2 },
  ]
  core.ingest({ kind: 'ledger', partition: 0, bytes: bytes('ledger', rows) })
  core.advance(T0 + 10_000)
  for (const stream of ['x', 'y'])
    assert.equal(
      core.windows.stream('demo', 's', stream).total('reward_doubled_amount_sum', T0, T0 + 10_000),
      0,
      stream,
    )
})
