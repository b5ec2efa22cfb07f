import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longTable } from './elements.ts'
import { faultsOf } from './faults.ts'
import { findingsFirst, findingsOf, type PoolRound } from './ledger.ts'
import { type OrderStep, ordersLost } from './orders.ts'

const closed: PoolRound = {
  round: 'r1',
  pool: 'box',
  tier: 'low',
  currency: 'cny',
  budget: 100,
  issued: 110,
  claimed: 90,
  expired: 10,
  returned: 10,
  doubled: 0,
  doubled_amount: 0,
}

test('a round whose budget was given out once, and where issued = claimed + expired + returned, has no finding', () => {
  assert.deepEqual(findingsOf(closed), [])
  // Sums of money are floating-point numbers.
  assert.deepEqual(
    findingsOf({ ...closed, budget: 0.3, issued: 0.1 + 0.2, claimed: 0.3, expired: 0, returned: 0 }),
    [],
  )
})

test('each thing that costs money, or breaks a promise, is found', () => {
  assert.deepEqual(findingsOf({ ...closed, doubled: 2, doubled_amount: 4 }), ['double_grant'])
  assert.deepEqual(findingsOf({ ...closed, budget: 99 }), ['over_issue'])
  assert.deepEqual(findingsOf({ ...closed, budget: 101 }), ['undistributed'])
  assert.deepEqual(findingsOf({ ...closed, claimed: 89 }), ['unbalanced'])
  assert.deepEqual(findingsOf({ ...closed, claimed: 120 }), ['over_claim'])
  assert.deepEqual(
    findingsOf({ ...closed, budget: 0 }),
    [],
    'a pool whose budget nobody booked is only balanced',
  )
})

test('of many rounds those with a finding come first, and what balances is folded away, none lost', () => {
  const rounds = Array.from({ length: 30 }, (_, at) => ({
    ...closed,
    round: `round-${at + 1}`,
    doubled: at === 19 ? 1 : 0,
  }))
  const sorted = findingsFirst(rounds.toReversed()).map(({ round }) => round)
  assert.deepEqual(sorted.slice(0, 3), ['round-20', 'round-1', 'round-2'])
  assert.equal(new Set(sorted).size, 30)
  const html = longTable(
    ['Round'],
    sorted.map((round) => [round]),
    (count) => `${count} more`,
  )
  const [open, folded] = html.split('<details><summary>22 more</summary>')
  assert.equal(open!.match(/<td/g)!.length, 8)
  assert.equal(folded!.match(/<td/g)!.length, 22)
  assert.doesNotMatch(longTable(['Round'], [['a']], String), /details/)
})

const stepsOf = (orders: readonly number[]): OrderStep[] =>
  orders.map((each, index) => ({ at_ms: index * 10_000, orders: each, sales: each * 50 }))
const spell = (from: number, to: number) => ({ began_ms: from * 10_000, ended_ms: to * 10_000 })
const flat = (length: number) => Array.from({ length }, (_, index) => 100 + (index % 2 === 0 ? 1 : -1))

test('what an incident cost in orders: the rate beside it less what was sold', () => {
  const incident = spell(8, 10)
  const lost = ordersLost(stepsOf([...flat(8), 40, 50, ...flat(8)]), [incident], [incident])!
  assert.equal(lost.compared_s, 160)
  assert.equal(lost.orders, 110)
  assert.equal(lost.sales, 110 * 50)
  // Poisson: variance 100 a step; two steps, and the mean of sixteen.
  assert.ok(Math.abs(lost.high - lost.orders - 1.96 * Math.sqrt(100 * (2 + 4 / 16))) < 1e-9)
  assert.ok(Math.abs(lost.orders - lost.low - (lost.high - lost.orders)) < 1e-9)
})

test('steps of other incidents are no example of a usual one; with too few there is no answer', () => {
  const steps = stepsOf([...flat(8), 0, 0, 50, ...flat(8)])
  const incident = spell(10, 11)
  assert.equal(ordersLost(steps, [incident], [incident, spell(8, 10)])!.orders, 50)
  assert.equal(ordersLost(stepsOf([100, 50, 100]), [spell(1, 2)], []), undefined)
  assert.equal(ordersLost([], [incident], []), undefined)
  const both = ordersLost(steps, [incident, spell(8, 11)], [])!
  assert.equal(both.orders, 250, 'a step that two incidents strike counts once')
})

test('a show that sells in pulses says how little it knows', () => {
  const pulses = [0, 0, 0, 300, 300, 300]
  const lost = ordersLost(stepsOf([...pulses, ...pulses, 0, 0, ...pulses, ...pulses]), [spell(12, 14)], [])!
  assert.ok(lost.low < 0 && lost.high > lost.orders, 'the interval holds 0')
})

test('interval: of incidents that cost nothing, at least nine in ten intervals hold 0', () => {
  let state = 7
  const random = () => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return state / 2 ** 31 - 0.5
  }
  for (const memory of [0, 0.6]) {
    let held = 0
    let level = 0
    const all = 400
    for (let run = 0; run < all; run++) {
      const noise = Array.from({ length: 80 }, () => {
        level = memory * level + 60 * (random() + random() + random())
        return 200 + level
      })
      const lost = ordersLost(stepsOf(noise), [spell(40, 46)], [])!
      if (lost.low <= 0 && lost.high >= 0) held += 1
    }
    assert.ok(held / all >= 0.9, `${held} of ${all} with a memory of ${memory}`)
  }
})

test('what no viewer felt neither costs orders nor spoils what is compared with', () => {
  const orders = stepsOf([...Array<number>(20).fill(100), 50, 50, ...Array<number>(20).fill(100)])
  const incident = (id: string, from: number, to: number, viewer_minutes: number) => ({
    id,
    show: 's',
    stream: id,
    cause: { node: id },
    severity: 'critical' as const,
    hop: 'edge' as const,
    metric: 'edge_errors' as const,
    state: 'resolved' as const,
    resolved_ms: to * 10_000,
    summary_en: id,
    summary_zh: id,
    viewers: viewer_minutes,
    began_ms: from * 10_000,
    opened_ms: from * 10_000,
    ended_ms: to * 10_000,
    viewer_minutes,
  })
  const incidents = [incident('push', 0, 42, 0), incident('cdn', 20, 22, 9)]
  const faults = faultsOf({ incidents, orders })
  const lost = Object.fromEntries(faults.map(({ lead, orders_lost }) => [lead.id, orders_lost?.orders]))
  assert.deepEqual(lost, { cdn: 100, push: undefined })
})
