/** One coded frame as a parser found it. Times are the media's own, ms. */
export interface Frame {
  readonly kind: 'video' | 'audio'
  readonly pts_ms: number
  readonly dts_ms: number
  readonly duration_ms?: number
  readonly key: boolean
  readonly bytes: number
  /** SEI messages of user data in this frame. */
  readonly sei?: readonly SeiMessage[]
}

/** A supplemental message of type "user data unregistered" (H.264 and H.265, payload type 5). */
export interface SeiMessage {
  /** 32 hexadecimal digits. */
  readonly uuid: string
  readonly payload: Uint8Array
}

export interface VideoFacts {
  /** RFC 6381, as `avc1.64001f`; '' while not known. */
  readonly codec: string
  readonly width: number
  readonly height: number
  readonly frames: number
  readonly start_ms: number
  readonly end_ms: number
  readonly keyFrames_ms: readonly number[]
  readonly bytes: number
  readonly sei: number
  readonly lastSei?: SeiMessage
}

export interface AudioFacts {
  readonly codec: string
  readonly sampleRate: number
  readonly channels: number
  readonly frames: number
  readonly start_ms: number
  readonly end_ms: number
  readonly bytes: number
}

/** What a piece of media holds. `problem` says why a part of it could not be read. */
export interface MediaFacts {
  readonly video?: VideoFacts
  readonly audio?: AudioFacts
  /** It ends inside a box, a packet or a frame. */
  readonly truncated: boolean
  /** Time stamps begin again after so long (MPEG-TS: 26.5 h); undefined: not within a lifetime. */
  readonly wrap_ms?: number
  /** It has no time stamps of its own: they begin at 0. */
  readonly undated?: true
  /** Its samples are encrypted: frames, sizes and times are known, what they show is not. */
  readonly encrypted?: true
  /** It holds text (WebVTT, TTML): nothing to show or to hear. */
  readonly text?: { readonly cues: number }
  readonly problem?: string
}

export interface TrackFormat {
  readonly codec: string
  readonly width?: number
  readonly height?: number
  readonly sampleRate?: number
  readonly channels?: number
}

const USUAL_FRAME_MS = { video: 40, audio: 21 } as const

/** First start and last end of frames in any order; the last one's duration is guessed from the mean distance. */
function spanOf(frames: readonly Frame[], kind: 'video' | 'audio'): { start_ms: number; end_ms: number } {
  let start_ms = Number.POSITIVE_INFINITY
  let last_ms = Number.NEGATIVE_INFINITY
  let lastDuration: number | undefined
  for (const frame of frames) {
    if (frame.pts_ms < start_ms) start_ms = frame.pts_ms
    if (frame.pts_ms >= last_ms) {
      last_ms = frame.pts_ms
      lastDuration = frame.duration_ms
    }
  }
  const mean = frames.length > 1 ? (last_ms - start_ms) / (frames.length - 1) : USUAL_FRAME_MS[kind]
  return { start_ms, end_ms: last_ms + (lastDuration || mean) }
}

/** Facts of the video frames of a piece; undefined without frames. */
export function videoFacts(frames: readonly Frame[], format: TrackFormat): VideoFacts | undefined {
  if (frames.length === 0) return undefined
  const sei = frames.flatMap((frame) => frame.sei ?? [])
  const last = sei.at(-1)
  return {
    codec: format.codec,
    width: format.width ?? 0,
    height: format.height ?? 0,
    frames: frames.length,
    ...spanOf(frames, 'video'),
    keyFrames_ms: frames.filter((frame) => frame.key).map((frame) => frame.pts_ms),
    bytes: frames.reduce((sum, frame) => sum + frame.bytes, 0),
    sei: sei.length,
    ...(last === undefined ? {} : { lastSei: last }),
  }
}

/** Facts of the audio frames of a piece; undefined without frames. */
export function audioFacts(frames: readonly Frame[], format: TrackFormat): AudioFacts | undefined {
  if (frames.length === 0) return undefined
  return {
    codec: format.codec,
    sampleRate: format.sampleRate ?? 0,
    channels: format.channels ?? 0,
    frames: frames.length,
    ...spanOf(frames, 'audio'),
    bytes: frames.reduce((sum, frame) => sum + frame.bytes, 0),
  }
}

/** The family of a codec string, as the dimension `codec` has it: avc1.64001f → h264. */
export function codecFamily(codec: string): string {
  const name = codec.split('.')[0]?.toLowerCase() ?? ''
  const families: Record<string, string> = {
    avc1: 'h264',
    avc3: 'h264',
    hvc1: 'h265',
    hev1: 'h265',
    av01: 'av1',
    vp09: 'vp9',
    mp4a: 'aac',
    'mp4a-latm': 'aac',
    opus: 'opus',
    'ac-3': 'ac3',
    'ec-3': 'eac3',
    dvh1: 'h265',
    dvhe: 'h265',
    vp08: 'vp8',
    mp4v: 'mpeg4',
    flac: 'flac',
  }
  return families[name] ?? name
}
