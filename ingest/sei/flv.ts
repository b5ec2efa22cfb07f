/**
 * FLV as a stream of tags: cut out of chunks of any size, and written back.
 * Layout: Adobe's "Video File Format Specification" version 10, annex E.
 */

export type FlvTagType = 'audio' | 'video' | 'script' | 'other'

export interface FlvTag {
  readonly type: FlvTagType
  /** The tag's type byte as it came (filter bit included). */
  readonly type_byte: number
  readonly timestamp_ms: number
  readonly body: Buffer
}

/** What a chunk completed: the file header once, then tags. */
export interface FlvPieces {
  readonly header: Buffer | undefined
  readonly tags: readonly FlvTag[]
}

const FILE_HEADER_BYTES = 9
const TAG_HEADER_BYTES = 11
const SIZE_BYTES = 4
const TYPES: Readonly<Record<number, FlvTagType>> = { 8: 'audio', 9: 'video', 18: 'script' }

/** Video codec id of AVC in a video tag's first byte. */
const AVC = 7

/** True for a video tag that carries H.264 pictures (not the decoder configuration). */
export function isAvcPicture(tag: FlvTag): boolean {
  return tag.type === 'video' && tag.body.length > 5 && (tag.body[0]! & 0x0f) === AVC && tag.body[1] === 1
}

/** True for a video tag that carries the AVCDecoderConfigurationRecord. */
export function isAvcConfiguration(tag: FlvTag): boolean {
  return tag.type === 'video' && tag.body.length > 5 && (tag.body[0]! & 0x0f) === AVC && tag.body[1] === 0
}

/** True for a video tag whose frame type is "key frame". */
export function isKeyFrame(tag: FlvTag): boolean {
  return tag.type === 'video' && tag.body.length > 0 && tag.body[0]! >> 4 === 1
}

/**
 * A function that takes chunks and returns what they completed.
 * Throws when the bytes are not FLV: a pipe that lost its place cannot be mended.
 */
export function flvSplitter(): (chunk: Buffer) => FlvPieces {
  let rest: Buffer = Buffer.alloc(0)
  let headerDone = false
  return function splitFlv(chunk) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let header: Buffer | undefined
    let at = 0
    if (!headerDone) {
      if (rest.length < FILE_HEADER_BYTES + SIZE_BYTES) return { header, tags: [] }
      if (rest.toString('latin1', 0, 3) !== 'FLV') throw new Error('the input is not FLV')
      at = rest.readUInt32BE(5) + SIZE_BYTES
      header = rest.subarray(0, at)
      headerDone = true
    }
    const tags: FlvTag[] = []
    while (rest.length - at >= TAG_HEADER_BYTES) {
      const size = rest.readUIntBE(at + 1, 3)
      const end = at + TAG_HEADER_BYTES + size + SIZE_BYTES
      if (rest.length < end) break
      if (rest.readUInt32BE(end - SIZE_BYTES) !== TAG_HEADER_BYTES + size)
        throw new Error('the FLV tags lost step')
      const type_byte = rest[at]!
      tags.push({
        type: TYPES[type_byte & 0x1f] ?? 'other',
        type_byte,
        timestamp_ms: (rest.readUIntBE(at + 4, 3) | (rest[at + 7]! << 24)) >>> 0,
        body: rest.subarray(at + TAG_HEADER_BYTES, end - SIZE_BYTES),
      })
      at = end
    }
    rest = rest.subarray(at)
    return { header, tags }
  }
}

/** A tag's bytes, with its trailing size. */
export function writeFlvTag(tag: FlvTag): Buffer {
  const out = Buffer.alloc(TAG_HEADER_BYTES + tag.body.length + SIZE_BYTES)
  out[0] = tag.type_byte
  out.writeUIntBE(tag.body.length, 1, 3)
  out.writeUIntBE(tag.timestamp_ms & 0xff_ff_ff, 4, 3)
  out[7] = tag.timestamp_ms >>> 24
  tag.body.copy(out, TAG_HEADER_BYTES)
  out.writeUInt32BE(TAG_HEADER_BYTES + tag.body.length, out.length - SIZE_BYTES)
  return out
}
