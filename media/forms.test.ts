import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import type { MediaFacts } from './facts.ts'
import { flvReader } from './flv.ts'
import { type FlvTag, flvSplitter, isPicture, writeFlvTag } from './flvTags.ts'
import { isPackedAudio, readPackedAudio } from './packedAudio.ts'
import { readTransportStream, TRANSPORT_WRAP_MS } from './transportStream.ts'

const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=10']
const SOUND = ['-f', 'lavfi', '-i', 'sine=f=440:r=48000']

/** What a real ffmpeg writes to its standard output. */
const ffmpeg = (...args: string[]): Buffer =>
  execFileSync('ffmpeg', ['-v', 'error', ...args, 'pipe:1'], { maxBuffer: 64 << 20 })

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10']
const HEVC = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:pools=1:keyint=10']

const near = (value: number | undefined, expected: number, by: number, what: string) =>
  assert.ok(value !== undefined && Math.abs(value - expected) <= by, `${what}: ${value}, not ${expected}`)

function assertTwoSeconds(facts: MediaFacts, what: string) {
  assert.deepEqual([facts.problem, facts.truncated], [undefined, false], what)
  for (const part of [facts.video, facts.audio])
    if (part !== undefined) near(part.end_ms - part.start_ms, 2_000, 130, what)
}

test('MPEG-TS by ffmpeg: H.264 and H.265 with AAC, MP3, AC-3, E-AC-3, and sound alone', () => {
  const forms = [
    [[...PICTURE, ...SOUND, '-t', '2', ...H264, '-c:a', 'aac'], 'avc1', 'mp4a.40.2'],
    [[...PICTURE, ...SOUND, '-t', '2', ...HEVC, '-c:a', 'ac3'], 'hvc1', 'ac-3'],
    [[...PICTURE, ...SOUND, '-t', '2', ...H264, '-c:a', 'libmp3lame'], 'avc1', 'mp3'],
    [[...SOUND, '-t', '2', '-c:a', 'eac3'], undefined, 'ec-3'],
    [[...SOUND, '-t', '2', '-c:a', 'aac'], undefined, 'mp4a.40.2'],
    [[...PICTURE, '-t', '2', ...H264], 'avc1', undefined],
  ] as const
  for (const [args, picture, sound] of forms) {
    const facts = readTransportStream(ffmpeg(...args, '-f', 'mpegts'))
    const what = `${picture} ${sound}`
    assertTwoSeconds(facts, what)
    assert.equal(facts.video?.codec.split('.')[0], picture, what)
    assert.equal(facts.audio?.codec, sound, what)
    if (picture !== undefined) {
      assert.deepEqual([facts.video!.width, facts.video!.height, facts.video!.frames], [160, 90, 20], what)
      assert.equal(facts.video!.keyFrames_ms.length, 2, what)
    }
  }
})

test('MPEG-TS whose 33-bit time stamps begin again inside: times stay on one line', () => {
  const bytes = ffmpeg(
    ...PICTURE,
    ...SOUND,
    '-t',
    '2',
    ...H264,
    '-c:a',
    'aac',
    '-muxdelay',
    '0',
    '-output_ts_offset',
    String(TRANSPORT_WRAP_MS / 1000 - 1),
    '-f',
    'mpegts',
  )
  const facts = readTransportStream(bytes)
  assertTwoSeconds(facts, 'wrap')
  near(facts.video!.start_ms - facts.audio!.start_ms, 0, 150, 'offset')
})

test('MPEG-TS cut anywhere is truncated or has a problem, and never a perfect segment', () => {
  const bytes = ffmpeg(...PICTURE, ...SOUND, '-t', '1', ...H264, '-c:a', 'aac', '-f', 'mpegts')
  assert.equal(readTransportStream(bytes.subarray(0, bytes.length - 100)).truncated, true)
  const damaged = Buffer.from(bytes)
  damaged[188 * 5] = 0
  assert.match(readTransportStream(damaged).problem ?? '', /sync/)
})

const priv = (stamp: bigint): Buffer => {
  const owner = Buffer.from('com.apple.streaming.transportStreamTimestamp\0')
  const frame = Buffer.alloc(10 + owner.length + 8)
  frame.write('PRIV')
  frame[7] = owner.length + 8
  owner.copy(frame, 10)
  frame.writeBigUInt64BE(stamp, 10 + owner.length)
  const head = Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, frame.length])
  return Buffer.concat([head, frame])
}

test('FLV: a tag of another type is passed over where its size stands behind it, and is an end where it does not', () => {
  const header = Buffer.from('464c5601050000000900000000', 'hex')
  const picture: FlvTag = {
    type: 9,
    timestamp_ms: 40,
    body: Buffer.from([0x27, 1, 0, 0, 0, 0, 0, 0, 1, 0x41]),
  }
  const data: FlvTag = { type: 15, timestamp_ms: 0, body: Buffer.from('\0\x02\0\x01x') }
  const stream = Buffer.concat([header, writeFlvTag(data), writeFlvTag(picture)])
  const read = flvSplitter()(stream)
  assert.deepEqual([read.broken, read.tags.map(({ type }) => type)], [undefined, [15, 9]])
  stream[header.length + 11 + data.body.length + 3]! += 1
  assert.match(flvSplitter()(stream).broken ?? '', /type 15/)
})

test('packed sound: AAC, MP3, AC-3, E-AC-3 behind the ID3 time stamp', () => {
  for (const [codec, format, name] of [
    ['aac', 'adts', 'mp4a.40.2'],
    ['libmp3lame', 'mp3', 'mp3'],
    ['ac3', 'ac3', 'ac-3'],
    ['eac3', 'eac3', 'ec-3'],
  ] as const) {
    const bytes = ffmpeg(
      ...SOUND,
      '-t',
      '2',
      '-c:a',
      codec,
      '-write_xing',
      '0',
      '-id3v2_version',
      '0',
      '-f',
      format,
    )
    assert.ok(isPackedAudio(bytes), format)
    const facts = readPackedAudio(Buffer.concat([priv(90_000n * 10n), bytes]))
    assertTwoSeconds(facts, format)
    assert.equal(facts.audio?.codec, name)
    near(facts.audio!.start_ms, 10_000, 1, format)
    assert.equal(readPackedAudio(bytes.subarray(0, bytes.length - 3)).truncated, true, format)
  }
})

/** Four letters and a packet type, as Enhanced RTMP puts them in place of the old codec number. */
const enhanced = (first: number, fourCc: string, ...rest: number[]): FlvTag => ({
  type: 9,
  timestamp_ms: 40,
  body: Buffer.concat([Buffer.from([first]), Buffer.from(fourCc), Buffer.from(rest)]),
})

test('FLV by ffmpeg, and the forms of Enhanced RTMP that this ffmpeg cannot write', () => {
  const read = flvReader()
  const { tags } = flvSplitter()(ffmpeg(...PICTURE, ...SOUND, '-t', '1', ...H264, '-c:a', 'aac', '-f', 'flv'))
  const events = tags.map(read)
  assert.equal(events.filter(({ frame }) => frame?.kind === 'video').length, 10)
  assert.equal(tags.filter(isPicture).length, 10)
  const hevc = flvReader()
  const annexB = ffmpeg(...PICTURE, '-t', '1', ...HEVC, '-f', 'hevc')
  assert.ok(annexB.length > 1_000)
  const unit = [0, 0, 0, 3, 0x26, 1, 0xaf]
  // Layout: Enhanced RTMP version 2, "ExVideoTagHeader".
  assert.deepEqual(
    [
      hevc(enhanced(0x91, 'hvc1', 0, 0, 80, ...unit)).frame?.pts_ms,
      hevc(enhanced(0x93, 'hvc1', ...unit)).frame?.key,
    ],
    [120, true],
  )
  assert.equal(hevc(enhanced(0x90, 'av01', 0x81, 0x08, 0x0c, 0)).video?.codec, 'av01.0.08M.08')
  assert.deepEqual(Object.keys(hevc(enhanced(0x91, 'av01', 0x12, 0)).frame ?? {}).includes('pts_ms'), true)
  assert.equal(hevc(enhanced(0x91, 'av01', 0x12, 0)).frame?.key, true)
  assert.equal(hevc(enhanced(0xa1, 'vp09', 1, 2)).frame?.key, false)
  const modEx = enhanced(0x97, '', 2, 1, 2, 3, 0x03, ...Buffer.from('hvc1'), ...unit)
  assert.equal(hevc(modEx).frame?.key, true, 'a time stamp extension in front')
  const multitrack = enhanced(0x96, '', 0x03, ...Buffer.from('hvc1'), 0, ...unit)
  assert.equal(hevc(multitrack).frame?.key, true, 'one track of several')
  assert.equal(isPicture(enhanced(0x94, 'hvc1', 1)), false, 'metadata')
  const sound = (first: number, fourCc: string, ...rest: number[]) =>
    hevc({ ...enhanced(first, fourCc, ...rest), type: 8 })
  assert.equal(sound(0x91, 'Opus', 1, 2).audio?.codec, 'opus')
  assert.equal(sound(0x90, 'mp4a', 0x11, 0x90).audio?.codec, 'mp4a.40.2')
  assert.equal(sound(0x91, 'mp4a', 1).frame?.kind, 'audio')
})
