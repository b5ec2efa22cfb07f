import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openKafkaLog } from '../../log/kafka.ts'
import { kafkaClient } from '../../log/kafkajs.ts'
import { LogError } from '../../log/log.ts'
import { startKafka } from './start.ts'

const TOPIC = 'brokers-die'
const PARTITIONS = 6
const WRITERS = 3
const ROUND_MS = 11_000

test('each of three brokers is killed once under load: nothing acknowledged is lost or doubled, and a group reads all', async (t) => {
  const kafka = await startKafka({ brokers: 3 })
  t.after(() => kafka.stop())
  const log = await openKafkaLog({
    brokers: kafka.bootstrap,
    clientId: 'brokers-die',
    topics: [{ name: TOPIC, partitions: PARTITIONS }],
    session_ms: 6_000,
    emit: () => {},
    clock: Date.now,
  })
  t.after(() => log.close())
  const admin = kafkaClient({ brokers: kafka.bootstrap, clientId: 'watching' }, () => {}).admin()
  await admin.connect()
  t.after(() => admin.disconnect())

  const acknowledged = new Map<string, number>()
  const unanswered = new Set<string>()
  const handled = new Set<string>()
  let slowest_ms = 0
  let stopped = false
  const subscription = await log.subscribe({
    group: 'brokers-die',
    topics: [TOPIC],
    handler: async ({ records }) => {
      for (const record of records) handled.add(Buffer.from(record.value).toString())
    },
  })
  async function write(partition: number, writer: number): Promise<void> {
    for (let i = 0; !stopped; i += 1) {
      const id = `${partition}:${writer}:${i}`
      const began = performance.now()
      try {
        await log.append([{ topic: TOPIC, partition, headers: {}, value: Buffer.from(id) }])
        acknowledged.set(id, partition)
      } catch (error) {
        assert.ok(error instanceof LogError && error.retriable, String(error))
        unanswered.add(id)
      }
      slowest_ms = Math.max(slowest_ms, performance.now() - began)
      await pause(2)
    }
  }
  const writing = Promise.all(
    Array.from({ length: PARTITIONS * WRITERS }, (_, i) => write(i % PARTITIONS, Math.floor(i / PARTITIONS))),
  )
  const inSync = async (): Promise<boolean> => {
    const metadata = await admin.fetchTopicMetadata({ topics: [TOPIC] }).catch(() => undefined)
    return (
      metadata?.topics[0]?.partitions.every(({ isr, leader }) => isr.length === 3 && leader >= 0) === true
    )
  }
  async function until(
    what: string,
    within_ms: number,
    condition: () => boolean | Promise<boolean>,
  ): Promise<void> {
    const end = performance.now() + within_ms
    while (!(await condition())) {
      assert.ok(performance.now() < end, `${what}: not within ${within_ms} ms`)
      await pause(100)
    }
  }

  await until('the first message', 20_000, () => acknowledged.size > 0)
  for (const broker of kafka.brokers) {
    await broker.kill()
    const before = acknowledged.size
    const end = performance.now() + ROUND_MS / 2
    await until('time without a broker', ROUND_MS, () => performance.now() > end)
    await broker.restart()
    await until('the broker in sync again', 30_000, inSync)
    assert.ok(acknowledged.size > before, 'two brokers of three take messages')
  }
  stopped = true
  await writing
  await until('the group to read all', 45_000, () => [...acknowledged.keys()].every((id) => handled.has(id)))
  await subscription.close()

  const stored = new Map<string, number>()
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const last = new Map<string, number>()
    for await (const record of log.replay({ topic: TOPIC, partition })) {
      const id = Buffer.from(record.value).toString()
      stored.set(id, (stored.get(id) ?? 0) + 1)
      const [, writer, i] = id.split(':') as [string, string, string]
      assert.ok(Number(i) > (last.get(writer) ?? -1), `${id} out of order`)
      last.set(writer, Number(i))
    }
  }
  await log.close()
  const lost = [...acknowledged.keys()].filter((id) => !stored.has(id))
  const doubled = [...stored].filter(([id, count]) => count > 1 && acknowledged.has(id))
  t.diagnostic(
    `acknowledged ${acknowledged.size}, unanswered ${unanswered.size}, lost ${lost.length}, ` +
      `doubled ${doubled.length}, slowest append ${Math.round(slowest_ms)} ms`,
  )
  assert.ok(acknowledged.size > 1_000, `only ${acknowledged.size} messages`)
  assert.deepEqual(lost, [])
  assert.deepEqual(doubled, [])
})
