import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createClockOffset } from './clockOffset.ts'

/** One exchange with a collector whose clock is `skew` ahead, out and back taking so long. */
const exchange = (at: number, skew: number, out: number, back: number) => {
  const received_ms = at + out + skew
  return [at, { received_ms, sent_ms: received_ms + 1 }, at + out + 1 + back] as const
}

test('the least round trip counts, and half of it bounds the error', () => {
  const clock = createClockOffset()
  assert.equal(clock.reading(), undefined)
  clock.add(...exchange(1_000, 30_000, 200, 20))
  clock.add(...exchange(2_000, 30_000, 8, 6))
  clock.add(...exchange(3_000, 30_000, 10, 150))
  const { offset_ms, error_ms } = clock.reading()!
  assert.equal(error_ms, 7)
  assert.ok(Math.abs(offset_ms - 30_000) <= error_ms)
})

test('property: the true offset lies within the bound', () => {
  const delay = fc.integer({ min: 0, max: 2_000 })
  const sample = fc.tuple(delay, delay)
  fc.assert(
    fc.property(
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.array(sample, { minLength: 1, maxLength: 20 }),
      (skew, samples) => {
        const clock = createClockOffset()
        samples.forEach(([out, back], index) => {
          clock.add(...exchange(1e6 + index * 1e5, skew, out, back))
        })
        const { offset_ms, error_ms } = clock.reading()!
        assert.ok(Math.abs(offset_ms - skew) <= error_ms + 1e-6)
      },
    ),
  )
})

test('a clock that jumped is followed at once', () => {
  const clock = createClockOffset()
  clock.add(...exchange(1_000, 0, 5, 5))
  clock.add(...exchange(2_000, 60_000, 40, 40))
  assert.ok(Math.abs(clock.reading()!.offset_ms - 60_000) <= 40)
})
