import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { HEADERS } from '../schemas/topics.ts'
import { type Kafka, startKafka } from '../test/kafka/start.ts'
import { logContract } from './contract.ts'
import { type KafkaLogOptions, openKafkaLog } from './kafka.ts'
import type { Compression } from './kafkajs.ts'
import { type Log, LogError, type LogMessage, type Subscription } from './log.ts'
import { openSpillingLog } from './spill.ts'

let kafka: Kafka
const opened = new Set<Log>()
before(async () => {
  kafka = await startKafka({ brokers: 1 })
})
after(async () => {
  // What a failed test left open would keep this process.
  await Promise.all([...opened].map((log) => log.close().catch(() => undefined)))
  await kafka?.stop()
})

async function open(options: Pick<KafkaLogOptions, 'topics'> & Partial<KafkaLogOptions>): Promise<Log> {
  const log = await openKafkaLog({
    brokers: kafka.bootstrap,
    clientId: 'test',
    session_ms: 6_000,
    emit: () => {},
    clock: Date.now,
    ...options,
  })
  opened.add(log)
  return log
}

logContract('kafka', {
  open: (at, topics) => open({ clientId: at, topics }),
  child: () => ({ kind: 'kafka', brokers: kafka.bootstrap }),
  patience_ms: 20_000,
})

async function until(what: string, condition: () => boolean, within_ms = 30_000): Promise<void> {
  const end = performance.now() + within_ms
  while (!condition()) {
    assert.ok(performance.now() < end, `${what}: not within ${within_ms} ms`)
    await pause(10)
  }
}

const say = (topic: string, partition: number, value: string): LogMessage => ({
  topic,
  partition,
  headers: {},
  value: Buffer.from(value),
})

test('partitions move between members: revoked after the handler, assigned with the commit, the old commit refused', async () => {
  const topic = 'members'
  const topics = [{ name: topic, partitions: 4 }]
  const logs = [await open({ topics }), await open({ topics })]
  const reported: string[] = []
  const handled: string[] = []
  const join = (name: string, log: Log): Promise<Subscription> =>
    log.subscribe({
      group: 'members',
      topics: [topic],
      autoCommit: false,
      assigned: async ({ partition, committed }) => {
        reported.push(`${name} has ${partition} ${committed?.metadata ?? 'new'}`)
        return committed?.offset
      },
      revoked: async ({ partition }) => void reported.push(`${name} leaves ${partition}`),
      handler: async (batch) => {
        for (const record of batch.records) handled.push(`${name} ${Buffer.from(record.value)}`)
      },
    })
  const all = [0, 1, 2, 3]
  const a = await join('a', logs[0]!)
  await until('a has all', () => reported.length === 4)
  for (const partition of all) await logs[0]!.append([say(topic, partition, `one ${partition}`)])
  await until('a handled all', () => handled.length === 4)
  for (const partition of all)
    await a.commit({ topic, partition }, { offset: 1, metadata: `a's ${partition}` })

  const b = await join('b', logs[1]!)
  await until('b has half', () => reported.filter((each) => each.startsWith('b has')).length === 2)
  await until('a left them', () => reported.filter((each) => each.startsWith('a leaves')).length === 2)
  const moved = reported.filter((each) => each.startsWith('b has')).map((each) => Number(each.split(' ')[2]))
  assert.deepEqual(
    reported.filter((each) => each.startsWith('b')).sort(),
    moved.map((partition) => `b has ${partition} a's ${partition}`).sort(),
  )
  assert.equal(
    reported.filter((each) => each.startsWith('a has')).length,
    4,
    'what stays is not assigned again',
  )
  await assert.rejects(
    a.commit({ topic, partition: moved[0]! }, { offset: 0 }),
    (error) => error instanceof LogError && error.code === 'revoked' && error.retriable,
  )
  for (const partition of all) await logs[0]!.append([say(topic, partition, `two ${partition}`)])
  await until('both handle', () => handled.length >= 8)
  assert.deepEqual(
    handled.slice(4).sort(),
    all.map((partition) => `${moved.includes(partition) ? 'b' : 'a'} two ${partition}`).sort(),
  )

  await b.close()
  await until('a has all again', () => reported.filter((each) => each.startsWith('a has')).length === 6)
  for (const partition of all) await logs[0]!.append([say(topic, partition, `three ${partition}`)])
  const threes = (): string[] => handled.filter((each) => /^a three/.test(each))
  await until('a handles all again', () => threes().length >= 4)
  assert.equal(new Set(handled.filter((each) => /two/.test(each))).size >= 4, true)
  await Promise.all(logs.map((log) => log.close()))
})

test('a handler that does not end does not keep the group from turning over', async (t) => {
  const topic = 'stuck'
  const topics = [{ name: topic, partitions: 2 }]
  const logs = [await open({ topics }), await open({ topics })]
  let release = (): void => {}
  const stuck = new Promise<void>((resolve) => {
    release = resolve
  })
  t.after(() => release())
  const began: number[] = []
  const revoked: number[] = []
  // Before anybody reads: kafkajs asks a broker again only when all that it fetched last is handled.
  for (const partition of [0, 1]) await logs[0]!.append([say(topic, partition, 'x')])
  const a = await logs[0]!.subscribe({
    group: 'stuck',
    topics: [topic],
    autoCommit: false,
    revoked: async ({ partition }) => void revoked.push(partition),
    handler: async ({ partition }) => {
      began.push(partition)
      await stuck
    },
  })
  await until('both handlers', () => began.length === 2)
  const got: number[] = []
  const read: number[] = []
  await logs[1]!.subscribe({
    group: 'stuck',
    topics: [topic],
    assigned: async ({ partition }) => void got.push(partition),
    handler: async ({ partition }) => void read.push(partition),
  })
  await until('b reads what a does not end', () => read.length === 1)
  assert.deepEqual(revoked, [], 'revoked comes when the handler is done')
  const [moved] = got as [number]
  await assert.rejects(
    a.commit({ topic, partition: moved }, { offset: 1 }),
    (error) => error instanceof LogError && error.code === 'revoked',
  )
  await a.commit({ topic, partition: 1 - moved }, { offset: 1, metadata: 'kept' })
  release()
  await until('revoked', () => revoked.length === 1)
  assert.deepEqual(revoked, [moved])
  await Promise.all(logs.map((log) => log.close()))
})

test('each compression is written and read', async () => {
  const value = Buffer.alloc(200_000, 'columns compress well ').toString()
  for (const compression of ['zstd', 'gzip', 'none'] satisfies Compression[]) {
    const topic = `compressed-${compression}`
    const log = await open({ topics: [{ name: topic, partitions: 1 }], compression })
    await log.append([say(topic, 0, value)])
    for await (const record of log.replay({ topic, partition: 0 }))
      assert.equal(Buffer.from(record.value).toString(), value)
    assert.equal((await log.bounds({ topic, partition: 0 })).end, 1)
    await log.close()
  }
})

test('opens while no broker answers, says so, refuses in time, and closes', async () => {
  const log = await open({
    brokers: ['127.0.0.1:1'],
    topics: [{ name: 'never', partitions: 1 }],
    giveUpAfter_ms: 300,
  })
  assert.equal(log.health().ok, false)
  const subscription = await log.subscribe({ group: 'g', topics: ['never'], handler: async () => {} })
  await assert.rejects(
    log.append([say('never', 0, 'x')]),
    (error) => error instanceof LogError && error.code === 'unavailable' && error.retriable,
  )
  await subscription.close()
  await log.close()
})

test('Kafka away under load: what was answered waits on the disk and is all there, in order, when it is back', async (t) => {
  const topic = 'away'
  const folder = mkdtempSync(join(tmpdir(), 'firstframe-away-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const inner = await open({ topics: [{ name: topic, partitions: 2 }], giveUpAfter_ms: 700 })
  const log = await openSpillingLog({
    inner,
    path: join(folder, 'spill'),
    max_bytes: 16 << 20,
    patience_ms: 1_000,
    emit: () => {},
    clock: Date.now,
  })
  const handled: string[] = []
  await log.subscribe({
    group: 'away',
    topics: [topic],
    handler: async ({ records }) =>
      void handled.push(...records.map(({ value }) => Buffer.from(value).toString())),
  })
  const answered: string[] = []
  let stopped = false
  const write = async (partition: number): Promise<void> => {
    for (let i = 0; !stopped; i += 1) {
      await log.append([say(topic, partition, `${partition}:${i}`)])
      answered.push(`${partition}:${i}`)
      await pause(2)
    }
  }
  const writing = Promise.all([write(0), write(1)])
  await until('some before', () => answered.length > 50)
  await kafka.brokers[0]!.kill()
  const before = answered.length
  await until('some while it is away', () => answered.length > before + 400)
  assert.equal(log.health().ok, true)
  await kafka.brokers[0]!.restart()
  const back = performance.now()
  await until('the disk to be empty', () => log.health().ok && log.health().reason === undefined, 60_000)
  const recovery_s = (performance.now() - back) / 1_000
  stopped = true
  await writing

  const stored: string[] = []
  let waited = 0
  for (const partition of [0, 1]) {
    let next = 0
    for await (const record of log.replay({ topic, partition })) {
      const text = Buffer.from(record.value).toString()
      stored.push(text)
      if (record.headers[HEADERS.spilled] === '1') waited += 1
      const i = Number(text.split(':')[1])
      assert.ok(i <= next, `${text} came before ${next}`)
      next = Math.max(next, i + 1)
    }
  }
  const there = new Set(stored)
  assert.deepEqual(
    answered.filter((each) => !there.has(each)),
    [],
  )
  assert.ok(waited >= 400, `${waited} waited on the disk`)
  await until('the group to read all', () => answered.every((each) => new Set(handled).has(each)), 45_000)
  t.diagnostic(
    `answered ${answered.length}, waited ${waited}, lost 0, undecided and sent again ${stored.length - there.size}, ` +
      `empty ${recovery_s.toFixed(1)} s after the broker served`,
  )
  await log.close()
})
