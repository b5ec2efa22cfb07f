import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Arrival, playThrough } from './playhead.ts'

const options = { startBuffer_ms: 0, resumeBuffer_ms: 0, end_ms: 10_000 }
const every = (from_ms: number, step_ms: number, count: number, media_ms = step_ms): Arrival[] =>
  Array.from({ length: count }, (_, index) => ({ at_ms: from_ms + index * step_ms, media_ms }))

test('media that comes in time never stalls', () => {
  const play = playThrough([every(0, 1_000, 12)], options)
  assert.deepEqual(play, { started_ms: 0, stalls: [], stalled_ms: 0 })
})

test('a pause of the media is a stall from the moment the buffer is empty until the next piece', () => {
  const arrivals = [...every(0, 1_000, 3), { at_ms: 5_500, media_ms: 10_000 }]
  const play = playThrough([arrivals], options)
  assert.deepEqual(play.stalls, [{ at_ms: 3_000, ms: 2_500 }])
})

test('the track with the least media decides', () => {
  const play = playThrough([every(0, 1_000, 12), every(0, 1_000, 4)], options)
  assert.deepEqual(play.stalls, [{ at_ms: 4_000, ms: 6_000 }])
})

test('nothing at all never starts', () => {
  assert.deepEqual(playThrough([[]], options), { stalls: [], stalled_ms: 0, started_ms: undefined })
})

test('stalled and played time add up to the time since the start', () => {
  const arrival = fc.record({
    at_ms: fc.integer({ min: 0, max: 9_000 }),
    media_ms: fc.integer({ min: 1, max: 2_000 }),
  })
  fc.assert(
    fc.property(
      fc.array(arrival, { minLength: 1, maxLength: 20 }),
      fc.nat(1_500),
      (arrivals, startBuffer_ms) => {
        const play = playThrough([arrivals], { startBuffer_ms, resumeBuffer_ms: 0, end_ms: 10_000 })
        const media = arrivals.reduce((sum, each) => sum + each.media_ms, 0)
        if (play.started_ms === undefined) {
          assert.ok(media < startBuffer_ms)
          return
        }
        const played = 10_000 - play.started_ms - play.stalled_ms
        assert.ok(played >= -1e-9 && played <= media + 1e-9)
        const last = play.stalls.at(-1)
        const standing = last !== undefined && last.at_ms + last.ms === 10_000
        if (standing)
          assert.ok(Math.abs(played - media) < 1e-6, 'a player stands still only when all is played')
      },
    ),
  )
})
