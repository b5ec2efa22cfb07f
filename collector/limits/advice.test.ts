import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADVICE } from '../../schemas/beacon.ts'
import { sampledBounds } from '../../schemas/sampling.ts'
import { createTenants } from '../auth/tenants.ts'
import { startTestCollector } from '../testing.ts'
import { createAdvice } from './advice.ts'

const tenantOf = (secret: string) => createTenants(secret)('shop')
const sessions = (count: number) => Array.from({ length: count }, (_, at) => `viewer ${at}`)

test('advice lengthens, a step in ten seconds of overload, and goes back a step in thirty quiet ones; it samples nobody', () => {
  const advice = createAdvice()
  const seen: string[] = []
  for (let second = 0; second <= 200; second += 1) {
    advice.look(second >= 10 && second < 55, second * 1000)
    const header = advice.header(tenantOf('a'), 'viewer 1', 0) ?? 'none'
    if (header !== seen.at(-1)?.split(' ')[1]) seen.push(`${second} ${header}`)
    assert.equal(advice.weight(tenantOf('a'), 'viewer 1', 0), undefined)
  }
  assert.deepEqual(seen, [
    '0 none',
    '10 interval_ms=15000',
    '20 interval_ms=20000',
    '30 interval_ms=30000',
    '84 interval_ms=20000',
    '114 interval_ms=15000',
    '144 none',
  ])
})

test('overload that comes and goes each second does not make it swing', () => {
  const advice = createAdvice()
  const seen = new Set<string | undefined>()
  for (let second = 0; second < 600; second += 1) {
    advice.look(second % 2 === 0, second * 1000)
    if (second > 70) seen.add(advice.interval())
  }
  assert.deepEqual([...seen], ['interval_ms=30000'])
})

for (const share of [1, 0.1, 0.01])
  test(`sampling ${share * 100} %: the true number of viewers lies in the 95 % interval in at least 93 of 100 runs`, () => {
    const viewers = sessions(10_000)
    let covered = 0
    for (let run = 0; run < 100; run += 1) {
      const advice = createAdvice(() => share)
      const tenant = tenantOf(`secret ${run}`)
      let [estimate, excess] = [0, 0]
      for (const session of viewers) {
        const weight = advice.weight(tenant, session, 0) ?? 1
        estimate += weight
        excess += weight * (weight - 1)
      }
      const { low, high } = sampledBounds(estimate, excess / estimate)
      if (low <= viewers.length && viewers.length <= high) covered += 1
      assert.ok(high - low <= (share === 1 ? 0 : share === 0.1 ? 1_400 : 5_000), `${low} to ${high}`)
    }
    assert.ok(covered >= 93, String(covered))
  })

test('answers carry the advice, and heartbeats the weight that the collector vouches for, whatever a client says', async () => {
  const it = await startTestCollector({ policies: { demo: { sample: 0.25 } } })
  const beat = { kind: 'heartbeat', seq: 1, interval_ms: 10_000, played_ms: 10_000, weight: 1_000 }
  const startup = { kind: 'startup', seq: 2, outcome: 'started' }
  const headers = {
    'content-type': 'text/plain',
    'user-agent': 'Mozilla/5.0 (iPhone)',
    origin: 'https://shop.example',
  }
  const answers = new Map<string, { advice: unknown; exposed: unknown }>()
  for (const session of sessions(60)) {
    const answer = await it.post({ context: { session }, events: [beat, startup] }, { headers })
    assert.equal(answer.status, 204)
    answers.set(session, {
      advice: answer.headers[ADVICE],
      exposed: answer.headers['access-control-expose-headers'],
    })
  }
  for (const { session, weight, flags } of await it.rows('heartbeat')) {
    const { advice, exposed } = answers.get(String(session))!
    assert.equal(advice, weight === 0 ? 'interval_ms=60000, sample=0.25' : 'interval_ms=10000, sample=0.25')
    assert.ok(weight === 0 || weight === 4, String(weight))
    assert.equal((Number(flags) & 32) !== 0, weight === 0)
    assert.match(String(exposed), new RegExp(ADVICE))
  }
  assert.equal(new Set((await it.rows('heartbeat')).map(({ weight }) => weight)).size, 2)
  assert.ok((await it.rows('startup')).every(({ weight }) => weight === 1))
  await it.close()
})
