import { isoTime_ms } from '../../schemas/readTime.ts'
import { segmentsOf } from './dashSegments.ts'
import {
  attributeOf,
  childOf,
  childrenOf,
  type Element,
  isoDuration_ms,
  numberOf,
  readMpd,
  textOf,
} from './dashXml.ts'
import { codecOf, type Piece, type Track, type TrackKind, uniqueIds } from './tracks.ts'

export interface DashManifest {
  readonly tracks: readonly Track[]
  readonly dynamic: boolean
  readonly minimumUpdate_ms: number
  /** When the timeline began (`availabilityStartTime`). */
  readonly availabilityStart_ms?: number
  /** Where later manifests are to be asked for. */
  readonly location?: string
  /** Where the time is to be had that segments are dated by, best first. */
  readonly timing: readonly { readonly scheme: string; readonly value: string }[]
}

/** What stays the same of a track while periods come and go. */
export type KnownTrack = Pick<Track, 'id' | 'kind' | 'bandwidth_bps'>

/** More representations than this are passed over. */
const MOST_TRACKS = 16
const MOST_PERIODS = 50

interface Representation {
  readonly id: string
  readonly kind: TrackKind
  readonly language: string
  readonly bandwidth_bps: number | undefined
  readonly codecs: string | undefined
  readonly width: number | undefined
  readonly height: number | undefined
  /** Period, adaptation set, representation. */
  readonly levels: readonly Element[]
  readonly base: string
}

interface Period {
  readonly start_ms: number
  readonly length_ms: number | undefined
  readonly representations: readonly Representation[]
}

/**
 * Reads a manifest (ISO 23009-1) as it stands at `now_ms`. Never throws: a string says why it is not readable.
 * @param now_ms the time on the manifest's clock
 * @param known tracks of an earlier manifest: they keep their ids when another period begins
 * @param ahead_ms how far the manifest's clock is ahead of ours: pieces are dated by ours
 */
export function readDash(
  text: string,
  url: string,
  now_ms: number,
  known?: readonly KnownTrack[],
  ahead_ms = 0,
): DashManifest | string {
  try {
    const mpd = readMpd(text)
    return typeof mpd === 'string' ? mpd : manifestOf(mpd, url, now_ms, ahead_ms, known)
  } catch (error) {
    return (error as Error).message
  }
}

function manifestOf(
  mpd: Element,
  url: string,
  now_ms: number,
  ahead_ms: number,
  known?: readonly KnownTrack[],
): DashManifest {
  const dynamic = attributeOf(mpd, 'type') === 'dynamic'
  const start_ms = isoTime_ms(attributeOf(mpd, 'availabilityStartTime'))
  const availabilityStart_ms = Number.isNaN(start_ms) ? undefined : start_ms
  const base = baseOf(mpd, url)
  const live: Live = {
    dynamic,
    now_ms,
    ahead_ms,
    availabilityStart_ms,
    depth_ms: isoDuration_ms(attributeOf(mpd, 'timeShiftBufferDepth')),
    holdBack_ms: isoDuration_ms(attributeOf(mpd, 'suggestedPresentationDelay')),
    offset_ms: availabilityOffset_ms([mpd]),
  }
  const periods = periodsOf(mpd, base)
  const newest = periods.findLast(
    ({ start_ms: from, representations }) => representations.length > 0 && begun(from, live),
  )
  const wanted = known ?? newest?.representations.slice(0, MOST_TRACKS) ?? []
  const unique = uniqueIds()
  const tracks = wanted.map((track) =>
    trackOf({ ...track, id: known ? track.id : unique(track.id) }, periods, live),
  )
  const location = textOf(childOf(mpd, 'Location'))
  return {
    tracks,
    dynamic,
    minimumUpdate_ms: isoDuration_ms(attributeOf(mpd, 'minimumUpdatePeriod')) ?? 0,
    availabilityStart_ms,
    location: location === '' ? undefined : new URL(location, url).href,
    timing: childrenOf(mpd, 'UTCTiming').map((each) => ({
      scheme: attributeOf(each, 'schemeIdUri') ?? '',
      value: attributeOf(each, 'value') ?? '',
    })),
  }
}

interface Live {
  readonly dynamic: boolean
  readonly now_ms: number
  readonly ahead_ms: number
  readonly availabilityStart_ms: number | undefined
  readonly depth_ms: number | undefined
  readonly holdBack_ms: number | undefined
  /** How much earlier than whole a segment may be asked for (low latency). */
  readonly offset_ms: number
}

const begun = (start_ms: number, { dynamic, now_ms, availabilityStart_ms = 0 }: Live): boolean =>
  !dynamic || now_ms - availabilityStart_ms >= start_ms

const baseOf = (element: Element, base: string): string => {
  const text = textOf(childOf(element, 'BaseURL'))
  return text === '' ? base : new URL(text, base).href
}

/** Sum of `availabilityTimeOffset` of the base addresses and templates; INF counts as nothing: all is there anyway. */
function availabilityOffset_ms(levels: readonly Element[]): number {
  return levels
    .flatMap((level) => ['BaseURL', 'SegmentTemplate', 'SegmentList'].map((name) => childOf(level, name)))
    .reduce((sum, element) => {
      const offset_s = numberOf(element, 'availabilityTimeOffset') ?? 0
      return Number.isFinite(offset_s) ? sum + offset_s * 1000 : sum
    }, 0)
}

function periodsOf(mpd: Element, base: string): Period[] {
  const elements = childrenOf(mpd, 'Period').slice(-MOST_PERIODS)
  const whole_ms = isoDuration_ms(attributeOf(mpd, 'mediaPresentationDuration'))
  const dynamic = attributeOf(mpd, 'type') === 'dynamic'
  const starts: number[] = []
  for (const [index, element] of elements.entries()) {
    const given = isoDuration_ms(attributeOf(element, 'start'))
    const before = isoDuration_ms(attributeOf(elements[index - 1], 'duration'))
    // A live period with neither is announced early: nobody knows yet when it begins (5.3.2.1).
    const unknown = dynamic ? Number.POSITIVE_INFINITY : 0
    starts.push(given ?? (index === 0 ? 0 : (starts[index - 1] as number) + (before ?? unknown)))
  }
  return elements.map((element, index) => {
    const start_ms = starts[index] as number
    const after = starts[index + 1]
    const next = after === undefined || !Number.isFinite(after) ? whole_ms : after
    const length_ms =
      isoDuration_ms(attributeOf(element, 'duration')) ?? (next === undefined ? undefined : next - start_ms)
    return { start_ms, length_ms, representations: representationsOf(element, baseOf(element, base)) }
  })
}

/** Sets that are not for playing forwards: thumbnails, trick play. */
const isExtra = (set: Element): boolean =>
  /^image\//.test(attributeOf(set, 'mimeType') ?? '') ||
  attributeOf(set, 'contentType') === 'image' ||
  ['EssentialProperty', 'SupplementalProperty'].some((name) =>
    childrenOf(set, name).some((each) => /trickmode|thumbnail/i.test(attributeOf(each, 'schemeIdUri') ?? '')),
  )

function kindOf(set: Element, representation: Element): TrackKind {
  const mime = attributeOf(representation, 'mimeType') ?? attributeOf(set, 'mimeType') ?? ''
  const codecs = attributeOf(representation, 'codecs') ?? attributeOf(set, 'codecs')
  const type = attributeOf(set, 'contentType') ?? ''
  if (type === 'text' || /^text\/|ttml/.test(mime) || codecOf(codecs, 'text') !== undefined) return 'text'
  if (type === 'audio' || type === 'video') return type
  if (/^(audio|video)\//.test(mime)) return mime.startsWith('audio') ? 'audio' : 'video'
  return codecOf(codecs, 'video') === undefined && codecs !== undefined ? 'audio' : 'video'
}

function representationsOf(period: Element, periodBase: string): Representation[] {
  const found: Representation[] = []
  for (const set of childrenOf(period, 'AdaptationSet')) {
    if (isExtra(set)) continue
    const setBase = baseOf(set, periodBase)
    for (const representation of childrenOf(set, 'Representation')) {
      const own = (name: string) => attributeOf(representation, name) ?? attributeOf(set, name)
      const size = (name: string) => numberOf(representation, name) ?? numberOf(set, name)
      const kind = kindOf(set, representation)
      const bandwidth_bps = numberOf(representation, 'bandwidth')
      found.push({
        id: attributeOf(representation, 'id') ?? `${kind}:${bandwidth_bps ?? ''}`,
        kind,
        language: own('lang') ?? '',
        bandwidth_bps,
        codecs: own('codecs'),
        width: size('width'),
        height: size('height'),
        levels: [period, set, representation],
        base: baseOf(representation, setBase),
      })
    }
  }
  return found
}

/** The representation of a period that a track goes on with: the same id, else the nearest bitrate of its kind. */
function continuing(track: KnownTrack, { representations }: Period): Representation | undefined {
  const same = representations.filter(({ kind }) => kind === track.kind)
  const distance = ({ bandwidth_bps = 0 }: Representation) =>
    Math.abs(bandwidth_bps - (track.bandwidth_bps ?? 0))
  return same.find(({ id }) => id === track.id) ?? same.sort((a, b) => distance(a) - distance(b))[0]
}

function trackOf(track: KnownTrack, periods: readonly Period[], live: Live): Track {
  const pieces: Piece[] = []
  let newest: Representation | undefined
  let earlier = false
  for (const period of periods) {
    const representation = continuing(track, period)
    if (representation === undefined || !begun(period.start_ms, live)) continue
    const own = piecesOf(representation, period, live)
    if (own.length === 0) continue
    pieces.push({ ...own[0]!, discontinuity: earlier }, ...own.slice(1))
    earlier = true
    newest = representation
  }
  const last = pieces.at(-1)
  const longest = pieces.slice(-20).reduce((most, { duration_ms }) => Math.max(most, duration_ms), 0) || 2_000
  return {
    id: track.id,
    kind: track.kind,
    bandwidth_bps: track.bandwidth_bps,
    codecs: newest?.codecs,
    width: newest?.width,
    height: newest?.height,
    target_ms: longest,
    holdBack_ms: Math.max(live.holdBack_ms ?? 3 * longest, 2 * longest),
    ended: !live.dynamic,
    pieces,
    edge: {
      sequence: last?.sequence ?? -1,
      part: -1,
      filmed_ms: last?.filmed_ms === undefined ? undefined : last.filmed_ms + last.duration_ms,
    },
  }
}

function piecesOf(representation: Representation, period: Period, live: Live): Piece[] {
  const { levels, base, id, bandwidth_bps } = representation
  const begin_ms = live.availabilityStart_ms ?? 0
  const since_ms = live.now_ms - begin_ms - period.start_ms
  const offset_ms = live.offset_ms + availabilityOffset_ms(levels)
  const { segments, init } = segmentsOf({
    levels,
    base,
    id,
    bandwidth: String(bandwidth_bps ?? ''),
    available_ms: live.dynamic ? since_ms + offset_ms : undefined,
    oldest_ms: live.dynamic && live.depth_ms !== undefined ? since_ms - live.depth_ms : 0,
    period_ms: period.length_ms,
  })
  // Without a timeline the newest segment is only due, not yet known to be written to its end.
  const unsure = live.dynamic && segments.length > 1 && !levels.some(hasTimeline)
  return (unsure ? segments.slice(0, -1) : segments).map((segment): Piece => {
    const timeline_ms = period.start_ms + segment.start_ms
    return {
      // numbers are counted anew for each manifest; the timeline is what stays
      sequence: Math.round(timeline_ms),
      uri: segment.uri,
      range: segment.range,
      init,
      duration_ms: segment.duration_ms,
      filmed_ms:
        live.availabilityStart_ms === undefined
          ? undefined
          : live.availabilityStart_ms + timeline_ms - live.ahead_ms,
      timeline_ms,
      discontinuity: false,
      gap: false,
    }
  })
}

const hasTimeline = (level: Element): boolean =>
  ['SegmentTemplate', 'SegmentList'].some(
    (name) => childOf(childOf(level, name), 'SegmentTimeline') !== undefined,
  )
