import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rehearse } from '../../main/rehearse.ts'
import type { Judge } from '../../processor/watch/incident/judge.ts'
import { scenarioOf } from './scenarios.ts'

const open = (judge: Judge) => judge.incidents.some(({ state }) => state === 'open')
const over = (judge: Judge) => judge.incidents.some(({ state }) => state === 'resolved')

/** States of an incident, and when a watcher in it is stopped and started anew from its topic and the log's last minutes. */
const STATES: Record<string, (at_s: number, judge: Judge, faultEnd: number) => boolean> = {
  'before the fault': (at_s) => at_s === 119,
  'as soon as it is open': (_, judge) => open(judge),
  'open for ten seconds': (at_s, judge) => open(judge) && at_s > 132,
  'the fault is over and the incident is not': (at_s, judge, faultEnd) => open(judge) && at_s > faultEnd + 3,
  'resolved a moment ago': (_, judge) => over(judge),
  'within the grace time': (at_s, judge) => over(judge) && at_s > 220,
}

describe('a restarted watcher pages nobody twice and misses no end', () => {
  for (const name of ['cdn-in-one-region', 'encoder-cut', 'gateway-overload']) {
    for (const [state, when] of Object.entries(STATES)) {
      test(`${name}: ${state}`, async () => {
        let restarts = 0
        const scenario = scenarioOf(name)
        const { at_s: from, for_s } = scenario.faults![0]!
        const card = await rehearse({
          scenario,
          restartAfter: (at_s, judge) => {
            if (restarts > 0 || !when(at_s, judge, from + for_s)) return false
            restarts += 1
            return true
          },
        })
        assert.equal(restarts, 1)
        assert.equal(card.pages, 1, JSON.stringify(card.false_pages))
        assert.equal(card.missed, 0)
        const ends = card.happenings.filter(({ change }) => change === 'resolved')
        assert.equal(ends.length, 1)
        assert.equal(ends[0]!.notify, 'resolve')
        assert.equal(card.unresolved, 0)
      })
    }
  }

  test('every ten seconds all through an incident', async () => {
    const card = await rehearse({
      scenario: scenarioOf('origin-5xx'),
      restartAfter: (at_s) => at_s > 115 && at_s % 10 === 0,
    })
    assert.equal(card.pages, 1, JSON.stringify(card.false_pages))
    assert.equal(card.unresolved, 0)
  })
})
