import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { rehearse } from '../../main/rehearse.ts'
import { FAULT_KINDS } from '../../rehearsal/faultKinds.ts'
import type { Scorecard } from '../../rehearsal/scorecard.ts'
import { summaryOf, tellSummary } from '../../rehearsal/summary.ts'
import { varied } from '../../rehearsal/vary.ts'
import { scenarioNames, scenarioOf } from './scenarios.ts'

const names = scenarioNames().filter((name) => !name.startsWith('quiet-'))

describe('every scenario at 200 viewers', () => {
  const cards: Scorecard[] = []
  for (const name of names) {
    test(name, async () => {
      const scenario = scenarioOf(name)
      assert.equal(scenario.audience.viewers, 200)
      const card = await rehearse({ scenario })
      cards.push(card)
      assert.deepEqual(card.false_pages, [], 'nobody is paged for nothing, or twice')
      assert.equal(card.missed, 0, 'every fault is paged')
      assert.equal(card.unresolved, 0, 'every incident ends')
    })
  }

  test('pages come in time and name the hop and the cause', () => {
    const summary = summaryOf(cards)
    assert.ok(summary.faults >= 20, `${summary.faults} faults were rehearsed`)
    assert.equal(summary.paged, summary.faults, 'every fault is paged')
    assert.ok(summary.median_s <= 3, `median ${summary.median_s} s`)
    assert.ok(summary.p95_s <= 5, `p95 ${summary.p95_s} s`)
    assert.ok(summary.hop_right >= 0.95, `hop right in ${summary.hop_right}`)
    assert.ok(summary.cause_right >= 0.9, `cause exact in ${summary.cause_right}`)
    assert.equal(summary.one_page, 1, 'one page each')
    assert.equal(summary.false_pages, 0)
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
    for (const { title, faults } of cards)
      for (const { fault, paged, seconds_to_page, seconds_to_resolve, hop, cause } of faults)
        if (paged)
          console.log(
            `${title} (${fault}): page ${seconds_to_page} s, over ${seconds_to_resolve} s, ${hop} ${JSON.stringify(cause)}`,
          )
    console.log(tellSummary(summaryOf(cards)))
  })
})

test('the festival: nine faults in ten minutes, of six hops and of the ledger, between rounds, each named', async () => {
  const card = await rehearse({ scenario: scenarioOf('../shows/festival') })
  assert.deepEqual(
    card.faults.filter(({ hop_right, cause_right }) => !hop_right || !cause_right).map(({ fault }) => fault),
    [],
  )
  assert.ok(card.passed)
})

describe('two unrelated faults, fifteen seconds apart: a page each, also where the first blurs the second', () => {
  const cdn = { kind: 'cdn_outage', place: { cdn: 'cdn-b', region: 'Guangdong' } } as const
  const network = { kind: 'bandwidth_collapse', place: { isp: 'unicom' } } as const
  const version = { kind: 'player_bug', place: { player_version: '5.2.0' } } as const
  for (const [first, second] of [
    [cdn, version],
    [network, version],
  ] as const) {
    test(`${first.kind}, then ${second.kind}`, async () => {
      const card = await rehearse({
        scenario: {
          title: 'Two at once',
          length_s: 170,
          audience: { viewers: 200, interactions: 0.05 },
          faults: [
            { ...first, at_s: 120, for_s: 30, severity: 0.9 },
            { ...second, at_s: 135, for_s: 30, severity: 0.9 },
          ],
        },
      })
      assert.equal(card.pages, 2)
      assert.deepEqual(card.false_pages, [])
      const { seconds_to_page, hop_right, cause_right } = card.faults[1]!
      assert.ok(hop_right && cause_right)
      assert.ok(seconds_to_page! <= 6, `second page after ${seconds_to_page} s`)
    })
  }
})

test('chance is repeatable: the same seed gives the same scorecard, another seed another show', async () => {
  const scenario = { ...scenarioOf('cdn-everywhere'), length_s: 140 }
  const entry = await rehearse({ scenario, seed: 7 })
  const two = await rehearse({ scenario, seed: 7 })
  const other = await rehearse({ scenario, seed: 8 })
  assert.deepEqual(entry, two)
  assert.notDeepEqual(entry.happenings, other.happenings)
})

test('unseen siblings: another seed, and faults at other moments and places', async () => {
  const scenario = scenarioOf('cdn-in-one-region')
  const places = new Set<string>()
  for (const seed of [31, 32, 33, 34]) {
    const show = varied(scenario, seed)
    assert.deepEqual(show, varied(scenario, seed), 'repeatable')
    const [fault] = show.faults!
    assert.notEqual(fault!.at_s, scenario.faults![0]!.at_s)
    assert.deepEqual(Object.keys(fault!.place!), ['cdn', 'region'])
    places.add(JSON.stringify(fault!.place))
    const card = await rehearse({ scenario: show })
    assert.equal(card.pages, 1)
    assert.deepEqual(card.faults[0]!.cause, fault!.place)
  }
  assert.ok(places.size > 1, 'not always the same place')
})
