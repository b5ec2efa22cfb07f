import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Fact } from '../schemas/facts.ts'
import { logContract } from './contract.ts'
import { type EmbeddedLogOptions, openEmbeddedLog } from './embedded.ts'
import { type Log, LogError } from './log.ts'

const folder = mkdtempSync(join(tmpdir(), 'firstframe-log-'))
after(() => rmSync(folder, { recursive: true, force: true }))

logContract('embedded', {
  open: (at, topics) => openEmbeddedLog({ path: join(folder, at), topics, emit: () => {}, clock: Date.now }),
  child: (at) => ({ kind: 'embedded', path: join(folder, at) }),
  patience_ms: 5_000,
})

const TOPIC = 'heartbeat'
let number = 0

function openAt(options: Partial<EmbeddedLogOptions> & { now?: () => number } = {}) {
  const facts: Fact[] = []
  number += 1
  const opened = openEmbeddedLog({
    path: join(folder, `own-${number}`),
    topics: [{ name: TOPIC, partitions: 2, retention_ms: 1_000 }],
    emit: (fact) => void facts.push(fact),
    clock: options.now ?? Date.now,
    ...options,
  })
  return { opened, facts }
}

const bytes = (size: number, partition = 0) => ({
  topic: TOPIC,
  partition,
  headers: {},
  value: Buffer.alloc(size, 1),
})

test('retention by time waits for every known group, and offsets go on after all was trimmed', async () => {
  let now = 10_000
  const { opened } = openAt({ now: () => now })
  const log = await opened
  const subscription = await log.subscribe({
    group: 'g',
    topics: [TOPIC],
    autoCommit: false,
    handler: async () => {},
  })
  for (let i = 0; i < 10; i += 1) await log.append([bytes(10)])
  now += 5_000
  await log.trim()
  assert.deepEqual(await log.bounds({ topic: TOPIC, partition: 0 }), { begin: 0, end: 10 })
  await subscription.commit({ topic: TOPIC, partition: 0 }, { offset: 4 })
  await log.trim()
  assert.deepEqual(await log.bounds({ topic: TOPIC, partition: 0 }), { begin: 4, end: 10 })
  await subscription.commit({ topic: TOPIC, partition: 0 }, { offset: 10 })
  await log.trim()
  assert.deepEqual(await log.bounds({ topic: TOPIC, partition: 0 }), { begin: 10, end: 10 })
  await log.close()
  const again = await openEmbeddedLog({
    path: join(folder, `own-${number}`),
    topics: [{ name: TOPIC, partitions: 2, retention_ms: 1_000 }],
    emit: () => {},
    clock: () => now,
  })
  assert.deepEqual(await again.bounds({ topic: TOPIC, partition: 0 }), { begin: 10, end: 10 })
  assert.deepEqual(again.committed('g', { topic: TOPIC, partition: 0 }), { offset: 10 })
  await again.append([bytes(10)])
  assert.deepEqual(await again.bounds({ topic: TOPIC, partition: 0 }), { begin: 10, end: 11 })
  await again.close()
})

test('a message younger than its retention stays', async () => {
  let now = 10_000
  const { opened } = openAt({ now: () => now })
  const log = await opened
  await log.append([bytes(10)])
  now += 999
  await log.append([bytes(10)])
  await log.trim()
  assert.equal((await log.bounds({ topic: TOPIC, partition: 0 })).begin, 0)
  now += 2
  await log.trim()
  assert.equal((await log.bounds({ topic: TOPIC, partition: 0 })).begin, 1)
  await log.close()
})

test('the bound takes the oldest that were read, and unread ones only then, and says so', async () => {
  let now = 10_000
  const max_bytes = 1_000_000
  const { opened, facts } = openAt({
    now: () => now,
    max_bytes,
    whenFull: 'trim_oldest',
    topics: [{ name: TOPIC, partitions: 2 }],
  })
  const log = await opened
  const subscription = await log.subscribe({
    group: 'g',
    topics: [TOPIC],
    autoCommit: false,
    handler: async () => {},
  })
  for (let i = 0; i < 30; i += 1) {
    now += 1
    await log.append([bytes(20_000), bytes(20_000, 1)])
    if (i < 15) await subscription.commit({ topic: TOPIC, partition: 1 }, { offset: i + 1 })
  }
  await log.trim()
  assert.ok(log.usedBytes() <= max_bytes, `${log.usedBytes()} bytes`)
  const unread = facts.filter((fact) => fact.type === 'log_trimmed_unread')
  assert.equal(unread.length, 0, 'partition 1 had enough that was read')
  assert.equal((await log.bounds({ topic: TOPIC, partition: 0 })).begin, 0)
  for (let i = 0; i < 30; i += 1) {
    now += 1
    await log.append([bytes(20_000)])
  }
  await log.trim()
  assert.ok(log.usedBytes() <= max_bytes, `${log.usedBytes()} bytes`)
  assert.ok((await log.bounds({ topic: TOPIC, partition: 0 })).begin > 0)
  assert.ok(facts.some((fact) => fact.type === 'log_trimmed_unread' && fact.topic === TOPIC))
  await log.close()
})

test('a compacted topic keeps one message a key, and the marker of a deleted key for a day', async () => {
  let now = 10_000
  const { opened } = openAt({ now: () => now, topics: [{ name: TOPIC, partitions: 1, compacted: true }] })
  const log = await opened
  for (let i = 0; i < 50; i += 1) await log.append([{ ...bytes(i + 1), key: `k${i % 3}` }])
  const count = async (): Promise<number> => {
    let records = 0
    for await (const _ of log.replay({ topic: TOPIC, partition: 0 })) records += 1
    return records
  }
  assert.equal(await count(), 3)
  await log.append([{ ...bytes(0), key: 'k1' }])
  await log.trim()
  assert.equal(await count(), 3)
  now += 25 * 3_600_000
  await log.trim()
  assert.equal(await count(), 2)
  assert.equal((await log.bounds({ topic: TOPIC, partition: 0 })).end, 51)
  await log.close()
})

test('a clock that steps back does not hide messages from a replay by time', async () => {
  const times = [10_000, 10_010, 9_000, 10_020]
  const { opened } = openAt({ now: () => times.shift() ?? 10_020 })
  const log = await opened
  for (let i = 0; i < 4; i += 1) await log.append([bytes(i + 1)])
  const sizes: number[] = []
  for await (const record of log.replay({ topic: TOPIC, partition: 0, from: { time_ms: 10_010 } }))
    sizes.push(record.value.length)
  assert.deepEqual(sizes, [2, 3, 4])
  await log.close()
})

test('appends made at once share flushes', async () => {
  const { opened, facts } = openAt()
  const log = await opened
  await Promise.all(Array.from({ length: 200 }, () => log.append([bytes(100)])))
  const flushes = facts.filter((fact) => fact.type === 'log_flushed')
  assert.ok(flushes.length <= 5, `${flushes.length} flushes for 200 appends`)
  assert.equal(
    flushes.reduce((sum, fact) => sum + (fact.messages as number), 0),
    200,
  )
  await log.close()
})

test('a second log in the same folder is refused, and a claim that a killed process left is not minded', async () => {
  const { opened } = openAt()
  const log = await opened
  const path = join(folder, `own-${number}`)
  const options = { path, topics: [{ name: TOPIC, partitions: 2 }], emit: () => {}, clock: Date.now }
  await assert.rejects(openEmbeddedLog(options), /in use by process/)
  await log.close()
  writeFileSync(join(path, 'owner'), '999999999 5')
  await (await openEmbeddedLog(options)).close()
})

test('a clock that was set back by an hour is followed, and a replay by time reads both parts', async () => {
  const hour = 3_600_000
  const times = [10_000, 11_000, hour, hour + 1_000, 12_000, 13_000, 14_000]
  const topics = [{ name: TOPIC, partitions: 1 }]
  const { opened } = openAt({ now: () => times.shift() ?? 15_000, topics })
  const log = await opened
  for (let i = 0; i < 7; i += 1) await log.append([bytes(i + 1)])
  const sizesFrom = async (from: Log, time_ms: number): Promise<number[]> => {
    const sizes: number[] = []
    for await (const { value } of from.replay({ topic: TOPIC, partition: 0, from: { time_ms } }))
      sizes.push(value.length)
    return sizes
  }
  assert.deepEqual(await sizesFrom(log, 13_000), [6, 7])
  assert.deepEqual(await sizesFrom(log, 11_000), [2, 3, 4, 5, 6, 7])
  await log.close()
  const path = join(folder, `own-${number}`)
  const again = await openEmbeddedLog({ path, topics, emit: () => {}, clock: () => 15_000 })
  assert.deepEqual(await sizesFrom(again, 13_000), [6, 7])
  await again.close()
})

test('a full log removes what was read, refuses what is not, and takes what makes room', async () => {
  const max_bytes = 1_000_000
  const topics = [
    { name: TOPIC, partitions: 1 },
    { name: 'letters', partitions: 1, whenFull: 'take' as const },
  ]
  const { opened, facts } = openAt({ max_bytes, topics, durableGroups: ['write'] })
  const log = await opened
  const subscription = await log.subscribe({
    group: 'write',
    topics: [TOPIC],
    autoCommit: false,
    handler: async () => {},
  })
  const gone = await log.subscribe({ group: 'gone', topics: [TOPIC], handler: async () => {} })
  let answered = 0
  const fill = async (): Promise<void> => {
    for (; answered < 1_000; answered += 1) await log.append([bytes(20_000)])
  }
  await assert.rejects(fill, (error) => error instanceof LogError && error.code === 'full' && error.retriable)
  assert.match(log.health().reason ?? '', /the log is full/)
  await log.append([{ ...bytes(20_000), topic: 'letters' }])
  await log.append([bytes(0)])
  await log.trim()
  assert.equal((await log.bounds({ topic: TOPIC, partition: 0 })).begin, 0)
  await gone.close()
  await subscription.commit({ topic: TOPIC, partition: 0 }, { offset: answered })
  await log.trim()
  assert.deepEqual(log.health(), { ok: true })
  await log.append([bytes(20_000)])
  assert.equal(facts.filter(({ type }) => type === 'log_trimmed_unread').length, 0)
  await log.close()
})

test('below the floor of free space appends are refused with the reason, and taken again above it', async () => {
  let free = 1 << 30
  const { opened } = openAt({ floor_bytes: 1 << 20, free_bytes: () => free })
  const log = await opened
  await log.append([bytes(10)])
  free = 1 << 19
  await pause(150)
  await assert.rejects(log.append([bytes(10)]), (error) => error instanceof LogError && error.code === 'full')
  assert.match(log.health().reason ?? '', /the floor is 1.0 MB/)
  free = 1 << 30
  await pause(150)
  assert.deepEqual(log.health(), { ok: true })
  await log.append([bytes(10)])
  await log.close()
})

test('a damaged file is recognised at the start, with a line that says what to do', async () => {
  const { opened } = openAt({ topics: [{ name: TOPIC, partitions: 1 }] })
  const log = await opened
  for (let i = 0; i < 50; i += 1) await log.append([bytes(20_000)])
  await log.close()
  const path = join(folder, `own-${number}`)
  const file = join(path, 'data.mdb')
  const whole = readFileSync(file)
  const open = () =>
    openEmbeddedLog({ path, topics: [{ name: TOPIC, partitions: 1 }], emit: () => {}, clock: Date.now })
  const torn = Buffer.from(whole)
  torn.fill(0xab, 4_096 * 2, 4_096 * 40)
  const damages = {
    short: whole.subarray(0, 20_000),
    empty: Buffer.alloc(0),
    garbage: Buffer.alloc(100_000, 0x5a),
    torn,
  }
  for (const [name, content] of Object.entries(damages)) {
    writeFileSync(file, content)
    await assert.rejects(
      open,
      (error) =>
        error instanceof LogError && error.code === 'damaged' && /Move the folder/.test(error.message),
      name,
    )
  }
  writeFileSync(file, whole)
  await (await open()).close()
})
