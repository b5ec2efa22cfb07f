import type { MediaFacts, SeiMessage } from '../media/facts.ts'
import type { Certificate, Failure } from './failure.ts'
import type { TrackKind } from './parse/tracks.ts'

export type Protocol = 'hls' | 'll-hls' | 'dash' | 'http-flv' | 'rtmp'

export const PHASES = [
  'dns_ms',
  'tcp_ms',
  'tls_ms',
  'handshake_ms',
  'manifest_ms',
  'first_byte_ms',
  'first_key_frame_ms',
] as const

export type Phase = (typeof PHASES)[number]

/** A phase that took place: when it began after the check's start, and how long it took. */
export interface PhaseSpan {
  readonly phase: Phase
  readonly from_ms: number
  readonly ms: number
}

/** What a rendition declares about itself. */
export interface Declared {
  readonly id: string
  readonly kind: TrackKind
  readonly kbps?: number
  readonly codecs?: string
  readonly width?: number
  readonly height?: number
  readonly target_ms?: number
  readonly partTarget_ms?: number
  readonly holdBack_ms?: number
}

/** The live edge of one rendition as one load of the playlist showed it. */
export interface EdgeSeen {
  readonly track: string
  readonly at_ms: number
  readonly edge: string
  /** End of the newest piece on the clock of filming. */
  readonly filmed_ms?: number
  readonly ended: boolean
}

/** One piece of media as it was fetched. */
export interface PieceSeen {
  readonly track: string
  readonly kind: TrackKind
  readonly sequence: number
  readonly part?: number
  readonly uri: string
  readonly requested_ms: number
  readonly arrived_ms: number
  readonly wait_ms: number
  readonly status: number
  readonly bytes: number
  readonly declared_ms: number
  readonly filmed_ms?: number
  readonly discontinuity: boolean
  readonly gap: boolean
  /** It could not be had, after trying again. */
  readonly missing: boolean
  readonly cut: boolean
  /** The check was over before it had come. */
  readonly unfinished: boolean
  readonly failure?: Failure
  readonly media?: MediaFacts
  /** It is encrypted and was not looked into: why, in words. */
  readonly sealed?: string
  /** Fetched only to look at a variant, not for the virtual viewer. */
  readonly sample: boolean
}

/** A run of frames of a stream without segments (HTTP-FLV, RTMP). Media times and arrival times, ms. */
export interface LiveSeen {
  readonly frames: readonly LiveFrame[]
  readonly metadata: { readonly kbps?: number; readonly width?: number; readonly height?: number }
  readonly videoCodecs: readonly string[]
  readonly audioCodecs: readonly string[]
  readonly width: number
  readonly height: number
  readonly bytes: number
  readonly sei: number
  readonly lastSei?: SeiMessage
  readonly broken: readonly string[]
  /** The server ended it before the check was over. */
  readonly closed_ms?: number
}

export interface LiveFrame {
  readonly kind: 'video' | 'audio'
  readonly at_ms: number
  readonly dts_ms: number
  readonly key: boolean
  readonly bytes: number
}

/** What real decoding in a browser showed. */
export interface PictureSeen {
  readonly player: string
  /** From the load call until the first frame was shown. */
  readonly firstFrame_ms?: number
  readonly error?: string
  readonly frames: readonly {
    readonly at_ms: number
    readonly black_ratio: number
    readonly change: number
    readonly media_ms: number
  }[]
  /** Loudest level of each look, dBFS; absent when there is no audio track. */
  readonly loudnessDbfs?: readonly number[]
  /** It plays and has no picture: nothing of a picture is judged. */
  readonly soundOnly?: boolean
  /** How alike the logo's place and its reference are, -1 … 1. */
  readonly logo?: number
  /** The picture at the end of the look, JPEG in base64. */
  readonly shot?: string
  readonly width: number
  readonly height: number
  readonly droppedFrames: number
  readonly totalFrames: number
}

/** Everything a check saw, and nothing it thinks about it. */
export interface Observations {
  readonly url: string
  readonly protocol: Protocol
  readonly started_ms: number
  readonly ended_ms: number
  readonly phases: readonly PhaseSpan[]
  /** What stopped the check. */
  readonly failure?: Failure
  readonly certificate?: Certificate
  readonly renditions: readonly Declared[]
  /** The renditions the virtual viewer plays. */
  readonly followed: readonly string[]
  readonly edges: readonly EdgeSeen[]
  readonly pieces: readonly PieceSeen[]
  readonly variantFailures: readonly { readonly track: string; readonly failure: Failure }[]
  readonly live?: LiveSeen
  readonly picture?: PictureSeen
  readonly bytes: number
}

/** What one check leaves for the next of the same target, so that what spans two checks is seen too. */
export interface CheckMemory {
  readonly edges: Readonly<
    Record<string, { readonly edge: string; readonly since_ms: number; readonly seen_ms: number }>
  >
  readonly videoCodec?: string
  readonly audioCodec?: string
}

/** A logo or watermark that must be in the picture: its place in shares of the picture, and how it looks there. */
export interface Logo {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** A picture of that place (PNG, JPEG): cut it out of a frame. */
  readonly file: string
}

/** What real decoding needs to know beside the address. */
export interface PictureRequest {
  readonly signal?: AbortSignal
  readonly headers?: Readonly<Record<string, string>>
  /** For the player SDK's reports. */
  readonly show?: string
  readonly stream?: string
  readonly cdn?: string
  readonly logo?: Logo
}

/** Decodes a stream for real and tells what was to be seen and heard: `browserPicture()`. */
export type PictureProbe = (url: string, protocol: Protocol, request: PictureRequest) => Promise<PictureSeen>
