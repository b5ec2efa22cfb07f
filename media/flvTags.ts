/**
 * FLV as a stream of tags: cut out of chunks of any size, and written back. An RTMP message of audio, video or data has
 * the same body as a tag.
 * Layout: Adobe's "Video File Format Specification" version 10, annex E; "Enhanced RTMP" version 2 for the newer codecs.
 */

export const FLV_AUDIO = 8
export const FLV_VIDEO = 9
export const FLV_SCRIPT = 18

/** One tag. */
export interface FlvTag {
  /** `FLV_AUDIO`, `FLV_VIDEO`, `FLV_SCRIPT`, or one of no concern. */
  readonly type: number
  readonly timestamp_ms: number
  readonly body: Buffer
  /** The type byte as it came (with its filter bit), for writing the tag back. */
  readonly type_byte?: number
}

/** What a chunk completed: the file header once, then tags; `broken` says why nothing more comes. */
export interface FlvPieces {
  readonly header?: Buffer
  readonly tags: readonly FlvTag[]
  readonly broken?: string
}

const FILE_HEADER_BYTES = 9
const LONGEST_FILE_HEADER_BYTES = 1_024
const TAG_HEADER_BYTES = 11
const SIZE_BYTES = 4
/** No sane tag is larger; beyond it the stream is taken for broken instead of buffering on. */
const LARGEST_TAG_BYTES = 8 << 20
const LARGEST_OTHER_BYTES = 1 << 16

/** A function that takes chunks and returns what they completed. After `broken` it takes nothing more. */
export function flvSplitter(): (chunk: Uint8Array) => FlvPieces {
  let rest: Buffer = Buffer.alloc(0)
  let pieces: Uint8Array[] = []
  let waiting_bytes = 0
  let needed_bytes = FILE_HEADER_BYTES
  let headerDone = false
  let broken: string | undefined

  /** The file header's length with its trailing size; undefined until it is there. */
  function headerEnd(): number | undefined {
    if (rest.toString('latin1', 0, 3) !== 'FLV') {
      broken = 'it does not begin with FLV'
      return undefined
    }
    const header_bytes = rest.readUInt32BE(5)
    if (header_bytes < FILE_HEADER_BYTES || header_bytes > LONGEST_FILE_HEADER_BYTES) {
      broken = `header of ${header_bytes} bytes`
      return undefined
    }
    needed_bytes = header_bytes + SIZE_BYTES
    return rest.length < needed_bytes ? undefined : needed_bytes
  }

  /** The tag at a place; undefined: it is not whole yet, or the stream is broken. */
  function tagAt(at: number): { tag: FlvTag; end: number } | undefined {
    needed_bytes = TAG_HEADER_BYTES
    if (rest.length - at < TAG_HEADER_BYTES) return undefined
    const type_byte = rest[at]!
    const type = type_byte & 31
    const size = rest.readUIntBE(at + 1, 3)
    const isKnown = type === FLV_AUDIO || type === FLV_VIDEO || type === FLV_SCRIPT
    if (size > (isKnown ? LARGEST_TAG_BYTES : LARGEST_OTHER_BYTES)) {
      broken = `a tag of type ${type} and ${size} bytes`
      return undefined
    }
    needed_bytes = TAG_HEADER_BYTES + size + SIZE_BYTES
    const end = at + needed_bytes
    if (rest.length < end) return undefined
    // A tag of another type (15: AMF 3 data) is passed over; where its size does not stand behind it, it is none.
    if (!isKnown && rest.readUInt32BE(end - SIZE_BYTES) !== TAG_HEADER_BYTES + size) {
      broken = `a tag of type ${type} and ${size} bytes`
      return undefined
    }
    const timestamp_ms = (rest.readUIntBE(at + 4, 3) | (rest[at + 7]! << 24)) >>> 0
    const body = rest.subarray(at + TAG_HEADER_BYTES, end - SIZE_BYTES)
    return { tag: { type, timestamp_ms, body, type_byte }, end }
  }

  return function splitFlv(chunk) {
    if (broken !== undefined) return { tags: [], broken }
    pieces.push(chunk)
    waiting_bytes += chunk.length
    if (rest.length + waiting_bytes < needed_bytes) return { tags: [] }
    rest = Buffer.concat([rest, ...pieces])
    pieces = []
    waiting_bytes = 0
    let at = 0
    let header: Buffer | undefined
    if (!headerDone) {
      const end = headerEnd()
      if (end === undefined) return { tags: [], broken }
      header = rest.subarray(0, end)
      headerDone = true
      at = end
    }
    const tags: FlvTag[] = []
    for (let found = tagAt(at); found !== undefined; found = tagAt(at)) {
      tags.push(found.tag)
      at = found.end
    }
    rest = Buffer.from(rest.subarray(at))
    return { header, tags, broken }
  }
}

/** A tag's bytes, with its trailing size. */
export function writeFlvTag(tag: FlvTag): Buffer {
  const out = Buffer.alloc(TAG_HEADER_BYTES + tag.body.length + SIZE_BYTES)
  out[0] = tag.type_byte ?? tag.type
  out.writeUIntBE(tag.body.length, 1, 3)
  out.writeUIntBE(tag.timestamp_ms & 0xff_ff_ff, 4, 3)
  out[7] = tag.timestamp_ms >>> 24
  tag.body.copy(out, TAG_HEADER_BYTES)
  out.writeUInt32BE(TAG_HEADER_BYTES + tag.body.length, out.length - SIZE_BYTES)
  return out
}

/** Codecs a video tag can carry, by their four letters. */
export type FlvVideoCodec = 'avc1' | 'hvc1' | 'vvc1' | 'av01' | 'vp08' | 'vp09'

/** What stands before a video tag's pictures. */
export interface VideoHeader {
  /** Undefined: one of old codecs (Sorenson, VP6), or one that is not known. */
  readonly codec: FlvVideoCodec | undefined
  readonly packet: 'configuration' | 'picture' | 'other'
  /** What the muxer says; the picture itself may say otherwise. */
  readonly key: boolean
  /** Presentation minus decoding, ms. */
  readonly offset_ms: number
  readonly payload: Buffer
}

/** Old codec ids. 7 is AVC; 12 is what Chinese networks use for HEVC, 13 for AV1, in plain FLV. */
const LEGACY: Readonly<Record<number, FlvVideoCodec>> = { 7: 'avc1', 12: 'hvc1', 13: 'av01' }
const FOUR_CC: Readonly<Record<string, FlvVideoCodec>> = {
  avc1: 'avc1',
  hvc1: 'hvc1',
  hev1: 'hvc1',
  vvc1: 'vvc1',
  av01: 'av01',
  vp08: 'vp08',
  vp09: 'vp09',
}

/** Packet types of Enhanced RTMP. */
const PACKET = { start: 0, frames: 1, end: 2, framesX: 3, metadata: 4, multitrack: 6, modEx: 7 } as const

const signed24 = (body: Buffer, at: number): number => (body.length >= at + 3 ? body.readIntBE(at, 3) : 0)

/** Reads the header of a video tag's body, plain or enhanced; of several tracks the first. */
export function readVideoHeader(body: Buffer): VideoHeader {
  const first = body[0] ?? 0
  if ((first & 0x80) === 0) {
    const codec = LEGACY[first & 15]
    if (codec === undefined) return other(body, first >> 4 === 1)
    const packet = body[1] === 0 ? 'configuration' : body[1] === 1 ? 'picture' : 'other'
    return { codec, packet, key: first >> 4 === 1, offset_ms: signed24(body, 2), payload: body.subarray(5) }
  }
  const key = ((first >> 4) & 7) === 1
  const { kind, at, single } = enhancedStart(body, first & 15, 1)
  const codec = FOUR_CC[body.toString('latin1', at, at + 4)]
  // A track's number, and its size where more follow, stand behind its codec.
  const from = at + 4 + (single ? 0 : 1)
  if (codec === undefined) return other(body, key)
  if (kind === PACKET.start)
    return { codec, packet: 'configuration', key, offset_ms: 0, payload: body.subarray(from) }
  if (kind !== PACKET.frames && kind !== PACKET.framesX) return { ...other(body, key), codec }
  const timed = kind === PACKET.frames && /^(avc1|hvc1|vvc1)$/.test(codec)
  const payload = body.subarray(from + (timed ? 3 : 0))
  return { codec, packet: 'picture', key, offset_ms: timed ? signed24(body, from) : 0, payload }
}

const other = (body: Buffer, key: boolean): VideoHeader => ({
  codec: undefined,
  packet: 'other',
  key,
  offset_ms: 0,
  payload: body,
})

/** Skips what Enhanced RTMP 2 may put before the codec: extensions of the time stamp, and the frame of several tracks. */
export function enhancedStart(
  body: Buffer,
  packetType: number,
  start: number,
): { kind: number; at: number; single: boolean } {
  let kind = packetType
  let at = start
  for (let turns = 0; kind === PACKET.modEx && turns < 8 && at < body.length; turns++) {
    let size = body[at++]! + 1
    if (size === 256 && at + 2 <= body.length) {
      size = body.readUInt16BE(at) + 1
      at += 2
    }
    at += size
    kind = (body[at++] ?? 0) & 15
  }
  if (kind !== PACKET.multitrack) return { kind, at, single: true }
  return { kind: (body[at] ?? 0) & 15, at: at + 1, single: false }
}

/** True for a video tag that carries a picture, of any codec, and no decoder configuration. */
export function isPicture(tag: FlvTag): boolean {
  if (tag.type !== FLV_VIDEO || tag.body.length < 2) return false
  const { codec, packet } = readVideoHeader(tag.body)
  return codec === undefined ? (tag.body[0]! & 0x80) === 0 : packet === 'picture'
}

/** True for a video tag that carries H.264 pictures in the plain form. */
export const isAvcPicture = (tag: FlvTag): boolean => isAvc(tag) && tag.body[1] === 1

/** True for a video tag that carries the AVCDecoderConfigurationRecord in the plain form. */
export const isAvcConfiguration = (tag: FlvTag): boolean => isAvc(tag) && tag.body[1] === 0

const isAvc = ({ type, body }: FlvTag): boolean =>
  type === FLV_VIDEO && body.length > 5 && (body[0]! & 0x8f) === 7

/** True for a video tag whose frame type is "key frame". */
export const isKeyFrame = ({ type, body }: FlvTag): boolean =>
  type === FLV_VIDEO && body.length > 0 && ((body[0]! >> 4) & 7) === 1
