import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Fact } from '../schemas/facts.ts'
import { HEADERS } from '../schemas/topics.ts'
import { logContract } from './contract.ts'
import { openEmbeddedLog } from './embedded.ts'
import { type Log, LogError, type LogMessage, type LogRecord, type TopicSpec } from './log.ts'
import { openSpillingLog } from './spill.ts'

const folder = mkdtempSync(join(tmpdir(), 'firstframe-spill-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const TOPIC = 'heartbeat'
const TOPICS = [{ name: TOPIC, partitions: 2 }]
const MAX_BYTES = 4 << 20
const common = { emit: () => {}, clock: Date.now }

async function openBehindSpill(at: string, topics: readonly TopicSpec[]): Promise<Log> {
  const inner = await openEmbeddedLog({ path: join(folder, at, 'inner'), topics, ...common })
  return openSpillingLog({ inner, path: join(folder, at, 'spill'), max_bytes: 64 << 20, ...common })
}

logContract('embedded behind a spill', {
  open: openBehindSpill,
  child: (at) => ({ kind: 'embedded', path: join(folder, at, 'inner') }),
  patience_ms: 5_000,
})

/** A real log whose appends a test can cut off: before they are stored, or with no answer. */
interface Gate {
  state: 'open' | 'away' | 'hangs'
  /** Partitions that are cut off; default all. */
  only?: number
}

let number = 0
async function begin(options: { max_bytes?: number; patience_ms?: number; at?: string } = {}) {
  number += 1
  const at = options.at ?? `own-${number}`
  const gate: Gate = { state: 'open' }
  const facts: Fact[] = []
  const stored = await openEmbeddedLog({ path: join(folder, at, 'inner'), topics: TOPICS, ...common })
  const cut = (messages: readonly LogMessage[]): boolean =>
    gate.state !== 'open' &&
    messages.some(({ partition }) => gate.only === undefined || gate.only === partition)
  const inner: Log = {
    ...stored,
    async append(messages) {
      if (cut(messages) && gate.state === 'hangs') await new Promise(() => {})
      if (cut(messages)) throw new LogError('unavailable', 'away', { retriable: true })
      await stored.append(messages)
    },
    health: () => (gate.state === 'open' ? stored.health() : { ok: false, reason: 'away' }),
  }
  const log = await openSpillingLog({
    inner,
    path: join(folder, at, 'spill'),
    max_bytes: options.max_bytes ?? MAX_BYTES,
    patience_ms: options.patience_ms ?? 30_000,
    emit: (fact) => void facts.push(fact),
    clock: Date.now,
  })
  const read = async (partition = 0): Promise<LogRecord[]> => {
    const records: LogRecord[] = []
    for await (const record of stored.replay({ topic: TOPIC, partition })) records.push(record)
    return records
  }
  return { at, gate, facts, log, read }
}

const say = (value: string, partition = 0): LogMessage => ({
  topic: TOPIC,
  partition,
  headers: { schema: 'x' },
  value: Buffer.from(value),
})
const texts = (records: readonly LogRecord[]): string[] =>
  records.map(({ value }) => Buffer.from(value).toString())
const spilled = (records: readonly LogRecord[]): string[] =>
  texts(records.filter(({ headers }) => headers[HEADERS.spilled] === '1'))

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000
  while (!(await condition())) {
    assert.ok(performance.now() < end, `${what}: not within a minute`)
    await pause(5)
  }
}

test('while the log is away messages wait on the disk, then come in order, marked, before what is new', async () => {
  const { gate, facts, log, read } = await begin()
  await log.append([say('a'), say('p', 1)])
  gate.state = 'away'
  for (const value of ['b', 'c', 'd']) await log.append([say(value)])
  assert.deepEqual(texts(await read()), ['a'])
  assert.equal(log.health().ok, true)
  assert.match(log.health().reason ?? '', /wait on the disk/)
  gate.state = 'open'
  await log.append([say('e')])
  await until('all in the log', async () => (await read()).length === 5)
  await until('the end of the spill', () => facts.some(({ type }) => type === 'log_spill_ended'))
  await log.append([say('f')])
  assert.deepEqual(texts(await read()), ['a', 'b', 'c', 'd', 'e', 'f'])
  assert.deepEqual(spilled(await read()), ['b', 'c', 'd', 'e'])
  assert.equal((await read())[1]!.headers.schema, 'x')
  assert.deepEqual(log.health(), { ok: true })
  await log.close()
})

test('a log that does not answer in time is taken for away', async () => {
  const first = await begin({ patience_ms: 60 })
  first.gate.state = 'hangs'
  await Promise.all([first.log.append([say('a')]), first.log.append([say('b')])])
  await first.log.append([say('c')])
  assert.deepEqual(await first.read(), [])
  await first.log.close()
  const second = await begin({ at: first.at })
  await until('all in the log', async () => (await second.read()).length === 3)
  assert.deepEqual(spilled(await second.read()), ['a', 'b', 'c'])
  await second.log.close()
})

test('one partition being away does not send another to the disk', async () => {
  const { gate, log, read } = await begin()
  gate.state = 'away'
  gate.only = 1
  await log.append([say('a'), say('p', 1)])
  await log.append([say('b'), say('q', 1)])
  assert.deepEqual(texts(await read(0)), ['a', 'b'])
  assert.deepEqual(spilled(await read(0)), [])
  gate.state = 'open'
  await until('the other', async () => (await read(1)).length === 2)
  assert.deepEqual(spilled(await read(1)), ['p', 'q'])
  await log.close()
})

test('a log that comes and goes loses nothing and keeps the order of each partition', async () => {
  const { gate, log, read } = await begin({ patience_ms: 40 })
  let done = false
  const flapping = (async () => {
    for (let i = 0; !done; i += 1) {
      gate.state = i % 2 === 0 ? 'away' : 'open'
      await pause(7)
    }
    gate.state = 'open'
  })()
  const writers = Array.from({ length: 6 }, async (_, writer) => {
    for (let i = 0; i < 60; i += 1) {
      await log.append([say(`${writer}:${i}`, writer % 2)])
      if (i % 7 === 0) await pause(3)
    }
  })
  await Promise.all(writers)
  done = true
  await flapping
  const all = async (): Promise<LogRecord[]> => [...(await read(0)), ...(await read(1))]
  await until('360 messages', async () => new Set(texts(await all())).size === 360)
  const next = new Map<string, number>()
  for (const text of texts(await all())) {
    const [writer, i] = text.split(':') as [string, string]
    assert.ok(Number(i) <= (next.get(writer) ?? 0), `${text} came before ${next.get(writer)}`)
    next.set(writer, Math.max(next.get(writer) ?? 0, Number(i) + 1))
  }
  assert.ok(spilled(await all()).length > 0, 'the disk was needed')
  await log.close()
})

test('beyond the bound appends are refused as full and retriable, and taken again when it has emptied', async () => {
  const { gate, log, read } = await begin({ max_bytes: 400_000 })
  gate.state = 'away'
  const value = Buffer.alloc(20_000, 'x').toString()
  let taken = 0
  const fill = async (): Promise<void> => {
    for (;;) {
      await log.append([say(value)])
      taken += 1
    }
  }
  await assert.rejects(fill, (error) => error instanceof LogError && error.code === 'full' && error.retriable)
  assert.ok(taken >= 12, `${taken} messages of 20 kB in 400 kB`)
  assert.equal(log.health().ok, false)
  gate.state = 'open'
  await until('all given back', async () => (await read()).length === taken)
  await until('health', () => log.health().ok)
  await log.append([say('again')])
  assert.equal(texts(await read()).at(-1), 'again')
  await log.close()
})

test('what waits on the disk survives a restart, full as it is', async () => {
  const first = await begin({ max_bytes: 400_000 })
  first.gate.state = 'away'
  const value = (i: number): string => String(i).padEnd(20_000, '.')
  let taken = 0
  const fill = async (): Promise<void> => {
    for (;;) {
      await first.log.append([say(value(taken))])
      taken += 1
    }
  }
  await assert.rejects(fill, LogError)
  await first.log.close()
  const second = await begin({ at: first.at, max_bytes: 400_000 })
  await second.log.append([say('new')])
  await until('all in the log', async () => (await second.read()).length >= taken + 1)
  const records = texts(await second.read())
  assert.deepEqual(records, [...Array.from({ length: taken }, (_, i) => value(i)), 'new'])
  await second.log.close()
})

test('a refusal for good is passed on and is not spilled', async () => {
  const { log, read } = await begin()
  const wrong = log.append([say('x'), { ...say('y'), topic: 'nowhere' }])
  await assert.rejects(wrong, (error) => error instanceof LogError && error.code === 'unknown_topic')
  assert.deepEqual(await read(), [])
  await log.close()
  await assert.rejects(
    log.append([say('x')]),
    (error) => error instanceof LogError && error.code === 'closed',
  )
})
