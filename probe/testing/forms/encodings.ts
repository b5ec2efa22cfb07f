import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Length of what is made, s: the live windows of a matrix slide over it. */
const LENGTH_S = 40
const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=15']
const SOUND = ['-f', 'lavfi', '-i', 'sine=f=440:r=48000']
const H264 =
  '-c:v libx264 -preset ultrafast -profile:v baseline -g 15 -keyint_min 15 -sc_threshold 0 -b:v 120k'.split(
    ' ',
  )
const HEVC =
  '-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params log-level=none:pools=1:keyint=15:min-keyint=15:scenecut=0 -b:v 120k'.split(
    ' ',
  )
const AV1 = '-c:v libaom-av1 -cpu-used 8 -usage realtime -g 15 -keyint_min 15 -b:v 120k'.split(' ')
const AAC = ['-c:a', 'aac', '-b:a', '48k']
const HLS = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', '0']
const FMP4 = [...HLS, '-hls_segment_type', 'fmp4']

/** One segment that ffmpeg wrote. */
export interface MadeSegment {
  readonly seconds: number
  readonly bytes: Buffer
}

export interface Encoding {
  readonly segments: readonly MadeSegment[]
  readonly init?: Buffer
  /** AES-128, as ffmpeg encrypted it. */
  readonly key?: Buffer
}

type Spec = {
  readonly args: readonly string[]
  readonly fmp4?: true
  readonly encrypted?: true
  readonly ending?: string
}

/** Encodings by what they are for; a real ffmpeg makes each. */
const SPECS = {
  ts: { args: [...PICTURE, ...SOUND, ...H264, ...AAC, ...HLS] },
  ts_half: { args: [...PICTURE, ...SOUND, ...H264, '-b:v', '40k', ...AAC, ...HLS] },
  ts_wrap: {
    args: [...PICTURE, ...SOUND, ...H264, ...AAC, '-output_ts_offset', '95432', '-muxdelay', '0', ...HLS],
  },
  ts_hevc_ac3: { args: [...PICTURE, ...SOUND, ...HEVC, '-c:a', 'ac3', ...HLS] },
  ts_mp3: { args: [...PICTURE, ...SOUND, ...H264, '-c:a', 'libmp3lame', ...HLS] },
  ts_silent: { args: [...PICTURE, ...H264, ...HLS] },
  ts_sound: { args: [...SOUND, ...AAC, ...HLS] },
  ts_aes: { args: [...PICTURE, ...SOUND, ...H264, ...AAC, ...HLS], encrypted: true },
  ts_long_gop: {
    args: [
      ...PICTURE,
      ...SOUND,
      ...'-c:v libx264 -preset ultrafast -g 900 -b:v 120k'.split(' '),
      ...AAC,
      ...HLS,
      '-hls_flags',
      'split_by_time',
    ],
  },
  fmp4: { args: [...PICTURE, ...SOUND, ...H264, ...AAC, ...FMP4], fmp4: true },
  fmp4_hevc: { args: [...PICTURE, ...SOUND, ...HEVC, ...AAC, ...FMP4], fmp4: true },
  fmp4_av1: { args: [...PICTURE, ...AV1, ...FMP4], fmp4: true },
  fmp4_picture: { args: [...PICTURE, ...H264, ...FMP4], fmp4: true },
  fmp4_sound: { args: [...SOUND, ...AAC, ...FMP4], fmp4: true },
  adts: {
    args: [...SOUND, ...AAC, '-f', 'segment', '-segment_time', '1', '-segment_format', 'adts'],
    ending: 'aac',
  },
  mp3: {
    args: [
      ...SOUND,
      '-c:a',
      'libmp3lame',
      '-f',
      'segment',
      '-segment_time',
      '1',
      '-segment_format',
      'mp3',
      '-segment_format_options',
      'write_xing=0:id3v2_version=0',
    ],
    ending: 'mp3',
  },
  eac3: {
    args: [...SOUND, '-c:a', 'eac3', '-f', 'segment', '-segment_time', '1', '-segment_format', 'eac3'],
    ending: 'eac3',
  },
} as const satisfies Record<string, Spec>

const x264 = (params: string): string[] =>
  `-c:v libx264 -preset veryfast -b:v 120k -x264-params keyint=15:min-keyint=15:scenecut=0:${params}`.split(
    ' ',
  )
const latm = ['-hls_segment_options', 'mpegts_flags=latm']

/** Encodings that the short matrix leaves out. */
const MORE_SPECS = {
  ts_open_gop: { args: [...PICTURE, ...SOUND, ...x264('open-gop=1:bframes=2'), ...AAC, ...HLS] },
  ts_intra_refresh: { args: [...PICTURE, ...SOUND, ...x264('intra-refresh=1:bframes=0'), ...AAC, ...HLS] },
  ts_mpeg2: { args: [...PICTURE, ...SOUND, ...'-c:v mpeg2video -g 15 -c:a mp2'.split(' '), ...HLS] },
  ts_interlaced: {
    args: [
      ...PICTURE,
      ...SOUND,
      ...'-vf scale=160:96 -flags +ilme+ildct'.split(' '),
      ...x264('tff=1'),
      ...AAC,
      ...HLS,
    ],
  },
  ts_opus: { args: [...PICTURE, ...SOUND, ...H264, '-c:a', 'libopus', ...HLS] },
  ts_latm: { args: [...PICTURE, ...SOUND, ...H264, ...AAC, ...HLS, ...latm] },
  ts_slides: {
    args: ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=1', ...SOUND, ...x264('keyint=1'), ...AAC, ...HLS],
  },
  ts_ntsc: {
    args: [
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=160x90:rate=30000/1001',
      ...SOUND,
      ...x264('keyint=30:min-keyint=30:bframes=3'),
      ...'-c:a aac -b:a 32k -ar 22050'.split(' '),
      ...HLS,
    ],
  },
  fmp4_vp9_opus: {
    args: [
      ...PICTURE,
      ...SOUND,
      ...'-c:v libvpx-vp9 -g 15 -deadline realtime -cpu-used 8 -c:a libopus'.split(' '),
      ...FMP4,
    ],
    fmp4: true,
  },
  fmp4_flac: {
    args: [...PICTURE, ...SOUND, ...x264('bframes=2'), ...'-c:a flac -strict -2'.split(' '), ...FMP4],
    fmp4: true,
  },
  fmp4_eac3: { args: [...PICTURE, ...SOUND, ...x264('bframes=2'), '-c:a', 'eac3', ...FMP4], fmp4: true },
} as const satisfies Record<string, Spec>

export type EncodingName = keyof typeof SPECS
export type MoreEncodingName = keyof typeof MORE_SPECS
export const ENCODING_NAMES = Object.keys(SPECS) as EncodingName[]
export const MORE_ENCODING_NAMES = Object.keys(MORE_SPECS) as MoreEncodingName[]

/** Makes an encoding in a folder of its own. */
export async function makeEncoding(name: EncodingName | MoreEncodingName, parent: string): Promise<Encoding> {
  const spec: Spec = { ...SPECS, ...MORE_SPECS }[name]
  const folder = join(parent, name)
  await mkdir(folder, { recursive: true })
  const key = spec.encrypted ? randomBytes(16) : undefined
  const keyArgs: string[] = []
  if (key !== undefined) {
    await writeFile(join(folder, 'k.key'), key)
    await writeFile(join(folder, 'info'), `k.key\n${join(folder, 'k.key')}\n`)
    keyArgs.push('-hls_key_info_file', join(folder, 'info'))
  }
  const ending = spec.ending ?? (spec.fmp4 ? 'm4s' : 'ts')
  const list = join(folder, 'list.m3u8')
  const outputs = spec.ending
    ? ['-segment_list', list, '-segment_list_type', 'm3u8', join(folder, `s%05d.${ending}`)]
    : ['-hls_segment_filename', join(folder, `s%05d.${ending}`), list]
  await run('ffmpeg', ['-v', 'error', '-y', ...spec.args, ...keyArgs, '-t', String(LENGTH_S), ...outputs])
  const seconds = [...(await readFile(list, 'utf8')).matchAll(/#EXTINF:([\d.]+)/g)].map(([, text]) =>
    Number(text),
  )
  const names = (await readdir(folder)).filter((file) => /^s\d+\./.test(file)).sort()
  const bodies = await Promise.all(names.map((file) => readFile(join(folder, file))))
  const segments = bodies.map((bytes, index) => ({ bytes, seconds: seconds[index] ?? 1 }))
  const init = spec.fmp4 ? await readFile(join(folder, 'init.mp4')) : undefined
  return { segments, init, key }
}

/** A picture in fragmented MP4, encrypted by ffmpeg as Common Encryption has it (`cenc`), a fragment a segment. */
export async function makeCommonEncryption(parent: string): Promise<Encoding> {
  const file = join(parent, 'cenc.mp4')
  const key = randomBytes(16).toString('hex')
  const encryption = ['-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', key, '-encryption_kid', key]
  const flags = ['-f', 'mp4', '-movflags', 'frag_keyframe+empty_moov+default_base_moof']
  await run('ffmpeg', [
    '-v',
    'error',
    '-y',
    ...PICTURE,
    ...H264,
    '-t',
    String(LENGTH_S),
    ...flags,
    ...encryption,
    file,
  ])
  const bytes = await readFile(file)
  const starts: number[] = []
  for (let at = 0; at + 8 <= bytes.length; at += Math.max(8, bytes.readUInt32BE(at)))
    if (/moof|mfra/.test(bytes.toString('latin1', at + 4, at + 8))) starts.push(at)
  const segments = starts
    .slice(0, -1)
    .map((start, index) => ({ seconds: 1, bytes: bytes.subarray(start, starts[index + 1]) }))
  return { segments, init: bytes.subarray(0, starts[0]) }
}
