import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rehearse } from '../../main/rehearse.ts'
import { scenarioOf } from './scenarios.ts'

test('six quiet hours with ramps and pulses at 2,000 viewers: no page (quiet-evening)', async () => {
  const scenario = scenarioOf('quiet-evening')
  assert.equal(scenario.length_s, 6 * 3600)
  assert.equal(scenario.audience.viewers, 2000)
  const card = await rehearse({ scenario })
  assert.deepEqual(card.false_pages, [])
  assert.equal(card.pages, 0)
})
