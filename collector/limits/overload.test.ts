import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Fact } from '../../schemas/facts.ts'
import { createOverload, EVERY_MS, fairShare } from './overload.ts'

function stage() {
  const facts: Fact[] = []
  let age_ms = 0
  let turn_ms = 0
  let now = 0
  const overload = createOverload({
    emit: (fact) => void facts.push(fact),
    clock: () => now,
    batchAge_ms: () => age_ms,
    turnAge_ms: () => turn_ms,
    random: () => 0.5,
  })
  return {
    facts,
    overload,
    /** Asks so often by name until the next look; returns who was admitted how often. */
    ask(demands: Readonly<Record<string, number>>, { batch_ms = 0, waits_ms = 0, lag_ms = 0 } = {}) {
      const admitted: Record<string, number> = {}
      now += lag_ms
      for (const [name, count] of Object.entries(demands))
        for (let each = 0; each < count; each += 1)
          if (overload.admits(500, () => name)) admitted[name] = (admitted[name] ?? 0) + 1
      age_ms = batch_ms
      turn_ms = waits_ms
      now += EVERY_MS
      overload.look(now)
      return admitted
    },
  }
}

test('quiet at 599, 99 and 199 ms, refusing at 601, 101 and 201 ms', () => {
  for (const [signals, overloaded] of [
    [{ batch_ms: 599, waits_ms: 99, lag_ms: 199 }, false],
    [{ waits_ms: 101 }, true],
    [{ batch_ms: 601 }, true],
    [{ lag_ms: 201 }, true],
  ] as const) {
    const it = stage()
    it.ask({ a: 100 })
    it.ask({ a: 100 }, signals)
    it.ask({ a: 100 }, signals)
    assert.equal(it.overload.overloaded, overloaded, JSON.stringify(signals))
  }
})

test('who sends most is refused first, and a small tenant not at all', () => {
  const it = stage()
  const demands = { flood: 5_000, shop: 40, radio: 1 }
  for (let looks = 0; looks < 20; looks += 1) it.ask(demands, { batch_ms: 1_000 })
  const admitted = it.ask(demands, { batch_ms: 1_000 })
  assert.deepEqual([admitted.shop, admitted.radio], [40, 1])
  assert.ok(admitted.flood! < 1_500 && admitted.flood! >= 64, String(admitted.flood))
})

test('few large requests are refused before many small ones', () => {
  const it = stage()
  const round = () => {
    let [large, small] = [0, 0]
    for (let each = 0; each < 50; each += 1) {
      if (it.overload.admits(100_000, () => 'large')) large += 1
      for (let more = 0; more < 2; more += 1) if (it.overload.admits(200, () => 'small')) small += 1
    }
    it.ask({}, { batch_ms: 1_000 })
    return { large, small }
  }
  for (let rounds = 0; rounds < 10; rounds += 1) round()
  const { large, small } = round()
  assert.equal(small, 100)
  assert.ok(large < 40, String(large))
})

test('it refuses more while it lasts, and takes everything again after it; two facts say so', () => {
  const it = stage()
  const admitted = Array.from({ length: 60 }, () => it.ask({ a: 1_000 }, { batch_ms: 1_000 }).a!)
  assert.ok(admitted.at(-1)! < 100, String(admitted))
  for (let looks = 0; looks < 200 && it.overload.overloaded; looks += 1) it.ask({ a: 1_000 })
  assert.equal(it.ask({ a: 1_000 }).a, 1_000)
  assert.deepEqual(
    it.facts.map(({ type }) => type),
    ['overload_began', 'overload_ended'],
  )
})

test('a loop that is late because it refuses so much goes on taking more than half of what it usually takes', () => {
  const it = stage()
  for (let looks = 0; looks < 60; looks += 1) it.ask({ a: 2_000 })
  for (let looks = 0; looks < 100; looks += 1) it.ask({ a: 20_000 }, { waits_ms: 500 })
  const { a } = it.ask({ a: 20_000 }, { waits_ms: 500 })
  assert.ok(a! > 1_000 && a! < 1_300, String(a))
})

test('one pause of the machine is no overload, nor is the time until the first look', () => {
  const it = stage()
  it.ask({ a: 100 }, { lag_ms: 5_000 })
  it.ask({ a: 100 })
  it.ask({ a: 100 }, { lag_ms: 900 })
  it.ask({ a: 100 })
  assert.equal(it.overload.overloaded, false)
})

test('who is refused waits longer the more is asked, a minute at most', () => {
  const waits = [10, 1_000, 3_000, 100_000].map((count) => {
    const it = stage()
    for (let looks = 0; looks < 60; looks += 1) it.ask({ a: count }, { batch_ms: looks === 0 ? 1_000 : 601 })
    return it.overload.answer().retryAfter!
  })
  assert.equal(waits[0], 2)
  assert.deepEqual(
    waits,
    waits.toSorted((a, b) => a - b),
  )
  assert.equal(waits.at(-1), 60)
})

test('what piled up while the event loop was late came in that time: it is admitted', () => {
  const it = stage()
  for (let looks = 0; looks < 40; looks += 1) it.ask({ a: 60, b: 400 }, { batch_ms: looks < 20 ? 601 : 0 })
  it.ask({ a: 40, b: 400 }, { batch_ms: 601 })
  assert.equal(it.ask({ a: 40 * 9, b: 400 }, { lag_ms: 800 }).a, 40 * 9)
})

test('shares are fair: the sum is within the limit, and nobody with less than an equal share is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 50, max: 50_000 }),
      (demands, limit) => {
        const cap = fairShare(demands, limit)
        const sum = demands.reduce((total, demand) => total + Math.min(cap, demand), 0)
        assert.ok(sum <= Math.max(limit, demands.length))
        assert.ok(cap >= Math.floor(limit / demands.length) || cap >= Math.max(...demands))
      },
    ),
  )
})
