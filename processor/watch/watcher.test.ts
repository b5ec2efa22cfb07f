import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openEmbeddedLog } from '../../log/embedded.ts'
import { LogError, type LogMessage } from '../../log/log.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { fingerprint } from '../../schemas/arrow/schema.ts'
import type { Fact } from '../../schemas/facts.ts'
import { HEADERS, STATE_TOPICS, topicOf, topics } from '../../schemas/topics.ts'
import type { Judge } from './incident/judge.ts'
import { PART_PREFIX } from './incident/stateEntry.ts'
import type { Notifier } from './outbox.ts'
import { readState } from './stateTopic.ts'
import { exampleIncident } from './testing/incidentExample.ts'
import { startWatcher } from './watcher.ts'

const START = Math.floor(Date.now() / 1000) * 1000 - 60_000
const INCIDENT = exampleIncident({ id: 'i1', show: 's', stream: 'm', paged: false, opened_ms: START + 5_000 })

/** A judge that opens one incident, and notes the time covered until each second it judges. */
function opening(seen: Map<number, number>, openAt = START + 5_000): Judge {
  return {
    evaluate({ views, watermark_ms }) {
      for (const view of views) seen.set(watermark_ms, view.total('interval_ms_sum', START, watermark_ms))
      return watermark_ms === openAt
        ? { changes: [], state: [{ key: `${PART_PREFIX}i1`, value: JSON.stringify(INCIDENT) }] }
        : { changes: [], state: [] }
    },
    snapshot: () => [],
    restore: () => {},
    plan: () => [],
    planned: [],
    incidents: [],
    seen: () => [],
    setRules: () => {},
  }
}

async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-watcher-'))
  let now = START
  const clock = () => now
  const log = await openEmbeddedLog({ path: folder, topics: topics(1), emit: () => {}, clock })
  t.after(async () => {
    await log.close()
    await rm(folder, { recursive: true })
  })
  const rows = (received_time: number, source = 'cmcd'): LogMessage => {
    const builder = createBuilder('heartbeat')
    builder.pushRow({
      tenant: 'demo',
      show: 's',
      stream: 'm',
      session: 'a',
      source,
      interval_ms: 1000,
      played_ms: 1000,
      received_time,
      event_time: received_time,
    })
    const headers = {
      [HEADERS.type]: 'rows',
      [HEADERS.rows]: '1',
      [HEADERS.schema]: fingerprint('heartbeat'),
    }
    return { topic: topicOf('heartbeat'), partition: 0, headers, value: builder.finish() }
  }
  const ticks = (time: number, collector = 'c'): LogMessage[] =>
    [...topics(1)]
      .filter(({ name, compacted }) => !compacted && name !== STATE_TOPICS.partial.name)
      .map(({ name }) => ({
        topic: name,
        partition: 0,
        headers: {
          [HEADERS.type]: 'tick',
          [HEADERS.collector]: collector,
          [HEADERS.time]: String(time),
        },
        value: new Uint8Array(),
      }))
  return { log, clock, rows, ticks, at: (time: number) => void (now = time) }
}

async function until(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000
  while (!(await done())) {
    assert.ok(Date.now() < end, `waited for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('an incident that opens while the log takes nothing is kept and told when it does; no row counts twice', async (t) => {
  const { log, clock, rows, ticks, at } = await setUp(t)
  const seen = new Map<number, number>()
  const reported: string[] = []
  const facts: Fact[] = []
  const notifier: Notifier = {
    restore: () => {},
    take: (changes) => void reported.push(...changes.map(({ incident }) => incident.id)),
  }
  const append = log.append.bind(log)
  let refusals = 3
  log.append = async (messages) => {
    const ofState = messages.some(({ topic }) => topic === STATE_TOPICS.incident_state.name)
    if (ofState && messages.length > 1 && refusals-- > 0)
      throw new LogError('unavailable', 'away', { retriable: true })
    return append(messages)
  }
  const watcher = await startWatcher({
    log,
    createJudge: () => opening(seen),
    plans: new Map(),
    notifier,
    emit: (fact) => facts.push(fact),
    clock,
  })
  t.after(() => watcher.close())
  for (let second = 1; second <= 10; second += 1) {
    at(START + second * 1000)
    await append([rows(START + second * 1000 - 500), ...ticks(START + second * 1000)])
  }
  await until('the last second', () => seen.has(START + 10_000))
  await until('the incident', () => reported.length > 0)
  assert.deepEqual(reported, ['i1'])
  assert.ok((await readState(log)).has('incident/i1'))
  assert.equal(seen.get(START + 10_000), 10_000)
})

test('a batch under a schema that was published after the watcher began is read', async (t) => {
  const { log, clock, rows, ticks, at } = await setUp(t)
  const seen = new Map<number, number>()
  const watcher = await startWatcher({
    log,
    createJudge: () => opening(seen),
    plans: new Map(),
    emit: () => {},
    clock,
  })
  t.after(() => watcher.close())
  const { schemaMessage } = await import('../../schemas/arrow/schema.ts')
  const other = 'feedfacefeedface'
  await log.append([
    {
      topic: STATE_TOPICS.schema.name,
      partition: 0,
      key: other,
      headers: { [HEADERS.type]: 'schema' },
      value: schemaMessage('heartbeat'),
    },
  ])
  const message = rows(START + 500)
  at(START + 2_000)
  await log.append([
    { ...message, headers: { ...message.headers, [HEADERS.schema]: other } },
    ...ticks(START + 2_000),
  ])
  await until('the second', () => seen.has(START + 2_000))
  assert.equal(seen.get(START + 2_000), 1_000)
})

test('a collector whose clock is an hour ahead moves nothing', async (t) => {
  const { log, clock, rows, ticks, at } = await setUp(t)
  const seen = new Map<number, number>()
  const watcher = await startWatcher({
    log,
    createJudge: () => opening(seen),
    plans: new Map(),
    emit: () => {},
    clock,
  })
  t.after(() => watcher.close())
  for (let second = 1; second <= 5; second += 1) {
    at(START + second * 1000)
    await log.append([
      rows(START + second * 1000 - 500),
      ...ticks(START + second * 1000),
      ...ticks(START + 3_600_000 + second * 1000, 'ahead'),
    ])
  }
  await until('the last second', () => seen.has(START + 5_000))
  assert.equal(watcher.watermark_ms, START + 5_000)
})

test('what was judged ahead of the clock, before the clock was set right, is judged again', async (t) => {
  const { log, clock, rows, ticks, at } = await setUp(t)
  const seen = new Map<number, number>()
  await log.append([
    {
      topic: STATE_TOPICS.incident_state.name,
      partition: 0,
      key: 'judged/0',
      headers: {},
      value: Buffer.from(String(START + 8 * 3_600_000)),
    },
  ])
  const watcher = await startWatcher({
    log,
    createJudge: () => opening(seen),
    plans: new Map(),
    emit: () => {},
    clock,
  })
  t.after(() => watcher.close())
  at(START + 2_000)
  await log.append([rows(START + 500), ...ticks(START + 2_000)])
  await until('the second', () => seen.has(START + 2_000))
})
