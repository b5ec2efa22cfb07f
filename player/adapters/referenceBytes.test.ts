import assert from 'node:assert/strict'
import { test } from 'node:test'
import { referenceBytes } from './referenceBytes.ts'

const offers = [
  { height: 720, bitrate: 2_000_000, codec: 'avc1.64001f,mp4a.40.2' },
  { height: 720, bitrate: 1_400_000, codec: 'hvc1.1.6.L93.B0,mp4a.40.2' },
  { height: 1080, bitrate: 2_800_000, codec: 'hev1.1.6.L120.B0' },
]
const [h264, h265, alone] = offers

test('H.265 is held against the H.264 rendition of its height, in the ratio of the bitrates', () => {
  assert.equal(referenceBytes(7_000, h265, { offers }), 10_000)
  assert.equal(referenceBytes(7_000, h264, { offers }), 7_000, 'H.264 saves nothing')
})

test('without an H.264 rendition of the height no saving is claimed, unless the page declares one', () => {
  assert.equal(referenceBytes(7_000, alone, { offers }), 7_000)
  assert.equal(referenceBytes(7_000, alone, { offers, h264_kbps: { 1080: 4_000 } }), 10_000)
  // What the page declares is what it compares with.
  assert.equal(referenceBytes(7_000, h265, { offers, h264_kbps: { 720: 2_800 } }), 14_000)
})

test('what is not known costs what it costs', () => {
  assert.equal(referenceBytes(7_000, undefined, { offers }), 7_000)
  assert.equal(referenceBytes(7_000, { height: 720, codec: 'hvc1' }, { offers }), 7_000)
  assert.equal(
    referenceBytes(7_000, { bitrate: 1e6, codec: 'hvc1' }, { offers, h264_kbps: { 720: 2_000 } }),
    7_000,
  )
})
