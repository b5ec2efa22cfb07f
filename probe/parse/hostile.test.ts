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

const mpd = (body: string, from = '1970-01-01T00:00:00Z') =>
  `<MPD type="dynamic" availabilityStartTime="${from}" timeShiftBufferDepth="PT20S">${body}</MPD>`
const set = (template: string) =>
  `<AdaptationSet mimeType="video/mp4">${template}<Representation id="v" bandwidth="1"/></AdaptationSet>`
const urisOf = (text: string, now_ms: number): string[] => {
  const read = readDash(text, 'http://x/live.mpd', now_ms)
  assert.ok(typeof read !== 'string', String(read))
  return read.tracks.flatMap(({ pieces }) => pieces.map(({ uri }) => uri.slice('http://x/'.length)))
}

test('times in ticks that a double cannot hold are asked for as they are written', () => {
  const now_ms = 1_795_180_020_000
  const first = 17_951_800_000_000_007n
  const text = mpd(
    `<Period id="1" start="PT0S">${set(`<SegmentTemplate timescale="10000000" media="v$Time$" presentationTimeOffset="0"><SegmentTimeline><S t="${first}" d="20000001" r="9"/></SegmentTimeline></SegmentTemplate>`)}</Period>`,
  )
  assert.deepEqual(
    urisOf(text, now_ms),
    Array.from({ length: 10 }, (_, index) => `v${first + BigInt(index) * 20_000_001n}`),
  )
  const shifted = text.replace('presentationTimeOffset="0"', `presentationTimeOffset="${first}"`)
  const local = shifted.replace('1970-01-01T00:00:00Z', '2026-11-20T12:00:00')
  const read = readDash(local, 'http://x/live.mpd', Date.UTC(2026, 10, 20, 12, 0, 20))
  assert.ok(typeof read !== 'string')
  assert.equal(read.availabilityStart_ms, Date.UTC(2026, 10, 20, 12), 'without a time zone it is UTC')
  assert.deepEqual(
    [read.tracks[0]!.pieces[0]!.uri, read.tracks[0]!.pieces[0]!.timeline_ms],
    [`http://x/v${first}`, 0],
  )
})

test('a period that is announced early, without start and duration, is not played yet', () => {
  const template = (name: string) => `<SegmentTemplate timescale="1" duration="2" media="${name}$Number$"/>`
  const now = `<Period id="1" start="PT0S">${set(template('now'))}</Period>`
  const uris = urisOf(
    mpd(`${now}<Period id="2">${set(template('later'))}</Period>`, '2026-11-20T12:00:00Z'),
    Date.UTC(2026, 10, 20, 12, 1),
  )
  assert.ok(uris.length > 0 && uris.every((uri) => uri.startsWith('now')))
})

test('media sequences up to 2^64 grow by one, and the vector of a key is the whole number', () => {
  const playlist = (first: bigint) =>
    `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:${first}\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:2,\na\n#EXTINF:2,\nb\n`
  for (const first of [0n, 7n, 1_795_180_000_000_000_000n, 2n ** 64n - 2n]) {
    const read = readHls(playlist(first), 'http://x/live.m3u8')
    assert.ok(read.type === 'media')
    const [a, b] = read.track.pieces
    assert.equal(b!.sequence - a!.sequence, 1)
    const next = readHls(playlist(first + 1n), 'http://x/live.m3u8')
    assert.ok(next.type === 'media' && next.track.pieces[0]!.sequence === b!.sequence)
    const vector = b!.key!.iv === undefined ? BigInt(b!.sequence) : Buffer.from(b!.key!.iv).readBigUInt64BE(8)
    assert.equal(vector, first + 1n)
  }
  for (const odd of ['-5', 'x', '', '1e9'])
    assert.equal(
      readHls(playlist(0n).replace('SEQUENCE:0', `SEQUENCE:${odd}`), 'http://x/l').type,
      'media',
      odd,
    )
})
