/** Something to fetch: a segment, or a part of one (LL-HLS). */
export interface Piece {
  /** Names it among the pieces of its track; grows with time. */
  readonly sequence: number
  readonly part?: number
  readonly uri: string
  readonly range?: ByteRange
  readonly init?: { readonly uri: string; readonly range?: ByteRange }
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
  readonly kind: 'video' | 'audio'
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

/** A variant of an HLS master playlist. */
export interface Variant {
  readonly id: string
  readonly kind: 'video' | 'audio'
  readonly uri: string
  readonly bandwidth_bps?: number
  readonly codecs?: string
  readonly width?: number
  readonly height?: number
  readonly audioGroup?: string
}

/** Codec of a kind in a CODECS list. */
export function codecOf(codecs: string | undefined, kind: 'video' | 'audio'): string | undefined {
  const audio = /^(mp4a|ac-|ec-|opus|flac|mp3)/i
  return codecs
    ?.split(',')
    .map((codec) => codec.trim())
    .find((codec) => codec !== '' && audio.test(codec) === (kind === 'audio'))
}
