import { Parser } from 'm3u8-parser'
import type { ByteRange, Piece, Track, Variant } from './tracks.ts'

interface RawRange {
  readonly offset: number
  readonly length: number
}

interface RawPart {
  readonly uri?: string
  readonly duration?: number
  readonly byterange?: RawRange
  readonly gap?: boolean
}

interface RawSegment {
  readonly uri?: string
  readonly duration?: number
  readonly byterange?: RawRange
  readonly programDateTime?: number
  readonly discontinuity?: boolean
  readonly gap?: boolean
  readonly map?: { readonly uri: string; readonly byterange?: RawRange }
  readonly parts?: readonly RawPart[]
}

interface RawPlaylist {
  readonly attributes?: {
    readonly BANDWIDTH?: number
    readonly CODECS?: string
    readonly AUDIO?: string
    readonly RESOLUTION?: { readonly width: number; readonly height: number }
  }
  readonly uri: string
}

interface RawManifest {
  readonly playlists?: readonly RawPlaylist[]
  readonly mediaGroups?: {
    readonly AUDIO?: Record<string, Record<string, { readonly uri?: string; readonly default?: boolean }>>
  }
  readonly segments?: readonly RawSegment[]
  readonly preloadSegment?: RawSegment
  readonly mediaSequence?: number
  readonly targetDuration?: number
  readonly partTargetDuration?: number
  readonly endList?: boolean
  readonly serverControl?: Record<string, number | boolean>
}

export type HlsPlaylist =
  | { readonly type: 'master'; readonly variants: readonly Variant[] }
  | { readonly type: 'media'; readonly track: Omit<Track, 'id' | 'kind'> }
  | { readonly type: 'unreadable'; readonly why: string }

const rangeOf = (range: RawRange | undefined): { range?: ByteRange } =>
  range === undefined ? {} : { range: { offset: range.offset, length: range.length } }

/** Reads a master or media playlist; `url` is where it came from, for relative addresses. Never throws. */
export function readHls(text: string, url: string): HlsPlaylist {
  if (!text.trimStart().startsWith('#EXTM3U'))
    return { type: 'unreadable', why: 'it does not begin with #EXTM3U' }
  try {
    const parser = new Parser()
    parser.push(text)
    parser.end()
    const manifest = parser.manifest as RawManifest
    if ((manifest.playlists?.length ?? 0) > 0) return { type: 'master', variants: variantsOf(manifest, url) }
    if (manifest.targetDuration === undefined)
      return { type: 'unreadable', why: 'no target duration and no variants' }
    return { type: 'media', track: trackOf(manifest, url) }
  } catch (error) {
    return { type: 'unreadable', why: (error as Error).message }
  }
}

function variantsOf(manifest: RawManifest, url: string): Variant[] {
  const variants: Variant[] = []
  for (const playlist of manifest.playlists ?? []) {
    const { BANDWIDTH, CODECS, AUDIO, RESOLUTION } = playlist.attributes ?? {}
    const uri = new URL(playlist.uri, url).href
    // the same playlist may stand twice, once for each audio group
    if (variants.some((variant) => variant.uri === uri)) continue
    const audioOnly =
      CODECS !== undefined && RESOLUTION === undefined && !/avc|hvc|hev|av01|vp09|dvh/.test(CODECS)
    variants.push({
      id: RESOLUTION
        ? `${RESOLUTION.height}p@${Math.round((BANDWIDTH ?? 0) / 1000)}`
        : playlist.uri.slice(0, 100),
      kind: audioOnly ? 'audio' : 'video',
      uri,
      bandwidth_bps: BANDWIDTH,
      codecs: CODECS,
      ...(RESOLUTION === undefined ? {} : { width: RESOLUTION.width, height: RESOLUTION.height }),
      audioGroup: AUDIO,
    })
  }
  for (const [group, renditions] of Object.entries(manifest.mediaGroups?.AUDIO ?? {})) {
    const found = Object.entries(renditions).sort(([, a], [, b]) => Number(b.default) - Number(a.default))
    const uri = found[0]?.[1].uri
    if (uri === undefined) continue
    const href = new URL(uri, url).href
    variants.push({ id: `audio:${group}`, kind: 'audio', uri: href, audioGroup: group })
  }
  return variants
}

function trackOf(manifest: RawManifest, url: string): Omit<Track, 'id' | 'kind'> {
  const pieces: Piece[] = []
  const first = manifest.mediaSequence ?? 0
  const segments = manifest.segments ?? []
  let filmed_ms: number | undefined
  let init: Piece['init'] | undefined
  const add = (raw: RawPart, sequence: number, more: { part?: number; discontinuity: boolean }) => {
    if (raw.uri === undefined) return
    const duration_ms = (raw.duration ?? 0) * 1000
    pieces.push({
      sequence,
      uri: new URL(raw.uri, url).href,
      ...rangeOf(raw.byterange),
      ...(init === undefined ? {} : { init }),
      duration_ms,
      ...(filmed_ms === undefined ? {} : { filmed_ms }),
      gap: raw.gap === true,
      ...more,
    })
    if (filmed_ms !== undefined) filmed_ms += duration_ms
  }
  for (const [index, segment] of segments.entries()) {
    filmed_ms = segment.programDateTime ?? filmed_ms
    if (segment.map !== undefined) {
      init = { uri: new URL(segment.map.uri, url).href, ...rangeOf(segment.map.byterange) }
    }
    const discontinuity = segment.discontinuity === true
    const parts = segment.parts ?? []
    // where a segment is listed with its parts, the parts are what a low-latency player fetches
    if (parts.length === 0) add(segment, first + index, { discontinuity })
    for (const [part, each] of parts.entries()) {
      add(each, first + index, { part, discontinuity: discontinuity && part === 0 })
    }
  }
  const lastSequence = first + segments.length - 1
  const writing = manifest.preloadSegment?.parts ?? []
  if (manifest.preloadSegment?.programDateTime !== undefined)
    filmed_ms = manifest.preloadSegment.programDateTime
  for (const [part, each] of writing.entries()) {
    add(each, lastSequence + 1, {
      part,
      discontinuity: part === 0 && manifest.preloadSegment?.discontinuity === true,
    })
  }
  const target_ms = (manifest.targetDuration ?? 0) * 1000
  const control = manifest.serverControl ?? {}
  const partTarget_ms =
    manifest.partTargetDuration === undefined ? undefined : manifest.partTargetDuration * 1000
  const holdBack = partTarget_ms === undefined ? control['HOLD-BACK'] : control['PART-HOLD-BACK']
  const fallback = partTarget_ms === undefined ? 3 * target_ms : 3 * partTarget_ms
  return {
    target_ms,
    holdBack_ms: typeof holdBack === 'number' ? holdBack * 1000 : fallback,
    partTarget_ms,
    canBlock: control['CAN-BLOCK-RELOAD'] === true,
    ended: manifest.endList === true,
    pieces,
    edge: {
      sequence: writing.length > 0 ? lastSequence + 1 : lastSequence,
      part: writing.length - 1,
      filmed_ms,
    },
  }
}
