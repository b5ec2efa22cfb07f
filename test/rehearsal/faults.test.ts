import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { rehearse } from '../../main/rehearse.ts'
import { FAULT_KINDS } from '../../rehearsal/fault_kinds.ts'
import type { FaultScore } from '../../rehearsal/scorecard.ts'
import { scenarioNames, scenarioOf } from './scenarios.ts'

const names = scenarioNames().filter((name) => !name.startsWith('quiet-'))

describe('every scenario at 200 viewers', () => {
  const scores: FaultScore[] = []
  for (const name of names) {
    test(name, async () => {
      const scenario = scenarioOf(name)
      assert.equal(scenario.audience.viewers, 200)
      const card = await rehearse({ scenario })
      scores.push(...card.faults.filter(({ expected }) => expected.page))
      assert.deepEqual(card.false_pages, [], 'nobody is paged for nothing, or twice')
      assert.equal(card.missed, 0, 'every fault is paged')
      assert.equal(card.unresolved, 0, 'every incident ends')
    })
  }

  test('pages come in time and name the hop and the cause', () => {
    assert.ok(scores.length >= 20, `${scores.length} faults were rehearsed`)
    const seconds = scores.map(({ seconds_to_page }) => seconds_to_page!).sort((a, b) => a - b)
    const median = seconds[seconds.length >> 1]!
    const p95 = seconds[Math.floor(seconds.length * 0.95)]!
    const share = (right: (score: FaultScore) => boolean) => scores.filter(right).length / scores.length
    assert.ok(median <= 3, `median ${median} s`)
    assert.ok(p95 <= 5, `p95 ${p95} s`)
    assert.ok(share(({ hop_right }) => hop_right) >= 0.95, 'hop right')
    assert.ok(share(({ cause_right }) => cause_right) >= 0.9, 'cause right')
    assert.ok(
      scores.every(({ pages }) => pages === 1),
      'one page each',
    )
  })

  test('every kind of fault is rehearsed', () => {
    const rehearsed = new Set(
      names.flatMap((name) => (scenarioOf(name).faults ?? []).map(({ kind }) => kind)),
    )
    assert.deepEqual(
      FAULT_KINDS.filter((kind) => !rehearsed.has(kind)),
      [],
    )
    assert.ok(names.length >= 20)
  })

  after(() => {
    for (const { fault, seconds_to_page, seconds_to_resolve, hop, cause } of scores)
      console.log(
        `${fault}: page ${seconds_to_page} s, over ${seconds_to_resolve} s, ${hop} ${JSON.stringify(cause)}`,
      )
  })
})

test('chance is repeatable: the same seed gives the same scorecard, another seed another show', async () => {
  const scenario = { ...scenarioOf('cdn-everywhere'), length_s: 140 }
  const one = await rehearse({ scenario, seed: 7 })
  const two = await rehearse({ scenario, seed: 7 })
  const other = await rehearse({ scenario, seed: 8 })
  assert.deepEqual(one, two)
  assert.notDeepEqual(one.happenings, other.happenings)
})
