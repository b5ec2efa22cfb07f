import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPlayback, type Look } from './playback.ts'

/** A viewer's screen at 25 fps: what a test scripts, the playback is told frame by frame and look by look. */
function screen(framed = true) {
  const changes: { state: string; at: number }[] = []
  const playback = createPlayback((state, at) => changes.push({ state, at }))
  let now = 0
  let time_s = 0
  const run = (ms: number, more: { moving?: boolean; ahead_ms?: number; ready?: number } = {}) => {
    const { moving = true, ahead_ms = 2_000, ready = 4 } = more
    for (const until = now + ms; now < until; ) {
      now += 20
      if (moving && now % 40 === 0) {
        time_s += 0.04
        if (framed) playback.frame(now, time_s)
      }
      const look: Look = { time_s, ahead_ms, ready, decoded: Math.round(time_s * 25), framed }
      if (now % 100 === 0) playback.look(now, look)
    }
  }
  const start = () => {
    playback.event('play', now)
    run(200, { moving: false, ready: 1, ahead_ms: 0 })
    if (framed) playback.frame(now, 0)
    playback.event('playing', now)
  }
  return { changes, playback, run, start, now: () => now, seek: (to: number) => (time_s = to) }
}

const names = (changes: { state: string }[]) => changes.map((each) => each.state)

test('the start is no stall', () => {
  const { changes, start, run } = screen()
  start()
  run(2_000)
  assert.deepEqual(changes, [{ state: 'playing', at: 200 }])
})

test('a picture that stands still for lack of data is a stall from its last frame to its next', () => {
  const { changes, start, run } = screen()
  start()
  run(2_000)
  run(1_500, { moving: false, ahead_ms: 30, ready: 2 })
  run(1_000)
  assert.deepEqual(names(changes), ['playing', 'stalled', 'playing'])
  assert.ok(Math.abs(changes[1]!.at - 2_240) <= 40, `begins a frame after the last one: ${changes[1]!.at}`)
  assert.equal(changes[2]!.at, 3_720)
})

test('both sides: 150 ms too long a frame is quiet, 300 ms is a stall', () => {
  for (const [ms, expected] of [
    [160, ['playing']],
    [320, ['playing', 'stalled', 'playing']],
  ] as const) {
    const { changes, start, run } = screen()
    start()
    run(2_000)
    run(ms, { moving: false, ahead_ms: 0, ready: 2 })
    run(1_000)
    assert.deepEqual(names(changes), expected, `${ms} ms`)
  }
})

test('a slow page with data in hand is no stall until the picture has stuck for a second', () => {
  const { changes, start, run } = screen()
  start()
  run(1_000)
  run(800, { moving: false })
  run(400)
  assert.deepEqual(names(changes), ['playing'])
  run(1_300, { moving: false })
  assert.deepEqual(names(changes), ['playing', 'stalled'])
})

test('a pause is no stall, and neither is the resume', () => {
  const { changes, start, run, playback, now } = screen()
  start()
  run(1_000)
  playback.event('pause', now())
  run(3_000, { moving: false, ahead_ms: 0, ready: 2 })
  playback.event('play', now())
  run(100, { moving: false })
  run(1_000)
  assert.deepEqual(names(changes), ['playing', 'paused', 'playing'])
})

test('a seek lasts until the picture moves again, and is no stall', () => {
  const { changes, start, run, playback, now, seek } = screen()
  start()
  run(1_000)
  playback.seeking(now(), true)
  seek(30)
  run(1_200, { moving: false, ahead_ms: 0, ready: 1 })
  playback.event('seeked', now())
  playback.event('waiting', now())
  run(500, { moving: false, ahead_ms: 100, ready: 2 })
  playback.event('playing', now())
  run(1_000)
  assert.deepEqual(names(changes), ['playing', 'seeking', 'playing'])
})

test('a player that jumps while it is stalled is still stalled; a viewer who does so seeks', () => {
  for (const [byViewer, expected] of [
    [false, ['playing', 'stalled', 'playing']],
    [true, ['playing', 'stalled', 'seeking', 'playing']],
  ] as const) {
    const { changes, start, run, playback, now } = screen()
    start()
    run(1_000)
    run(700, { moving: false, ahead_ms: 0, ready: 2 })
    playback.seeking(now(), byViewer)
    run(100, { moving: false, ahead_ms: 0, ready: 2 })
    playback.event('seeked', now())
    run(1_000)
    assert.deepEqual(names(changes), expected)
  }
})

test('without frames (hidden page, old browser) media time tells', () => {
  const { changes, start, run } = screen(false)
  start()
  run(2_000)
  run(1_500, { moving: false, ahead_ms: 0, ready: 2 })
  run(2_000)
  assert.deepEqual(names(changes), ['playing', 'stalled', 'playing'])
  const stalled = changes[2]!.at - changes[1]!.at
  assert.ok(Math.abs(stalled - 1_500) <= 350, `${stalled} ms`)
})

test('a failure ends it, and playing again opens it again', () => {
  const { changes, start, run, playback, now } = screen()
  start()
  run(500)
  playback.event('failed', now())
  run(1_000, { moving: false })
  playback.event('playing', now())
  run(500)
  assert.deepEqual(names(changes), ['playing', 'failed', 'playing'])
})
