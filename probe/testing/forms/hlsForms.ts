import { createCipheriv, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { ProbeReason } from '../../../schemas/probeReasons.ts'
import type { Encoding, EncodingName } from './encodings.ts'
import type { Ask, Handler, Reply } from './liveServer.ts'

/** A form of a live stream, and what a probe has to say of it. */
export interface Form {
  readonly name: string
  /** Where a viewer begins, within the form's folder. */
  readonly entry: string
  /** The reason; '' for a healthy one. */
  readonly reason: ProbeReason | ''
  /** A notice that has to be among the findings. */
  readonly notice?: ProbeReason
  /** Request headers of the viewer. */
  readonly headers?: Readonly<Record<string, string>>
  readonly handle: Handler
}

export type Encodings = Readonly<Record<EncodingName, Encoding>>

const HLS_TYPE = 'application/vnd.apple.mpegurl'
/** Segments in a window, and the number of the newest one at the beginning. */
export const WINDOW = 8
const LEAD = 10

/** The newest segment's number. */
export const newest = ({ since_ms }: Pick<Ask, 'since_ms'>): number => LEAD + Math.floor(since_ms / 1000)

interface WindowOptions {
  readonly encoding: Encoding
  readonly ask: Pick<Ask, 'since_ms'>
  readonly ending: string
  /** Lines before the first segment. */
  readonly head?: readonly string[]
  /** Lines in front of a segment. */
  readonly before?: (number: number) => readonly string[]
  readonly uri?: (number: number) => string
  /** How far the date of filming is off, ms; undefined: no dates. */
  readonly dated_ms?: number
  readonly now_ms?: number
  readonly stretch?: number
  readonly ended?: boolean
}

/** A media playlist as it stands now. */
export function windowOf(options: WindowOptions): string {
  const { encoding, ask, ending, stretch = 1 } = options
  const last = newest(ask)
  const first = Math.max(0, last - WINDOW + 1)
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:12',
    `#EXT-X-TARGETDURATION:${stretch > 1 ? 2 : 1}`,
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    ...(options.head ?? []),
  ]
  if (encoding.init !== undefined) lines.push('#EXT-X-MAP:URI="init.mp4"')
  for (let number = first; number <= last; number++) {
    const seconds = encoding.segments[number]?.seconds ?? 1
    if (options.dated_ms !== undefined) {
      const begun_ms =
        (options.now_ms ?? Date.now()) - ask.since_ms + (number - LEAD - 1) * 1000 + options.dated_ms
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(begun_ms).toISOString()}`)
    }
    lines.push(
      ...(options.before?.(number) ?? []),
      `#EXTINF:${(seconds * stretch).toFixed(5)},`,
      options.uri?.(number) ?? `s${number}.${ending}`,
    )
  }
  if (options.ended) lines.push('#EXT-X-ENDLIST')
  return `${lines.join('\n')}\n`
}

export const playlist = (body: string): Reply => ({ body, type: HLS_TYPE })
export const numberOf = (path: string): number => Number(/(\d+)\.\w+$/.exec(path)?.[1] ?? -1)

type Change = Omit<Partial<WindowOptions>, 'encoding' | 'ask'>

/** A plain live stream of one encoding, with changes to its playlist and to its segments. */
export function live(
  encoding: Encoding,
  ending: string,
  change: Change | ((ask: Ask) => Change) = {},
  spoil?: (bytes: Buffer, number: number, ask: Ask) => Reply | Buffer | undefined,
): Handler {
  return (ask) => {
    if (ask.path.endsWith('.m3u8') || ask.path === 'live')
      return playlist(
        windowOf({ encoding, ask, ending, ...(typeof change === 'function' ? change(ask) : change) }),
      )
    if (ask.path.endsWith('init.mp4'))
      return encoding.init === undefined ? undefined : { body: encoding.init }
    if (ask.path.endsWith('k.key')) return encoding.key === undefined ? undefined : { body: encoding.key }
    const number = numberOf(ask.path)
    const bytes = encoding.segments[number]?.bytes
    if (bytes === undefined || number > newest(ask)) return undefined
    const found = spoil === undefined ? bytes : spoil(bytes, number, ask)
    return Buffer.isBuffer(found) ? { body: found } : found
  }
}

const encrypt = (bytes: Buffer, key: Buffer, iv: Buffer): Buffer => {
  const cipher = createCipheriv('aes-128-cbc', key, iv)
  return Buffer.concat([cipher.update(bytes), cipher.final()])
}

/** The time stamp that a segment of packed sound begins with (RFC 8216, 3.4). */
function id3(seconds: number): Buffer {
  const owner = Buffer.from('com.apple.streaming.transportStreamTimestamp\0')
  const frame = Buffer.alloc(10 + owner.length + 8)
  frame.write('PRIV')
  frame[7] = owner.length + 8
  owner.copy(frame, 10)
  frame.writeBigUInt64BE(BigInt(Math.round(seconds * 90_000)), 10 + owner.length)
  return Buffer.concat([Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, frame.length]), frame])
}

const startsOf = (encoding: Encoding): number[] => {
  let at = 0
  return encoding.segments.map(({ seconds }) => {
    at += seconds
    return at - seconds
  })
}

/** Renames the stream types in the program map, as SAMPLE-AES does. What is encrypted stays as it was: nobody decrypts it. */
function sampleAes(bytes: Buffer): Buffer {
  const out = Buffer.from(bytes)
  for (let at = 0; at + 188 <= out.length; at += 188) {
    const payload = at + 4 + ((out[at + 3]! & 0x20) === 0 ? 0 : 1 + out[at + 4]!)
    if (out[payload + 1] !== 2 || (out[at + 1]! & 0x40) === 0) continue
    for (let entry = payload + 13; entry < payload + 40; entry += 5) {
      if (out[entry] === 27) out[entry] = 219
      if (out[entry] === 15) out[entry] = 207
    }
  }
  return out
}

export const master = (lines: readonly string[]): Reply => playlist(`#EXTM3U\n${lines.join('\n')}\n`)
export const STREAM = '#EXT-X-STREAM-INF:BANDWIDTH=220000,RESOLUTION=160x90,CODECS="avc1.42c00a,mp4a.40.2"'

/** Several playlists below one multivariant playlist, each a form of its own in a folder. */
export const ladder =
  (lines: readonly string[], folders: Readonly<Record<string, Handler>>): Handler =>
  (ask) => {
    if (ask.path === 'master.m3u8') return master(lines)
    const [folder = '', ...rest] = ask.path.split('/')
    return folders[folder]?.({ ...ask, path: rest.join('/') })
  }

/** Stands still from the third second on. */
const standing =
  (handler: Handler): Handler =>
  (ask) =>
    handler({ ...ask, since_ms: Math.min(ask.since_ms, 300) })

/** Forms of HLS. `now_ms` dates what is dated. */
export function hlsForms(all: Encodings, clock: () => number): Form[] {
  const healthy = (name: string, entry: string, handle: Handler, more: Partial<Form> = {}): Form => ({
    name: `hls: ${name}`,
    entry,
    reason: '',
    handle,
    ...more,
  })
  const sick = (name: string, reason: ProbeReason, entry: string, handle: Handler): Form => ({
    name: `hls sick: ${name}`,
    entry,
    reason,
    handle,
  })
  const ts = live(all.ts, 'ts')
  const key = (more = '') => [`#EXT-X-KEY:METHOD=AES-128,URI="k.key"${more}`]
  const rotating = [randomBytes(16), randomBytes(16)]
  const iv = randomBytes(16)
  const dated = (dated_ms: number): Handler => live(all.ts, 'ts', () => ({ dated_ms, now_ms: clock() }))
  const packed = (name: EncodingName, ending: string) => {
    const starts = startsOf(all[name])
    return live(all[name], ending, {}, (bytes, number) =>
      Buffer.concat([id3(10 + (starts[number] ?? 0)), bytes]),
    )
  }
  const whole = Buffer.concat(all.ts.segments.map(({ bytes }) => bytes))
  const offsets = all.ts.segments.map((_, index) =>
    all.ts.segments.slice(0, index).reduce((sum, { bytes }) => sum + bytes.length, 0),
  )
  const vtt = 'WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n00:00.000 --> 00:01.000\nhello\n'
  return [
    healthy('MPEG-TS, H.264 and AAC', 'live.m3u8', ts),
    healthy('an address without .m3u8', 'live', ts),
    healthy('H.265 and AC-3 in MPEG-TS', 'live.m3u8', live(all.ts_hevc_ac3, 'ts')),
    healthy('MP3 in MPEG-TS', 'live.m3u8', live(all.ts_mp3, 'ts')),
    healthy('a picture without sound', 'live.m3u8', live(all.ts_silent, 'ts')),
    healthy('sound alone in MPEG-TS', 'live.m3u8', live(all.ts_sound, 'ts')),
    healthy('time stamps that begin again after 26.5 h', 'live.m3u8', live(all.ts_wrap, 'ts')),
    healthy('fragmented MP4', 'live.m3u8', live(all.fmp4, 'm4s')),
    healthy('H.265 in MP4', 'live.m3u8', live(all.fmp4_hevc, 'm4s')),
    healthy('AV1 in MP4', 'live.m3u8', live(all.fmp4_av1, 'm4s')),
    healthy('sound alone in MP4', 'live.m3u8', live(all.fmp4_sound, 'm4s')),
    healthy('AES-128 by ffmpeg', 'live.m3u8', live(all.ts_aes, 'ts', { head: key() })),
    healthy('AES-128, a vector of its own, a new key each segment', 'live.m3u8', (ask) => {
      const found = /^k(\d)\.key$/.exec(ask.path)
      if (found !== null) return { body: rotating[Number(found[1])]! }
      return live(
        all.ts,
        'ts',
        {
          before: (number) => [
            `#EXT-X-KEY:METHOD=AES-128,URI="k${number % 2}.key",IV=0x${iv.toString('hex')}`,
          ],
        },
        (bytes, number) => encrypt(bytes, rotating[number % 2]!, iv),
      )(ask)
    }),
    healthy(
      'AES-128, key refused to the probe',
      'live.m3u8',
      (ask) =>
        ask.path === 'k.key' ? { body: '', status: 403 } : live(all.ts_aes, 'ts', { head: key() })(ask),
      { notice: 'encrypted_not_inspected' },
    ),
    healthy(
      'AES-128 with a DRM system’s key',
      'live.m3u8',
      live(all.ts_aes, 'ts', {
        head: ['#EXT-X-KEY:METHOD=AES-128,URI="skd://key",KEYFORMAT="com.apple.streamingkeydelivery"'],
      }),
      { notice: 'encrypted_not_inspected' },
    ),
    healthy(
      'SAMPLE-AES in MPEG-TS',
      'live.m3u8',
      live(
        all.ts,
        'ts',
        { head: ['#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://key",KEYFORMAT="com.apple.streamingkeydelivery"'] },
        sampleAes,
      ),
      { notice: 'encrypted_not_inspected' },
    ),
    healthy('encrypted init segment and media in MP4', 'live.m3u8', (ask) => {
      if (ask.path === 'k.key') return { body: rotating[0]! }
      if (ask.path === 'init.mp4') return { body: encrypt(all.fmp4.init!, rotating[0]!, iv) }
      return live(all.fmp4, 'm4s', { head: key(`,IV=0x${iv.toString('hex')}`) }, (bytes) =>
        encrypt(bytes, rotating[0]!, iv),
      )(ask)
    }),
    healthy('EXT-X-DEFINE from the query', 'live.m3u8?token=abc', (ask) =>
      ask.path.endsWith('.ts') && ask.query.get('t') !== 'abc'
        ? { body: '', status: 403 }
        : live(all.ts, 'ts', {
            head: ['#EXT-X-DEFINE:QUERYPARAM="token"'],
            uri: (number) => `s${number}.ts?t={$token}`,
          })(ask),
    ),
    healthy(
      'EXT-X-DEFINE by name, imported by the media playlist',
      'master.m3u8',
      ladder(['#EXT-X-DEFINE:NAME="dir",VALUE="a"', STREAM, '{$dir}/live.m3u8'], {
        a: live(all.ts, 'ts', {
          head: ['#EXT-X-DEFINE:IMPORT="dir"'],
          uri: (number) => `../{$dir}/s${number}.ts`,
        }),
      }),
    ),
    healthy('byte ranges of one file', 'live.m3u8', (ask) =>
      ask.path === 'all.ts'
        ? { body: whole }
        : live(all.ts, 'ts', {
            uri: () => 'all.ts',
            before: (number) => [
              `#EXT-X-BYTERANGE:${all.ts.segments[number]?.bytes.length ?? 0}@${offsets[number] ?? 0}`,
            ],
          })(ask),
    ),
    healthy('byte ranges whose offsets are left out', 'live.m3u8', (ask) => {
      if (ask.path === 'all.ts') return { body: whole }
      const first = newest(ask) - WINDOW + 1
      return live(all.ts, 'ts', {
        uri: () => 'all.ts',
        before: (number) => [
          `#EXT-X-BYTERANGE:${all.ts.segments[number]?.bytes.length ?? 0}${number === first ? `@${offsets[number]}` : ''}`,
        ],
      })(ask)
    }),
    healthy(
      'an announced cut, another profile behind it',
      'live.m3u8',
      (ask) => {
        const ad = (number: number) => number % 6 < 2
        if (!ask.path.endsWith('.m3u8')) return (ad(numberOf(ask.path)) ? live(all.ts_half, 'ts') : ts)(ask)
        return live(all.ts, 'ts', {
          before: (number) => (number % 6 === 0 || number % 6 === 2 ? ['#EXT-X-DISCONTINUITY'] : []),
        })(ask)
      },
      { notice: 'discontinuity' },
    ),
    healthy('another init segment behind a cut', 'live.m3u8', (ask) => {
      const other = (number: number) => number % 12 >= 6
      if (ask.path === 'b.mp4') return { body: all.fmp4_picture.init! }
      if (!ask.path.endsWith('.m3u8'))
        return (other(numberOf(ask.path)) ? live(all.fmp4_picture, 'm4s') : live(all.fmp4, 'm4s'))(ask)
      const first = newest(ask) - WINDOW + 1
      return live(all.fmp4, 'm4s', {
        before: (number) =>
          number % 6 === 0 || number === first
            ? [
                ...(number % 6 === 0 ? ['#EXT-X-DISCONTINUITY'] : []),
                `#EXT-X-MAP:URI="${other(number) ? 'b' : 'init'}.mp4"`,
              ]
            : [],
      })(ask)
    }),
    healthy(
      'announced gaps',
      'live.m3u8',
      live(all.ts, 'ts', { before: (number) => (number % 4 === 1 ? ['#EXT-X-GAP'] : []) }, (bytes, number) =>
        number % 4 === 1 ? undefined : bytes,
      ),
      { notice: 'gap_announced' },
    ),
    healthy('program date time', 'live.m3u8', dated(-2_000)),
    healthy('delta updates', 'live.m3u8', (ask) => {
      const reply = ts(ask)
      if (!ask.path.endsWith('.m3u8') || ask.since_ms < 500 || reply === undefined) return reply
      const lines = reply.body.toString().split('\n')
      const at = lines.findIndex((line) => line.startsWith('#EXTINF'))
      return playlist(
        [...lines.slice(0, at), '#EXT-X-SKIP:SKIPPED-SEGMENTS=3', ...lines.slice(at + 6)].join('\n'),
      )
    }),
    healthy(
      'a ladder with sound apart and subtitles',
      'master.m3u8',
      ladder(
        [
          '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",DEFAULT=YES,URI="a/live.m3u8"',
          '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="en",URI="s/live.m3u8"',
          '#EXT-X-STREAM-INF:BANDWIDTH=190000,RESOLUTION=160x90,CODECS="avc1.42c00a,mp4a.40.2",AUDIO="a",SUBTITLES="s"',
          'v/live.m3u8',
        ],
        {
          v: live(all.fmp4_picture, 'm4s'),
          a: live(all.fmp4_sound, 'm4s'),
          s: live(all.ts, 'vtt', {}, () => ({ body: vtt, type: 'text/vtt' })),
        },
      ),
    ),
    ...(['adts', 'mp3', 'eac3'] as const).map((name) =>
      healthy(`packed sound: ${name}`, 'live.m3u8', packed(name, name === 'adts' ? 'aac' : name)),
    ),
    healthy(
      'a picture in MPEG-TS with packed AAC',
      'master.m3u8',
      ladder(
        [
          '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",DEFAULT=YES,URI="a/live.m3u8"',
          '#EXT-X-STREAM-INF:BANDWIDTH=190000,RESOLUTION=160x90,CODECS="avc1.42c00a,mp4a.40.2",AUDIO="a"',
          'v/live.m3u8',
        ],
        { v: live(all.ts_silent, 'ts'), a: packed('adts', 'aac') },
      ),
    ),
    healthy(
      'content steering, two pathways',
      'master.m3u8',
      ladder(
        [
          '#EXT-X-CONTENT-STEERING:SERVER-URI="steer",PATHWAY-ID="B"',
          `${STREAM},PATHWAY-ID="A"`,
          'a/live.m3u8',
          `${STREAM},PATHWAY-ID="B"`,
          'b/live.m3u8',
        ],
        { a: ts, b: ts },
      ),
    ),
    healthy(
      'main and backup alike',
      'master.m3u8',
      ladder([STREAM, 'a/live.m3u8', STREAM, 'b/live.m3u8'], { a: ts, b: ts }),
    ),
    healthy('a cookie that segments want', 'live.m3u8', (ask) => {
      if (!ask.path.endsWith('.m3u8') && ask.headers.cookie !== 'session=1') return { body: '', status: 403 }
      const reply = ts(ask)
      return reply === undefined
        ? undefined
        : { ...reply, headers: { 'set-cookie': 'session=1; Path=/; HttpOnly' } }
    }),
    healthy('a redirect, addresses relative to where it leads', 'go.m3u8', (ask) =>
      ask.path === 'go.m3u8'
        ? { body: '', status: 302, headers: { location: 'deep/live.m3u8' } }
        : ask.path.startsWith('deep/')
          ? ts({ ...ask, path: ask.path.slice(5) })
          : undefined,
    ),
    healthy(
      'a Referer that is wanted',
      'live.m3u8',
      (ask) => (ask.headers.referer === undefined ? { body: '', status: 403 } : ts(ask)),
      { headers: { Referer: 'https://shop.example/' } },
    ),
    healthy('a compressed playlist, byte order mark, CR LF', 'live.m3u8', (ask) => {
      const reply = ts(ask)
      return reply === undefined || !ask.path.endsWith('.m3u8')
        ? reply
        : {
            ...reply,
            body: gzipSync(`\uFEFF${reply.body.toString().replaceAll('\n', '\r\n')}`),
            headers: { 'content-encoding': 'gzip' },
          }
    }),
    sick('stands still', 'playlist_stale', 'live.m3u8', standing(ts)),
    sick(
      'main stands still, backup alike goes on',
      'playlist_stale',
      'master.m3u8',
      ladder([STREAM, 'a/live.m3u8', STREAM, 'b/live.m3u8'], { a: standing(ts), b: ts }),
    ),
    sick(
      'one rung cannot be fetched',
      'variant_unplayable',
      'master.m3u8',
      ladder(
        [STREAM, 'a/live.m3u8', '#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=320x180', 'b/live.m3u8'],
        { a: ts, b: live(all.ts, 'ts', {}, () => undefined) },
      ),
    ),
    sick(
      'subtitles cannot be fetched',
      'variant_unplayable',
      'master.m3u8',
      ladder(
        [
          '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="en",URI="s/live.m3u8"',
          `${STREAM},SUBTITLES="s"`,
          'a/live.m3u8',
        ],
        { a: ts, s: live(all.ts, 'vtt', {}, () => undefined) },
      ),
    ),
    sick('dated an hour ahead', 'program_date_time_ahead', 'live.m3u8', dated(3_600_000)),
    sick('ended', 'stream_ended', 'live.m3u8', live(all.ts, 'ts', { ended: true })),
    sick('the key server fails', 'key_unavailable', 'live.m3u8', (ask) =>
      ask.path === 'k.key' ? { body: '', status: 503 } : live(all.ts_aes, 'ts', { head: key() })(ask),
    ),
    sick('the key is half a key', 'key_unavailable', 'live.m3u8', (ask) =>
      ask.path === 'k.key' ? { body: Buffer.alloc(8) } : live(all.ts_aes, 'ts', { head: key() })(ask),
    ),
    sick(
      'encrypted segments that are cut',
      'segment_truncated',
      'live.m3u8',
      live(all.ts_aes, 'ts', { head: key() }, (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2) - 3)),
    ),
    sick('the wrong key', 'segment_unreadable', 'live.m3u8', (ask) =>
      ask.path === 'k.key' ? { body: Buffer.alloc(16, 7) } : live(all.ts_aes, 'ts', { head: key() })(ask),
    ),
    sick(
      'segments that are missing',
      'segment_missing',
      'live.m3u8',
      live(all.ts, 'ts', {}, (bytes, number) => (number % 3 === 0 ? undefined : bytes)),
    ),
    sick(
      'a variable that nobody defined',
      'manifest_unreadable',
      'live.m3u8',
      live(all.ts, 'ts', { uri: (number) => `s${number}.ts?{$token}` }),
    ),
    sick('EXTINF twice too long', 'segment_duration_wrong', 'live.m3u8', live(all.ts, 'ts', { stretch: 2 })),
    sick(
      'a jump that nobody announced',
      'timeline_gap',
      'live.m3u8',
      live(all.ts, 'ts', {}, (bytes, number) =>
        number % 8 < 4 ? bytes : all.ts.segments[number + 10]?.bytes,
      ),
    ),
    sick(
      'an error page for a segment',
      'segment_unreadable',
      'live.m3u8',
      live(all.ts, 'ts', {}, () => Buffer.from('<html>error</html>')),
    ),
    sick('key frames far apart', 'no_key_frame', 'live.m3u8', live(all.ts_long_gop, 'ts')),
    sick('a playlist that unpacks to gigabytes', 'too_large', 'live.m3u8', (ask) => ({
      body: ask.path.endsWith('.m3u8') ? BOMB() : '',
      headers: { 'content-encoding': 'gzip' },
      type: HLS_TYPE,
    })),
    sick('a redirect into a private network', 'address_not_allowed', 'live.m3u8', () => ({
      body: '',
      status: 302,
      headers: { location: 'http://127.0.0.2:9/live.m3u8' },
    })),
    sick(
      'segments in a private network',
      'address_not_allowed',
      'live.m3u8',
      live(all.ts, 'ts', { uri: (number) => `http://169.254.169.254/s${number}.ts` }),
    ),
  ]
}

let bomb: Buffer | undefined
/** 256 MB of nothing, packed. */
const BOMB = (): Buffer => (bomb ??= gzipSync(Buffer.alloc(256 << 20), { level: 1 }))
