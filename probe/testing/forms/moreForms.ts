import type { ProbeReason } from '../../../schemas/probeReasons.ts'
import {
  type Encoding,
  MORE_ENCODING_NAMES,
  type MoreEncodingName,
  makeCommonEncryption,
  makeEncoding,
} from './encodings.ts'
import { type Encodings, type Form, ladder, live, newest, numberOf, STREAM, WINDOW } from './hlsForms.ts'
import type { Ask, Handler } from './liveServer.ts'

const PICTURE = 'mimeType="video/mp4" codecs="avc1.42c00a" width="160" height="90"'
/** The timeline began so long before the form's first request, s. */
const LEAD_S = 11

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
  return [...moreHlsForms({ ...more, cenc }, all), ...moreDashForms(all, cenc, clock)]
}

function moreHlsForms(more: Record<MoreEncodingName | 'cenc', Encoding>, all: Encodings): Form[] {
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

function moreDashForms(all: Encodings, cenc: Encoding, clock: () => number): Form[] {
  const begin_ms = (ask: Ask) => clock() - ask.since_ms - LEAD_S * 1000
  const mpd = (body: string, from: string, attributes = 'timeShiftBufferDepth="PT8S"') =>
    `<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="${from}" minimumUpdatePeriod="PT1S" maxSegmentDuration="PT1S" suggestedPresentationDelay="PT3S" ${attributes}>${body}</MPD>`
  const at = (ask: Ask) => new Date(begin_ms(ask)).toISOString()
  const set = (template: string, extra = '') =>
    `<AdaptationSet ${PICTURE}>${extra}${template}<Representation id="v" bandwidth="120000"/></AdaptationSet>`
  const period = (inside: string, attributes = 'id="1" start="PT0S"') =>
    `<Period ${attributes}>${inside}</Period>`
  const serve =
    (
      manifest: (ask: Ask) => string,
      numberAt: (text: string, ask: Ask) => number = Number,
      encoding = all.fmp4_picture,
    ): Handler =>
    (ask) => {
      if (ask.path === 'live.mpd') return { body: manifest(ask), type: 'application/dash+xml' }
      if (ask.path === 'vinit.m4s') return { body: encoding.init! }
      const digits = /v(\d+)\.m4s$/.exec(ask.path)?.[1]
      if (digits === undefined) return undefined
      const number = numberAt(digits, ask)
      const bytes = encoding.segments[number]?.bytes
      return bytes === undefined || number > newest(ask) ? undefined : { body: bytes }
    }
  const first = (ask: Ask) => newest(ask) - WINDOW + 1
  const timeline = (ask: Ask, t = String(first(ask) * 1000), d = 1000) =>
    `<SegmentTimeline><S t="${t}" d="${d}" r="${WINDOW - 1}"/></SegmentTimeline>`
  const template = (ask: Ask, inside = timeline(ask), more = 'timescale="1000"', media = 'v$Number$.m4s') =>
    `<SegmentTemplate ${more} startNumber="${first(ask)}" initialization="vinit.m4s" media="${media}">${inside}</SegmentTemplate>`
  const regular = (start: number | string, more = '') =>
    `<SegmentTemplate timescale="1000" duration="1000" startNumber="${start}" initialization="vinit.m4s" media="v$Number$.m4s" ${more}/>`
  const plain = (ask: Ask) => period(set(template(ask)))
  const healthy = (name: string, handle: Handler, change: Partial<Form> = {}): Form => ({
    name: `dash: ${name}`,
    entry: 'live.mpd',
    reason: '',
    handle,
    ...change,
  })
  const sick = (name: string, reason: ProbeReason, handle: Handler): Form => ({
    name: `dash sick: ${name}`,
    entry: 'live.mpd',
    reason,
    handle,
  })
  // Ticks of 100 ns since 1970, odd, as Smooth Streaming counts them: larger than a double holds exactly.
  // Each form counts from its own beginning.
  const ticks = () => {
    let from: bigint | undefined
    return (ask: Ask, number: number) =>
      (from ??= BigInt(Math.floor(begin_ms(ask))) * 10_000n + 7n) + BigInt(number) * 10_000_001n
  }
  const tick = ticks()
  const sickTick = ticks()
  const shifted = (ask: Ask) => new Date(begin_ms(ask) + 3_600_000).toISOString()
  return [
    healthy(
      '$Time$ in ticks of 100 ns since 1970',
      serve(
        (ask) =>
          mpd(
            period(
              set(
                template(
                  ask,
                  timeline(ask, String(tick(ask, first(ask))), 10_000_001),
                  'timescale="10000000"',
                  'v$Time$.m4s',
                ),
              ),
            ),
            '1970-01-01T00:00:00Z',
          ),
        (text, ask) =>
          Array.from({ length: 60 }, (_, number) => number).find(
            (number) => String(tick(ask, number)) === text,
          ) ?? -1,
      ),
    ),
    healthy(
      'numbers counted from 1970, a fixed duration',
      serve(
        () => mpd(period(set(regular(0))), '1970-01-01T00:00:00Z'),
        (text, ask) => Number(text) - Math.floor(begin_ms(ask) / 1000),
      ),
    ),
    healthy(
      'a start time without a time zone',
      serve((ask) => mpd(plain(ask), at(ask).replace('Z', ''))),
    ),
    healthy(
      'MPD patches are offered',
      serve((ask) =>
        mpd(
          `<PatchLocation ttl="60">patch.mpp?publishTime=1</PatchLocation>${plain(ask)}`,
          at(ask),
          'id="m" publishTime="2026-11-27T00:00:00Z" timeShiftBufferDepth="PT8S"',
        ),
      ),
    ),
    healthy(
      'a period that is announced early',
      serve((ask) =>
        mpd(`${plain(ask)}<Period id="2">${set(regular(0).replace('v$', 'later$'))}</Period>`, at(ask)),
      ),
    ),
    healthy(
      'a period to come',
      serve((ask) =>
        mpd(
          `${plain(ask)}${period(set(regular(0).replace('v$', 'later$')), 'id="2" start="PT2H"')}`,
          at(ask),
        ),
      ),
    ),
    healthy(
      'a remote period that resolves to zero',
      serve((ask) =>
        mpd(
          `<Period id="0" xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="urn:mpeg:dash:resolve-to-zero:2013" xlink:actuate="onLoad" start="PT0S" duration="PT0S"/>${plain(ask)}`,
          at(ask),
        ),
      ),
    ),
    healthy('a remote period, to be fetched', (ask) =>
      ask.path === 'period.xml'
        ? { body: plain(ask), type: 'application/xml' }
        : serve((each) =>
            mpd(
              '<Period id="1" start="PT0S" xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="period.xml" xlink:actuate="onLoad"/>',
              at(each),
            ),
          )(ask),
    ),
    healthy('UTCTiming by http-head, the server an hour ahead', (ask) =>
      ask.path === 'time'
        ? { body: '', headers: { date: new Date(clock() + 3_600_000).toUTCString() } }
        : serve((each) =>
            mpd(
              `${period(set(regular(0)))}<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-head:2014" value="time"/>`,
              shifted(each),
            ),
          )(ask),
    ),
    healthy('UTCTiming by http-iso at a relative address, an hour ahead', (ask) =>
      ask.path === 'time'
        ? { body: `${new Date(clock() + 3_600_000).toISOString()}\n` }
        : serve((each) =>
            mpd(
              `${period(set(regular(0)))}<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="time"/>`,
              shifted(each),
            ),
          )(ask),
    ),
    healthy(
      'availabilityTimeOffset of a base address',
      serve((ask) =>
        mpd(
          period(
            `<BaseURL availabilityTimeOffset="0.7" availabilityTimeComplete="false">./</BaseURL>${set(regular(0))}`,
          ),
          at(ask),
        ),
      ),
    ),
    healthy(
      'availabilityTimeOffset INF',
      serve((ask) =>
        mpd(
          period(set(template(ask, timeline(ask), 'timescale="1000" availabilityTimeOffset="INF"'))),
          at(ask),
        ),
      ),
    ),
    healthy(
      'two base addresses, the first is the better',
      serve((ask) =>
        mpd(
          `<BaseURL serviceLocation="a">./</BaseURL><BaseURL serviceLocation="b">http://127.0.0.2:9/</BaseURL>${plain(ask)}`,
          at(ask),
        ),
      ),
    ),
    healthy(
      'entities in addresses',
      serve((ask) => mpd(plain(ask).replaceAll('.m4s"', '.m4s?a=1&amp;b=&#50;"'), at(ask))),
    ),
    healthy(
      'prefixed names, comments, character data',
      serve((ask) =>
        mpd(`<!-- a --><![CDATA[ ]]>${plain(ask)}`, at(ask))
          .replace(/<(\/?)(?=[A-Z])(?!!)/g, '<$1mpd:')
          .replace('xmlns=', 'xmlns:mpd='),
      ),
    ),
    healthy(
      'no depth, the whole timeline',
      serve((ask) =>
        mpd(
          period(
            set(
              `<SegmentTemplate timescale="1000" startNumber="0" initialization="vinit.m4s" media="v$Number$.m4s"><SegmentTimeline><S t="0" d="1000" r="${newest(ask)}"/></SegmentTimeline></SegmentTemplate>`,
            ),
          ),
          at(ask),
          '',
        ),
      ),
    ),
    healthy(
      'a fixed duration that is no whole number',
      serve((ask) =>
        mpd(
          period(
            set(
              regular(0).replace('timescale="1000" duration="1000"', 'timescale="30000" duration="30000.0"'),
            ),
          ),
          at(ask),
        ),
      ),
    ),
    healthy(
      'Common Encryption, two DRM systems',
      serve(
        (ask) =>
          mpd(
            period(
              set(
                template(ask),
                '<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc"/><ContentProtection schemeIdUri="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"><pssh>AAAA</pssh></ContentProtection>',
              ),
            ),
            at(ask),
          ),
        Number,
        cenc,
      ),
      { notice: 'encrypted_not_inspected' },
    ),
    sick(
      'ticks of 100 ns, segments that are not there',
      'segment_missing',
      serve(
        (ask) =>
          mpd(
            period(
              set(
                template(
                  ask,
                  timeline(ask, String(sickTick(ask, first(ask))), 10_000_001),
                  'timescale="10000000"',
                  'v$Time$.m4s',
                ),
              ),
            ),
            '1970-01-01T00:00:00Z',
          ),
        () => -1,
      ),
    ),
    sick(
      'only a period announced early',
      'manifest_unreadable',
      serve((ask) =>
        mpd(`${period('', 'id="1" start="PT0S"')}<Period id="2">${set(regular(0))}</Period>`, at(ask)),
      ),
    ),
  ]
}
