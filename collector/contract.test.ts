import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Table } from '../schemas/derive/columns.ts'
import { NOW, startTestCollector, type TestCollector } from './testing.ts'

interface Vector {
  readonly name: string
  readonly key?: string
  readonly body: unknown
  readonly answer: { readonly status: number }
  readonly rows: Readonly<Record<string, readonly Record<string, unknown>[]>>
  readonly totals?: object
}
interface Contract {
  readonly readVectors: () => Vector[]
  readonly withTimes: <T>(value: T, now_ms: number) => T
  readonly bodyOf: (vector: Vector, now_ms: number) => string
  readonly compareAnswer: (vector: Vector, status: number, text: string) => string[]
  readonly compareCapture: (vector: Vector, bodies: readonly unknown[]) => string[]
}

/** The script that authors of SDKs run: plain JavaScript. */
const SCRIPT = '../docs/contract/check.mjs'
const contract = (await import(SCRIPT)) as Contract

let it: TestCollector
before(async () => {
  it = await startTestCollector()
})
after(() => it.close())

for (const vector of contract.readVectors())
  test(`the contract for native apps: ${vector.name}`, async () => {
    const seen = new Map<string, number>()
    for (const table of Object.keys(vector.rows)) seen.set(table, (await it.rows(table as Table)).length)
    const url = `/v1/beacons?key=${vector.key ?? 'demo'}`
    const { status, body } = await it.post(contract.bodyOf(vector, NOW), { url })
    assert.deepEqual(contract.compareAnswer(vector, status, body), [])
    for (const [table, expected] of Object.entries(contract.withTimes(vector.rows, NOW))) {
      const rows = (await it.rows(table as Table)).slice(seen.get(table))
      assert.deepEqual(
        rows.map((row, index) =>
          Object.fromEntries(Object.keys(expected[index] ?? {}).map((column) => [column, row[column]])),
        ),
        expected,
      )
    }
  })

test('a capture that follows the script is right, and each way to be wrong is told', () => {
  const [vector] = contract.readVectors()
  const body = contract.withTimes(vector!.body, NOW) as { context: object; events: Record<string, unknown>[] }
  const problems = (change: (events: Record<string, unknown>[]) => Record<string, unknown>[]) =>
    contract
      .compareCapture(vector!, [{ ...body, events: change(body.events.map((event) => ({ ...event }))) }])
      .join('; ')
  assert.equal(
    problems((events) => events),
    '',
  )
  assert.match(
    problems((events) => events.slice(1)),
    /0 startup events/,
  )
  assert.match(
    problems((events) => events.map((event) => ({ ...event, seq: 1 }))),
    /seq has to grow/,
  )
  assert.match(
    problems((events) => events.map((event) => ({ ...event, stall_count: 1 }))),
    /stall_count is 7/,
  )
  assert.match(
    problems((events) => events.map((event) => ({ ...event, session: String(event.seq) }))),
    /one session/,
  )
  assert.match(
    problems((events) => events.filter(({ seq }) => seq !== 3)),
    /played_ms is 9000/,
  )
  assert.match(
    problems((events) => events.map((event) => ({ ...event, played_ms: 6_000 }))),
    /were spent in an interval/,
  )
})
