import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AmfValue, readAmf, writeAmf } from './amf.ts'
import { readDash } from './dash.ts'
import { FLV_AUDIO, FLV_VIDEO, flvDemuxer, flvReader } from './flv.ts'
import { readHls } from './hls.ts'
import { readMp4 } from './mp4.ts'
import { annexBUnits, lengthPrefixedUnits, readAccessUnit } from './nalUnits.ts'
import { chunkReader, type RtmpMessage, writeMessage } from './rtmpChunks.ts'
import { readTransportStream } from './transportStream.ts'

const bytes = (maxLength = 512) => fc.uint8Array({ maxLength })

/** Cuts bytes at arbitrary places. */
const pieces = (whole: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length]
  return at.slice(1).map((end, index) => whole.subarray(at[index], end))
}

const message = fc.record({
  type: fc.constantFrom(8, 9, 18, 20),
  timestamp_ms: fc.nat(0xfffffe),
  streamId: fc.nat(1_000),
  body: fc.uint8Array({ minLength: 1, maxLength: 700 }),
})

test('RTMP messages survive chunking at any size and cutting at any place', () => {
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.nat(10_000), { maxLength: 12 }),
      (messages, chunkSize, cuts) => {
        const wire = Buffer.concat(
          messages.map((each, index) =>
            writeMessage({ ...each, body: Buffer.from(each.body) }, 3 + (index % 4), chunkSize),
          ),
        )
        const reader = chunkReader()
        reader.setChunkSize(chunkSize)
        const found: RtmpMessage[] = []
        for (const piece of pieces(wire, cuts)) {
          const step = reader.push(piece)
          assert.equal(step.broken, undefined)
          found.push(...step.messages)
        }
        assert.deepEqual(
          found.map((each) => ({ ...each, body: [...each.body] })),
          messages.map((each) => ({ ...each, body: [...each.body] })),
        )
      },
    ),
  )
})

test('the RTMP reader neither throws nor hangs on arbitrary bytes, and stays broken once it is', () => {
  fc.assert(
    fc.property(fc.array(bytes(), { maxLength: 6 }), (chunks) => {
      const reader = chunkReader()
      let broken: string | undefined
      for (const chunk of chunks) {
        const step = reader.push(chunk)
        if (broken !== undefined) assert.deepEqual(step, { messages: [], broken })
        broken = step.broken
      }
    }),
    { numRuns: 2_000 },
  )
})

test('a message that claims to be huge is refused before it is buffered', () => {
  const header = Buffer.from([3, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0])
  assert.match(chunkReader().push(header).broken ?? '', /bytes/)
})

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
        const demuxer = flvDemuxer()
        const found = pieces(wire, cuts).flatMap((piece) => demuxer.push(piece).tags)
        assert.deepEqual(
          found.map((each) => ({ ...each, body: [...each.body] })),
          tags.map((each) => ({ ...each, body: [...each.body] })),
        )
      },
    ),
  )
})

test('FLV of arbitrary bytes is told as broken, and tags of arbitrary bodies are read without throwing', () => {
  assert.match(flvDemuxer().push(Buffer.from('<html>an error page</html>')).broken ?? '', /FLV/)
  fc.assert(
    fc.property(fc.array(bytes(), { maxLength: 5 }), (chunks) => {
      const demuxer = flvDemuxer()
      demuxer.push(FLV_HEADER)
      for (const chunk of chunks) demuxer.push(chunk)
    }),
    { numRuns: 2_000 },
  )
  const body = fc.tuple(
    fc.constantFrom(0x17, 0x27, 0x1c, 0x2c, 0x90, 0x91, 0x93, 0xaf, 0xa0),
    fc.constantFrom(0, 1, 2),
    bytes(200),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(8, 9, 18), body), { maxLength: 6 }), (tags) => {
      const read = flvReader()
      for (const [type, [first, second, rest]] of tags) {
        read({ type, timestamp_ms: 0, body: Uint8Array.from([first, second, ...rest]) })
      }
    }),
    { numRuns: 2_000 },
  )
})

test('containers, NAL units and playlists of arbitrary bytes never throw', () => {
  fc.assert(
    fc.property(bytes(), bytes(), (init, segment) => {
      assert.ok(readMp4(init, segment).problem !== undefined || segment.length > 0)
      assert.ok(readTransportStream(segment).problem)
      for (const codec of ['h264', 'h265'] as const) {
        readAccessUnit(annexBUnits(segment), codec)
        readAccessUnit(lengthPrefixedUnits(segment).units, codec)
      }
    }),
    { numRuns: 1_000 },
  )
  const line = fc.oneof(
    fc.constantFrom(
      '#EXT-X-TARGETDURATION:1',
      '#EXTINF:1,',
      '#EXT-X-PART:DURATION=1',
      '#EXT-X-MAP:URI="i"',
      'a.m4s',
    ),
    fc.string({ maxLength: 60 }),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      readHls(['#EXTM3U', ...lines].join('\n'), 'http://x/a.m3u8')
      readDash(`<MPD ${lines.join(' ')}></MPD>`, 'http://x/a.mpd', 0)
    }),
    { numRuns: 500 },
  )
})
