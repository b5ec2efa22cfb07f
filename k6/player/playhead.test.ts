import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBitrateChooser } from './bitrate.ts'
import { chromiumResume_ms, createPlayhead } from './playhead.ts'
import { readMedia, readVariants, resolve } from './playlist.ts'

test('the start is no stall, and a stall lasts from the last frame to the next', () => {
  const head = createPlayhead({ requestedAt: 1_000 })
  head.advance(1_900)
  assert.equal(head.state(), 'starting')
  head.arrive(2_000, 1_000)
  assert.equal(head.startedAt(), 2_000)
  head.arrive(2_500, 1_000)
  head.advance(5_000)
  assert.equal(head.state(), 'stalled')
  head.arrive(5_500, 1_000)
  assert.equal(head.state(), 'playing')
  assert.equal(head.stalls(), 1)
  assert.equal(head.stalled_ms(), 1_500)
  assert.deepEqual(head.take(6_000), {
    interval_ms: 5_000,
    played_ms: 2_500,
    stalled_ms: 1_500,
    stall_count: 1,
  })
  assert.deepEqual(head.take(6_100), { interval_ms: 100, played_ms: 100, stalled_ms: 0, stall_count: 0 })
})

test('as in Chromium, each stall asks for more before it is over', () => {
  assert.deepEqual([1, 2, 3, 4, 5].map(chromiumResume_ms), [400, 800, 1_600, 3_000, 3_000])
  const head = createPlayhead({ requestedAt: 0, resume_ms: chromiumResume_ms })
  head.arrive(0, 1_000)
  head.arrive(2_000, 300)
  assert.equal(head.state(), 'stalled')
  head.arrive(2_100, 100)
  assert.equal(head.state(), 'playing')
  assert.equal(head.stalled_ms(), 1_100)
})

test('the line decides the variant: down at once, up with room to spare', () => {
  const variants = [2_000, 1_000, 400].map((kbps) => ({ uri: `${kbps}`, kbps, height: 0 }))
  const chooser = createBitrateChooser()
  assert.equal(chooser.choose(variants, 0), 0)
  chooser.measured(100_000, 1_000)
  assert.ok(Math.abs(chooser.kbps() - 800) < 1)
  assert.equal(chooser.choose(variants, 0), 2)
  for (let index = 0; index < 40; index++) chooser.measured(200_000, 1_000)
  assert.equal(chooser.choose(variants, 2), 1)
  chooser.measured(100, 1)
  assert.ok(chooser.kbps() < 2_000, 'a tiny answer says nothing about the line')
})

test('playlists are read as ffmpeg writes them', () => {
  const master =
    '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=400400,RESOLUTION=320x180,CODECS="avc1,mp4a"\n0/index.m3u8\n'
  assert.deepEqual(readVariants(master, 'http://h:1/a/master.m3u8?x=1'), [
    { uri: 'http://h:1/a/0/index.m3u8', kbps: 400.4, height: 180 },
  ])
  const media = readMedia(
    [
      '#EXTM3U',
      '#EXT-X-TARGETDURATION:1',
      '#EXT-X-MEDIA-SEQUENCE:7',
      '#EXT-X-MAP:URI="init.mp4"',
      '#EXT-X-PROGRAM-DATE-TIME:2026-11-20T12:00:00.000+0000',
      '#EXTINF:1.000000,',
      '7.m4s',
      '#EXTINF:0.5,',
      '/b/8.m4s?t=1',
    ].join('\n'),
    'http://h:1/a/0/index.m3u8',
  )
  const filmed_ms = Date.UTC(2026, 10, 20, 12)
  const init = 'http://h:1/a/0/init.mp4'
  assert.deepEqual(media, {
    target_ms: 1_000,
    ended: false,
    segments: [
      { sequence: 7, uri: 'http://h:1/a/0/7.m4s', duration_ms: 1_000, filmed_ms, init },
      { sequence: 8, uri: 'http://h:1/b/8.m4s?t=1', duration_ms: 500, filmed_ms: filmed_ms + 1_000, init },
    ],
  })
  assert.equal(readMedia('<html>', 'http://h'), undefined)
  for (const [uri, expected] of [
    ['../x.m4s', 'http://h/x.m4s'],
    ['http://o/y', 'http://o/y'],
    ['//o/y', 'http://o/y'],
    ['./z?a=../b', 'http://h/a/z?a=../b'],
  ] as const) {
    assert.equal(resolve(uri, 'http://h/a/i.m3u8'), expected)
  }
})

test('variants of sound alone are played where there is no picture, and not beside one', () => {
  const line = (more: string, uri: string) => `#EXT-X-STREAM-INF:BANDWIDTH=96000${more}\n${uri}`
  const sound = line(',CODECS="mp4a.40.2"', 'sound.m3u8')
  const picture = line(',CODECS="mp4a.40.2,hvc1.1.6.L93.B0",RESOLUTION=1280x720', 'picture.m3u8')
  const unsaid = line('', 'unsaid.m3u8')
  const uris = (...lines: string[]) =>
    readVariants(`#EXTM3U\n${lines.join('\n')}\n`, 'http://x/').map(({ uri }) => uri.replace('http://x/', ''))
  assert.deepEqual(uris(sound), ['sound.m3u8'])
  assert.deepEqual(uris(sound, picture), ['picture.m3u8'])
  assert.deepEqual(uris(unsaid, picture), ['unsaid.m3u8', 'picture.m3u8'], 'what does not say may have one')
})
