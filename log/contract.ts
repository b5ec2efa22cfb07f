import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { contractContext, type LogUnderTest, text } from './contractContext.ts'
import {
  type Assignment,
  type Log,
  type LogBatch,
  LogError,
  type LogRecord,
  MAX_MESSAGE_BYTES,
  MAX_METADATA_BYTES,
  type ReplayOptions,
} from './log.ts'

/** What `Log` promises, as tests that every implementation passes. */
export function logContract(name: string, log: LogUnderTest): void {
  const { begin, reopen, close, message, all, until, child, kill, end } = contractContext(log)

  describe(`the log's contract: ${name}`, () => {
    after(end)

    test('keeps the order of a partition, and what belongs to a message', async () => {
      const { topic, log: entry } = await begin()
      for (let i = 0; i < 20; i += 1) {
        await entry.append([
          message(topic, `a${i}`, { headers: { schema: 'ab12', note: '直播' }, key: `k${i}` }),
          message(topic, `b${i}`, { partition: 1 }),
        ])
      }
      for (const [partition, letter] of ['a', 'b'].entries()) {
        const records = await all(entry, { topic, partition })
        assert.deepEqual(
          records.map(text),
          Array.from({ length: 20 }, (_, i) => `${letter}${i}`),
        )
        assert.ok(records.every((record, i) => i === 0 || record.offset > records[i - 1]!.offset))
        assert.ok(records.every((record) => record.topic === topic && record.partition === partition))
      }
      const [first] = await all(entry, { topic, partition: 0 })
      assert.deepEqual({ ...first!.headers }, { schema: 'ab12', note: '直播' })
      assert.equal(first!.key, 'k0')
      const [plain] = await all(entry, { topic, partition: 1 })
      assert.deepEqual({ ...plain!.headers }, {})
      assert.equal(plain!.key, undefined)
    })

    test('bytes come back as they were, from none to a large message', async () => {
      const { topic, log: entry } = await begin()
      const values = [0, 1, 255, 70_000, 3_000_000].map((size) => Buffer.alloc(size, 'ÿ0ab'))
      for (const value of values) await entry.append([message(topic, value)])
      const records = await all(entry, { topic, partition: 0 })
      assert.deepEqual(
        records.map((record) => Buffer.compare(record.value, values[records.indexOf(record)]!)),
        values.map(() => 0),
      )
    })

    test('what was answered is there after the process was killed', async () => {
      const { at, topic, topics, log: entry } = await begin()
      await close(entry)
      const appender = await child({ ...log.child(at), topics, append: { topic, count: 50 } })
      await kill(appender)
      const again = await reopen(at, topics)
      const records = await all(again, { topic, partition: 0 })
      assert.deepEqual(
        records.map(text),
        Array.from({ length: 50 }, (_, i) => `m${i}`),
      )
      await again.append([message(topic, 'after')])
      assert.equal(text((await all(again, { topic, partition: 0 })).at(-1)!), 'after')
    })

    test('a group that was killed between handler and commit gets the batch again', async () => {
      const { at, topic, topics, log: entry } = await begin({ partitions: 1 })
      await entry.append([message(topic, 'one'), message(topic, 'two')])
      await close(entry)
      const reader = await child({ ...log.child(at), topics, read: { topic, group: `${at}-g` } })
      await kill(reader)
      const again = await reopen(at, topics)
      const seen: string[] = []
      const subscription = await again.subscribe({
        group: `${at}-g`,
        topics: [topic],
        handler: async (batch) => void seen.push(...batch.records.map(text)),
      })
      await until('both again', () => seen.length >= 2)
      assert.deepEqual(seen, ['one', 'two'])
      await subscription.close()
    })

    test('a group goes on after its last commit; another group reads all', async () => {
      const { at, topic, log: entry } = await begin({ partitions: 1 })
      const read = async (group: string, count: number): Promise<string[]> => {
        const seen: string[] = []
        const subscription = await entry.subscribe({
          group,
          topics: [topic],
          handler: async (batch) => void seen.push(...batch.records.map(text)),
        })
        await until(`${count} of ${group}`, () => seen.length >= count)
        await subscription.close()
        return seen
      }
      await entry.append([message(topic, 'a'), message(topic, 'b')])
      assert.deepEqual(await read(`${at}-g1`, 2), ['a', 'b'])
      await entry.append([message(topic, 'c')])
      assert.deepEqual(await read(`${at}-g1`, 1), ['c'])
      assert.deepEqual(await read(`${at}-g2`, 3), ['a', 'b', 'c'])
    })

    test('without autoCommit nothing is committed but by the owner, with metadata, and it comes back', async () => {
      const { at, topic, log: entry } = await begin({ partitions: 1 })
      const group = `${at}-g`
      const options = { group, topics: [topic], autoCommit: false }
      await entry.append(['a', 'b', 'c'].map((value) => message(topic, value)))
      const seen: LogRecord[] = []
      const first = await entry.subscribe({
        ...options,
        handler: async (batch) => void seen.push(...batch.records),
      })
      await until('three messages', () => seen.length >= 3)
      await first.close()
      const assignments: Assignment[] = []
      const assigned = async (assignment: Assignment): Promise<undefined> => void assignments.push(assignment)
      const again: LogRecord[] = []
      const second = await entry.subscribe({
        ...options,
        assigned,
        handler: async (batch) => void again.push(...batch.records),
      })
      await until('three messages again', () => again.length >= 3)
      assert.equal(assignments[0]?.committed, undefined)
      assert.equal(assignments[0]!.end - assignments[0]!.begin, 3)
      const commit = { offset: seen[1]!.offset, metadata: '{"from":1,"to":2,"token":"直"}' }
      await second.commit({ topic, partition: 0 }, commit)
      await second.close()
      const third = await entry.subscribe({
        ...options,
        assigned,
        handler: async (batch) => void seen.push(...batch.records),
      })
      await until('the rest', () => seen.length >= 5)
      assert.deepEqual(assignments[1]?.committed, commit)
      assert.deepEqual(seen.map(text), ['a', 'b', 'c', 'b', 'c'])
      const metadata = 'x'.repeat(MAX_METADATA_BYTES)
      await third.commit({ topic, partition: 0 }, { offset: 1, metadata })
      await assert.rejects(
        third.commit({ topic, partition: 0 }, { offset: 1, metadata: `${metadata}x` }),
        (error) => error instanceof LogError && error.code === 'too_large' && !error.retriable,
      )
      await third.close()
    })

    test('assigned says where reading begins, before the first batch', async () => {
      const { at, topic, log: entry } = await begin({ partitions: 1 })
      await entry.append(['a', 'b', 'c', 'd'].map((value) => message(topic, value)))
      const start = (await all(entry, { topic, partition: 0 }))[2]!.offset
      const order: string[] = []
      const subscription = await entry.subscribe({
        group: `${at}-g`,
        topics: [topic],
        assigned: async ({ partition }) => {
          await pause(20)
          order.push(`assigned ${partition}`)
          return start
        },
        revoked: async ({ partition }) => void order.push(`revoked ${partition}`),
        handler: async (batch) => void order.push(...batch.records.map(text)),
      })
      await until('two messages', () => order.length >= 3)
      await subscription.close()
      assert.deepEqual(order, ['assigned 0', 'c', 'd', 'revoked 0'])
    })

    test('every partition is assigned even when nothing is in it', async () => {
      const { at, topic, log: entry } = await begin({ partitions: 2 })
      const assigned: number[] = []
      const subscription = await entry.subscribe({
        group: `${at}-g`,
        topics: [topic],
        assigned: async ({ partition }) => void assigned.push(partition),
        handler: async () => {},
      })
      await until('both partitions', () => assigned.length === 2)
      await subscription.close()
      await assert.rejects(
        subscription.commit({ topic, partition: 0 }, { offset: 0 }),
        (error) => error instanceof LogError && error.code === 'revoked' && error.retriable,
      )
    })

    test('a handler that rejects gets the same batch again', async () => {
      const { at, topic, log: entry } = await begin({ partitions: 1 })
      await entry.append([message(topic, 'x')])
      const seen: string[] = []
      const subscription = await entry.subscribe({
        group: `${at}-g`,
        topics: [topic],
        handler: async (batch) => {
          seen.push(...batch.records.map(text))
          if (seen.length < 3) throw new Error('not yet')
        },
      })
      await until('the third try', () => seen.length >= 3)
      await subscription.close()
      assert.deepEqual(seen, ['x', 'x', 'x'])
    })

    test('a batch holds one partition, one at a time, with the end and a bound on bytes', async () => {
      const { at, topic, log: entry } = await begin()
      const value = Buffer.alloc(20_000)
      for (let i = 0; i < 6; i += 1) {
        await entry.append([message(topic, value), message(topic, value, { partition: 1 })])
      }
      const running = new Set<number>()
      const batches: LogBatch[] = []
      const subscription = await entry.subscribe({
        group: `${at}-g`,
        topics: [topic],
        maxBatch_bytes: 50_000,
        handler: async (batch) => {
          assert.ok(!running.has(batch.partition), 'two batches of a partition at once')
          running.add(batch.partition)
          await pause(2)
          running.delete(batch.partition)
          batches.push(batch)
        },
      })
      const count = (): number => batches.reduce((sum, batch) => sum + batch.records.length, 0)
      await until('12 messages', () => count() >= 12)
      await subscription.close()
      assert.equal(count(), 12)
      for (const batch of batches) {
        assert.ok(batch.records.every((record) => record.partition === batch.partition))
        assert.ok(batch.records.length <= 4, `${batch.records.length} messages of 20 kB in a batch of 50 kB`)
        assert.ok(batch.end > batch.records.at(-1)!.offset)
      }
    })

    test('readers learn of a message when it is appended', async () => {
      const { at, topic, log: entry } = await begin({ partitions: 1 })
      const seen: string[] = []
      let assigned = false
      const subscription = await entry.subscribe({
        group: `${at}-g`,
        topics: [topic],
        assigned: async () => {
          assigned = true
          return undefined
        },
        handler: async (batch) => void seen.push(...batch.records.map(text)),
      })
      await until('the assignment', () => assigned)
      for (let i = 0; i < 5; i += 1) {
        await entry.append([message(topic, `m${i}`)])
        await until(`m${i}`, () => seen.length === i + 1)
      }
      await subscription.close()
      assert.deepEqual(seen, ['m0', 'm1', 'm2', 'm3', 'm4'])
    })

    test('close waits for the running handler', async () => {
      const { at, topic, topics, log: entry } = await begin({ partitions: 1 })
      await entry.append([message(topic, 'x')])
      let began = false
      let ended = false
      await entry.subscribe({
        group: `${at}-g`,
        topics: [topic],
        handler: async () => {
          began = true
          await pause(150)
          ended = true
        },
      })
      await until('the handler', () => began)
      await close(entry)
      assert.ok(ended)
      const again = await reopen(at, topics)
      let committed: number | undefined
      const subscription = await again.subscribe({
        group: `${at}-g`,
        topics: [topic],
        assigned: async (assignment) => {
          committed = assignment.committed?.offset
          return undefined
        },
        handler: async () => {},
      })
      await until('the commit of the handler that close waited for', () => committed !== undefined)
      await subscription.close()
    })

    test('replays by offset, by time, up to an offset, and within bounds', async () => {
      const { topic, log: entry } = await begin()
      assert.deepEqual(await entry.bounds({ topic, partition: 1 }), { begin: 0, end: 0 })
      assert.deepEqual(await all(entry, { topic, partition: 1 }), [])
      for (let i = 0; i < 5; i += 1) {
        await entry.append([message(topic, `m${i}`)])
        await pause(3)
      }
      const records = await all(entry, { topic, partition: 0 })
      const { begin: first, end } = await entry.bounds({ topic, partition: 0 })
      assert.equal(first, records[0]!.offset)
      assert.ok(end > records[4]!.offset)
      const from = async (options: Omit<ReplayOptions, 'topic' | 'partition'>): Promise<string[]> =>
        (await all(entry, { topic, partition: 0, ...options })).map(text)
      assert.deepEqual(await from({ from: { offset: records[3]!.offset } }), ['m3', 'm4'])
      assert.deepEqual(await from({ until: records[2]!.offset }), ['m0', 'm1'])
      assert.deepEqual(await from({ from: { time_ms: records[2]!.appended_ms } }), ['m2', 'm3', 'm4'])
      assert.deepEqual(await from({ from: { time_ms: 0 } }), ['m0', 'm1', 'm2', 'm3', 'm4'])
      assert.deepEqual(await from({ from: { time_ms: records[4]!.appended_ms + 60_000 } }), [])
      assert.deepEqual(await from({ from: { offset: end } }), [])
    })

    test('a replay may be left early, and two may run at once', async () => {
      const { topic, log: entry } = await begin({ partitions: 1 })
      await entry.append(['a', 'b', 'c'].map((value) => message(topic, value)))
      for await (const record of entry.replay({ topic, partition: 0 })) {
        assert.equal(text(record), 'a')
        break
      }
      const both = await Promise.all([
        all(entry, { topic, partition: 0 }),
        all(entry, { topic, partition: 0 }),
      ])
      assert.deepEqual(
        both.map((records) => records.map(text).join('')),
        ['abc', 'abc'],
      )
    })

    test('a compacted topic gives the newest of each key, after a restart too', async () => {
      const { at, topic, topics, log: entry } = await begin({ partitions: 1, compacted: true })
      const put = (key: string, value: string): Promise<void> =>
        entry.append([message(topic, value, { key })])
      await put('a', 'a1')
      await put('b', 'b1')
      await put('a', 'a2')
      await put('c', 'c1')
      await put('b', '')
      await entry.append([message(topic, 'd1', { key: 'd' }), message(topic, 'd2', { key: 'd' })])
      await assert.rejects(entry.append([message(topic, 'no key')]), TypeError)
      const state = async (from: Log): Promise<Record<string, string>> => {
        const kept = new Map<string, string>()
        for (const record of await all(from, { topic, partition: 0 })) {
          if (record.value.length === 0) kept.delete(record.key!)
          else kept.set(record.key!, text(record))
        }
        return Object.fromEntries(kept)
      }
      assert.deepEqual(await state(entry), { a: 'a2', c: 'c1', d: 'd2' })
      await close(entry)
      assert.deepEqual(await state(await reopen(at, topics)), { a: 'a2', c: 'c1', d: 'd2' })
    })

    test('many appends at once: each is answered, none is lost, each caller keeps its order', async () => {
      const { topic, log: entry } = await begin()
      await Promise.all(
        Array.from({ length: 40 }, async (_, writer) => {
          for (let i = 0; i < 10; i += 1) {
            await entry.append([message(topic, `${writer}:${i}`, { partition: writer % 2 })])
          }
        }),
      )
      const records = [
        ...(await all(entry, { topic, partition: 0 })),
        ...(await all(entry, { topic, partition: 1 })),
      ]
      assert.equal(records.length, 400)
      const next = new Map<string, number>()
      for (const record of records) {
        const [writer, i] = text(record).split(':') as [string, string]
        assert.equal(Number(i), next.get(writer) ?? 0)
        next.set(writer, Number(i) + 1)
      }
    })

    test('refuses with a code, and says whether to try again', async () => {
      const { at, topic, topics, log: entry } = await begin()
      const refused = (code: LogError['code']) => (error: unknown) =>
        error instanceof LogError && error.code === code && !error.retriable
      await assert.rejects(entry.append([message('nowhere', 'x')]), refused('unknown_topic'))
      await assert.rejects(entry.append([message(topic, 'x', { partition: 9 })]), refused('unknown_topic'))
      await assert.rejects(entry.bounds({ topic: 'nowhere', partition: 0 }), refused('unknown_topic'))
      await assert.rejects(all(entry, { topic: 'nowhere', partition: 0 }), refused('unknown_topic'))
      const nowhere = { group: `${at}-g`, topics: ['nowhere'], handler: async () => {} }
      await assert.rejects(entry.subscribe(nowhere), refused('unknown_topic'))
      const large = Buffer.alloc(MAX_MESSAGE_BYTES + 1)
      await assert.rejects(
        entry.append([message(topic, 'small'), message(topic, large)]),
        refused('too_large'),
      )
      assert.deepEqual(await all(entry, { topic, partition: 0 }), [], 'one refusal refuses the call')
      await entry.append([message(topic, large.subarray(1))])
      assert.deepEqual(entry.health(), { ok: true })
      assert.deepEqual([...entry.topics.keys()], [topics[0]!.name])
      await close(entry)
      await assert.rejects(entry.append([message(topic, 'x')]), refused('closed'))
      assert.equal(entry.health().ok, false)
    })
  })
}
