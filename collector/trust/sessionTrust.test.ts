import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kind } from '../../schemas/kinds/kinds.ts'
import { NOW, SERVER_KEY, startTestCollector } from '../testing.ts'
import { PRIVATE_DOUBTED, PROVEN } from './addressCrowds.ts'
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
const STARTED = { seq: 1, outcome: 'started', video_startup_time_ms: 600 }
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

/** How many of a crowd's sessions are believed with a heartbeat each, ten seconds apart, round by round. */
function crowd(sessions: number, rounds: number, addressOf: (n: number) => string, it = stage()): number[] {
  return Array.from({ length: rounds }, (_, round) => {
    const believed = Array.from({ length: sessions }, (_, n) =>
      it.say(beat({ seq: round + 1 }), { session: `${addressOf(0)} ${n}`, address: addressOf(n) }),
    ).filter(isTrusted).length
    it.pass(10_000)
    return believed
  })
}

test('sessions that never come back: hardly one of an address or network is believed, whatever they report', () => {
  const networks: Record<string, (n: number) => string> = {
    'one address': () => '203.0.113.7',
    'a /24': (n) => `203.0.113.${n % 256}`,
    'a /64': (n) => `2001:db8:1:1::${n.toString(16)}`,
    'a /48': (n) => `2001:db8:1:${(n % 50_000).toString(16)}::1`,
  }
  for (const [name, address] of Object.entries(networks)) {
    const [kinds, it] = [['startup', 'heartbeat', 'interaction'] as const, stage()]
    let believed = 0
    for (let n = 0; n < 10_000; n += 1) {
      const more = { kind: kinds[n % 3]!, session: `f${n}`, address: address(n) }
      if (isTrusted(it.say({ interval_ms: 1_000, stalled_ms: 1_000, seq: 1 }, more))) believed += 1
      it.pass(5)
    }
    assert.ok(believed <= 4, `${name}: ${believed}`)
  }
})

test('beside a thousand honest sessions a network has no more than their share believed, and they all stay', () => {
  const it = stage()
  const honest = (n: number) => `198.${n % 250}.51.${Math.floor(n / 250)}`
  for (let n = 0; n < 1_000; n += 1)
    assert.equal(it.say(STARTED, { kind: 'startup', session: `h${n}`, address: honest(n) }), 100)
  const [forged] = crowd(10_000, 1, (n) => `203.0.113.${n % 256}`, it)
  assert.ok(forged! <= 5, String(forged))
  for (let n = 0; n < 1_000; n += 1)
    assert.equal(it.say(beat({ seq: 2 }), { session: `h${n}`, address: honest(n) }), 100)
})

test('an honest crowd behind one address is believed as soon as it comes back, and newcomers with it', () => {
  const it = stage()
  assert.deepEqual(
    crowd(800, 6, () => '203.0.113.7', it),
    [1, 800, 800, 800, 800, 800],
  )
  let believed = 0
  for (let n = 0; n < 100; n += 1)
    if (isTrusted(it.say(STARTED, { kind: 'startup', session: `late${n}`, address: '203.0.113.7' })))
      believed += 1
  assert.equal(believed, 100)
})

test('a lecture hall that fills up in a minute is believed from its first ten seconds on', () => {
  const it = stage()
  const apart: number[] = []
  for (let second = 0; second < 90; second += 1) {
    for (let n = 0; n < 300; n += 1) {
      const age_s = second - Math.floor(n / 5)
      if (age_s < 0 || age_s % 10 !== 0) continue
      const seq = 1 + age_s / 10
      const more = { session: `p${n}`, kind: (seq === 1 ? 'startup' : 'heartbeat') as Kind }
      if (!isTrusted(it.say(seq === 1 ? STARTED : beat({ seq }), more))) apart.push(second)
    }
    it.pass(1_000)
  }
  assert.ok(apart.length < 75, `${apart.length} of 2,400`)
  assert.ok(Math.max(...apart) < 20, String(Math.max(...apart)))
})

test('50,000 new viewers in ten seconds, 2,000 of them from one network of a carrier: nobody is set apart', () => {
  const it = stage()
  let apart = 0
  for (let n = 0; n < 50_000; n += 1) {
    const address = n % 25 === 0 ? `100.64.9.${n % 251}` : `${11 + (n % 80)}.${n % 251}.${n % 241}.9`
    if (!isTrusted(it.say(STARTED, { kind: 'startup', session: `v${n}`, address }))) apart += 1
    if (n % 5 === 0) it.pass(1)
  }
  assert.ok(apart <= 5, String(apart))
})

test('sessions that come back are bounded, too; whoever was there before stays, and other tenants are not touched', () => {
  const it = stage()
  const address = '203.0.113.7'
  const early = { session: 'early', address }
  it.say(beat({ seq: 1 }), early)
  const believed = crowd(3_000, 3, () => address, it)
  assert.deepEqual(believed, [0, PROVEN.address.least, PROVEN.address.least])
  assert.equal(it.say(beat({ seq: 2 }), early), 100)
  assert.equal(it.say(beat({ seq: 1 }), { session: 'other', address, tenant: 'other' }), 100)
  assert.equal(it.say(beat({ seq: 1 }), { session: 'elsewhere', address: '198.51.100.1' }), 100)
})

test('when another collector fails, its sessions are believed here at once; a forger that says so is not', () => {
  const it = stage()
  it.say(beat({ seq: 1 }))
  it.pass(120_000)
  let apart = 0
  for (let n = 0; n < 20_000; n += 1)
    if (
      !isTrusted(
        it.say(beat({ seq: 30 }), { session: `m${n}`, address: `${11 + (n % 80)}.${n % 251}.7.${n % 199}` }),
      )
    )
      apart += 1
  assert.ok(apart < 20, String(apart))
  const alone = stage()
  alone.say(beat({ seq: 1 }))
  alone.pass(120_000)
  let believed = 0
  for (let n = 0; n < 1_000; n += 1)
    if (isTrusted(alone.say(beat({ seq: 30 }), { session: `m${n}`, address: `203.0.113.${n % 256}` })))
      believed += 1
  assert.equal(believed, 2)
})

test('after a start, sessions that go on are believed at once, with what they kept', () => {
  const it = stage()
  for (let n = 0; n < 500; n += 1)
    for (let seq = 20; seq < 50; seq += 1)
      assert.equal(it.say(beat({ seq }), { session: `g${n}`, event_time: NOW - (50 - seq) * 10_000 }), 100)
})

test('times that a sender states make no more play believed than came', () => {
  const it = stage()
  it.say(beat({ seq: 1 }))
  it.pass(60_000)
  let believed = 0
  for (let seq = 2; seq < 182; seq += 1)
    if (isTrusted(it.say(beat({ seq }), { session: 'new', event_time: NOW - (182 - seq) * 10_000 })))
      believed += 1
  assert.ok(believed <= 7, String(believed))
})

test('a new session with more history than is believed is believed in what it says of now', () => {
  const it = stage()
  it.say(beat({ seq: 1 }))
  it.pass(120_000)
  const player = { session: 'was offline', address: '198.51.100.1' }
  const past = (seq: number) =>
    it.say(beat({ seq }), { ...player, event_time: NOW + 120_000 - (67 - seq) * 10_000 })
  const history = Array.from({ length: 60 }, (_, at) => past(at + 1)).filter(isTrusted).length
  assert.ok(history >= 6 && history <= 13, String(history))
  const again = Array.from({ length: 50 }, (_, at) => past(at + 1)).filter(isTrusted).length
  assert.equal(again, history, 'sent again, no more of it is believed')
  for (let seq = 63; seq < 100; seq += 1) {
    it.pass(10_000)
    assert.ok(isTrusted(it.say(beat({ seq }), player)), String(seq))
  }
})

test('a private address may be a proxy: doubted, and set apart with another doubt only', () => {
  const it = stage()
  const begin = (n: number, more: Partial<TrustInput> = {}) =>
    it.say(beat({ seq: 1 }), { session: `n${n}`, address: '10.0.0.1', ...more })
  for (let n = 0; n < PRIVATE_DOUBTED; n += 1) assert.equal(begin(n), 100)
  assert.equal(begin(PRIVATE_DOUBTED), 70)
  assert.ok(!isTrusted(begin(PRIVATE_DOUBTED + 1, { userAgent: 'node' })))
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

test('an audience larger than the table is no crowd', () => {
  const it = stage()
  const doubted = { sessions: 0 }
  for (let round = 0; round < 2; round += 1) {
    for (let each = 0; each < 90_000; each += 1) {
      const address = `198.${18 + (each % 2)}.${Math.floor(each / 2) % 225}.${Math.floor(each / 450)}`
      const kind = round === 0 ? 'startup' : 'heartbeat'
      const event = round === 0 ? STARTED : beat({ seq: round + 1 })
      if (it.say(event, { kind, session: `v${each}`, address }) < 100) doubted.sessions += 1
    }
    it.pass(10_000)
  }
  assert.equal(doubted.sessions, 0)
})
