import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { parse } from 'mpd-parser'
import type { ByteRange, Piece, Track } from './tracks.ts'

interface RawSegment {
  readonly uri?: string
  readonly resolvedUri: string
  readonly duration: number
  readonly number: number
  readonly presentationTime?: number
  readonly discontinuity?: boolean
  readonly byterange?: ByteRange
  readonly map?: { readonly resolvedUri: string; readonly byterange?: ByteRange }
}

interface RawPlaylist {
  readonly attributes: {
    readonly NAME?: string
    readonly BANDWIDTH?: number
    readonly CODECS?: string
    readonly RESOLUTION?: { readonly width?: number; readonly height?: number }
  }
  readonly targetDuration: number
  readonly segments: readonly RawSegment[]
}

interface RawManifest {
  readonly playlists: readonly RawPlaylist[]
  readonly mediaGroups: {
    readonly AUDIO?: Record<string, Record<string, { readonly playlists: readonly RawPlaylist[] }>>
  }
}

export interface DashManifest {
  readonly tracks: readonly Track[]
  readonly dynamic: boolean
  readonly minimumUpdate_ms: number
  /** When the manifest was made (`publishTime`), and when the timeline began (`availabilityStartTime`). */
  readonly availabilityStart_ms?: number
}

/** Milliseconds of an ISO 8601 duration of days, hours, minutes and seconds (`PT1M2.5S`). */
export function isoDuration_ms(text: string | undefined): number | undefined {
  const found = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(text ?? '')
  if (!found || text === 'P') return undefined
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = found
  return (Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1000
}

/** Reads a manifest as it stands at `now_ms`. Never throws: a string says why it is not readable. */
export function readDash(text: string, url: string, now_ms: number): DashManifest | string {
  if (!/<MPD[\s>]/.test(text.slice(0, 4_096))) return 'there is no MPD element in it'
  const valid = XMLValidator.validate(text)
  if (valid !== true) return `not well-formed XML, line ${valid.err.line}: ${valid.err.msg}`
  try {
    const xml = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' })
    const { MPD } = xml.parse(text) as { MPD: Record<string, string | undefined> }
    const dynamic = MPD.type === 'dynamic'
    const start_ms =
      MPD.availabilityStartTime === undefined ? Number.NaN : Date.parse(MPD.availabilityStartTime)
    const availabilityStart_ms = Number.isNaN(start_ms) ? undefined : start_ms
    const holdBack_ms = isoDuration_ms(MPD.suggestedPresentationDelay)
    const manifest = parse(text, { manifestUri: url, NOW: now_ms }) as RawManifest
    // without a timeline the newest segment is only due, not yet known to be written to its end
    const unsure = dynamic && !text.includes('<SegmentTimeline')
    const at = { dynamic, holdBack_ms, availabilityStart_ms, unsure }
    const tracks = manifest.playlists.map((playlist) => trackOf(playlist, 'video', at))
    for (const group of Object.values(manifest.mediaGroups.AUDIO ?? {})) {
      for (const rendition of Object.values(group)) {
        tracks.push(...rendition.playlists.map((playlist) => trackOf(playlist, 'audio', at)))
      }
    }
    return {
      tracks,
      dynamic,
      minimumUpdate_ms: isoDuration_ms(MPD.minimumUpdatePeriod) ?? 0,
      availabilityStart_ms,
    }
  } catch (error) {
    return (error as Error).message
  }
}

interface At {
  readonly dynamic: boolean
  readonly holdBack_ms: number | undefined
  readonly availabilityStart_ms: number | undefined
  readonly unsure: boolean
}

function trackOf(playlist: RawPlaylist, kind: Track['kind'], at: At): Track {
  const { NAME, BANDWIDTH, CODECS, RESOLUTION } = playlist.attributes
  const segments = at.unsure ? playlist.segments.slice(0, -1) : playlist.segments
  const pieces = segments.map((segment): Piece => {
    const timeline_ms = segment.presentationTime === undefined ? undefined : segment.presentationTime * 1000
    const filmed_ms =
      timeline_ms === undefined || at.availabilityStart_ms === undefined
        ? undefined
        : at.availabilityStart_ms + timeline_ms
    return {
      // numbers are counted anew for each manifest; the timeline is what stays
      sequence: Math.round(timeline_ms ?? segment.number),
      uri: segment.resolvedUri,
      range: segment.byterange,
      ...(segment.map === undefined
        ? {}
        : {
            init: {
              uri: segment.map.resolvedUri,
              range: segment.map.byterange,
            },
          }),
      duration_ms: segment.duration * 1000,
      filmed_ms,
      timeline_ms,
      discontinuity: segment.discontinuity === true,
      gap: false,
    }
  })
  const last = pieces.at(-1)
  const longest =
    pieces.reduce((most, piece) => Math.max(most, piece.duration_ms), 0) || playlist.targetDuration * 1000
  return {
    id: NAME ?? `${kind}:${BANDWIDTH ?? ''}`,
    kind,
    bandwidth_bps: BANDWIDTH,
    codecs: CODECS,
    ...(RESOLUTION?.width === undefined ? {} : { width: RESOLUTION.width }),
    ...(RESOLUTION?.height === undefined ? {} : { height: RESOLUTION.height }),
    target_ms: longest,
    holdBack_ms: Math.max(at.holdBack_ms ?? 3 * longest, 2 * longest),
    ended: !at.dynamic,
    pieces,
    edge: {
      sequence: last?.sequence ?? -1,
      part: -1,
      ...(last?.filmed_ms === undefined ? {} : { filmed_ms: last.filmed_ms + last.duration_ms }),
    },
  }
}
