import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fairnessOf } from './fairness.ts'

const shown = (app: string, since_ms: number, more = {}) => ({
  ...{ round: 'r1', app, since_ms, skew_ms: 0, clock_error_ms: 20 },
  ...more,
})

test('by round: who was first and last, why, and what each would have to wait', () => {
  const [round, ...more] = fairnessOf([shown('shop', 2_000), shown('news', 5_000), shown('video', 2_400)])
  assert.deepEqual(more, [])
  assert.deepEqual(round, {
    round: 'r1',
    first_ms: 2_000,
    spread_ms: 3_000,
    last: 'news',
    because: 'picture',
    offsets: [
      { app: 'shop', wait_ms: 3_000 },
      { app: 'video', wait_ms: 2_600 },
      { app: 'news', wait_ms: 0 },
    ],
  })
})

test('a page that shows a round after its frame is the page’s delay; what clocks cannot tell is nobody’s', () => {
  const [page] = fairnessOf([shown('shop', 2_000), shown('news', 4_000, { skew_ms: 1_500 })])
  assert.equal(page!.because, 'page')
  const [clocks] = fairnessOf([shown('shop', 2_000), shown('news', 2_100, { clock_error_ms: 90 })])
  assert.equal(clocks!.because, 'clocks')
})

test('a round that one app showed is compared with nobody', () => {
  assert.deepEqual(fairnessOf([shown('shop', 2_000), shown('news', 2_000, { round: 'r2' })]), [])
})
