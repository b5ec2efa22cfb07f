import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { readBatch } from '../../schemas/arrow/reader.ts'
import { DEDUPE_COLUMNS, Dedupe, HORIZON_MS } from './dedupe.ts'

interface Row {
  readonly tenant?: string
  readonly session: string
  readonly seq: number
  readonly source?: string
  readonly received_time?: number
}

function batch(rows: readonly Row[]) {
  const builder = createBuilder('heartbeat')
  for (const row of rows)
    builder.pushRow({ tenant: 'demo', source: 'sdk', received_time: 1000, interval_ms: 1, ...row })
  return readBatch('heartbeat', builder.finish(), DEDUPE_COLUMNS)
}

test('any order of any repeats counts each number of a session once', () => {
  const row = fc.record({ session: fc.constantFrom('a', 'b', 'c'), seq: fc.integer({ min: 1, max: 5000 }) })
  fc.assert(
    fc.property(fc.array(fc.array(row, { minLength: 1, maxLength: 50 }), { maxLength: 10 }), (batches) => {
      const dedupe = new Dedupe()
      const seen = new Set<string>()
      for (const rows of batches) {
        const { repeats } = dedupe.check(batch(rows))
        rows.forEach(({ session, seq }, at) => {
          const key = `${session}/${seq}`
          assert.equal(repeats?.[at] ?? 0, seen.has(key) ? 1 : 0, key)
          seen.add(key)
        })
      }
    }),
    { numRuns: 200 },
  )
})

test('numbers that come in a row, late, twice and with gaps, from any number on, count once each', () => {
  const run = fc.record({
    begin: fc.integer({ min: 1, max: 300 }),
    steps: fc.array(
      fc.oneof(
        { weight: 20, arbitrary: fc.record({ jump: fc.constant(1), back: fc.constant(0) }) },
        { weight: 2, arbitrary: fc.record({ jump: fc.integer({ min: 2, max: 40 }), back: fc.constant(0) }) },
        { weight: 3, arbitrary: fc.record({ jump: fc.constant(0), back: fc.integer({ min: 0, max: 150 }) }) },
      ),
      { minLength: 50, maxLength: 400 },
    ),
  })
  fc.assert(
    fc.property(run, ({ begin, steps }) => {
      const dedupe = new Dedupe()
      const seen = new Set<number>()
      let newest = begin
      const numbers = steps.map(({ jump, back }) => Math.max(1, (newest += jump) - back))
      const { repeats } = dedupe.check(batch(numbers.map((seq) => ({ session: 'a', seq }))))
      numbers.forEach((seq, at) => {
        assert.equal(repeats?.[at] ?? 0, seen.has(seq) ? 1 : 0, `number ${seq}, row ${at}`)
        seen.add(seq)
      })
    }),
    { numRuns: 300 },
  )
})

test('a session that lasts for days needs no more than a short one, and still knows what it saw', () => {
  const dedupe = new Dedupe()
  const numbers = Array.from({ length: 20_000 }, (_, at) => ({ session: 'a', seq: at + 1 }))
  assert.equal(dedupe.check(batch(numbers)).repeated, 0)
  assert.equal(dedupe.check(batch(numbers)).repeated, numbers.length)
})

test('the same number of another session or tenant is no repeat', () => {
  const dedupe = new Dedupe()
  const { repeated } = dedupe.check(
    batch([
      { session: 'a', seq: 7 },
      { session: 'b', seq: 7 },
      { session: 'a', seq: 7, tenant: 'other' },
    ]),
  )
  assert.equal(repeated, 0)
})

test('rows without a number are never repeats', () => {
  assert.equal(new Dedupe().check(batch([1, 2, 3].map(() => ({ session: 'a', seq: 0 })))).repeated, 0)
})

test('a far number costs no memory and starts anew', () => {
  const dedupe = new Dedupe()
  const { repeated } = dedupe.check(
    batch([1, 4_000_000_000, 4_000_000_001, 4_000_000_001].map((seq) => ({ session: 'a', seq }))),
  )
  assert.equal(repeated, 1)
})

test('what CMCD says of a playback that the SDK reports is muted', () => {
  const dedupe = new Dedupe()
  const { muted, repeats } = dedupe.check(
    batch([
      { session: 'a', seq: 1, source: 'cmcd' },
      { session: 'a', seq: 1, source: 'sdk' },
      { session: 'a', seq: 2, source: 'cmcd' },
      { session: 'b', seq: 1, source: 'cmcd' },
    ]),
  )
  assert.deepEqual([...muted!], [0, 0, 1, 0])
  assert.equal(repeats, undefined, 'the two sequences are apart')
})

test('a session is forgotten when it has been silent for the horizon', () => {
  const dedupe = new Dedupe()
  dedupe.check(batch([{ session: 'a', seq: 1 }]))
  dedupe.check(batch([{ session: 'b', seq: 1, received_time: HORIZON_MS * 1.2 }]))
  assert.equal(dedupe.check(batch([{ session: 'a', seq: 1, received_time: HORIZON_MS * 1.2 }])).repeated, 0)
})
