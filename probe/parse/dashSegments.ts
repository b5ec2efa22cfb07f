import { attributeOf, childOf, childrenOf, type Element, numberOf, wholeNumberOf } from './dashXml.ts'
import type { ByteRange } from './tracks.ts'

/** One segment of a representation, on its period's timeline. */
export interface DashSegment {
  /** From the period's start, ms. */
  readonly start_ms: number
  readonly duration_ms: number
  readonly uri: string
  readonly range?: ByteRange
}

export interface RepresentationSegments {
  readonly segments: readonly DashSegment[]
  readonly init?: { readonly uri: string; readonly range?: ByteRange }
}

/** Where a representation stands, and what its segments depend on. */
export interface SegmentScope {
  /** The same element of period, adaptation set and representation, outermost first. */
  readonly levels: readonly Element[]
  readonly base: string
  readonly id: string
  readonly bandwidth: string
  /** Newest moment that is to be had, from the period's start, ms; undefined: all of it (a recording). */
  readonly available_ms: number | undefined
  /** Oldest moment that is kept, from the period's start, ms. */
  readonly oldest_ms: number
  /** The period's length, ms; undefined: it goes on. */
  readonly period_ms: number | undefined
}

/** A player looks at the newest segments only, and a manifest can claim a billion. */
const MOST_SEGMENTS = 400

/** Puts the values of a segment into a template (ISO 23009-1, 5.3.9.4.4). */
export function fillTemplate(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(
    /\$(\w*?)(?:%0(\d{1,2})d)?\$/g,
    (whole, name: string, width: string | undefined) => {
      if (name === '' && width === undefined) return '$'
      const value = values[name]
      return value === undefined ? whole : String(value).padStart(Number(width ?? 0), '0')
    },
  )
}

const rangeOf = (text: string | undefined): ByteRange | undefined => {
  const found = /^(\d+)-(\d+)$/.exec(text ?? '')
  if (found === null) return undefined
  return { offset: Number(found[1]), length: Number(found[2]) - Number(found[1]) + 1 }
}

/** An attribute of the innermost level that has it. */
const innermost = (levels: readonly Element[], name: string): string | undefined =>
  levels.map((level) => attributeOf(level, name)).findLast((value) => value !== undefined)

const innermostNumber = (levels: readonly Element[], name: string, fallback: number): number =>
  levels.map((level) => numberOf(level, name)).findLast((value) => value !== undefined) ?? fallback

interface Timed {
  readonly index: number
  /** In the timescale, from the timeline's origin; presentation time offset included. */
  readonly time: number
  readonly duration: number
}

/**
 * The newest segments of a timeline; `r="-1"` and large counts are reckoned, not walked through. All times are from `origin`,
 * the first `t`: they stay exact where the timeline counts from 1970 in small ticks.
 */
function timelineSegments(timeline: Element, origin: bigint, from: number, until: number): Timed[] {
  const startOf = (entry: Element | undefined): number | undefined => {
    const written = wholeNumberOf(entry, 't')
    return written === undefined ? undefined : Number(written - origin)
  }
  const entries = childrenOf(timeline, 'S')
  const found: Timed[] = []
  let time = 0
  let index = 0
  for (const [place, entry] of entries.entries()) {
    const start = startOf(entry) ?? time
    const duration = numberOf(entry, 'd') ?? 0
    if (!(duration > 0) || !Number.isFinite(start))
      throw new Error('a segment without a duration in SegmentTimeline')
    const repeat = numberOf(entry, 'r') ?? 0
    const next = startOf(entries[place + 1])
    const room = (end: number): number => Math.max(0, Math.floor((end - start) / duration + 1e-6))
    const listed = repeat >= 0 ? repeat + 1 : room(next ?? until)
    // What is listed and not yet due is not there yet; half a segment is granted to a clock that is behind.
    const count = Number.isFinite(until) ? Math.min(listed, room(until + duration / 2)) : listed
    if (!Number.isSafeInteger(count)) throw new Error('a SegmentTimeline without an end')
    const skip = Math.min(count, Math.max(0, count - MOST_SEGMENTS, Math.floor((from - start) / duration)))
    for (let each = skip; each < count; each++)
      found.push({ index: index + each, time: start + each * duration, duration })
    if (found.length > 2 * MOST_SEGMENTS) found.splice(0, found.length - MOST_SEGMENTS)
    index += count
    time = start + count * duration
  }
  return found.slice(-MOST_SEGMENTS)
}

/** The newest segments of a fixed duration. */
function regularSegments(duration: number, offset: number, from: number, until: number): Timed[] {
  const count = Math.floor((until - offset) / duration + 1e-6)
  const first = Math.max(0, Math.floor((from - offset) / duration), count - MOST_SEGMENTS)
  const found: Timed[] = []
  for (let index = first; index < count; index++)
    found.push({ index, time: offset + index * duration, duration })
  return found
}

/** Segments of one representation, by template, by list, or none (a single file is no live form). */
export function segmentsOf(scope: SegmentScope): RepresentationSegments {
  const templates = scope.levels.flatMap((level) => childrenOf(level, 'SegmentTemplate').slice(0, 1))
  if (templates.length > 0) return fromTemplate(scope, templates)
  const lists = scope.levels.flatMap((level) => childrenOf(level, 'SegmentList').slice(0, 1))
  return lists.length > 0 ? fromList(scope, lists) : { segments: [] }
}

/** Timed segments on a template's or a list's own scale. */
function timedSegments(
  scope: SegmentScope,
  levels: readonly Element[],
  most: number | undefined,
): { timed: Timed[]; scale: number; offset: number; origin: bigint } {
  const scale = innermostNumber(levels, 'timescale', 1) || 1
  const timeline = levels
    .map((level) => childOf(level, 'SegmentTimeline'))
    .findLast((each) => each !== undefined)
  const origin = wholeNumberOf(childOf(timeline, 'S'), 't') ?? 0n
  const shift = levels
    .map((level) => wholeNumberOf(level, 'presentationTimeOffset'))
    .findLast((each) => each !== undefined)
  const offset = Number((shift ?? 0n) - origin)
  const duration = innermostNumber(levels, 'duration', 0)
  const toScale = (ms: number) => (ms * scale) / 1000 + offset
  const end_ms = Math.min(
    scope.period_ms ?? Number.POSITIVE_INFINITY,
    scope.available_ms ?? Number.POSITIVE_INFINITY,
  )
  const from = toScale(Math.max(0, scope.oldest_ms))
  if (timeline !== undefined)
    return { timed: timelineSegments(timeline, origin, from, toScale(end_ms)), scale, offset, origin }
  // Without a duration there is one segment, as long as the period.
  if (!(duration > 0)) {
    const whole = Number.isFinite(end_ms) ? (end_ms * scale) / 1000 : 0
    return { timed: whole > 0 ? [{ index: 0, time: offset, duration: whole }] : [], scale, offset, origin }
  }
  const counted = most === undefined ? Number.POSITIVE_INFINITY : offset + most * duration
  const limit = Math.min(toScale(end_ms), counted)
  if (!Number.isFinite(limit)) throw new Error('a recording without a duration')
  return { timed: regularSegments(duration, offset, from, limit), scale, offset, origin }
}

function fromTemplate(scope: SegmentScope, levels: readonly Element[]): RepresentationSegments {
  const media = innermost(levels, 'media')
  if (media === undefined) return { segments: [] }
  const initialization = innermost(levels, 'initialization')
  const startNumber = innermostNumber(levels, 'startNumber', 1)
  const endNumber = innermostNumber(levels, 'endNumber', Number.POSITIVE_INFINITY)
  const { timed, scale, offset, origin } = timedSegments(scope, levels, endNumber - startNumber + 1)
  const own = { RepresentationID: scope.id, Bandwidth: scope.bandwidth }
  const segments = timed.map(({ index, time, duration }): DashSegment => {
    const values = {
      ...own,
      Number: startNumber + index,
      Time: String(origin + BigInt(Math.round(time))),
      SubNumber: 1,
    }
    return {
      start_ms: ((time - offset) * 1000) / scale,
      duration_ms: (duration * 1000) / scale,
      uri: new URL(fillTemplate(media, values), scope.base).href,
    }
  })
  const inside = childOf(levels.at(-1), 'Initialization')
  const initUri =
    initialization === undefined ? attributeOf(inside, 'sourceURL') : fillTemplate(initialization, own)
  if (initUri === undefined) return { segments }
  return {
    segments,
    init: { uri: new URL(initUri, scope.base).href, range: rangeOf(attributeOf(inside, 'range')) },
  }
}

function fromList(scope: SegmentScope, levels: readonly Element[]): RepresentationSegments {
  const urls =
    levels.map((level) => childrenOf(level, 'SegmentURL')).findLast((each) => each.length > 0) ?? []
  const { timed, scale, offset } = timedSegments(scope, levels, urls.length)
  const segments = timed.flatMap(({ index, time, duration }): DashSegment[] => {
    const url = urls[index]
    if (url === undefined) return []
    const media = attributeOf(url, 'media')
    return [
      {
        start_ms: ((time - offset) * 1000) / scale,
        duration_ms: (duration * 1000) / scale,
        uri: media === undefined ? scope.base : new URL(media, scope.base).href,
        range: rangeOf(attributeOf(url, 'mediaRange')),
      },
    ]
  })
  const inside = levels
    .map((level) => childOf(level, 'Initialization'))
    .findLast((each) => each !== undefined)
  if (inside === undefined) return { segments }
  const source = attributeOf(inside, 'sourceURL')
  const uri = source === undefined ? scope.base : new URL(source, scope.base).href
  return { segments, init: { uri, range: rangeOf(attributeOf(inside, 'range')) } }
}
