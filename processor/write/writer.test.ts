import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { RecordBatchStreamReader } from 'apache-arrow'
import { type EmbeddedLog, openEmbeddedLog } from '../../log/embedded.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { readBatch } from '../../schemas/arrow/reader.ts'
import { fingerprint } from '../../schemas/arrow/schema.ts'
import type { Fact } from '../../schemas/facts.ts'
import { HEADERS, topicOf, topics } from '../../schemas/topics.ts'
import type { InsertPort } from './storePort.ts'
import { PARALLEL, startWriter, type Writer, type WriterOptions, waitAfter } from './writer.ts'

const TOPIC = topicOf('heartbeat')

/** A store that remembers tokens, as the real one does, and fails as it is told. */
class Recorder implements InsertPort {
  readonly sessions: string[] = []
  readonly tokens: string[] = []
  private readonly known = new Set<string>()
  fail: (sessions: readonly string[]) => Error | undefined = () => undefined
  /** Fails after the rows are in, as a connection that breaks before the answer. */
  failAfter: () => Error | undefined = () => undefined

  async insertArrow({ table, chunks, token }: Parameters<InsertPort['insertArrow']>[0]): Promise<void> {
    if (table !== 'heartbeat') return
    const rows: string[] = []
    for (const batch of RecordBatchStreamReader.from(Buffer.concat(chunks))) {
      for (const session of batch.getChild('session')!) rows.push(String(session))
    }
    const error = this.fail(rows)
    if (error) throw error
    this.tokens.push(token)
    if (!this.known.has(token)) this.sessions.push(...rows)
    this.known.add(token)
    const after = this.failAfter()
    if (after) throw after
  }
}

const retriable = () => Object.assign(new Error('away'), { retriable: true })
const permanent = () => Object.assign(new Error('bad data'), { retriable: false })

async function setUp(t: TestContext, clock: () => number = Date.now) {
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-writer-'))
  const facts: Fact[] = []
  const log = await openEmbeddedLog({ path: folder, topics: topics(1), emit: () => {}, clock })
  const writers: Writer[] = []
  t.after(async () => {
    for (const writer of writers) await writer.close()
    await log.close()
    await rm(folder, { recursive: true })
  })
  const store = new Recorder()
  const write = async (port: InsertPort = store, more: Partial<WriterOptions> = {}) => {
    const writer = await startWriter({
      log,
      store: port,
      emit: (fact) => facts.push(fact),
      clock: Date.now,
      every_ms: 10,
      tables: ['heartbeat'],
      ...more,
    })
    writers.push(writer)
    return writer
  }
  return { log, store, write, facts }
}

const message = (sessions: readonly string[], schema = fingerprint('heartbeat')) => {
  const builder = createBuilder('heartbeat')
  for (const session of sessions)
    builder.pushRow({
      tenant: 'demo',
      session,
      seq: 1,
      source: 'sdk',
      interval_ms: 1,
      received_time: Date.now(),
      event_time: Date.now(),
    })
  const headers = {
    [HEADERS.type]: 'rows',
    [HEADERS.rows]: String(sessions.length),
    [HEADERS.schema]: schema,
  }
  return { topic: TOPIC, partition: 0, headers, value: builder.finish() }
}

async function until(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000
  while (!(await done())) {
    assert.ok(Date.now() < end, `waited for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const committed = async (log: EmbeddedLog) => {
  const { end } = await log.bounds({ topic: TOPIC, partition: 0 })
  return (log.committed('write', { topic: TOPIC, partition: 0 })?.offset ?? 0) === end
}

async function deadLetters(log: EmbeddedLog): Promise<string[]> {
  const codes: string[] = []
  for await (const { value } of log.replay({ topic: topicOf('dead_letter'), partition: 0 })) {
    codes.push(readBatch('dead_letter', value, ['code']).label('code').at(0))
  }
  return codes
}

test('a store that is away is tried again, and nothing is lost, doubled or reordered', async (t) => {
  const { log, store, write, facts } = await setUp(t)
  let failures = 3
  store.fail = () => (failures-- > 0 ? retriable() : undefined)
  await write()
  for (let index = 0; index < 20; index += 1) await log.append([message([`s${index}`])])
  await until('the commit', () => committed(log))
  assert.deepEqual(
    store.sessions,
    Array.from({ length: 20 }, (_, index) => `s${index}`),
  )
  assert.ok(facts.some(({ type }) => type === 'write_retried'))
})

test('an answer that is lost: the same range goes in again under the same token', async (t) => {
  const { log, store, write } = await setUp(t)
  let once = true
  store.failAfter = () => {
    const error = once ? retriable() : undefined
    once = false
    return error
  }
  await write()
  await log.append([message(['a', 'b'])])
  await until('the commit', () => committed(log))
  assert.deepEqual(store.sessions, ['a', 'b'])
  assert.equal(store.tokens.length, 2)
  assert.equal(new Set(store.tokens).size, 1)
})

test('a writer that dies between insert and commit: the next one repeats the range under its token', async (t) => {
  const { log, store, write } = await setUp(t)
  const dying = await write({
    async insertArrow(options) {
      await store.insertArrow(options)
      throw retriable()
    },
  })
  await log.append([message(['a'])])
  await until('the insert', () => store.sessions.length === 1)
  await dying.close()
  assert.match(
    log.committed('write', { topic: TOPIC, partition: 0 })?.metadata ?? '',
    /^to:\d+$/,
    'the intent stands',
  )
  await log.append([message(['b'])])
  await write()
  await until('the commit', () => committed(log))
  assert.deepEqual(store.sessions, ['a', 'b'])
})

test('a message that can never be inserted is found by halving; its neighbours go in, the partition goes on', async (t) => {
  const { log, store, write } = await setUp(t)
  store.fail = (sessions) => (sessions.includes('poison') ? permanent() : undefined)
  for (const session of ['a', 'b', 'poison', 'c', 'd']) await log.append([message([session])])
  await write()
  await until('the commit', () => committed(log))
  await log.append([message(['e'])])
  await until('the commit', () => committed(log))
  assert.deepEqual(store.sessions, ['a', 'b', 'c', 'd', 'e'])
  assert.deepEqual(await deadLetters(log), ['not_insertable'])
})

test('while dead letters cannot be written, the range waits: it is not passed over', async (t) => {
  const { log, store, write } = await setUp(t)
  store.fail = (sessions) => (sessions.includes('poison') ? permanent() : undefined)
  const append = log.append.bind(log)
  let refusals = 3
  log.append = async (messages) => {
    if (messages.some(({ topic }) => topic === topicOf('dead_letter')) && refusals-- > 0) throw retriable()
    return append(messages)
  }
  for (const session of ['a', 'poison', 'b']) await append([message([session])])
  await write()
  await until('the commit', () => committed(log))
  assert.deepEqual(store.sessions, ['a', 'b'])
  assert.deepEqual(await deadLetters(log), ['not_insertable'])
})

test('repeats are left out, also after a restart', async (t) => {
  const { log, store, write } = await setUp(t)
  const first = await write()
  await log.append([message(['a', 'b']), message(['b', 'c'])])
  await until('the commit', () => committed(log))
  await first.close()
  await write()
  await log.append([message(['c', 'd']), message(['a'])])
  await until('the commit', () => committed(log))
  assert.deepEqual(store.sessions, ['a', 'b', 'c', 'd'])
})

test('a batch of a schema that nobody published goes to the dead letters as old_schema', async (t) => {
  const { log, store, write } = await setUp(t)
  await log.append([message(['a']), message(['x'], 'feedfacefeedface'), message(['b'])])
  await write()
  await until('the commit', () => committed(log))
  assert.deepEqual(store.sessions, ['a', 'b'])
  assert.deepEqual(await deadLetters(log), ['old_schema'])
})

test('a batch that cannot be read does not keep the next writer from beginning', async (t) => {
  const { log, store, write } = await setUp(t)
  const first = await write()
  const garbage = { ...message(['x']), value: Buffer.from('no record batch at all') }
  await log.append([message(['a']), garbage, message(['x'], 'feedfacefeedface')])
  await until('the commit', () => committed(log))
  await first.close()
  assert.deepEqual((await deadLetters(log)).sort(), ['not_insertable', 'old_schema'])
  await log.append([message(['a', 'b'])])
  await write()
  await until('the rows', () => store.sessions.includes('b'))
  assert.deepEqual(store.sessions, ['a', 'b'])
})

test('a writer that begins an hour behind knows the half hour before its first message', async (t) => {
  let now = Date.now() - 2 * 3_600_000
  const { log, store, write } = await setUp(t, () => now)
  const first = await write(store, { clock: () => now })
  await log.append([message(['a'])])
  await until('the commit', () => committed(log))
  await first.close()
  now += 60_000
  await log.append([message(['a', 'b'])])
  now += 3_600_000
  await write(store, { clock: () => now })
  await until('the commit', () => committed(log))
  assert.deepEqual(store.sessions, ['a', 'b'])
})

test('when the store is back, every table that was held is read on', async (t) => {
  const { log, store, write } = await setUp(t)
  let away = true
  const tokens = new Set<string>()
  const port: InsertPort = {
    async insertArrow(options) {
      if (away) throw retriable()
      tokens.add(options.token)
      await store.insertArrow(options)
    },
  }
  const topicsHeld = (['heartbeat', 'startup', 'cohost'] as const).map(
    (table) => [table, topicOf(table)] as const,
  )
  const writer = await write(port, { tables: topicsHeld.map(([table]) => table), max_pending_bytes: 1 })
  const put = () =>
    log.append(
      topicsHeld.map(([table, topic]) => {
        const builder = createBuilder(table)
        builder.pushRow({ tenant: 'demo', session: 's', received_time: Date.now(), event_time: Date.now() })
        const headers = { [HEADERS.type]: 'rows', [HEADERS.rows]: '1', [HEADERS.schema]: fingerprint(table) }
        return { topic, partition: 0, headers, value: builder.finish() }
      }),
    )
  await put()
  await until('all to be held', () => writer.pending().rows + 1 >= topicsHeld.length)
  await put()
  away = false
  await until('all tables', () =>
    topicsHeld.every(([, topic]) => log.committed('write', { topic, partition: 0 })?.offset === 2),
  )
})

test('an unfinished range that the log has dropped meanwhile does not hold up what came after it', async (t) => {
  const { log, store, write } = await setUp(t)
  await log.append([message(['lost'])])
  const dying = await write({ insertArrow: () => Promise.reject(retriable()) })
  await until('the intent', () => log.committed('write', { topic: TOPIC, partition: 0 })?.metadata === 'to:0')
  await dying.close()
  await log.append([message(['a'])])
  const bounds = log.bounds.bind(log)
  log.bounds = async (partition) => ({ ...(await bounds(partition)), begin: 1 })
  const subscribe = log.subscribe.bind(log)
  log.subscribe = (options) =>
    subscribe({ ...options, assigned: (assignment) => options.assigned!({ ...assignment, begin: 1 }) })
  await write()
  await until('the commit', () => committed(log))
  assert.deepEqual(store.sessions, ['a'])
})

test('partitions that always have more to write hold up nobody else', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-writer-'))
  const log = await openEmbeddedLog({
    path: folder,
    topics: topics(PARALLEL),
    emit: () => {},
    clock: Date.now,
  })
  const written: string[] = []
  let busy = true
  let sessions = 0
  const more = (partition: number) => ({ ...message([`s${sessions++}`]), partition })
  const partitions = Array.from({ length: PARALLEL }, (_, partition) => partition)
  /** While a heartbeat partition is being written, more of it comes. */
  const store: InsertPort = {
    async insertArrow({ table }) {
      written.push(table)
      if (table !== 'heartbeat' || !busy) return
      for (const partition of partitions) await log.append([more(partition)])
      await new Promise((resolve) => setTimeout(resolve, 20))
    },
  }
  const writer = await startWriter({
    log,
    store,
    emit: () => {},
    clock: Date.now,
    every_ms: 10,
    tables: ['heartbeat', 'hop'],
  })
  t.after(async () => {
    busy = false
    await writer.close()
    await log.close()
    await rm(folder, { recursive: true })
  })
  for (const partition of partitions) await log.append([more(partition)])
  await until('heartbeats under way', () => written.length > 20)
  const builder = createBuilder('hop')
  builder.pushRow({ tenant: 'demo', hop: 'encoder', received_time: Date.now(), event_time: Date.now() })
  await log.append([
    {
      topic: topicOf('hop'),
      partition: 0,
      headers: { [HEADERS.type]: 'rows', [HEADERS.rows]: '1', [HEADERS.schema]: fingerprint('hop') },
      value: builder.finish(),
    },
  ])
  await until('the hop', () => written.includes('hop'))
})

test('a store that is kept busy is asked less often, and never later than three rounds after', () => {
  const next = (busy_ms: number) => busy_ms + waitAfter(busy_ms, 1_000)
  assert.deepEqual([0, 200, 400, 700, 1_000, 2_500].map(next), [1_000, 1_000, 1_600, 2_800, 3_000, 3_000])
  assert.ok(waitAfter(10_000, 1_000) > 0, 'others get their turn')
})
