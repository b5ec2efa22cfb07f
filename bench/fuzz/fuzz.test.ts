import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestCollector } from '../../collector/testing.ts'
import { fuzzRoute, startFuzzed } from './fuzzRoute.ts'
import { requestsOf } from './requests.ts'

let it: TestCollector
before(async () => {
  it = await startFuzzed()
})
after(() => it.close())

for (const route of Object.keys(requestsOf(0)))
  test(`${route}: 1,000 generated requests, no 5xx, each refusal with a code of the catalogue`, async () => {
    const result = await fuzzRoute(it, route, { requests: 1_000, seed: 7 })
    assert.equal(result.failure, undefined)
    assert.equal(result.requests, 1_000)
  })
