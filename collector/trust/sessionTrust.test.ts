import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kind } from '../../schemas/kinds/kinds.ts'
import { NOW, SERVER_KEY, startTestCollector } from '../testing.ts'
import { CROWD } from './addressCrowds.ts'
import { isTrusted, judgeSessions, type TrustInput } from './sessionTrust.ts'

const BROWSER = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15'

/** One event after another of a session, as the collector hands them over. */
function stage() {
  const trustOf = judgeSessions()
  let now = NOW
  const say = (event: Record<string, unknown>, more: Partial<TrustInput> = {}): number =>
    trustOf({
      tenant: 't',
      session: 's',
      kind: 'heartbeat' as Kind,
      event,
      event_time: now,
      received_ms: now,
      userAgent: BROWSER,
      address: '203.0.113.7',
      clock_offset_ms: undefined,
      ...more,
    })
  return {
    say,
    pass(ms: number) {
      now += ms
    },
  }
}
const beat = (more: object = {}) => ({ interval_ms: 10_000, played_ms: 10_000, ...more })

test('an hour of play, with retries after an outage, is believed all along', () => {
  const it = stage()
  for (let seq = 1; seq <= 360; seq += 1) {
    assert.equal(it.say(beat({ seq, stalled_ms: seq % 7 === 0 ? 800 : 0 })), 100, String(seq))
    it.pass(10_000)
  }
  // Five minutes of heartbeats come at once, each with its own time.
  for (let seq = 361; seq <= 390; seq += 1)
    assert.equal(it.say(beat({ seq }), { event_time: NOW + seq * 10_000 }), 100, String(seq))
})

test('what is sent again after a lost answer is not lived twice', () => {
  const it = stage()
  for (let round = 0; round < 4; round += 1)
    for (let seq = 1; seq <= 6; seq += 1) assert.equal(it.say(beat({ seq })), 100, `${round} ${seq}`)
})

test('numbers sent backwards, or again, make no more play believed than the time allows', () => {
  const believed = (numbers: readonly number[]) => {
    const it = stage()
    return numbers.filter((seq) => isTrusted(it.say(beat({ seq })))).length
  }
  const upwards = Array.from({ length: 200 }, (_, at) => at + 1)
  const inOrder = believed(upwards)
  assert.ok(inOrder < 20, String(inOrder))
  assert.equal(believed(upwards.toReversed()), inOrder)
  assert.equal(believed(upwards.flatMap((seq) => [seq, seq])), 2 * inOrder)
  assert.equal(believed([...upwards, ...upwards]), inOrder, 'what was not believed is not believed later')
})

test('more play than the interval is long, and more intervals than time, set a session apart', () => {
  const it = stage()
  assert.ok(isTrusted(it.say(beat({ played_ms: 13_900 }))))
  assert.ok(!isTrusted(it.say(beat({ played_ms: 14_100 }))))
  const quick = stage()
  const trusts = Array.from({ length: 30 }, (_, at) => quick.say(beat({ seq: at + 1 })))
  assert.ok(trusts.slice(0, 7).every(isTrusted), 'a minute of retries may come at once')
  assert.ok(!isTrusted(trusts[7]!))
  assert.ok(trusts.slice(8).every((trust) => !isTrusted(trust)))
})

test('numbers that jump, now and behind the jump', () => {
  const it = stage()
  assert.ok(isTrusted(it.say(beat({ seq: 1 }))))
  assert.ok(isTrusted(it.say(beat({ seq: 9_000 }))))
  assert.ok(!isTrusted(it.say(beat({ seq: 65_000 }))))
  assert.ok(!isTrusted(it.say(beat({ seq: 65_001 }))))
})

test('small doubts are shown, and two of them set apart', () => {
  const it = stage()
  assert.equal(it.say(beat(), { userAgent: 'curl/8.5.0' }), 70)
  assert.equal(it.say(beat(), { userAgent: undefined }), 70)
  const clocks = stage()
  assert.equal(clocks.say(beat(), { clock_offset_ms: 0 }), 100)
  assert.equal(clocks.say(beat(), { clock_offset_ms: 299_000 }), 100)
  assert.equal(clocks.say(beat(), { clock_offset_ms: 3_600_000 }), 70)
  assert.ok(!isTrusted(clocks.say(beat(), { clock_offset_ms: 3_600_000, userAgent: 'python-requests/2' })))
})

test('a crowd behind one address: whoever was there before stays believed', () => {
  const it = stage()
  const begin = (session: string, more: Partial<TrustInput> = {}) => it.say(beat(), { session, ...more })
  assert.equal(begin('early'), 100)
  for (let each = 1; each < CROWD.doubted; each += 1) begin(`n${each}`)
  assert.equal(begin('next'), 70)
  assert.ok(!isTrusted(begin('script', { userAgent: 'node' })))
  assert.equal(begin('elsewhere', { address: '198.51.100.1' }), 100)
  it.pass(1_000)
  assert.equal(begin('early'), 100)
  for (let each = CROWD.doubted; each < CROWD.apart; each += 1) begin(`m${each}`)
  assert.ok(!isTrusted(begin('last')))
})

test('what is not believed is stored with its trust and weight 0, and counted by a fact; a server is not judged', async () => {
  const it = await startTestCollector()
  const headers = { 'content-type': 'text/plain', 'user-agent': BROWSER }
  const send = (session: string, event: object, key = 'demo') =>
    it.post({ key, context: { session }, events: [{ kind: 'heartbeat', ...event }] }, { headers })
  await send('right', beat())
  await send('wrong', beat({ played_ms: 3_600_000, stalled_ms: 3_600_000 }))
  await send('server', beat({ played_ms: 3_600_000 }), SERVER_KEY)
  const rows = await it.rows('heartbeat')
  assert.deepEqual(
    rows.map(({ session, trust, weight }) => [session, trust, weight]),
    [
      ['right', 100, 1],
      ['wrong', 0, 0],
      ['server', null, 1],
    ],
  )
  await it.close()
  const apart = it.facts.filter(({ type }) => type === 'events_set_apart')
  assert.deepEqual(apart, [{ type: 'events_set_apart', tenant: 'demo', events: 1 }])
})

test('every kind has its pace, whether numbers are named, repeated over kinds, or left out', () => {
  const believed = (event: (n: number) => Record<string, unknown>, more: Partial<TrustInput> = {}) => {
    const it = stage()
    return Array.from({ length: 1_000 }, (_, n) => it.say(event(n), more)).filter(isTrusted).length
  }
  for (const [kind, most, event] of [
    ['startup', 14, { outcome: 'failed' }],
    ['interaction', 320, { action: 'like', outcome: 'failed' }],
    ['cue', 130, { stage: 'shown' }],
    ['cohost', 250, { interval_ms: 10_000 }],
    ['heartbeat', 620, { interval_ms: 0 }],
    ['heartbeat', 62, { interval_ms: 0, stalled_ms: 1_000 }],
  ] as const)
    for (const seq of [(n: number) => n + 1, () => 0, () => undefined, (n: number) => 1_000 - n])
      assert.ok(believed((n) => ({ ...event, seq: seq(n) }), { kind }) <= most, kind)
  assert.ok(believed(() => beat(), { session: '' }) < 20, 'no session is the session of an address')
  const it = stage()
  const startups = Array.from({ length: 200 }, (_, n) => {
    it.say({ seq: n + 1 }, { kind: 'interaction' })
    return it.say({ seq: n + 1 }, { kind: 'startup' })
  })
  assert.ok(startups.filter(isTrusted).length < 20, "another kind's number is no repeat")
})

test('one row cannot outweigh an audience', () => {
  for (const [kind, event] of [
    ['heartbeat', beat({ stall_count: 60_000 })],
    ['heartbeat', beat({ frames_dropped: 4e9 })],
    ['heartbeat', beat({ bytes: 1e15 })],
    ['heartbeat', beat({ requests_failed: 1e6 })],
    ['interaction', { messages_expected: 4e9 }],
    ['cohost', { interval_ms: 10_000, freeze_ms: 60_000 }],
  ] as const)
    assert.ok(!isTrusted(stage().say(event, { kind: kind as Kind })), JSON.stringify(event))
  assert.equal(stage().say(beat({ stall_count: 9, frames_dropped: 600, bytes: 25e6 })), 100)
})

test('a crowd stays apart after its first words, and counts an IPv6 machine by its 64 bits and a network as one', () => {
  const it = stage()
  for (let each = 0; each <= CROWD.apart; each += 1)
    it.say(beat({ seq: 1 }), { session: `c${each}`, address: `2001:db8:1:1::${each.toString(16)}` })
  const last = { session: `c${CROWD.apart}`, address: '2001:db8:1:1::1' }
  it.pass(10_000)
  assert.ok(!isTrusted(it.say(beat({ seq: 2 }), last)))
  assert.equal(it.say(beat({ seq: 2 }), { session: 'c1', address: '2001:db8:1:1::1' }), 100)
  const network = stage()
  for (let each = 0; each <= 20 * CROWD.doubted; each += 1)
    network.say(beat({ seq: 1 }), { session: `n${each}`, address: `203.0.113.${each % 256}` })
  assert.equal(network.say(beat({ seq: 1 }), { session: 'next', address: '203.0.113.255' }), 70)
})

test('an audience larger than the table is no crowd', () => {
  const it = stage()
  const doubted = { sessions: 0 }
  for (let round = 0; round < 2; round += 1) {
    for (let each = 0; each < 90_000; each += 1) {
      const address = `198.${Math.floor(each / 51_200) + 18}.${Math.floor(each / 200) % 256}.${each % 200}`
      if (it.say(beat({ seq: round + 1 }), { session: `v${each}`, address }) < 100) doubted.sessions += 1
    }
    it.pass(10_000)
  }
  assert.equal(doubted.sessions, 0)
})
