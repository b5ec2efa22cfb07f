import type { KindFields } from '../schemas/kinds/kinds.ts'
import type { StartupMarks } from './core/startupPhases.ts'

export type ErrorCategory = NonNullable<KindFields<'startup'>['error_category']>

export interface PlaybackError {
  /** The player's own code. */
  readonly code: string
  readonly category: ErrorCategory
  /** The playback cannot go on. */
  readonly fatal?: boolean
  readonly message?: string
}

/** The rendition being played. */
export interface Rendition {
  /** Its name, or its height with a `p`. */
  readonly name: string
  readonly bitrate_kbps?: number
  /** As RFC 6381 writes it (`avc1.64001f`), or short (`h264`). */
  readonly codec?: string | undefined
}

/** A request that ended; or several, where the player only counts them. */
export interface MediaRequest {
  /** How many requests these are. Default 1. */
  readonly count?: number
  readonly url?: string | undefined
  readonly bytes?: number
  readonly bytes_p2p?: number
  /** What the H.264 rendition of the same height would have cost; without one: `bytes`. */
  readonly bytes_reference?: number
  /** From the request to the first byte of its answer; what cannot be true is left out of the mean. */
  readonly ttfb_ms?: number
  readonly failed?: boolean | number
}

/** What the H.264 rendition of a height costs, kb/s: `{ 1080: 4000, 720: 2200 }`. */
export type H264Ladder = Readonly<Record<number, number>>

/** What an adapter tells the session. Every function may be called at any time and never throws. */
export interface Host {
  readonly video: HTMLVideoElement
  readonly h264_kbps?: H264Ladder | undefined
  /** A moment of the start, ms of `performance.now()`; the first time counts. Default: now. */
  readonly mark: (name: Exclude<keyof StartupMarks, 'requested' | 'handshake_ms'>, at?: number) => void
  /** The first manifest's and the first media segment's address, to be looked up in Resource Timing. */
  readonly source: (what: 'manifest' | 'media', url: string) => void
  readonly request: (request: MediaRequest) => void
  readonly rendition: (rendition: Rendition) => void
  readonly error: (error: PlaybackError) => void
  /** An SEI message (user data unregistered): its UUID, what follows it, and the media time of its frame, s. */
  readonly sei: (uuid: string, data: Uint8Array, time_s: number) => void
}

/** What an adapter is asked when a heartbeat is made. */
export interface AdapterSample {
  readonly bandwidth_kbps?: number | undefined
  readonly bitrate_kbps?: number | undefined
  /** When the frame at the playhead was filmed, ms since the epoch by the encoder's clock. */
  readonly filmed_ms?: number | undefined
  /** Live latency as the player itself reckons it, ms; used when there is no `filmed_ms`. */
  readonly live_latency_ms?: number | undefined
  readonly buffer_ms?: number | undefined
  readonly frames_decoded?: number | undefined
  readonly frames_dropped?: number | undefined
}

export interface Attached {
  readonly sample?: () => AdapterSample
  readonly detach: () => void
}

/** What makes a player's public events into facts. Native `<video>` runs beneath every adapter. */
export interface Adapter {
  /** The dimension `player`. */
  readonly name: string
  /** The dimension `protocol`, where the player speaks only one. */
  readonly protocol?: string
  /** Whether this object is such a player. */
  readonly match: (player: unknown) => boolean
  readonly version?: (player: never) => string | undefined
  /** Major versions it was tried with. */
  readonly known?: readonly string[]
  readonly attach: (player: never, host: Host) => Attached
}
