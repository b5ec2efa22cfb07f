import assert from 'node:assert/strict'
import { test } from 'node:test'
import { captionOf, gapsOf, nearestPoint } from './chartRow.ts'

const points = [
  [0, 30],
  [10_000, 30],
  [20_000, null],
  [30_000, null],
  [40_000, 25],
] as const

test('a caption expires after two steps: then it says since when, and what it was', () => {
  assert.deepEqual(captionOf({ points }, 60_000), { value: 25 })
  assert.deepEqual(captionOf({ points }, 61_000), { silent_ms: 21_000, was: 25 })
  assert.deepEqual(captionOf({ points: [] }, 61_000), {})
})

test('gaps are found between known points and at the end, short ones are none', () => {
  assert.deepEqual(gapsOf({ points }, 50_000), [{ from_ms: 10_000, to_ms: 40_000 }])
  assert.deepEqual(gapsOf({ points }, 100_000).at(-1), { from_ms: 40_000, to_ms: 100_000 })
  assert.deepEqual(gapsOf({ points, step_ms: 30_000 }, 100_000), [])
})

test('under the pointer stands a known point near it, or nothing', () => {
  assert.deepEqual(nearestPoint({ points }, 4_000), [0, 30])
  assert.equal(nearestPoint({ points }, 90_000), undefined)
})
