import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startupPhases } from './startupPhases.ts'

const request = (start: number, byte: number) => ({ start, dns_ms: 20, tcp_ms: 30, tls_ms: 40, byte })

test('the phases follow one another and add up to first-screen time', () => {
  const marks = {
    requested: 100,
    manifest: 100,
    media: 300,
    byte: 390,
    demuxed: 450,
    decoded: 480,
    frame: 500,
  }
  const phases = startupPhases(marks, request(100, 250), request(300, 350))
  assert.deepEqual(phases, {
    ...{ dns_ms: 20, tcp_ms: 30, tls_ms: 40, manifest_ms: 110, first_byte_ms: 50 },
    ...{ demux_ms: 100, decode_ms: 30, render_ms: 20, video_startup_time_ms: 400 },
  })
})

test('without Resource Timing the player’s own moments stand in', () => {
  const phases = startupPhases({
    requested: 0,
    manifest: 10,
    media: 200,
    byte: 260,
    decoded: 400,
    frame: 410,
  })
  assert.deepEqual(phases, {
    ...{ manifest_ms: 190, first_byte_ms: 60, decode_ms: 140, render_ms: 10, video_startup_time_ms: 410 },
  })
})

test('what was preloaded before the request to play costs the viewer nothing', () => {
  const marks = { requested: 1_000, manifest: 100, media: 300, demuxed: 450, decoded: 480, frame: 1_020 }
  assert.deepEqual(startupPhases(marks, request(100, 250), request(300, 350)), {
    ...{
      manifest_ms: 0,
      first_byte_ms: 0,
      demux_ms: 0,
      decode_ms: 0,
      render_ms: 20,
      video_startup_time_ms: 20,
    },
  })
})

test('an event that comes after the frame it tells of does not make time run back', () => {
  const phases = startupPhases({ requested: 0, media: 0, byte: 10, demuxed: 130, decoded: 120, frame: 110 })
  assert.deepEqual([phases.demux_ms, phases.decode_ms, phases.render_ms], [100, 0, 0])
})
