/** What a track or piece is for. `text`: subtitles. */
export type TrackKind = 'video' | 'audio' | 'text'

/** How a piece is encrypted, as HLS says it. */
export interface PieceKey {
  /** `AES-128`, `SAMPLE-AES`, … */
  readonly method: string
  /** Where the key is; undefined: it is not fetched by an address. */
  readonly uri?: string
  /** Initialisation vector; undefined: the segment's number. */
  readonly iv?: Uint8Array
  /** `identity`: the key itself is at `uri`; else a DRM system's. */
  readonly format: string
}

/** Something to fetch: a segment, or a part of one (LL-HLS). */
export interface Piece {
  /** Names it among the pieces of its track; grows with time. */
  readonly sequence: number
  readonly part?: number
  readonly uri: string
  readonly range?: ByteRange
  readonly init?: { readonly uri: string; readonly range?: ByteRange; readonly key?: PieceKey }
  readonly key?: PieceKey
  /** As the playlist declares it. */
  readonly duration_ms: number
  /** When its first frame was filmed, ms since the epoch: the program date time, or DASH's availability. */
  readonly filmed_ms?: number
  /** On the manifest's own timeline (DASH). */
  readonly timeline_ms?: number
  /** A cut in the timeline is announced before it. */
  readonly discontinuity: boolean
  /** The playlist says itself that it is missing (EXT-X-GAP). */
  readonly gap: boolean
}

export interface ByteRange {
  readonly offset: number
  readonly length: number
}

/** One rendition at one moment. */
export interface Track {
  readonly id: string
  readonly kind: TrackKind
  readonly bandwidth_bps?: number
  readonly codecs?: string
  readonly width?: number
  readonly height?: number
  readonly target_ms: number
  readonly holdBack_ms: number
  /** LL-HLS only. */
  readonly partTarget_ms?: number
  readonly canBlock?: boolean
  readonly ended: boolean
  readonly pieces: readonly Piece[]
  /** The newest segment, the newest part of it (-1: it is whole), and where it ends on the clock of filming where that is told. */
  readonly edge: { readonly sequence: number; readonly part: number; readonly filmed_ms?: number }
  readonly audioGroup?: string
}

/** A variant or rendition of an HLS multivariant playlist. */
export interface Variant {
  readonly id: string
  readonly kind: TrackKind
  readonly uri: string
  readonly bandwidth_bps?: number
  readonly codecs?: string
  readonly width?: number
  readonly height?: number
  readonly audioGroup?: string
}

const AUDIO_CODEC = /^(mp4a|ac-|ec-|ac-4|opus|flac|mp3)/i
const TEXT_CODEC = /^(stpp|wvtt)/i

/** Codec of a kind in a CODECS list. */
export function codecOf(codecs: string | undefined, kind: TrackKind): string | undefined {
  return codecs
    ?.split(',')
    .map((codec) => codec.trim())
    .find((codec) => codec !== '' && kindOfCodec(codec) === kind)
}

const kindOfCodec = (codec: string): TrackKind =>
  TEXT_CODEC.test(codec) ? 'text' : AUDIO_CODEC.test(codec) ? 'audio' : 'video'

/** Gives each of several things a name of its own: the second `720p@2000` becomes `720p@2000#2`. */
export function uniqueIds(): (id: string) => string {
  const seen = new Map<string, number>()
  return (id) => {
    const times = (seen.get(id) ?? 0) + 1
    seen.set(id, times)
    return times === 1 ? id : `${id}#${times}`
  }
}
