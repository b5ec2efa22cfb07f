import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Arrival, playThrough } from './playhead.ts'

const options = { startBufferMs: 0, resumeBufferMs: 0, endMs: 10_000 }
const every = (fromMs: number, stepMs: number, count: number, mediaMs = stepMs): Arrival[] =>
  Array.from({ length: count }, (_, index) => ({ atMs: fromMs + index * stepMs, mediaMs }))

test('media that comes in time never stalls', () => {
  const play = playThrough([every(0, 1_000, 12)], options)
  assert.deepEqual(play, { startedMs: 0, stalls: [], stalledMs: 0 })
})

test('a pause of the media is a stall from the moment the buffer is empty until the next piece', () => {
  const arrivals = [...every(0, 1_000, 3), { atMs: 5_500, mediaMs: 10_000 }]
  const play = playThrough([arrivals], options)
  assert.deepEqual(play.stalls, [{ atMs: 3_000, ms: 2_500 }])
})

test('the track with the least media decides', () => {
  const play = playThrough([every(0, 1_000, 12), every(0, 1_000, 4)], options)
  assert.deepEqual(play.stalls, [{ atMs: 4_000, ms: 6_000 }])
})

test('nothing at all never starts', () => {
  assert.deepEqual(playThrough([[]], options), { stalls: [], stalledMs: 0 })
})

test('stalled and played time add up to the time since the start', () => {
  const arrival = fc.record({
    atMs: fc.integer({ min: 0, max: 9_000 }),
    mediaMs: fc.integer({ min: 1, max: 2_000 }),
  })
  fc.assert(
    fc.property(
      fc.array(arrival, { minLength: 1, maxLength: 20 }),
      fc.nat(1_500),
      (arrivals, startBufferMs) => {
        const play = playThrough([arrivals], { startBufferMs, resumeBufferMs: 0, endMs: 10_000 })
        const media = arrivals.reduce((sum, each) => sum + each.mediaMs, 0)
        if (play.startedMs === undefined) {
          assert.ok(media < startBufferMs)
          return
        }
        const played = 10_000 - play.startedMs - play.stalledMs
        assert.ok(played >= -1e-9 && played <= media + 1e-9)
        const last = play.stalls.at(-1)
        const standing = last !== undefined && last.atMs + last.ms === 10_000
        if (standing)
          assert.ok(Math.abs(played - media) < 1e-6, 'a player stands still only when all is played')
      },
    ),
  )
})
