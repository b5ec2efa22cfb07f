import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBackground, WANDERING } from './background.ts'
import { createRandom } from './random.ts'

const MINUTES = 600

/** Stalls by minute of many viewers who stall again and again. */
function stallsByMinute(unrest: number, viewers = 4000) {
  const background = createBackground({ seed: 3, stalls_per_minute: 0.1, unrest })
  const random = createRandom(5)
  const counts = new Float64Array(MINUTES)
  for (let viewer = 0; viewer < viewers; viewer += 1) {
    for (let at = 0; ; ) {
      at += background.untilStall(random, at, () => 0)
      const minute = Math.floor(at / 60_000)
      if (minute >= MINUTES) break
      counts[minute]! += 1
    }
  }
  const mean = counts.reduce((a, b) => a + b, 0) / MINUTES
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / MINUTES
  return { mean, beyond: Math.sqrt(Math.max(0, variance - mean)) / mean }
}

test('stalls keep their rate and wander from minute to minute as measured', () => {
  const even = stallsByMinute(0)
  assert.ok(Math.abs(even.mean - 400) < 10 && even.beyond < 0.025, JSON.stringify(even))
  const { whole, values } = WANDERING
  const expected = Math.hypot(whole, ...Object.values(values))
  const real = stallsByMinute(1)
  assert.ok(Math.abs(real.mean - 400) < 20, JSON.stringify(real))
  assert.ok(Math.abs(real.beyond - expected) < 0.03, `${real.beyond}, not ${expected}`)
})
