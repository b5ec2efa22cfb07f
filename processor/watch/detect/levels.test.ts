import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cells } from '../windows/view.ts'
import { Levels } from './levels.ts'

const RULE = { type: 'forecast', horizon_s: 60, window_s: 15, severity: 'critical' } as const
const CAPACITY = 1_000_000

/** A second in which one prize pool was reported so many times. */
const heard = (level: number, times: number): Cells =>
  ({
    dimensions: ['resource', 'node', 'sense'],
    values: [['prize_pool'], [''], ['stock']],
    codes: [[0], [0], [0]],
    sums: [[level * times], [CAPACITY * times]],
    rows: 1,
  }) as unknown as Cells

const judged = (seconds: readonly (readonly [level: number, times: number])[]) => {
  const levels = new Levels()
  seconds.forEach(([level, times], second) => {
    levels.read(second, heard(level, times))
  })
  return levels.judge(RULE, seconds.length, false)
}

test('a gauge that is heard twice in a second and once in the next drains nothing', () => {
  assert.deepEqual(
    judged([
      [950_000, 3],
      [950_000, 2],
      [949_000, 1],
      [949_000, 1],
    ]),
    [],
  )
})

test('a pool that loses a twentieth a second is empty soon, however often it is heard', () => {
  for (const times of [
    [1, 1, 1, 1],
    [2, 1, 3, 1],
  ]) {
    const [found] = judged([0.9, 0.85, 0.8, 0.75].map((share, at) => [share * CAPACITY, times[at]!] as const))
    assert.ok(found?.firing)
    assert.ok(Math.abs(found.seconds_left! - 15) < 1e-6, `${found.seconds_left} s left`)
  }
})
