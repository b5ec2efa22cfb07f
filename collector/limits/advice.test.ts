import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADVICE } from '../../schemas/beacon.ts'
import { NO_CONTENT, refusedFor } from '../http/answers.ts'
import { createServerApp } from '../http/server.ts'
import { createTally } from '../tally.ts'
import { createAdvice } from './advice.ts'
import { createTurns } from './turns.ts'

test('advice lengthens while more comes than is taken, a step in ten seconds, and goes back a step in thirty quiet ones', () => {
  const advice = createAdvice()
  const seen: string[] = []
  for (let second = 0; second <= 180; second += 1) {
    advice.look(second >= 10 && second < 45, second * 1000)
    const header = advice.header() ?? 'none'
    if (header !== seen.at(-1)?.split(' ')[1]) seen.push(`${second} ${header}`)
  }
  assert.deepEqual(seen, [
    '0 none',
    '10 interval_ms=15000',
    '20 interval_ms=20000',
    '30 interval_ms=30000',
    '74 interval_ms=20000',
    '104 interval_ms=15000',
    '134 none',
  ])
})

test('overload that comes and goes each second does not make it swing', () => {
  const advice = createAdvice()
  const seen = new Set<string | undefined>()
  for (let second = 0; second < 600; second += 1) {
    advice.look(second % 2 === 0, second * 1000)
    if (second > 40) seen.add(advice.header())
  }
  assert.deepEqual([...seen], ['interval_ms=30000'])
})

test('answers and refusals carry the advice, and pages of other origins may read it', async () => {
  let admitted = true
  const app = createServerApp({
    endpoints: [{ method: 'POST', path: '/v1/beacons', handle: () => NO_CONTENT }],
    tally: createTally(() => undefined),
    emit: () => undefined,
    overload: {
      admits: () => admitted,
      answer: () => ({ ...refusedFor('overloaded'), retryAfter: 7 }),
      look: () => undefined,
      overloaded: true,
    },
    turns: createTurns({ clock: () => 0 }),
    advice: () => 'interval_ms=20000',
    turnOf: () => 'shop',
  })
  for (const status of [204, 503]) {
    const answer = await app.inject({
      method: 'POST',
      url: '/v1/beacons?key=k',
      headers: { origin: 'https://shop.example', 'content-type': 'text/plain' },
      payload: '{}',
    })
    assert.equal(answer.statusCode, status)
    assert.equal(answer.headers[ADVICE], 'interval_ms=20000')
    assert.match(String(answer.headers['access-control-expose-headers']), new RegExp(ADVICE))
    admitted = false
  }
  await app.close()
})
