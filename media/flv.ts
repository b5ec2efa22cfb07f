import { type AmfValue, readAmf } from './amf.ts'
import type { Frame, TrackFormat } from './facts.ts'
import {
  enhancedStart,
  FLV_AUDIO,
  FLV_SCRIPT,
  FLV_VIDEO,
  type FlvTag,
  type FlvVideoCodec,
  readVideoHeader,
} from './flvTags.ts'
import { lengthPrefixedUnits, type NalCodec, readAccessUnit } from './nalUnits.ts'
import { h264Format, h265Format } from './parameterSets.ts'

/** What a tag brought: a frame, a format (sequence header), or metadata. Nothing for tags of no concern. */
export interface FlvEvent {
  readonly frame?: Frame
  readonly video?: TrackFormat
  readonly audio?: TrackFormat
  readonly metadata?: Readonly<Record<string, AmfValue>>
  readonly broken?: string
}

const AAC_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]

const NAL_CODECS: Partial<Record<FlvVideoCodec, NalCodec>> = { avc1: 'h264', hvc1: 'h265' }

interface VideoState {
  lengthSize: number
}

/** NAL units of a decoder configuration record (avcC or hvcC): its first sequence parameter set gives the format. */
function readConfiguration(record: Uint8Array, codec: NalCodec, state: VideoState): TrackFormat | undefined {
  const read16 = (at: number): number => (record[at] ?? 0) * 256 + (record[at + 1] ?? 0)
  if (codec === 'h264') {
    if (record.length < 8) return undefined
    state.lengthSize = ((record[4] as number) & 3) + 1
    const length = read16(6)
    return h264Format(record.subarray(8, 8 + length))
  }
  if (record.length < 23) return undefined
  state.lengthSize = ((record[21] as number) & 3) + 1
  let at = 23
  for (let array = 0; array < (record[22] as number) && at + 3 <= record.length; array++) {
    const type = (record[at] as number) & 63
    const count = read16(at + 1)
    at += 3
    for (let i = 0; i < count && at + 2 <= record.length; i++) {
      const length = read16(at)
      if (type === 33) return h265Format(record.subarray(at + 2, at + 2 + length))
      at += 2 + length
    }
  }
  return undefined
}

/** Codec string of an AV1 or VP9 configuration record (av1C, vpcC); its picture's size is in the metadata. */
function codecOfRecord(codec: FlvVideoCodec, record: Uint8Array): string {
  const two = (value: number) => String(value).padStart(2, '0')
  if (codec === 'av01' && record.length >= 3) {
    const [, profile, flags] = record as unknown as [number, number, number]
    const depth = (flags & 0x40) === 0 ? 8 : (flags & 0x20) === 0 ? 10 : 12
    return `av01.${profile >> 5}.${two(profile & 31)}${(flags & 0x80) === 0 ? 'M' : 'H'}.${two(depth)}`
  }
  if (codec === 'vp09' && record.length >= 7)
    return `vp09.${two(record[4]!)}.${two(record[5]!)}.${two(record[6]! >> 4)}`
  return codec
}

function readVideo(tag: FlvTag, state: VideoState): FlvEvent {
  const { codec, packet, key, offset_ms, payload } = readVideoHeader(tag.body)
  const at = { pts_ms: tag.timestamp_ms + offset_ms, dts_ms: tag.timestamp_ms }
  if (codec === undefined) {
    // 5: an information or command frame, no picture.
    if (((tag.body[0]! >> 4) & 7) === 5) return {}
    const frame: Frame = { kind: 'video', ...at, key, bytes: tag.body.length }
    return { frame, video: { codec: `flv-video-${tag.body[0]! & 15}` } }
  }
  const nal = NAL_CODECS[codec]
  if (packet === 'configuration') {
    const format =
      nal === undefined ? { codec: codecOfRecord(codec, payload) } : readConfiguration(payload, nal, state)
    return format === undefined
      ? { broken: 'a decoder configuration that cannot be read' }
      : { video: format }
  }
  if (packet !== 'picture') return {}
  if (nal === undefined) return { frame: { kind: 'video', ...at, key, bytes: payload.length } }
  const { units, broken } = lengthPrefixedUnits(payload, state.lengthSize)
  const unit = readAccessUnit(units, nal, broken)
  const sei = unit.sei.length > 0 ? unit.sei : undefined
  const frame: Frame = { kind: 'video', ...at, key: unit.key, bytes: payload.length, sei }
  return broken ? { frame, broken: 'a NAL unit reaches beyond its tag' } : { frame }
}

/** Sound formats of the old header, by their number. */
const SOUND: Readonly<Record<number, string>> = { 2: 'mp3', 7: 'alaw', 8: 'mulaw', 14: 'mp3' }
/** Sound formats of Enhanced RTMP, by their four letters. */
const FOUR_CC_SOUND: Readonly<Record<string, string>> = {
  'ac-3': 'ac-3',
  'ec-3': 'ec-3',
  Opus: 'opus',
  '.mp3': 'mp3',
  fLaC: 'flac',
  mp4a: 'mp4a',
}
const ENHANCED_SOUND = 9
const AAC = 10

function aacFormat(config: Uint8Array): TrackFormat {
  const bits = (config[0] ?? 0) * 256 + (config[1] ?? 0)
  const sampleRate = AAC_RATES[(bits >> 7) & 15] ?? 0
  return { codec: `mp4a.40.${bits >> 11}`, sampleRate, channels: (bits >> 3) & 15 }
}

function readAudio({ body, timestamp_ms }: FlvTag): FlvEvent {
  const first = body[0]
  if (first === undefined || body.length < 2) return {}
  const frameOf = (bytes: number): Frame => ({
    kind: 'audio',
    pts_ms: timestamp_ms,
    dts_ms: timestamp_ms,
    key: true,
    bytes,
  })
  const format = first >> 4
  if (format === AAC)
    return body[1] === 0 ? { audio: aacFormat(body.subarray(2)) } : { frame: frameOf(body.length - 2) }
  if (format !== ENHANCED_SOUND)
    return { frame: frameOf(body.length), audio: { codec: SOUND[format] ?? `flv-audio-${format}` } }
  const { kind, at, single } = enhancedStart(body, first & 15, 1)
  const codec = FOUR_CC_SOUND[body.toString('latin1', at, at + 4)]
  if (codec === undefined || kind > 1) return {}
  const payload = body.subarray(at + 4 + (single ? 0 : 1))
  if (kind === 0) return { audio: codec === 'mp4a' ? aacFormat(payload) : { codec } }
  // AAC's exact codec stands in its sequence header.
  return { frame: frameOf(payload.length), audio: codec === 'mp4a' ? undefined : { codec } }
}

/** Reads the tags of one stream in order; keeps what the sequence headers said. */
export function flvReader(): (tag: FlvTag) => FlvEvent {
  const state: VideoState = { lengthSize: 4 }
  return function readTag(tag) {
    if (tag.type === FLV_AUDIO) return readAudio(tag)
    if (tag.type === FLV_SCRIPT) {
      const values = readAmf(tag.body).values
      const data = values.find((value) => typeof value === 'object' && value !== null)
      return data === undefined ? {} : { metadata: data as Record<string, AmfValue> }
    }
    return tag.type !== FLV_VIDEO || tag.body.length < 5 ? {} : readVideo(tag, state)
  }
}
