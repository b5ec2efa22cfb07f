import type { Frame, TrackFormat } from './facts.ts'

/** Frames of compressed sound that follow each other without a container, from `pts_ms` on. */
export interface SoundFrames {
  readonly frames: Frame[]
  readonly format?: TrackFormat
  /** How long whole frames reach, bytes; what is left begins a frame, or is none. */
  readonly used: number
  readonly cut: boolean
}

interface SoundFrame {
  readonly bytes: number
  readonly samples: number
  readonly sampleRate: number
  readonly channels: number
  readonly codec: string
}

const AAC_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]

/** AAC behind an ADTS header (ISO/IEC 13818-7, 6.2). */
function adtsFrame(data: Uint8Array, at: number): SoundFrame | undefined {
  if (at + 7 > data.length || data[at] !== 0xff || (data[at + 1]! & 0xf6) !== 0xf0) return undefined
  const [b2, b3] = [data[at + 2]!, data[at + 3]!]
  const bytes = ((b3 & 3) << 11) | (data[at + 4]! << 3) | (data[at + 5]! >> 5)
  const sampleRate = AAC_RATES[(b2 >> 2) & 15]
  if (bytes < 7 || sampleRate === undefined) return undefined
  const samples = 1024 * ((data[at + 6]! & 3) + 1)
  return {
    bytes,
    samples,
    sampleRate,
    channels: ((b2 & 1) << 2) | (b3 >> 6),
    codec: `mp4a.40.${(b2 >> 6) + 1}`,
  }
}

const MPEG_RATES = [44100, 48000, 32000]
/** kbps by version (MPEG-1, MPEG-2), layer (1, 2, 3) and index (ISO/IEC 11172-3, 2.4.2.3). */
const MPEG_KBPS = {
  first: {
    1: [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  },
  second: {
    1: [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    3: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  },
} as const

/** MPEG audio, layers 1 to 3. */
function mpegFrame(data: Uint8Array, at: number): SoundFrame | undefined {
  if (at + 4 > data.length || data[at] !== 0xff || (data[at + 1]! & 0xe0) !== 0xe0) return undefined
  const version = (data[at + 1]! >> 3) & 3
  const layer = (4 - ((data[at + 1]! >> 1) & 3)) as 1 | 2 | 3 | 4
  const rate = MPEG_RATES[(data[at + 2]! >> 2) & 3]
  if (version === 1 || layer === 4 || rate === undefined) return undefined
  const first = version === 3
  const kbps = MPEG_KBPS[first ? 'first' : 'second'][layer][data[at + 2]! >> 4]
  if (kbps === undefined || kbps === 0) return undefined
  const sampleRate = first ? rate : version === 2 ? rate / 2 : rate / 4
  const padding = (data[at + 2]! >> 1) & 1
  const samples = layer === 1 ? 384 : layer === 2 || first ? 1152 : 576
  const bytes =
    layer === 1
      ? (Math.floor((12_000 * kbps) / sampleRate) + padding) * 4
      : Math.floor((samples * 125 * kbps) / sampleRate) + padding
  const channels = data[at + 3]! >> 6 === 3 ? 1 : 2
  return { bytes, samples, sampleRate, channels, codec: layer === 3 ? 'mp3' : `mp${layer}a` }
}

const AC3_RATES = [48000, 44100, 32000]
const AC3_KBPS = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640]
const AC3_CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5]

/** AC-3 and E-AC-3 (ETSI TS 102 366, 4.3 and E.1.2). */
function ac3Frame(data: Uint8Array, at: number): SoundFrame | undefined {
  if (at + 7 > data.length || data[at] !== 0x0b || data[at + 1] !== 0x77) return undefined
  const version = data[at + 5]! >> 3
  const rateCode = data[at + 4]! >> 6
  if (version > 10) {
    const bytes = ((((data[at + 2]! & 7) << 8) | data[at + 3]!) + 1) * 2
    const blocks = rateCode === 3 ? 6 : ([1, 2, 3, 6][(data[at + 4]! >> 4) & 3] ?? 6)
    const sampleRate = rateCode === 3 ? 24_000 : AC3_RATES[rateCode]!
    const channels = AC3_CHANNELS[(data[at + 4]! >> 1) & 7]! + (data[at + 4]! & 1)
    // A dependent substream adds channels to the same moment.
    const samples = data[at + 2]! >> 6 === 1 ? 0 : blocks * 256
    return { bytes, samples, sampleRate, channels, codec: 'ec-3' }
  }
  const sampleRate = AC3_RATES[rateCode]
  const sizeCode = data[at + 4]! & 63
  const kbps = AC3_KBPS[sizeCode >> 1]
  if (sampleRate === undefined || kbps === undefined) return undefined
  const words = Math.floor((kbps * 96_000) / sampleRate) + (rateCode === 1 ? sizeCode & 1 : 0)
  return {
    bytes: words * 2,
    samples: 1536,
    sampleRate,
    channels: AC3_CHANNELS[data[at + 6]! >> 5]!,
    codec: 'ac-3',
  }
}

const READERS = { aac: adtsFrame, mpeg: mpegFrame, ac3: ac3Frame } as const
export type SoundKind = keyof typeof READERS

/** Which sound begins here; undefined: none that is known. */
export const soundKindAt = (data: Uint8Array, at = 0): SoundKind | undefined =>
  (Object.keys(READERS) as SoundKind[]).find((kind) => READERS[kind](data, at) !== undefined)

/** Cuts sound into its frames. */
export function soundFrames(data: Uint8Array, kind: SoundKind, pts_ms: number): SoundFrames {
  const frames: Frame[] = []
  let format: TrackFormat | undefined
  let at = 0
  let passed_ms = 0
  while (at < data.length) {
    const frame = READERS[kind](data, at)
    if (frame === undefined) return { frames, format, used: at, cut: true }
    format ??= { codec: frame.codec, sampleRate: frame.sampleRate, channels: frame.channels }
    const duration_ms = (frame.samples * 1000) / frame.sampleRate
    const start_ms = pts_ms + passed_ms
    if (at + frame.bytes > data.length) return { frames, format, used: at, cut: true }
    if (frame.samples > 0)
      frames.push({
        kind: 'audio',
        pts_ms: start_ms,
        dts_ms: start_ms,
        duration_ms,
        key: true,
        bytes: frame.bytes,
      })
    passed_ms += duration_ms
    at += frame.bytes
  }
  return { frames, format, used: at, cut: false }
}
