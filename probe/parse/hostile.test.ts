import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readDash } from './dash.ts'
import { readHls } from './hls.ts'
import { chunkReader, type RtmpMessage, writeMessage } from './rtmpChunks.ts'

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

test('playlists of arbitrary lines never throw', () => {
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
