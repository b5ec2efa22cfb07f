import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { CUE_UUID, decodeCue, encodeCue } from '../schemas/sei.ts'
import { flvReader } from './flv.ts'
import { readMp4 } from './mp4.ts'
import { annexBUnits, lengthPrefixedUnits, readAccessUnit } from './nalUnits.ts'
import { escapeNal, seiNal } from './writeNal.ts'

const START = Buffer.from([0, 0, 0, 1])
const KEY = Buffer.from([0x65, 1, 2, 3])

test('a cue inside the picture is found behind start codes and behind lengths, whatever its bytes', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 40 }),
      fc.string({ maxLength: 80 }),
      fc.nat(),
      (round, data, at) => {
        const payload = encodeCue({ round, cue: '', issued_us: at * 1_000, data })
        fc.pre(typeof payload !== 'string')
        const nal = seiNal(payload as Uint8Array)
        const behindCodes = Buffer.concat([START, nal, START, KEY])
        const length = Buffer.alloc(4)
        length.writeUInt32BE(nal.length)
        const behindLengths = Buffer.concat([length, nal, Buffer.from([0, 0, 0, KEY.length]), KEY])
        for (const units of [annexBUnits(behindCodes), lengthPrefixedUnits(behindLengths).units]) {
          const unit = readAccessUnit(units, 'h264')
          assert.equal(unit.key, true)
          assert.equal(unit.sei[0]?.uuid, CUE_UUID)
          const cue = decodeCue(CUE_UUID, unit.sei[0]?.payload ?? new Uint8Array())
          assert.equal(cue?.round, round)
          assert.equal(cue?.data, data)
        }
      },
    ),
  )
})

test('emulation prevention is undone', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 120 }), (random) => {
      const zeros = random.map((byte) => byte % 4)
      const message = Buffer.concat([
        Buffer.from([6, 5, zeros.length]),
        escapeNal(zeros),
        Buffer.from([0x80]),
      ])
      const unit = readAccessUnit([message], 'h264')
      assert.deepEqual([...(unit.sei[0]?.payload ?? [])], [...zeros.subarray(16)])
    }),
  )
})

/** A fragmented MP4 of a few frames by a real encoder, split into init segment and the rest. */
function encode(codec: 'libx264' | 'libx265', size: string): { init: Buffer; media: Buffer } {
  const file = execFileSync('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=10`, '-t', '0.5', '-c:v', codec],
    ...(codec === 'libx265' ? ['-x265-params', 'log-level=none:pools=1', '-tag:v', 'hvc1'] : []),
    ...[
      '-preset',
      'ultrafast',
      '-pix_fmt',
      'yuv420p',
      '-movflags',
      'frag_keyframe+empty_moov',
      '-f',
      'mp4',
      'pipe:1',
    ],
  ])
  const cut = file.indexOf('moof') - 4
  return { init: file.subarray(0, cut), media: file.subarray(cut) }
}

/** The payload of the first box of a type, wherever it lies. */
function boxPayload(bytes: Buffer, type: string): Buffer {
  const at = bytes.indexOf(type)
  return bytes.subarray(at + 4, at - 4 + bytes.readUInt32BE(at - 4))
}

for (const [codec, box, first, expected] of [
  ['libx264', 'avcC', 0x17, /^avc1\.[0-9a-f]{6}$/],
  ['libx265', 'hvcC', 0x1c, /^hvc1\.1\.6\.L\d+/],
] as const) {
  test(`${codec}: format and size are read alike from MP4 and from FLV's sequence header`, () => {
    const { init, media } = encode(codec, '426x238')
    const facts = readMp4(init, media)
    assert.equal(facts.problem, undefined)
    assert.equal(facts.video?.frames, 5)
    assert.deepEqual([facts.video?.width, facts.video?.height], [426, 238])
    assert.equal(facts.video?.keyFrames_ms.length, 1)
    const body = Buffer.concat([Buffer.from([first, 0, 0, 0, 0]), boxPayload(init, box)])
    const event = flvReader()({ type: 9, timestamp_ms: 0, body })
    assert.match(event.video?.codec ?? '', expected)
    assert.deepEqual([event.video?.width, event.video?.height], [426, 238])
    const cut = readMp4(init, media.subarray(0, media.length - 200))
    assert.equal(cut.truncated, true)
  })
}

test('a recovery point is a place to begin at, as in open groups of pictures and intra refresh', () => {
  const slice = Buffer.from([0x41, 1, 2, 3])
  const recovery = Buffer.from([0x06, 0x06, 0x01, 0xc4, 0x80])
  assert.equal(readAccessUnit([slice], 'h264').key, false)
  assert.equal(readAccessUnit([recovery, slice], 'h264').key, true)
  const hevc = [Buffer.from([0x4e, 0x01, 0x06, 0x01, 0xc4, 0x80]), Buffer.from([0x02, 0x01, 0xd0])]
  assert.equal(readAccessUnit(hevc, 'h265').key, true)
  assert.equal(readAccessUnit(hevc.slice(1), 'h265').key, false)
})
