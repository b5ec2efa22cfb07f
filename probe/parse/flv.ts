import { type AmfValue, readAmf } from './amf.ts'
import type { Frame, TrackFormat } from './media.ts'
import { lengthPrefixedUnits, type NalCodec, readAccessUnit } from './nalUnits.ts'
import { h264Format, h265Format } from './parameterSets.ts'

/** One tag: an RTMP message of audio, video or data has the same body. */
export interface FlvTag {
  readonly type: number
  readonly timestamp_ms: number
  readonly body: Uint8Array
}

export const FLV_AUDIO = 8
export const FLV_VIDEO = 9
export const FLV_SCRIPT = 18

/** What a tag brought: a frame, a format (sequence header), or metadata. Nothing for tags of no concern. */
export interface FlvEvent {
  readonly frame?: Frame
  readonly video?: TrackFormat
  readonly audio?: TrackFormat
  readonly metadata?: Readonly<Record<string, AmfValue>>
  readonly broken?: string
}

/** Splits a byte stream into tags. `push` may be called with pieces of any size. */
export interface FlvDemuxer {
  readonly push: (bytes: Uint8Array) => { tags: FlvTag[]; broken?: string }
}

const HEADER = 9
const TAG_HEADER = 11
/** No sane tag is larger; beyond it the stream is taken for broken instead of buffering on. */
const MAX_TAG = 8 * 1024 * 1024

/** A demultiplexer for HTTP-FLV. After `broken` it takes nothing more. */
export function flvDemuxer(): FlvDemuxer {
  let rest: Buffer = Buffer.alloc(0)
  let needed = HEADER
  let pieces: Uint8Array[] = []
  let waiting = 0
  let started = false
  let broken: string | undefined
  const push = (bytes: Uint8Array): { tags: FlvTag[]; broken?: string } => {
    const tags: FlvTag[] = []
    if (broken !== undefined) return { tags, broken }
    pieces.push(bytes)
    waiting += bytes.length
    if (rest.length + waiting < needed) return { tags }
    rest = Buffer.concat([rest, ...pieces])
    pieces = []
    waiting = 0
    let at = 0
    if (!started) {
      if (rest.toString('latin1', 0, 3) !== 'FLV') {
        broken = 'it does not begin with FLV'
        return { tags, broken }
      }
      const offset = rest.readUInt32BE(5)
      if (offset < HEADER || offset > 1024) {
        broken = `header of ${offset} bytes`
        return { tags, broken }
      }
      needed = offset + 4
      if (rest.length < needed) return { tags }
      at = needed
      started = true
    }
    for (;;) {
      if (rest.length - at < TAG_HEADER) {
        needed = TAG_HEADER
        break
      }
      const type = (rest[at] as number) & 31
      const size = rest.readUIntBE(at + 1, 3)
      if (size > MAX_TAG || (type !== FLV_AUDIO && type !== FLV_VIDEO && type !== FLV_SCRIPT)) {
        broken = `a tag of type ${type} and ${size} bytes`
        break
      }
      const whole = TAG_HEADER + size + 4
      if (rest.length - at < whole) {
        needed = whole
        break
      }
      const timestamp_ms = rest.readUIntBE(at + 4, 3) + (rest[at + 7] as number) * 0x1000000
      tags.push({ type, timestamp_ms, body: rest.subarray(at + TAG_HEADER, at + TAG_HEADER + size) })
      at += whole
    }
    rest = Buffer.from(rest.subarray(at))
    return broken === undefined ? { tags } : { tags, broken }
  }
  return { push }
}

const AAC_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]

interface VideoState {
  codec: NalCodec | undefined
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

const signed24 = (body: Uint8Array, at: number): number => {
  const value = (body[at] ?? 0) * 65536 + (body[at + 1] ?? 0) * 256 + (body[at + 2] ?? 0)
  return value >= 0x800000 ? value - 0x1000000 : value
}

/** Codec, packet type (0 sequence header, 1 frame, 2 end), composition time and payload of a video tag. */
function readVideoHeader(body: Uint8Array) {
  const first = body[0] as number
  if ((first & 0x80) === 0) {
    // 7 is AVC; 12 is what Chinese networks use for HEVC in plain FLV
    const id = first & 15
    const codec: NalCodec | undefined = id === 7 ? 'h264' : id === 12 ? 'h265' : undefined
    const packet = body[1] ?? 2
    return { codec, packet, key: first >> 4 === 1, offset: signed24(body, 2), payload: body.subarray(5) }
  }
  const fourCc = Buffer.from(body.subarray(1, 5)).toString('latin1')
  const codec: NalCodec | undefined = fourCc === 'avc1' ? 'h264' : fourCc === 'hvc1' ? 'h265' : undefined
  const kind = first & 15
  const offset = kind === 1 ? signed24(body, 5) : 0
  const packet = kind === 0 ? 0 : kind === 1 || kind === 3 ? 1 : 2
  return { codec, packet, key: ((first >> 4) & 7) === 1, offset, payload: body.subarray(kind === 1 ? 8 : 5) }
}

function readAudio(tag: FlvTag): FlvEvent {
  const first = tag.body[0]
  if (first === undefined || tag.body.length < 2) return {}
  if (first >> 4 !== 10) {
    const codec = first >> 4 === 2 ? 'mp3' : `flv-audio-${first >> 4}`
    const frame: Frame = {
      kind: 'audio',
      pts_ms: tag.timestamp_ms,
      dts_ms: tag.timestamp_ms,
      key: true,
      bytes: tag.body.length,
    }
    return { frame, audio: { codec } }
  }
  if (tag.body[1] === 0) {
    const config = (tag.body[2] ?? 0) * 256 + (tag.body[3] ?? 0)
    const sampleRate = AAC_RATES[(config >> 7) & 15] ?? 0
    return { audio: { codec: `mp4a.40.${config >> 11}`, sampleRate, channels: (config >> 3) & 15 } }
  }
  const bytes = tag.body.length - 2
  return { frame: { kind: 'audio', pts_ms: tag.timestamp_ms, dts_ms: tag.timestamp_ms, key: true, bytes } }
}

/** Reads the tags of one stream in order; keeps what the sequence headers said. */
export function flvReader(): (tag: FlvTag) => FlvEvent {
  const state: VideoState = { codec: undefined, lengthSize: 4 }
  return function readTag(tag) {
    if (tag.type === FLV_AUDIO) return readAudio(tag)
    if (tag.type === FLV_SCRIPT) {
      const values = readAmf(tag.body).values
      const data = values.find((value) => typeof value === 'object' && value !== null)
      return data === undefined ? {} : { metadata: data as Record<string, AmfValue> }
    }
    if (tag.type !== FLV_VIDEO || tag.body.length < 5) return {}
    const { codec, packet, key, offset, payload } = readVideoHeader(tag.body)
    if (codec === undefined) {
      const bytes = tag.body.length
      const frame: Frame = { kind: 'video', pts_ms: tag.timestamp_ms, dts_ms: tag.timestamp_ms, key, bytes }
      return { frame, video: { codec: `flv-video-${(tag.body[0] as number) & 15}` } }
    }
    if (packet === 0) {
      state.codec = codec
      const format = readConfiguration(payload, codec, state)
      return format === undefined
        ? { broken: 'a decoder configuration that cannot be read' }
        : { video: format }
    }
    if (packet !== 1) return {}
    const { units, broken } = lengthPrefixedUnits(payload, state.lengthSize)
    const unit = readAccessUnit(units, codec, broken)
    const frame: Frame = {
      kind: 'video',
      pts_ms: tag.timestamp_ms + offset,
      dts_ms: tag.timestamp_ms,
      key: unit.key,
      bytes: payload.length,
      ...(unit.sei.length > 0 ? { sei: unit.sei } : {}),
    }
    return broken ? { frame, broken: 'a NAL unit reaches beyond its tag' } : { frame }
  }
}
