import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHouseClock } from './clock.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const TRUE_MS = Date.UTC(2026, 0, 10)

/** A machine: true time goes on, the wall clock is off by `off_ms`, and sleep stops the monotonic clock. */
function machine({ off_ms = 0, known_ms }: { off_ms?: number; known_ms?: number } = {}) {
  let passed = 0
  let asleep = 0
  const state = { off_ms }
  const clock = createHouseClock({
    wall: () => TRUE_MS + passed + state.off_ms,
    monotonic: () => passed - asleep,
    awake: () => passed,
    known_ms,
  })
  return {
    clock,
    state,
    true_ms: () => TRUE_MS + passed,
    pass(ms: number) {
      for (let left = ms; left > 0; left -= 500) {
        passed += Math.min(500, left)
        clock.now()
      }
    },
    sleep(ms: number) {
      passed += ms
      asleep += ms
    },
    error_ms: () => clock.now() - TRUE_MS - passed,
  }
}

for (const jump_ms of [HOUR, -HOUR, 400 * DAY, -400 * DAY]) {
  test(`a jump by ${jump_ms / HOUR} h for 8 s changes no time, is reported meanwhile, and is over with it`, () => {
    const { clock, state, pass, error_ms } = machine()
    pass(60_000)
    state.off_ms = jump_ms
    for (let second = 0; second < 8; second += 1) {
      pass(1_000)
      assert.equal(error_ms(), 0)
      assert.match(clock.problem() ?? '', /jumped by/)
      assert.equal(clock.confirmed(), false)
    }
    state.off_ms = 0
    pass(500)
    assert.equal(clock.problem(), undefined)
    assert.equal(error_ms(), 0)
  })

  test(`a jump by ${jump_ms / HOUR} h that lasts is over at once when the clock is right again`, () => {
    const { clock, state, pass, error_ms } = machine()
    pass(60_000)
    state.off_ms = jump_ms
    pass(120_000)
    assert.notEqual(clock.problem(), undefined)
    assert.equal(error_ms(), Math.abs(jump_ms) > DAY ? 0 : jump_ms)
    assert.ok(Math.abs(clock.known_ms() - TRUE_MS - 180_000) < 1, 'a restart is compared with the right time')
    state.off_ms = 0
    pass(500)
    assert.equal(error_ms(), 0)
    assert.equal(clock.problem(), undefined)
  })
}

test('a jump that stays is followed, reported for five minutes, and ages nothing for a day', () => {
  const { clock, state, pass, error_ms } = machine({ known_ms: TRUE_MS - 10_000 })
  assert.equal(clock.confirmed(), true)
  state.off_ms = HOUR
  pass(31_000)
  assert.equal(error_ms(), HOUR)
  pass(200_000)
  assert.match(clock.problem() ?? '', /was set by \+3600 s/)
  pass(100_000)
  assert.equal(clock.problem(), undefined)
  assert.equal(clock.confirmed(), false)
  pass(DAY)
  assert.equal(clock.confirmed(), true)
})

test('small corrections are followed and never turn time back', () => {
  const { clock, state, pass, error_ms } = machine()
  pass(1_000)
  const before = clock.now()
  state.off_ms = -900
  assert.equal(clock.now(), before)
  pass(2_000)
  assert.equal(error_ms(), -900)
  assert.equal(clock.problem(), undefined)
})

test('a machine that slept has not jumped', () => {
  const { clock, pass, sleep, error_ms } = machine()
  pass(5_000)
  sleep(8 * HOUR)
  assert.equal(error_ms(), 0)
  assert.equal(clock.problem(), undefined)
  pass(5_000)
  assert.equal(error_ms(), 0)
})

for (const off_ms of [400 * DAY, -400 * DAY, -HOUR]) {
  test(`a start with a clock off by ${off_ms / HOUR} h goes on from the last known time until the clock is right`, () => {
    const down_ms = 20_000
    const { clock, state, pass, error_ms } = machine({ off_ms, known_ms: TRUE_MS - down_ms })
    pass(20_000)
    assert.equal(error_ms(), -down_ms)
    assert.match(clock.problem() ?? '', /confirm it with/)
    assert.equal(clock.confirmed(), false)
    state.off_ms = 0
    pass(500)
    assert.equal(error_ms(), 0)
    assert.equal(clock.problem(), undefined)
  })
}

test('a start after a month or a first start is believed and drops nothing for its age before a day', () => {
  for (const known_ms of [undefined, TRUE_MS - 20 * DAY]) {
    const { clock, pass, error_ms } = machine({ known_ms })
    assert.equal(error_ms(), 0)
    assert.equal(clock.problem(), undefined)
    assert.equal(clock.confirmed(), false)
    pass(DAY + 1_000)
    assert.equal(clock.confirmed(), true)
  }
})

test('another machine that agrees with the wall clock ends the doubt; one that agrees with neither is reported', () => {
  const { clock, state, pass, true_ms, error_ms } = machine({ known_ms: TRUE_MS - 60 * DAY })
  assert.match(clock.problem() ?? '', /last time known/)
  clock.witness('the store', true_ms())
  assert.equal(clock.problem(), undefined)
  assert.equal(error_ms(), 0)
  pass(5_000)
  state.off_ms = HOUR
  pass(2_000)
  clock.witness('the store', true_ms())
  assert.equal(error_ms(), 0)
  assert.match(clock.problem() ?? '', /jumped/)
  state.off_ms = 0
  pass(500)
  clock.witness('the store', true_ms() + HOUR)
  assert.match(clock.problem() ?? '', /the clock of the store differs by \+3600 s/)
  clock.witness('the store', true_ms())
  assert.equal(clock.problem(), undefined)
})
