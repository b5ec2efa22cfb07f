import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runsOf } from './readEarlier.ts'

const MINUTE_MS = 60_000

test('shows of one name are parted by a pause of more than half an hour', () => {
  const bucket = (minute: number) => ({ from_ms: minute * MINUTE_MS, to_ms: (minute + 10) * MINUTE_MS })
  assert.deepEqual(runsOf([0, 10, 20, 60, 500, 510].map(bucket)), [
    { from_ms: 0, to_ms: 70 * MINUTE_MS },
    { from_ms: 500 * MINUTE_MS, to_ms: 520 * MINUTE_MS },
  ])
})
