import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FLAGS } from '../../schemas/envelope.ts'
import { NOW, startTestCollector } from '../testing.ts'
import { KEPT_BYTES, keepUntilReturn } from './untilReturn.ts'

const BROWSER = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15'
const PHONES = 200

test('the start of every phone behind one address counts once it comes back; of those that never do, none', async (t) => {
  let now = NOW
  const it = await startTestCollector({ clock: () => now, trustedProxies: ['127.0.0.1'] })
  t.after(() => it.close())
  const headers = { 'content-type': 'text/plain', 'user-agent': BROWSER, 'x-forwarded-for': '203.0.113.7' }
  const say = async (session: string, event: object) => {
    const body = { key: 'demo', context: { session, show: 's', stream: 'm', app: 'web' }, events: [event] }
    const { status } = await it.post(body, { headers })
    assert.equal(status, 204)
  }
  const started = (n: number) =>
    say(`phone-${n}`, { kind: 'startup', seq: 1, outcome: 'started', video_startup_time_ms: 600 + n })
  for (let n = 0; n < PHONES; n += 1) await started(n)
  for (let n = 0; n < PHONES; n += 1)
    await say(`gone-${n}`, { kind: 'startup', seq: 1, outcome: 'failed', error_category: 'network' })
  for (const seq of [2, 3]) {
    now += 10_000
    for (let n = 0; n < PHONES; n += 1)
      await say(`phone-${n}`, { kind: 'heartbeat', seq, interval_ms: 10_000, played_ms: 10_000 })
  }
  // Its answer was lost: sent again, it is a repeat like any other.
  await started(PHONES - 1)

  const starts = (await it.rows('startup')).filter(({ weight }) => weight === 1)
  const counted = new Map<unknown, number>()
  for (const { session } of starts) counted.set(session, (counted.get(session) ?? 0) + 1)
  for (let n = 0; n < PHONES - 1; n += 1) assert.equal(counted.get(`phone-${n}`), 1, `phone-${n}`)
  assert.ok([...counted.keys()].filter((name) => String(name).startsWith('gone')).length <= 2)
  const later = starts.filter(({ flags }) => (Number(flags) & FLAGS.believed_later.bit) !== 0)
  assert.ok(later.length > PHONES - 10, String(later.length))
  for (const row of later) {
    assert.equal(row.received_time, NOW + 10_000)
    assert.equal(row.event_time, NOW)
    assert.deepEqual([row.seq, row.show, row.app, row.trust], [1, 's', 'web', 100])
    assert.equal(row.video_startup_time_ms, 600 + Number(String(row.session).slice(6)))
  }
  const beats = (await it.rows('heartbeat')).filter(({ weight }) => weight === 1)
  assert.equal(beats.length, 2 * PHONES)
})

test('what is kept is bounded by network and in all, four reports a session, two minutes', () => {
  const kept = keepUntilReturn<number>()
  const keep = (session: string, network: string, received_ms: number, bytes = 1_000) =>
    kept.keep(1, { tenant: 't', session, network, bytes, received_ms })
  const held = (prefix: string, count: number, received_ms: number) =>
    Array.from({ length: count }, (_, n) => kept.take('t', `${prefix}${n}`, received_ms).length).filter(
      Boolean,
    ).length
  for (let n = 0; n < 5_000; n += 1) keep(`a${n}`, 'a', 0)
  for (let n = 0; n < 5_000; n += 1) keep(`b${n}`, 'b', 0)
  for (let each = 0; each < 10; each += 1) keep('many', 'c', 0)
  assert.deepEqual(kept.take('t', 'many', 4_000), [], 'not back yet')
  assert.equal(kept.take('other', 'many', 6_000).length, 0)
  assert.equal(kept.take('t', 'many', 6_000).length, 4)
  assert.equal(kept.take('t', 'many', 6_000).length, 0, 'once')
  assert.equal(held('a', 5_000, 6_000), KEPT_BYTES.network / 1_000)
  assert.equal(held('b', 5_000, 6_000), KEPT_BYTES.network / 1_000)
  for (let n = 0; n < 20_000; n += 1) keep(`n${n}`, `network ${n % 100}`, 70_000)
  assert.equal(held('n', 20_000, 76_000), KEPT_BYTES.all / 1_000)
  keep('late', 'd', 140_000)
  assert.equal(kept.take('t', 'late', 300_000).length, 0, 'too late')
})
