import type { SeiMessage } from '../media/facts.ts'
import { flvReader } from '../media/flv.ts'
import type { FlvTag } from '../media/flvTags.ts'
import type { Clock } from './clock.ts'
import type { LiveFrame, LiveSeen } from './observations.ts'

/** Takes the tags of an FLV or RTMP stream as they come and keeps what a judge needs of them. */
export interface LiveRecorder {
  readonly take: (tag: FlvTag) => void
  readonly noteBroken: (what: string) => void
  readonly firstMedia_ms: () => number | undefined
  readonly firstKeyFrame_ms: () => number | undefined
  readonly result: (closed_ms: number | undefined) => LiveSeen
}

/** More frames than any honest stream sends in a check; beyond it they are counted only in bytes. */
const MAX_FRAMES = 50_000

/** A recorder that dates frames by `clock`. @param onFrame called as each frame comes */
export function liveRecorder(clock: Clock, onFrame?: (frame: LiveFrame) => void): LiveRecorder {
  const read = flvReader()
  const frames: LiveFrame[] = []
  const videoCodecs: string[] = []
  const audioCodecs: string[] = []
  const broken: string[] = []
  let metadata: LiveSeen['metadata'] = {}
  let width = 0
  let height = 0
  let bytes = 0
  let sei = 0
  let lastSei: SeiMessage | undefined
  let firstMedia_ms: number | undefined
  let firstKeyFrame_ms: number | undefined
  const noteCodec = (list: string[], codec: string) => {
    if (codec !== '' && list.at(-1) !== codec) list.push(codec)
  }
  const take = (tag: FlvTag) => {
    const at_ms = clock()
    bytes += tag.body.length
    const event = read(tag)
    if (event.broken !== undefined) broken.push(event.broken)
    if (event.video !== undefined) {
      noteCodec(videoCodecs, event.video.codec)
      width = event.video.width ?? width
      height = event.video.height ?? height
    }
    if (event.audio !== undefined) noteCodec(audioCodecs, event.audio.codec)
    if (event.metadata !== undefined) metadata = readMetadata(event.metadata, metadata)
    const { frame } = event
    if (frame === undefined) return
    firstMedia_ms ??= at_ms
    if (frame.kind === 'video' && frame.key) firstKeyFrame_ms ??= at_ms
    const last = frame.sei?.at(-1)
    sei += frame.sei?.length ?? 0
    // the tag's bytes are part of a larger buffer that need not be kept
    if (last !== undefined) lastSei = { uuid: last.uuid, payload: Uint8Array.from(last.payload) }
    const seen = { kind: frame.kind, at_ms, dts_ms: frame.dts_ms, key: frame.key, bytes: frame.bytes }
    onFrame?.(seen)
    if (frames.length < MAX_FRAMES) frames.push(seen)
  }
  return {
    take,
    noteBroken: (what) => broken.push(what),
    firstMedia_ms: () => firstMedia_ms,
    firstKeyFrame_ms: () => firstKeyFrame_ms,
    result: (closed_ms) => ({
      frames,
      metadata,
      videoCodecs,
      audioCodecs,
      width,
      height,
      bytes,
      sei,
      broken,
      lastSei,
      closed_ms,
    }),
  }
}

function readMetadata(
  found: Readonly<Record<string, unknown>>,
  before: LiveSeen['metadata'],
): LiveSeen['metadata'] {
  const number = (key: string): number | undefined => {
    const value = found[key]
    return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined
  }
  const video = number('videodatarate')
  const kbps = video === undefined ? before.kbps : video + (number('audiodatarate') ?? 0)
  const width = number('width') ?? before.width
  const height = number('height') ?? before.height
  return {
    kbps,
    width,
    height,
  }
}
