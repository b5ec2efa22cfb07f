import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openEmbeddedLog } from '../../log/embedded.ts'
import { createWatchCore } from '../../processor/watch/watchCore.ts'
import { BEACON_LIMITS } from '../../schemas/beacon.ts'
import { FLAGS } from '../../schemas/envelope.ts'
import { HEADERS, topicOf, topics } from '../../schemas/topics.ts'
import { waitFor } from '../stream/waitFor.ts'
import { startFirstframe } from './firstframe.ts'
import { postPatiently } from './postPatiently.ts'
import { sqlOf } from './sql.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
const EVENTS = 6

interface Client {
  readonly session: string
  /** By how much its clock is wrong, ms. */
  readonly skew_ms: number
  /** What it says of its clock beside its times: the moment of sending, the offset it measured, or nothing. */
  readonly says: 'sent' | 'offset' | 'nothing'
  /** How long before the sending its events happened, in whole minutes. */
  readonly minutes_ago: number
}

const CLIENTS: readonly Client[] = [
  { session: 'right', skew_ms: 0, says: 'sent', minutes_ago: 2 },
  { session: 'fast, said', skew_ms: HOUR, says: 'sent', minutes_ago: 2 },
  { session: 'slow, said', skew_ms: -HOUR, says: 'sent', minutes_ago: 2 },
  { session: 'fast, measured', skew_ms: HOUR, says: 'offset', minutes_ago: 2 },
  { session: 'slow, measured', skew_ms: -HOUR, says: 'offset', minutes_ago: 2 },
  { session: 'late', skew_ms: 0, says: 'sent', minutes_ago: 10 },
  { session: 'late and slow', skew_ms: -HOUR, says: 'sent', minutes_ago: 10 },
]

test('clocks an hour off and beacons ten minutes late: facts land in their true minute, and windows count them when they came', async (t) => {
  const firstframe = await startFirstframe()
  t.after(() => firstframe.dispose())
  const query = sqlOf(firstframe)
  const minute = Math.floor(Date.now() / MINUTE) * MINUTE
  /** In the middle of its minute, so that the way here does not carry it into the next. */
  const truth = ({ minutes_ago }: Client) => minute - minutes_ago * MINUTE + 30_000

  const post = async (client: Client) => {
    const { session, skew_ms, says } = client
    const answer = await postPatiently(`${firstframe.url}/v1/beacons`, {
      body: JSON.stringify({
        key: 'demo',
        ...(says === 'nothing' ? {} : { sent_ms: Date.now() + skew_ms }),
        ...(says === 'offset' ? { clock: { offset_ms: -skew_ms, error_ms: 20 } } : {}),
        context: { show: 'late', stream: 'main', session, app: 'web' },
        events: Array.from({ length: EVENTS }, (_, at) => ({
          kind: 'heartbeat',
          seq: at + 1,
          time_ms: truth(client) + skew_ms,
          interval_ms: 10_000,
          played_ms: 9_000,
          stalled_ms: 1_000,
        })),
      }),
    })
    return { status: answer.status, text: await answer.text() }
  }
  const began = Date.now()
  for (const client of CLIENTS) assert.equal((await post(client)).status, 204, client.session)
  // The same again, as a client does that lost its answers while it was away.
  for (const client of CLIENTS) assert.equal((await post(client)).status, 204)
  const ahead = await post({
    session: 'ahead, silent about it',
    skew_ms: HOUR,
    says: 'nothing',
    minutes_ago: 2,
  })
  assert.equal(ahead.status, 204)
  const ancient = await post({
    session: 'ancient',
    skew_ms: 0,
    says: 'sent',
    minutes_ago: BEACON_LIMITS.late_ms / MINUTE + 2,
  })
  assert.equal(ancient.status, 200)
  assert.match(ancient.text, /too_late/)

  const total = (CLIENTS.length + 1) * EVENTS
  // The views' targets are filled a moment after the raw table.
  const inRollups = async () =>
    Math.min(
      ...(await Promise.all(
        ['heartbeat_10s', 'heartbeat_1m'].map(async (name) =>
          Number((await query<{ n: number }>(`SELECT sum(heartbeats_count) AS n FROM ${name}`))[0]?.n),
        ),
      )),
    )
  await waitFor(async () => (await inRollups()) >= total, { what: 'the rows' })
  const rows = await query<{
    session: string
    n: string
    least: string
    most: string
    came: string
    flags: number
  }>(
    `SELECT session, count() AS n, toUnixTimestamp64Milli(min(event_time)) AS least, toUnixTimestamp64Milli(max(event_time)) AS most,
       toUnixTimestamp64Milli(max(received_time)) AS came, any(flags) AS flags FROM heartbeat GROUP BY session`,
  )
  assert.equal(rows.length, CLIENTS.length + 1)
  const bySession = new Map(rows.map((row) => [row.session, row]))
  for (const client of CLIENTS) {
    const row = bySession.get(client.session)!
    assert.equal(Number(row.n), EVENTS, `${client.session}: once each`)
    for (const time of [row.least, row.most])
      assert.ok(
        Math.abs(Number(time) - truth(client)) < 10_000,
        `${client.session}: ${Number(time) - truth(client)} ms off`,
      )
    const corrected = (row.flags & FLAGS.clock_corrected.bit) !== 0
    assert.equal(corrected, client.says === 'offset', `${client.session}: the flag says how it is known`)
  }
  const clamped = bySession.get('ahead, silent about it')!
  assert.equal(clamped.most, clamped.came, 'a time ahead becomes the time it came')
  assert.notEqual(clamped.flags & FLAGS.clock_clamped.bit, 0)

  // Reports' clock: the true minute. Live pages' clock: when it came.
  const minutes = await query<{ time: number; n: number }>(
    `SELECT toUnixTimestamp(time) AS time, sum(heartbeats_count) AS n FROM heartbeat_1m WHERE time < toDateTime(${(minute - MINUTE) / 1000}) GROUP BY time ORDER BY time`,
  )
  const at = (minutes_ago: number) => (minute - minutes_ago * MINUTE) / 1000
  const count = (minutes_ago: number) =>
    CLIENTS.filter((each) => each.minutes_ago === minutes_ago).length * EVENTS
  assert.deepEqual(
    minutes.map(({ time, n }) => [Number(time), Number(n)]),
    [
      [at(10), count(10)],
      [at(2), count(2)],
    ],
  )
  const [live] = await query<{ n: number; least: number }>(
    'SELECT sum(heartbeats_count) AS n, toUnixTimestamp(min(time)) AS least FROM heartbeat_10s',
  )
  assert.equal(Number(live!.n), total)
  assert.ok(Number(live!.least) * 1000 > began - 10_000, 'nothing of it in an earlier window')
  const sums = await query<{ second: string; stalled: number }>(
    'SELECT intDiv(toUnixTimestamp64Milli(received_time), 1000) * 1000 AS second, sum(stalled_ms) AS stalled FROM heartbeat GROUP BY second ORDER BY second',
  )
  assert.deepEqual(await query('SELECT id FROM incident'), [], 'nobody is paged for it')

  // The watcher's windows, from the same log.
  assert.equal(await firstframe.stop(), 0)
  const log = await openEmbeddedLog({
    path: join(firstframe.data, 'log'),
    topics: topics(1),
    emit: () => {},
    clock: Date.now,
  })
  t.after(() => log.close())
  const core = createWatchCore({ emit: () => {} })
  for await (const { headers, value } of log.replay({ topic: topicOf('heartbeat'), partition: 0 }))
    if (headers[HEADERS.type] === 'rows') core.ingest({ kind: 'heartbeat', partition: 0, bytes: value })
  core.advance(Date.now() + MINUTE)
  const view = core.windows.stream('demo', 'late', 'main')
  for (const { second, stalled } of sums)
    assert.equal(view.total('stalled_ms_sum', Number(second), Number(second) + 1000), Number(stalled), second)
})
