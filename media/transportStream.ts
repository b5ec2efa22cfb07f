import { audioFacts, type Frame, type MediaFacts, type TrackFormat, videoFacts } from './facts.ts'
import { annexBUnits, type NalCodec, readAccessUnit } from './nalUnits.ts'
import { type SoundKind, soundFrames, soundKindAt } from './sound.ts'

const PACKET = 188
const SYNC = 0x47
const PER_MS = 90
const LONGEST_SOUND_FRAME = 8_192
/** A time stamp has 33 bits: it begins again after 26.5 h. */
const WRAP = 2 ** 33
export const TRANSPORT_WRAP_MS = WRAP / PER_MS

type Elementary =
  | { readonly kind: 'video'; readonly codec: NalCodec; readonly encrypted: boolean }
  | { readonly kind: 'audio'; readonly sound: SoundKind | undefined; readonly encrypted: boolean }
  | { readonly kind: 'other-video'; readonly name: string }
  | { readonly kind: 'other-audio'; readonly name: string }

const video = (codec: NalCodec, encrypted = false): Elementary => ({ kind: 'video', codec, encrypted })
const audio = (sound: SoundKind | undefined, encrypted = false): Elementary => ({
  kind: 'audio',
  sound,
  encrypted,
})

/** Stream types of a program map (ISO/IEC 13818-1, table 2-34; Apple's for SAMPLE-AES). */
const TYPES: Readonly<Record<number, Elementary>> = {
  1: { kind: 'other-video', name: 'mpeg1video' },
  2: { kind: 'other-video', name: 'mpeg2video' },
  3: audio('mpeg'),
  4: audio('mpeg'),
  15: audio('aac'),
  17: { kind: 'other-audio', name: 'mp4a-latm' },
  27: video('h264'),
  28: { kind: 'other-audio', name: 'mp4a' },
  36: video('h265'),
  51: { kind: 'other-video', name: 'vvc1' },
  129: audio('ac3'),
  135: audio('ac3'),
  193: audio('ac3', true),
  194: audio('ac3', true),
  207: audio('aac', true),
  219: video('h264', true),
  225: video('h265', true),
}

/** What a private stream holds, by the descriptors of its entry. */
function privateStream(descriptors: Uint8Array): Elementary | undefined {
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + descriptors[at + 1]!) {
    const tag = descriptors[at]
    const text = Buffer.from(descriptors.subarray(at + 2, at + 6)).toString('latin1')
    if (tag === 0x6a || tag === 0x7a || (tag === 5 && /^(AC-3|EAC3)/.test(text))) return audio('ac3')
    if (tag === 5 && text === 'Opus') return { kind: 'other-audio', name: 'opus' }
    if (tag === 5 && text === 'HEVC') return video('h265')
    if (tag === 5 && text === 'AV01') return { kind: 'other-video', name: 'av01' }
  }
  return undefined
}

interface Pes {
  readonly chunks: Uint8Array[]
  /** From the header; undefined: not bounded. */
  readonly length: number | undefined
  bytes: number
}

interface PesData {
  readonly pts: number | undefined
  readonly dts: number | undefined
  readonly data: Uint8Array
  readonly cut: boolean
}

const stampAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! >> 1) & 7) * 2 ** 30 +
  (bytes[at + 1]! << 22) +
  ((bytes[at + 2]! >> 1) << 15) +
  (bytes[at + 3]! << 7) +
  (bytes[at + 4]! >> 1)

function readPes({ chunks, length, bytes }: Pes): PesData | undefined {
  const all = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
  if (all.length < 9 || all[0] !== 0 || all[1] !== 0 || all[2] !== 1) return undefined
  const flags = all[7]! >> 6
  const from = 9 + all[8]!
  const pts = flags >= 2 && all.length >= 14 ? stampAt(all, 9) : undefined
  const dts = flags === 3 && all.length >= 19 ? stampAt(all, 14) : pts
  const end = length === undefined ? all.length : Math.min(all.length, length)
  return {
    pts,
    dts,
    data: all.subarray(Math.min(from, end), end),
    cut: length !== undefined && bytes < length,
  }
}

function readProgramMap(payload: Uint8Array, streams: Map<number, Elementary>): void {
  const at = 1 + (payload[0] ?? 0)
  if (payload[at] !== 2 || payload.length < at + 12) return
  const end = Math.min(payload.length, at + 3 + (((payload[at + 1]! & 15) << 8) | payload[at + 2]!) - 4)
  let entry = at + 12 + (((payload[at + 10]! & 15) << 8) | payload[at + 11]!)
  while (entry + 5 <= end) {
    const type = payload[entry]!
    const pid = ((payload[entry + 1]! & 31) << 8) | payload[entry + 2]!
    const info = ((payload[entry + 3]! & 15) << 8) | payload[entry + 4]!
    const stream = TYPES[type] ?? privateStream(payload.subarray(entry + 5, entry + 5 + info))
    if (stream !== undefined) streams.set(pid, stream)
    entry += 5 + info
  }
}

function firstProgramPid(payload: Uint8Array): number | undefined {
  const at = 1 + (payload[0] ?? 0)
  for (let entry = at + 8; entry + 4 <= payload.length - 4; entry += 4) {
    const number = (payload[entry]! << 8) | payload[entry + 1]!
    if (number !== 0) return ((payload[entry + 2]! & 31) << 8) | payload[entry + 3]!
  }
  return undefined
}

interface Packet {
  readonly pid: number
  /** A PES packet or a section begins in it. */
  readonly starts: boolean
  readonly payload: Uint8Array
}

/** The packets that carry something; ends where a sync byte is missing. */
function* packetsOf(segment: Uint8Array): Generator<Packet> {
  for (let at = 0; at + PACKET <= segment.length && segment[at] === SYNC; at += PACKET) {
    const pid = ((segment[at + 1]! & 31) << 8) | segment[at + 2]!
    const control = (segment[at + 3]! >> 4) & 3
    if ((control & 1) === 0) continue
    const from = at + 4 + (control === 3 ? 1 + segment[at + 4]! : 0)
    if (from >= at + PACKET) continue
    yield { pid, starts: (segment[at + 1]! & 0x40) !== 0, payload: segment.subarray(from, at + PACKET) }
  }
}

/** The elementary streams of the first program. Maps of one program fit into one packet. */
function programOf(segment: Uint8Array): Map<number, Elementary> {
  const streams = new Map<number, Elementary>()
  let mapPid: number | undefined
  for (const { pid, starts, payload } of packetsOf(segment)) {
    if (pid === 0 && starts) mapPid ??= firstProgramPid(payload)
    else if (pid === mapPid && starts) readProgramMap(payload, streams)
    if (streams.size > 0) break
  }
  return streams
}

/** Cuts a transport stream into the PES packets of its elementary streams. */
function pesPackets(segment: Uint8Array, streams: ReadonlyMap<number, Elementary>): [number, PesData][] {
  const open = new Map<number, Pes>()
  const packets: [number, PesData][] = []
  const close = (pid: number) => {
    const pes = open.get(pid)
    open.delete(pid)
    const data = pes === undefined ? undefined : readPes(pes)
    if (data !== undefined) packets.push([pid, data])
  }
  for (const { pid, starts, payload } of packetsOf(segment)) {
    if (!streams.has(pid)) continue
    if (starts) {
      close(pid)
      const declared = payload.length >= 6 ? (payload[4]! << 8) | payload[5]! : 0
      const length = declared === 0 ? undefined : declared + 6
      open.set(pid, { chunks: [payload], length, bytes: payload.length })
    } else {
      const pes = open.get(pid)
      pes?.chunks.push(payload)
      if (pes !== undefined) pes.bytes += payload.length
    }
  }
  for (const pid of [...open.keys()]) close(pid)
  return packets
}

/** Whether every packet begins with the sync byte. */
function inStep(segment: Uint8Array): boolean {
  for (let at = 0; at + PACKET <= segment.length; at += PACKET) if (segment[at] !== SYNC) return false
  return true
}

/** Time stamps on one line: each is taken at the turn of the 33 bits that is nearest to the first of all. */
function unwrapper(): (stamp: number) => number {
  let first: number | undefined
  return (stamp) => {
    first ??= stamp
    const off = stamp - first
    return off > WRAP / 2 ? stamp - WRAP : off < -WRAP / 2 ? stamp + WRAP : stamp
  }
}

/**
 * Reads an MPEG-TS segment: H.264, H.265, AAC, MPEG audio, AC-3 and E-AC-3, also under SAMPLE-AES, which leaves headers
 * readable; other codecs are counted by their packets. Never throws: what cannot be read is a `problem`.
 */
export function readTransportStream(segment: Uint8Array): MediaFacts {
  const truncated = segment.length % PACKET !== 0
  if (segment[0] !== SYNC) return { truncated, problem: 'not a transport stream: no sync byte' }
  if (!inStep(segment)) return { truncated, problem: 'a packet without a sync byte' }
  const streams = programOf(segment)
  const packets = pesPackets(segment, streams)
  const unwrap = unwrapper()
  const frames = { video: [] as Frame[], audio: [] as Frame[] }
  const formats: { video: TrackFormat; audio: TrackFormat } = { video: { codec: '' }, audio: { codec: '' } }
  let cut = false
  let encrypted = false
  let soundPid: number | undefined
  let soundRest: Uint8Array = new Uint8Array(0)
  let picturePid: number | undefined
  for (const [pid, { pts, dts, data, cut: short }] of packets) {
    const stream = streams.get(pid)!
    if (pts === undefined) continue
    cut ||= short
    const pts_ms = unwrap(pts) / PER_MS
    const dts_ms = unwrap(dts ?? pts) / PER_MS
    if (stream.kind === 'video' || stream.kind === 'other-video') {
      // Further pictures (another angle) and further languages are not what a viewer sees first.
      if ((picturePid ??= pid) !== pid) continue
      if (stream.kind === 'other-video') {
        formats.video = { codec: stream.name }
        frames.video.push({ kind: 'video', pts_ms, dts_ms, key: true, bytes: data.length })
        continue
      }
      encrypted ||= stream.encrypted
      const unit = readAccessUnit(annexBUnits(data), stream.codec)
      if (unit.format !== undefined) formats.video = unit.format
      const sei = unit.sei.length > 0 ? unit.sei : undefined
      frames.video.push({ kind: 'video', pts_ms, dts_ms, key: unit.key, bytes: data.length, sei })
      continue
    }
    if ((soundPid ??= pid) !== pid) continue
    // ffmpeg calls AAC in LATM frames by the stream type of ADTS.
    const latm = data[0] === 0x56 && (data[1]! & 0xe0) === 0xe0
    const kind = stream.kind === 'audio' && !latm ? (stream.sound ?? soundKindAt(data)) : undefined
    if (kind === undefined) {
      formats.audio = { codec: latm ? 'mp4a-latm' : stream.kind === 'other-audio' ? stream.name : '' }
      frames.audio.push({ kind: 'audio', pts_ms, dts_ms, key: true, bytes: data.length })
      continue
    }
    encrypted ||= stream.kind === 'audio' && stream.encrypted
    // A frame may begin in one packet and end in the next; the time is that of the first frame that begins here.
    const whole = soundRest.length === 0 ? data : Buffer.concat([soundRest, data])
    const found = soundFrames(whole, kind, pts_ms)
    for (const frame of found.frames) frames.audio.push(frame)
    if (found.format !== undefined) formats.audio = found.format
    soundRest = whole.subarray(found.used, found.used + LONGEST_SOUND_FRAME)
  }
  cut ||= soundRest.length > 0
  const facts = {
    video: videoFacts(frames.video, formats.video),
    audio: audioFacts(frames.audio, formats.audio),
  }
  return {
    truncated: truncated || cut,
    video: facts.video,
    audio: facts.audio,
    wrap_ms: TRANSPORT_WRAP_MS,
    encrypted: encrypted || undefined,
    problem: facts.video === undefined && facts.audio === undefined ? 'no frames in it' : undefined,
  }
}
