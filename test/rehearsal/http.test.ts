import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rehearse } from '../../main/rehearse.ts'
import { overHttp } from './overHttp.ts'
import { scenarioOf } from './scenarios.ts'

const START = Date.UTC(2026, 10, 21, 12)

test('through HTTP, the log and the watcher, a rehearsal gives the same scorecard', async () => {
  const original = scenarioOf('cdn-in-one-region')
  const faults = original.faults!.map((fault) => ({ ...fault, at_s: 70, for_s: 25 }))
  const scenario = { ...original, faults, length_s: 115 }
  const straight = await rehearse({ scenario, start_time: START })
  let path: Awaited<ReturnType<typeof overHttp>> | undefined
  const real = await rehearse({
    scenario,
    start_time: START,
    async path(judge) {
      path = await overHttp(judge, START)
      return path
    },
  }).catch(async (error: unknown) => {
    await path?.close()
    throw error
  })
  assert.ok(straight.passed)
  assert.ok(path!.requests > 3000, `${path!.requests} requests`)
  const reported = (card: typeof real) =>
    card.happenings.map(({ at_ms, change, incident: { id, hop, cause, summary_en } }) => ({
      at_ms,
      change,
      id,
      hop,
      cause,
      summary_en,
    }))
  assert.deepEqual(reported(real), reported(straight))
  assert.deepEqual({ ...real, happenings: [] }, { ...straight, happenings: [] })
})
