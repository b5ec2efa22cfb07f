import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AmfValue, readAmf, writeAmf } from './amf.ts'
import { flvReader } from './flv.ts'
import { FLV_AUDIO, FLV_VIDEO, flvSplitter } from './flvTags.ts'
import { readMp4 } from './mp4.ts'
import { annexBUnits, lengthPrefixedUnits, readAccessUnit } from './nalUnits.ts'
import { readPackedAudio } from './packedAudio.ts'
import { readTransportStream } from './transportStream.ts'

const bytes = (maxLength = 512) => fc.uint8Array({ maxLength })

/** Cuts bytes at arbitrary places. */
const pieces = (whole: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length]
  return at.slice(1).map((end, index) => whole.subarray(at[index], end))
}

const amf: fc.Arbitrary<AmfValue> = fc.letrec<{ value: AmfValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.double(),
    fc.boolean(),
    fc.string({ maxLength: 40 }),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ minLength: 1, maxLength: 10 }), tie('value'), {
      maxKeys: 4,
      noNullPrototype: false,
    }),
  ),
})).value

test('AMF0 values come back as they were written', () => {
  fc.assert(
    fc.property(fc.array(amf, { maxLength: 4 }), (values) => {
      const read = readAmf(writeAmf(values))
      assert.equal(read.broken, false)
      assert.equal(JSON.stringify(read.values), JSON.stringify(values))
    }),
  )
})

test('AMF0 cut anywhere or made of anything is told as broken, not thrown', () => {
  fc.assert(
    fc.property(fc.array(amf, { minLength: 1, maxLength: 3 }), fc.nat(), (values, cut) => {
      const wire = writeAmf(values)
      readAmf(wire.subarray(0, cut % (wire.length + 1)))
    }),
  )
  fc.assert(
    fc.property(bytes(), (wire) => void readAmf(wire)),
    { numRuns: 2_000 },
  )
  const deep = Buffer.concat([
    ...Array.from({ length: 100_000 }, () => Buffer.from([10, 0, 0, 0, 1])),
    Buffer.from([5]),
  ])
  assert.equal(readAmf(deep).broken, true)
})

const flvTag = (type: number, timestamp_ms: number, body: Uint8Array): Buffer => {
  const tag = Buffer.alloc(11 + body.length + 4)
  tag[0] = type
  tag.writeUIntBE(body.length, 1, 3)
  tag.writeUIntBE(timestamp_ms & 0xffffff, 4, 3)
  tag[7] = Math.floor(timestamp_ms / 0x1000000)
  tag.set(body, 11)
  tag.writeUInt32BE(11 + body.length, 11 + body.length)
  return tag
}
const FLV_HEADER = Buffer.from([0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0])

test('FLV tags survive cutting at any place', () => {
  const tag = fc.record({
    type: fc.constantFrom(FLV_AUDIO, FLV_VIDEO),
    timestamp_ms: fc.nat(0xffffffff),
    body: fc.uint8Array({ maxLength: 300 }),
  })
  fc.assert(
    fc.property(
      fc.array(tag, { maxLength: 8 }),
      fc.array(fc.nat(10_000), { maxLength: 12 }),
      (tags, cuts) => {
        const wire = Buffer.concat([
          FLV_HEADER,
          ...tags.map((each) => flvTag(each.type, each.timestamp_ms, each.body)),
        ])
        const split = flvSplitter()
        const found = pieces(wire, cuts).flatMap((piece) => split(piece).tags)
        assert.deepEqual(
          found.map(({ type, timestamp_ms, body }) => ({ type, timestamp_ms, body: [...body] })),
          tags.map((each) => ({ ...each, body: [...each.body] })),
        )
      },
    ),
  )
})

test('FLV of arbitrary bytes is told as broken, and tags of arbitrary bodies are read without throwing', () => {
  assert.match(flvSplitter()(Buffer.from('<html>an error page</html>')).broken ?? '', /FLV/)
  fc.assert(
    fc.property(fc.array(bytes(), { maxLength: 5 }), (chunks) => {
      const split = flvSplitter()
      split(FLV_HEADER)
      for (const chunk of chunks) split(chunk)
    }),
    { numRuns: 2_000 },
  )
  const body = fc.tuple(
    fc.constantFrom(0x17, 0x27, 0x1c, 0x2c, 0x90, 0x91, 0x93, 0x96, 0x97, 0xaf, 0xa0, 0x95, 0x97),
    fc.constantFrom(0, 1, 2),
    bytes(200),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(8, 9, 18), body), { maxLength: 6 }), (tags) => {
      const read = flvReader()
      for (const [type, [first, second, rest]] of tags) {
        read({ type, timestamp_ms: 0, body: Buffer.from([first, second, ...rest]) })
      }
    }),
    { numRuns: 2_000 },
  )
})

/** Arbitrary bytes behind headers of transport packets: a map, and streams of it. */
const inPackets = (all: Uint8Array): Buffer =>
  Buffer.concat(
    [0, 0x1000, 0x100, 0x101].map((pid, index) => {
      const packet = Buffer.alloc(188, all[index] ?? 0)
      packet.set(all.subarray(index, index + 180), 8)
      packet.set([0x47, 0x40 | (pid >> 8), pid & 255, 0x10])
      return packet
    }),
  )

test('containers, NAL units and packed sound of arbitrary bytes never throw', () => {
  fc.assert(
    fc.property(bytes(), bytes(), (init, segment) => {
      assert.ok(readMp4(init, segment).problem !== undefined || segment.length > 0)
      assert.ok(readTransportStream(segment).problem)
      readTransportStream(inPackets(segment))
      readPackedAudio(segment)
      readPackedAudio(Buffer.concat([Buffer.from('ID3\u0004\0\0'), segment]))
      for (const codec of ['h264', 'h265'] as const) {
        readAccessUnit(annexBUnits(segment), codec)
        readAccessUnit(lengthPrefixedUnits(segment).units, codec)
      }
    }),
    { numRuns: 1_000 },
  )
})
