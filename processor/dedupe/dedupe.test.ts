import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { readBatch } from '../../schemas/arrow/reader.ts'
import { DEDUPE_COLUMNS, Dedupe, HORIZON_MS } from './dedupe.ts'
import { BYTES_A_SEQUENCE, HOLES_KEPT, SequenceTable } from './sequenceTable.ts'

interface Row {
  readonly tenant?: string
  readonly session: string
  readonly seq: number
  readonly source?: string
  readonly weight?: number
  readonly received_time?: number
}

function batch(rows: readonly Row[]) {
  const builder = createBuilder('heartbeat')
  for (const row of rows)
    builder.pushRow({ tenant: 'demo', source: 'sdk', received_time: 1000, interval_ms: 1, ...row })
  return readBatch('heartbeat', builder.finish(), DEDUPE_COLUMNS)
}

test('any order of any repeats counts no number of a session twice, and within the window each once', () => {
  const row = fc.record({ session: fc.constantFrom('a', 'b', 'c'), seq: fc.integer({ min: 1, max: 5000 }) })
  fc.assert(
    fc.property(fc.array(fc.array(row, { minLength: 1, maxLength: 50 }), { maxLength: 10 }), (batches) => {
      const dedupe = new Dedupe()
      const seen = new Set<string>()
      const newest = new Map<string, number>()
      for (const rows of batches) {
        const { repeats } = dedupe.check(batch(rows))
        rows.forEach(({ session, seq }, at) => {
          const key = `${session}/${seq}`
          const high = newest.get(session) ?? seq
          if (seen.has(key)) assert.equal(repeats?.[at], 1, key)
          else if (seq > high - 64) assert.equal(repeats?.[at] ?? 0, 0, key)
          seen.add(key)
          newest.set(session, Math.max(high, seq))
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
        { weight: 3, arbitrary: fc.record({ jump: fc.constant(0), back: fc.integer({ min: 0, max: 63 }) }) },
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

test('a long stretch that waited on a disk is taken when it comes later, each number once', () => {
  const stretch = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, at) => ({ session: 'a', seq: from + at }))
  const dedupe = new Dedupe()
  for (const [rows, repeated] of [
    [stretch(1, 150), 0],
    [stretch(900, 1_500), 0],
    [stretch(151, 899), 0],
    [stretch(100, 1_000), 901],
    [stretch(3_000_000_000, 3_000_000_300), 0],
    [stretch(70_000, 70_500), 0],
    [stretch(70_000, 70_500), 501],
  ] as const)
    assert.equal(dedupe.check(batch(rows)).repeated, repeated)
  const fromTheMiddle = new Dedupe()
  assert.equal(fromTheMiddle.check(batch(stretch(400, 500))).repeated, 0)
  assert.equal(fromTheMiddle.check(batch(stretch(1, 500))).repeated, 101)
})

test('a row that is not believed repeats what was believed before, and makes nothing that is believed a repeat', () => {
  for (const source of ['sdk', 'cmcd', 'probe']) {
    const dedupe = new Dedupe()
    const rows = (weight: number, first: number, last: number) =>
      batch(
        Array.from({ length: last - first + 1 }, (_, at) => ({
          session: 'a',
          source,
          weight,
          seq: 2 * (first + at),
        })),
      )
    assert.equal(dedupe.check(rows(1, 1, 40)).repeated, 0)
    assert.equal(dedupe.check(rows(0, 1, 40)).repeated, 40, `${source}: the same again, not believed`)
    assert.equal(dedupe.check(rows(0, 30, 50)).repeated, 11, `${source}: only what is new`)
    assert.equal(dedupe.check(rows(1, 41, 50)).repeated, 0, `${source}: forged numbers take none away`)
  }
})

test('the two modes of CMCD, whose numbers are far apart, are told apart for as long as they run', () => {
  const rows = Array.from({ length: 2_000 }, (_, at) => [
    { session: 'a', source: 'cmcd', seq: 2 * (at + 1) },
    { session: 'a', source: 'cmcd', seq: 2 * (at + 50_000) + 1 },
  ]).flat()
  const dedupe = new Dedupe()
  assert.equal(dedupe.check(batch(rows)).repeated, 0)
  assert.equal(dedupe.check(batch(rows)).repeated, rows.length)
})

test('a session costs no more than 40 bytes, whatever gaps its numbers have', () => {
  for (const far of [2, 90, 65_000, 4_000_000_000]) {
    const table = new SequenceTable()
    const sessions = 100_000
    for (let session = 0; session < sessions; session += 1) {
      const entry = table.entry(Math.imul(session, 0x9e3779b1), session, 1)
      for (const number of [1, far, 33, far + 40]) table.seen(entry, number, 'demo')
    }
    assert.ok(table.bytes / sessions <= 40, `${table.bytes / sessions} bytes at a gap of ${far}`)
    assert.ok(table.withHoles <= HOLES_KEPT.owner)
  }
  assert.ok(BYTES_A_SEQUENCE <= 40, String(BYTES_A_SEQUENCE))
})

test('what one tenant leaves open takes no memory from another tenant', () => {
  const dedupe = new Dedupe()
  const late = [1, 2, 3].map((seq) => ({ tenant: 'honest', session: 'h', seq }))
  dedupe.check(batch([{ tenant: 'honest', session: 'h', seq: 1_000 }]))
  const flood = Array.from({ length: HOLES_KEPT.owner + 1_000 }, (_, at) => ({
    session: `x${at}`,
    seq: 65_000,
  }))
  dedupe.check(batch(flood))
  assert.equal(dedupe.check(batch(late)).repeated, 0)
  assert.equal(dedupe.check(batch(late)).repeated, 3)
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
