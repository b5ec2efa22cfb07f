import muxjs from 'mux.js'
import { audioFacts, type Frame, type MediaFacts, type TrackFormat, videoFacts } from './media.ts'
import { annexBUnits, readAccessUnit } from './nalUnits.ts'

interface PesPacket {
  readonly type: 'video' | 'audio' | 'metadata' | 'timed-metadata'
  readonly data: Uint8Array
  readonly pts?: number
  readonly dts?: number
}

interface MuxStream {
  pipe(next: MuxStream): MuxStream
  on(event: 'data', take: (packet: PesPacket) => void): void
  push(bytes: Uint8Array): void
  flush(): void
}

const { TransportPacketStream, TransportParseStream, ElementaryStream } = (
  muxjs as unknown as Record<'mp2t', Record<string, new () => MuxStream>>
).mp2t as Record<'TransportPacketStream' | 'TransportParseStream' | 'ElementaryStream', new () => MuxStream>

const PACKET = 188
const SYNC = 0x47
const PER_MS = 90
const SAMPLE_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]

/** ADTS frames of one packet: each is 1,024 samples. */
function adtsFrames(packet: PesPacket): { frames: Frame[]; format?: TrackFormat; cut: boolean } {
  const { data } = packet
  const frames: Frame[] = []
  let format: TrackFormat | undefined
  let at = 0
  while (at + 7 <= data.length) {
    if (data[at] !== 0xff || ((data[at + 1] as number) & 0xf0) !== 0xf0) return { frames, cut: true }
    const b2 = data[at + 2] as number
    const b3 = data[at + 3] as number
    const size = ((b3 & 3) << 11) | ((data[at + 4] as number) << 3) | ((data[at + 5] as number) >> 5)
    const sampleRate = SAMPLE_RATES[(b2 >> 2) & 15] ?? 44_100
    if (size < 7) return { frames, cut: true }
    format ??= { codec: `mp4a.40.${(b2 >> 6) + 1}`, sampleRate, channels: ((b2 & 1) << 2) | (b3 >> 6) }
    const duration_ms = 1_024_000 / sampleRate
    const pts_ms = (packet.pts ?? 0) / PER_MS + frames.length * duration_ms
    frames.push({ kind: 'audio', pts_ms, dts_ms: pts_ms, duration_ms, key: true, bytes: size })
    at += size
  }
  return { frames, cut: at > data.length, format }
}

/**
 * Reads an MPEG-TS segment: H.264 video and AAC audio, as mux.js demultiplexes them (other codecs it passes over).
 * Never throws: what cannot be read is a `problem`.
 */
export function readTransportStream(segment: Uint8Array): MediaFacts {
  const truncated = segment.length % PACKET !== 0
  if (segment[0] !== SYNC) return { truncated, problem: 'not a transport stream: no sync byte' }
  const packets: PesPacket[] = []
  try {
    const source = new TransportPacketStream()
    const end = new ElementaryStream()
    source.pipe(new TransportParseStream()).pipe(end)
    end.on('data', (packet) => packets.push(packet))
    source.push(segment)
    source.flush()
  } catch (error) {
    return { truncated, problem: `not readable as a transport stream: ${(error as Error).message}` }
  }
  const video: Frame[] = []
  const audio: Frame[] = []
  let videoFormat: TrackFormat = { codec: '' }
  let audioFormat: TrackFormat = { codec: '' }
  let cut = false
  for (const packet of packets) {
    if (packet.type === 'video' && packet.pts !== undefined) {
      const unit = readAccessUnit(annexBUnits(packet.data), 'h264')
      if (unit.format !== undefined) videoFormat = unit.format
      video.push({
        kind: 'video',
        pts_ms: packet.pts / PER_MS,
        dts_ms: (packet.dts ?? packet.pts) / PER_MS,
        key: unit.key,
        bytes: packet.data.length,
        ...(unit.sei.length > 0 ? { sei: unit.sei } : {}),
      })
    } else if (packet.type === 'audio' && packet.pts !== undefined) {
      const found = adtsFrames(packet)
      audio.push(...found.frames)
      if (found.format !== undefined) audioFormat = found.format
      cut ||= found.cut
    }
  }
  const facts = { video: videoFacts(video, videoFormat), audio: audioFacts(audio, audioFormat) }
  return {
    truncated: truncated || cut,
    video: facts.video,
    audio: facts.audio,
    ...(facts.video === undefined && facts.audio === undefined ? { problem: 'no frames in it' } : {}),
  }
}
