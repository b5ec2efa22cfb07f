import { audioFacts, type MediaFacts } from './facts.ts'
import { soundFrames, soundKindAt } from './sound.ts'

const ID3_HEADER_BYTES = 10
const FRAME_HEADER_BYTES = 10
/** Owner of the ID3 frame that dates a segment (RFC 8216, 3.4). */
const OWNER = 'com.apple.streaming.transportStreamTimestamp'
const PER_MS = 90

const synchsafe = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! & 127) << 21) |
  ((bytes[at + 1]! & 127) << 14) |
  ((bytes[at + 2]! & 127) << 7) |
  (bytes[at + 3]! & 127)

/** The 33-bit time stamp in an ID3 tag's PRIV frame, in ms; undefined where it has none. */
function timestampOf(tag: Uint8Array): number | undefined {
  const buffer = Buffer.from(tag.buffer, tag.byteOffset, tag.length)
  let at = ID3_HEADER_BYTES
  while (at + FRAME_HEADER_BYTES <= buffer.length) {
    const id = buffer.toString('latin1', at, at + 4)
    const size = buffer[3] === 4 ? synchsafe(buffer, at + 4) : buffer.readUInt32BE(at + 4)
    const from = at + FRAME_HEADER_BYTES
    const data = buffer.subarray(from, from + size)
    if (id === 'PRIV' && data.toString('latin1', 0, OWNER.length) === OWNER) {
      const stamp = data.subarray(OWNER.length + 1)
      if (stamp.length >= 8) return Number(stamp.readBigUInt64BE(0) & 0x1_ff_ff_ff_ffn) / PER_MS
    }
    if (size <= 0) break
    at = from + size
  }
  return undefined
}

/** Whether bytes are sound without a container: an ID3 tag, or a frame of AAC, MPEG audio, AC-3 or E-AC-3. */
export const isPackedAudio = (bytes: Uint8Array): boolean =>
  (bytes[0] === 0x49 && bytes[1] === 0x44 && bytes[2] === 0x33) || soundKindAt(bytes) !== undefined

/** Reads a segment of packed audio (RFC 8216, 3.4). Never throws: what cannot be read is a `problem`. */
export function readPackedAudio(segment: Uint8Array): MediaFacts {
  let at = 0
  let pts_ms: number | undefined
  while (segment[at] === 0x49 && segment[at + 1] === 0x44 && segment[at + 2] === 0x33) {
    if (at + ID3_HEADER_BYTES > segment.length) return { truncated: true, problem: 'an ID3 tag that is cut' }
    const end = at + ID3_HEADER_BYTES + synchsafe(segment, at + 6)
    if (end > segment.length) return { truncated: true, problem: 'an ID3 tag that is cut' }
    pts_ms ??= timestampOf(segment.subarray(at, end))
    at = end
  }
  const sound = segment.subarray(at)
  const kind = soundKindAt(sound)
  if (kind === undefined) return { truncated: false, problem: 'no sound behind the ID3 tag' }
  const { frames, format, cut } = soundFrames(sound, kind, pts_ms ?? 0)
  const audio = audioFacts(frames, format ?? { codec: '' })
  return {
    truncated: cut,
    audio,
    wrap_ms: pts_ms === undefined ? undefined : 2 ** 33 / PER_MS,
    undated: pts_ms === undefined ? true : undefined,
    problem: audio === undefined ? 'no frames in it' : undefined,
  }
}
