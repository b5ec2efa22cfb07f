import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLedger, type PlayState } from './ledger.ts'

test('a stall learnt of late is dated back, within the open interval', () => {
  const ledger = createLedger(0)
  ledger.enter('playing', 100)
  ledger.enter('stalled', 400)
  const first = ledger.take(600)
  assert.deepEqual(
    { ...first },
    {
      ...{ interval_ms: 600, played_ms: 300, stalled_ms: 200, paused_ms: 0, seeking_ms: 0 },
      ...{ fast_ms: 0, slow_ms: 0, stall_count: 1 },
    },
  )
  ledger.enter('playing', 700)
  ledger.enter('stalled', 500)
  const second = ledger.take(800)
  assert.equal(second.stalled_ms, 200, 'no further back than the interval')
  assert.equal(second.interval_ms, 200)
})

test('time played faster or slower than 1× is told apart', () => {
  const ledger = createLedger(0, 'playing')
  ledger.rate(1.3, 1_000)
  ledger.rate(0.8, 3_000)
  ledger.enter('paused', 3_500)
  const spent = ledger.take(4_000)
  assert.deepEqual([spent.played_ms, spent.fast_ms, spent.slow_ms, spent.paused_ms], [3_500, 2_000, 500, 500])
})

test('property: intervals tile the session and the parts tile each interval', () => {
  const states: PlayState[] = ['playing', 'stalled', 'paused', 'seeking']
  const step = fc.record({
    state: fc.constantFrom(...states),
    wait: fc.double({ min: 0, max: 5_000, noNaN: true }),
    back: fc.double({ min: 0, max: 3_000, noNaN: true }),
    take: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const ledger = createLedger(0.4, 'playing')
      let now = 0.4
      let sum = 0
      const check = () => {
        const spent = ledger.take(now)
        const { played_ms, stalled_ms, paused_ms, seeking_ms, interval_ms } = spent
        assert.equal(played_ms + stalled_ms + paused_ms + seeking_ms, interval_ms)
        assert.ok(Math.min(played_ms, stalled_ms, paused_ms, seeking_ms) >= 0)
        sum += interval_ms
      }
      for (const each of steps) {
        now += each.wait
        ledger.enter(each.state, now - each.back)
        if (each.take) check()
      }
      check()
      assert.equal(sum, Math.round(now) - Math.round(0.4))
    }),
  )
})
