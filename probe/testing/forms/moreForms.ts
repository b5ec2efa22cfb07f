import type { ProbeReason } from '../../../schemas/probeReasons.ts'
import {
  type Encoding,
  MORE_ENCODING_NAMES,
  type MoreEncodingName,
  makeCommonEncryption,
  makeEncoding,
} from './encodings.ts'
import { type Encodings, type Form, ladder, live, numberOf, STREAM } from './hlsForms.ts'
import type { Ask, Handler } from './liveServer.ts'
import { moreDashForms } from './moreDashForms.ts'

/** Lets a handler see a playlist's text before it is sent. */
const edited =
  (handler: Handler, edit: (text: string, ask: Ask) => string): Handler =>
  (ask) => {
    const reply = handler(ask)
    return reply === undefined || !/\.m3u8$/.test(ask.path)
      ? reply
      : { ...reply, body: edit(reply.body.toString(), ask) }
  }

/** The first packets of a segment, which hold its tables (PAT, PMT), and the segment without them. */
function withoutTables(bytes: Buffer): { tables: Buffer; media: Buffer } {
  const packets = Array.from({ length: bytes.length / 188 }, (_, index) =>
    bytes.subarray(index * 188, index * 188 + 188),
  )
  const isTable = (packet: Buffer) => [0, 17, 0x1000].includes(packet.readUInt16BE(1) & 0x1fff)
  return {
    tables: Buffer.concat(packets.filter(isTable).slice(0, 3)),
    media: Buffer.concat(packets.filter((each) => !isTable(each))),
  }
}

/** Forms that public bug reports and the standards name, beside the short matrix: `npm run bench -- forms`. */
export async function moreForms(all: Encodings, folder: string, clock: () => number): Promise<Form[]> {
  const more = Object.fromEntries(
    await Promise.all(MORE_ENCODING_NAMES.map(async (name) => [name, await makeEncoding(name, folder)])),
  ) as Record<MoreEncodingName, Encoding>
  const cenc = await makeCommonEncryption(folder)
  return [...moreHlsForms({ ...more, cenc }, all, clock), ...moreDashForms(all, cenc, clock)]
}

function moreHlsForms(
  more: Record<MoreEncodingName | 'cenc', Encoding>,
  all: Encodings,
  clock: () => number,
): Form[] {
  const healthy = (name: string, handle: Handler, change: Partial<Form> = {}): Form => ({
    name: `hls: ${name}`,
    entry: 'live.m3u8',
    reason: '',
    handle,
    ...change,
  })
  const sick = (name: string, reason: ProbeReason, handle: Handler): Form => ({
    name: `hls sick: ${name}`,
    entry: 'live.m3u8',
    reason,
    handle,
  })
  const ts = live(all.ts, 'ts')
  const headed = (...head: string[]) => live(all.ts, 'ts', { head })
  const tables = withoutTables(all.ts.segments[0]!.bytes).tables
  const mp4 = Buffer.concat([all.fmp4.init!, ...all.fmp4.segments.map(({ bytes }) => bytes)])
  const placeOf = (number: number) =>
    all.fmp4.init!.length +
    all.fmp4.segments.slice(0, number).reduce((sum, { bytes }) => sum + bytes.length, 0)
  const sequenced = (base: bigint): Handler =>
    edited(ts, (text) =>
      text.replace(/MEDIA-SEQUENCE:(\d+)/, (_, number) => `MEDIA-SEQUENCE:${base + BigInt(number)}`),
    )
  /** Dated in a zone so many hours ahead, written as given. */
  const dated =
    (zone: string, hours: number): Handler =>
    (ask) =>
      edited(live(all.ts, 'ts', { dated_ms: hours * 3_600_000, now_ms: clock() }), (text) =>
        text.replace(/(DATE-TIME:\S+)Z/g, `$1${zone}`),
      )(ask)
  return [
    healthy('open groups of pictures', live(more.ts_open_gop, 'ts')),
    healthy('intra refresh: recovery points, no IDR', live(more.ts_intra_refresh, 'ts')),
    healthy('MPEG-2 video and MP2', live(more.ts_mpeg2, 'ts')),
    healthy('interlaced', live(more.ts_interlaced, 'ts')),
    healthy('Opus in MPEG-TS', live(more.ts_opus, 'ts')),
    healthy('AAC in LATM', live(more.ts_latm, 'ts')),
    healthy('slides, a picture a second', live(more.ts_slides, 'ts')),
    healthy('29.97 pictures a second, B pictures, sound at 22 kHz', live(more.ts_ntsc, 'ts')),
    healthy('VP9 and Opus in MP4', live(more.fmp4_vp9_opus, 'm4s')),
    healthy('FLAC in MP4', live(more.fmp4_flac, 'm4s')),
    healthy('E-AC-3 in MP4', live(more.fmp4_eac3, 'm4s')),
    healthy(
      'Common Encryption (SAMPLE-AES-CTR) in MP4',
      live(more.cenc, 'm4s', {
        head: [
          '#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="data:text/plain;base64,AAAA",KEYFORMAT="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",KEYFORMATVERSIONS="1"',
        ],
      }),
      { notice: 'encrypted_not_inspected' },
    ),
    healthy(
      'two DRM systems and a clear advertisement',
      live(more.cenc, 'm4s', {
        before: (number) =>
          number % 4 === 0
            ? ['#EXT-X-KEY:METHOD=NONE']
            : [
                '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://a",KEYFORMAT="com.apple.streamingkeydelivery"',
                '#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="data:,x",KEYFORMAT="com.microsoft.playready"',
              ],
      }),
      { notice: 'encrypted_not_inspected' },
    ),
    healthy('a media sequence of microseconds since 1970', sequenced(1_795_180_000_000_000n)),
    healthy('a media sequence of nanoseconds since 1970', sequenced(1_795_180_000_000_000_000n)),
    healthy(
      'boxes before each fragment: styp, prft, emsg, free',
      live(all.fmp4, 'm4s', {}, (bytes) => Buffer.concat([FRONT_BOXES, bytes])),
    ),
    healthy('a last box that says it goes to the end', live(all.fmp4, 'm4s', {}, openEnded)),
    healthy('dates with a zone of four digits', dated('+0800', 8)),
    healthy('dates without a zone', dated('', 0)),
    healthy(
      'a comment between the keys of two DRM systems',
      live(more.cenc, 'm4s', {
        head: [
          '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://a",KEYFORMAT="com.apple.streamingkeydelivery"',
          '## the same key for others',
          '#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="data:,x",KEYFORMAT="com.microsoft.playready"',
        ],
      }),
      { notice: 'encrypted_not_inspected' },
    ),
    healthy('relative addresses that go up and down', (ask) =>
      ask.path.endsWith('.ts')
        ? ts({ ...ask, path: ask.path.replace('x/', '') })
        : live(all.ts, 'ts', { uri: (number) => `./x/../x/./s${number}.ts?a=/../b#t=1` })(ask),
    ),
    healthy(
      'an event playlist',
      headed('#EXT-X-PLAYLIST-TYPE:EVENT', '#EXT-X-INDEPENDENT-SEGMENTS', '#EXT-X-START:TIME-OFFSET=-3'),
    ),
    healthy(
      'cue tags, date ranges, bit rates, comments',
      live(all.ts, 'ts', {
        head: [
          '## made by hand',
          '#EXT-X-ALLOW-CACHE:NO',
          '#EXT-X-DATERANGE:ID="ad",START-DATE="2026-11-27T00:00:00Z",SCTE35-OUT=0xFC30',
        ],
        before: (number) => [
          `#EXT-X-BITRATE:200`,
          number % 3 ? '#EXT-X-CUE-OUT-CONT:1/30' : '#EXT-X-CUE-OUT:DURATION=30',
          '',
        ],
      }),
    ),
    healthy(
      'EXTINF rounded, without a comma',
      edited(ts, (text) => text.replace(/#EXTINF:[\d.]+,/g, '#EXTINF:1')),
    ),
    healthy(
      'spaces behind tags and lines',
      edited(ts, (text) => text.replace(/(#EXTINF|DURATION|SEQUENCE):/g, '$1: ').replace(/\n/g, ' \t\n')),
    ),
    healthy('addresses with spaces and other letters', (ask) =>
      ask.path.endsWith('.ts')
        ? ts({ ...ask, path: `s${numberOf(ask.path)}.ts` })
        : live(all.ts, 'ts', { uri: (number) => `直播 a/b%20c+d[1]-${number}.ts` })(ask),
    ),
    healthy('tables in EXT-X-MAP, none in the segments', (ask) =>
      ask.path === 'tables.ts'
        ? { body: tables }
        : live(
            all.ts,
            'ts',
            { head: ['#EXT-X-MAP:URI="tables.ts"'] },
            (bytes) => withoutTables(bytes).media,
          )(ask),
    ),
    healthy('one MP4 file: byte ranges of init segment and media', (ask) =>
      ask.path === 'all.mp4'
        ? { body: mp4 }
        : live({ ...all.fmp4, init: undefined }, 'm4s', {
            head: [`#EXT-X-MAP:URI="all.mp4",BYTERANGE="${all.fmp4.init!.length}@0"`],
            uri: () => 'all.mp4',
            before: (number) => [
              `#EXT-X-BYTERANGE:${all.fmp4.segments[number]?.bytes.length ?? 0}@${placeOf(number)}`,
            ],
          })(ask),
    ),
    healthy('every segment redirected to another path', (ask) =>
      ask.path.endsWith('.ts') && !ask.path.startsWith('edge/')
        ? { body: '', status: 307, headers: { location: `edge/${ask.path}` } }
        : ts({ ...ask, path: ask.path.replace(/^edge\//, '') }),
    ),
    healthy(
      'a master with session keys, I-frame playlists, closed captions and no CODECS',
      ladder(
        [
          '#EXT-X-VERSION:6',
          '#EXT-X-INDEPENDENT-SEGMENTS',
          '#EXT-X-SESSION-DATA:DATA-ID="x",VALUE="a,b=c"',
          '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="en",INSTREAM-ID="CC1"',
          '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="in",NAME="en",DEFAULT=YES',
          '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1000,URI="i.m3u8"',
          '#EXT-X-STREAM-INF: AVERAGE-BANDWIDTH=1000,BANDWIDTH=220000,CLOSED-CAPTIONS="cc",AUDIO="in",NAME="low, or so"',
          '',
          'a/live.m3u8?x=1,2',
        ],
        { a: ts },
      ),
      { entry: 'master.m3u8' },
    ),
    healthy(
      'a rung that is sound alone',
      ladder([STREAM, 'a/live.m3u8', '#EXT-X-STREAM-INF:BANDWIDTH=60000,CODECS="mp4a.40.2"', 's/live.m3u8'], {
        a: ts,
        s: live(all.ts_sound, 'ts'),
      }),
      { entry: 'master.m3u8' },
    ),
    sick('an unknown encoding hides a standing playlist', 'playlist_stale', (ask) =>
      sequenced(1_795_180_000_000_000_000n)({ ...ask, since_ms: Math.min(ask.since_ms, 300) }),
    ),
    sick(
      'gaps alone',
      'no_media',
      live(all.ts, 'ts', { before: () => ['#EXT-X-GAP'] }, () => undefined),
    ),
  ]
}

const box = (type: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.length)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}

/** What packagers write in front of a fragment: brands, the encoder's clock, an event in band, room. */
const FRONT_BOXES = Buffer.concat([
  box('styp', Buffer.from('msdh\0\0\0\0msdhmsix', 'latin1')),
  box('prft', Buffer.alloc(24)),
  box('emsg', Buffer.from([1, 0, 0, 0]), Buffer.alloc(20), Buffer.from('urn:scte:scte35:2013:bin\0\0')),
  box('free', Buffer.alloc(16)),
])

/** A segment whose last box, its media, has the size 0: it goes to the end. */
function openEnded(bytes: Buffer): Buffer {
  const out = Buffer.from(bytes)
  for (let at = 0, size = 0; at + 8 <= out.length; at += size) {
    size = out.readUInt32BE(at)
    if (at + size >= out.length) out.writeUInt32BE(0, at)
    if (size < 8) break
  }
  return out
}
