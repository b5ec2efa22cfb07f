import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Log, LogError, type LogMessage } from '../../log/log.ts'
import { tickOf } from '../../log/ticks.ts'
import { fingerprint } from '../../schemas/arrow/schema.ts'
import { TABLE_NAMES } from '../../schemas/derive/columns.ts'
import type { Fact } from '../../schemas/facts.ts'
import { MEASURED_KINDS } from '../../schemas/measuredKinds.ts'
import { HEADERS, topicOf, topics } from '../../schemas/topics.ts'
import { NOW, startTestCollector } from '../testing.ts'
import { createBatcher } from './batcher.ts'
import { partitionOf } from './partitionOf.ts'

/** A log whose appends settle when the test says so. */
function heldLog(partitions = 1) {
  const appends: { messages: readonly LogMessage[]; resolve: () => void; reject: (error: Error) => void }[] =
    []
  const log = {
    topics: new Map(topics(partitions).map((topic) => [topic.name, topic])),
    append: (messages: readonly LogMessage[]) =>
      new Promise<void>((resolve, reject) => appends.push({ messages, resolve, reject })),
    health: () => ({ ok: true }),
  } as unknown as Log
  return { log, appends }
}

const facts: Fact[] = []
const KEY = ['a', 'b', 'c', 'd'].find((key) => partitionOf(key, 2) === 0)!
const make = (log: Log, more: object = {}) =>
  createBatcher({
    log,
    collector: 'c',
    emit: (fact) => void facts.push(fact),
    clock: () => NOW,
    linger_ms: 1,
    maxRows: 10,
    maxPending_bytes: 1 << 20,
    ...more,
  })

function put(batcher: ReturnType<typeof make>, rows: number): void {
  for (let row = 0; row < rows; row += 1) {
    // This key is of the first partition, of one or of two.
    const open = batcher.row('heartbeat', KEY)
    open.builder.set(0, 'demo')
    batcher.end(open, NOW)
  }
}
const typesOf = (messages: readonly LogMessage[]) => messages.map(({ headers }) => headers[HEADERS.type])
const turn = () => new Promise((resolve) => setTimeout(resolve, 5))
async function appended(appends: readonly unknown[], count: number): Promise<void> {
  for (let tries = 0; appends.length < count && tries < 12_000; tries += 1) await turn()
  assert.equal(appends.length, count)
}

test('schemas go first, once; rows carry the tick, and each partition of a kind without rows gets one of its own', async () => {
  const { log, appends } = heldLog(2)
  const batcher = make(log)
  put(batcher, 3)
  batcher.tick(NOW + 5)
  await appended(appends, 1)
  const { messages, resolve } = appends[0]!
  assert.deepEqual(typesOf(messages), [
    ...TABLE_NAMES.map(() => 'schema'),
    'rows',
    ...MEASURED_KINDS.flatMap(() => ['tick', 'tick']).slice(1),
  ])
  const places = messages
    .slice(TABLE_NAMES.length)
    .map(({ topic, partition, headers }) => `${topic}/${partition} ${tickOf(headers)?.time_ms}`)
  assert.deepEqual(
    places.sort(),
    MEASURED_KINDS.flatMap((kind) => [0, 1].map((each) => `${topicOf(kind)}/${each} ${NOW + 5}`)).sort(),
  )
  const rows = messages[TABLE_NAMES.length]!
  assert.deepEqual(
    [rows.topic, rows.headers[HEADERS.rows], rows.headers[HEADERS.schema]],
    [topicOf('heartbeat'), '3', fingerprint('heartbeat')],
  )
  assert.equal(messages.at(-1)!.headers[HEADERS.time], String(NOW + 5))
  resolve()
  put(batcher, 1)
  await appended(appends, 2)
  assert.deepEqual(typesOf(appends[1]!.messages), ['rows'])
  appends[1]!.resolve()
  await batcher.close()
})

test('the tick after a held up append says since when senders waited, once; so does the one after refusals', async () => {
  const { log, appends } = heldLog()
  let now = NOW
  const batcher = make(log, { clock: () => now })
  const heldOf = (messages: readonly LogMessage[]) => messages.at(-1)!.headers[HEADERS.held]
  const round = async (number: number, settle: 'resolve' | 'reject', takes_ms: number, rows = 1) => {
    put(batcher, rows)
    batcher.tick(now)
    await appended(appends, number)
    now += takes_ms
    appends[number - 1]![settle](new LogError('unavailable', 'away', { retriable: true }))
    await turn()
    return heldOf(appends[number - 1]!.messages)
  }
  assert.equal(await round(1, 'resolve', 4_000), undefined)
  assert.equal(await round(2, 'resolve', 20), `${NOW}-${NOW + 4_000}`)
  assert.equal(await round(3, 'reject', 20), undefined)
  const since = NOW + 4_020
  assert.equal(await round(4, 'reject', 1_000), `${since}-${now - 1_000}`)
  assert.equal(await round(5, 'resolve', 30), `${since}-${now - 30}`)
  assert.equal(await round(6, 'resolve', 1), `${since}-${now - 1}`)
  assert.equal(await round(7, 'resolve', 1), undefined, 'told once')
  // A full disk that still takes ticks: each of them says that nobody is heard.
  const full = now
  assert.equal(await round(8, 'reject', 1_000), undefined)
  assert.equal(await round(9, 'resolve', 1_000, 0), `${full}-${full + 1_000}`)
  assert.equal(await round(10, 'resolve', 9_001, 0), `${full}-${full + 2_000}`)
  assert.equal(await round(11, 'resolve', 1, 0), undefined, 'nobody tried again for ten seconds')
  await batcher.close()
})

test('an answer waits for its own batch, also when it was cut into full messages', async () => {
  const { log, appends } = heldLog()
  const batcher = make(log)
  put(batcher, 25)
  let durable = false
  const first = batcher.durable().then(() => {
    durable = true
  })
  await appended(appends, 1)
  assert.deepEqual(
    appends[0]!.messages.slice(TABLE_NAMES.length).map(({ headers }) => headers[HEADERS.rows]),
    ['10', '10', '5'],
  )
  put(batcher, 1)
  const second = batcher.durable()
  await turn()
  assert.equal(durable, false)
  assert.equal(appends.length, 1, 'one append at a time keeps the order')
  appends[0]!.resolve()
  await first
  await appended(appends, 2)
  appends[1]!.reject(new LogError('unavailable', 'away', { retriable: true }))
  await assert.rejects(second, (error: LogError) => error.retriable)
  put(batcher, 1)
  await appended(appends, 3)
  appends[2]!.resolve()
  await batcher.close()
})

test('there is no room while too much waits for the log', async () => {
  const { log, appends } = heldLog()
  const batcher = make(log, { maxPending_bytes: 20_000 })
  put(batcher, 1)
  await appended(appends, 1)
  assert.equal(batcher.room(), false, 'the schemas alone are more')
  appends[0]!.resolve()
  await batcher.flush()
  assert.equal(batcher.room(), true)
  await batcher.close()
})

test('a log that is away makes 503 with Retry-After, and rates make 429', async () => {
  const { log, appends } = heldLog()
  const body = { events: [{ kind: 'heartbeat', interval_ms: 1 }] }
  const it = await startTestCollector({
    log,
    // All three share a batch.
    batching: { linger_ms: 200 },
    keys: { slow: { tenant: 't' } },
    limits: { t: { requests_per_s: 1 } },
  })
  await it.collector.app.ready()
  await appended(appends, 1)
  appends[0]!.resolve()
  const answers = Promise.all([
    it.post(body),
    it.post(body, { url: '/v1/beacons?key=slow' }),
    it.post(body, { url: '/v1/beacons?key=slow' }),
  ])
  await appended(appends, 2)
  appends[1]!.reject(new LogError('full', 'full', { retriable: true }))
  const [away, first, limited] = await answers
  assert.deepEqual([away.status, first.status, limited.status], [503, 503, 429])
  assert.ok(Number(away.headers['retry-after']) > 0 && Number(limited.headers['retry-after']) > 0)
  let isClosed = false
  const closing = it.close().then(() => {
    isClosed = true
  })
  while (!isClosed) {
    for (const append of appends.slice(2)) append.resolve()
    await turn()
  }
  await closing
})

test('sessions spread evenly over partitions, and each stays on its own', () => {
  const counts = [0, 0, 0, 0, 0, 0, 0]
  for (let session = 0; session < 70_000; session += 1) {
    const key = `0b5e1f3c-${session}`
    const partition = partitionOf(key, 7)
    assert.equal(partitionOf(key, 7), partition)
    counts[partition]! += 1
  }
  for (const count of counts) assert.ok(count < 10_000 * 1.05 && count > 10_000 * 0.95, String(counts))
  assert.equal(partitionOf('any', 1), 0)
})

test('behind a log that spills an append that took long counts, unless it ended on the disk', async () => {
  let spilling = false
  const { log, appends } = heldLog()
  const batcher = make({ ...log, spilling: () => spilling } as Log)
  const ages: number[] = []
  for (const onDisk of [false, true, false]) {
    put(batcher, 1)
    const durable = batcher.durable()
    await appended(appends, ages.length + 1)
    await turn()
    spilling = onDisk
    appends.at(-1)!.resolve()
    await durable
    await turn()
    ages.push(batcher.age_ms(performance.now()))
    // What was on the disk is given back before the next append ends.
    spilling = false
    if (onDisk) assert.equal(batcher.age_ms(performance.now()), 0, 'still the same append')
  }
  assert.ok(ages[0]! > 0 && ages[1] === 0 && ages[2]! > 0, String(ages))
})
