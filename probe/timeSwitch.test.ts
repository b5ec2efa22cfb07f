import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gapAfter } from './timeSwitch.ts'

const every = (from_ms: number, to_ms: number, step_ms: number, keys = 25) =>
  Array.from({ length: Math.ceil((to_ms - from_ms) / step_ms) }, (_, nth) => ({
    at_ms: from_ms + nth * step_ms,
    key: nth % keys === 0,
  }))

test('the first good frame is the first key frame after the longest gap that ends after the command', () => {
  const before = every(0, 5_000, 40)
  assert.equal(gapAfter(before, 5_000), undefined, 'nothing came after')
  assert.equal(
    gapAfter([...before, ...every(5_000, 9_000, 40)], 5_000),
    undefined,
    'the picture was never gone',
  )
  // Frames in flight still come for 0.2 s; the new encoder's first frame waits for its key frame.
  const late = [...every(5_000, 5_200, 40), { at_ms: 7_000, key: false }, ...every(7_040, 9_000, 40)]
  assert.deepEqual(gapAfter([...before, ...late], 5_000), { gap_ms: 7_040 - 5_160, first_ms: 7_040 })
  // A gap before the command is another matter.
  assert.equal(gapAfter([...every(0, 1_000, 40), ...every(3_000, 9_000, 40)], 5_000), undefined)
})

test('of segments a gap is more than two and a half of them', () => {
  const segments = every(0, 20_000, 2_000, 1)
  assert.equal(gapAfter([...segments, ...every(22_000, 30_000, 2_000, 1)], 18_500), undefined)
  assert.deepEqual(gapAfter([...segments, ...every(25_000, 31_000, 2_000, 1)], 18_500), {
    gap_ms: 7_000,
    first_ms: 25_000,
  })
})
