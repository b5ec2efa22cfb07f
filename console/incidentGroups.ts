import type { IncidentView } from '../schemas/incident.ts'

/** What of an incident says to which cause it belongs. */
export type Groupable = Pick<
  IncidentView,
  | 'id'
  | 'state'
  | 'severity'
  | 'show'
  | 'stream'
  | 'hop'
  | 'metric'
  | 'cause'
  | 'viewers'
  | 'began_ms'
  | 'resolved_ms'
> &
  // The report’s incidents do not say it.
  Partial<Pick<IncidentView, 'reopened'>>

/** Incidents of one cause, wherever it strikes. */
export interface IncidentGroup<T extends Groupable = IncidentView> {
  readonly key: string
  /** The one that harms most viewers: it stands for all. */
  readonly lead: T
  readonly incidents: readonly T[]
  readonly open: boolean
  readonly critical: boolean
  readonly shows: readonly string[]
  /** `show/stream`, each once. */
  readonly streams: readonly string[]
  /** Viewers harmed, over all of its streams. */
  readonly viewers: number
  readonly began_ms: number
  /** When the last of them was over; 0 while one is open. */
  readonly resolved_ms: number
  /** How often the one that came back most did so. */
  readonly reopened: number
}

/** Incidents without a named place belong together when they begin within this time. */
const SAME_MOMENT_MS = 60_000
/** Resolved incidents of one cause belong together when not more than this lies between them. */
const PAUSE_MS = 60_000

/** One place that an incident strikes. */
interface Struck {
  readonly show: string
  readonly stream: string
}

/** Every show and stream that an incident strikes; an incident that the watcher joined names several. */
export function struckBy(incident: Pick<IncidentView, 'show' | 'stream'>): readonly Struck[] {
  const joined = (incident as { readonly streams?: readonly Struck[] }).streams
  return Array.isArray(joined) && joined.length > 0
    ? joined.map((each) => (typeof each === 'string' ? { show: incident.show, stream: each } : each))
    : [{ show: incident.show, stream: incident.stream }]
}

const causeKey = ({ cause }: Groupable): string =>
  Object.entries(cause)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&')

const isOpen = ({ state }: Groupable): boolean => state === 'open'

/** Whether an incident is of the same cause as those of a group. */
function belongs(incident: Groupable, group: readonly Groupable[]): boolean {
  const first = group[0]!
  if (isOpen(first) !== isOpen(incident) || first.hop !== incident.hop) return false
  const key = causeKey(incident)
  if (key !== causeKey(first)) return false
  if (key === '')
    return (
      first.show === incident.show &&
      group.some(
        (other) =>
          other.stream !== incident.stream &&
          Math.abs(other.began_ms - incident.began_ms) <= SAME_MOMENT_MS &&
          other.metric === incident.metric,
      )
    )
  return (
    isOpen(incident) ||
    group.some(
      (other) =>
        incident.began_ms <= other.resolved_ms + PAUSE_MS &&
        other.began_ms <= incident.resolved_ms + PAUSE_MS,
    )
  )
}

function groupOf<T extends Groupable>(list: readonly T[]): IncidentGroup<T> {
  const [lead] = [...list].sort((a, b) => b.viewers - a.viewers || a.began_ms - b.began_ms)
  const struck = list.flatMap(struckBy)
  // Two incidents of one stream (picture and game) harm the same people: the larger count stands.
  const byStream = new Map<string, number>()
  for (const incident of list) {
    const places = struckBy(incident).map(({ show, stream }) => `${show}/${stream}`)
    const key = places.length === 1 ? places[0]! : incident.id
    byStream.set(key, Math.max(byStream.get(key) ?? 0, incident.viewers))
  }
  const open = list.some(isOpen)
  return {
    key: lead!.id,
    lead: lead!,
    incidents: list,
    open,
    critical: list.some(({ severity }) => severity === 'critical'),
    shows: [...new Set(struck.map(({ show }) => show))],
    streams: [...new Set(struck.map(({ show, stream }) => `${show}/${stream}`))],
    viewers: [...byStream.values()].reduce((sum, viewers) => sum + viewers, 0),
    began_ms: Math.min(...list.map(({ began_ms }) => began_ms)),
    resolved_ms: open ? 0 : Math.max(...list.map(({ resolved_ms }) => resolved_ms)),
    reopened: Math.max(...list.map(({ reopened = 0 }) => reopened)),
  }
}

/**
 * Incidents grouped by cause: open ones first, then by viewers harmed, then critical before warning. Right both before and after
 * the watcher has joined incidents of several streams.
 */
export function groupIncidents<T extends Groupable>(incidents: readonly T[]): IncidentGroup<T>[] {
  const groups: T[][] = []
  for (const incident of [...incidents].sort((a, b) => a.began_ms - b.began_ms)) {
    const home = groups.find((group) => belongs(incident, group))
    if (home === undefined) groups.push([incident])
    else home.push(incident)
  }
  return groups
    .map(groupOf)
    .sort(
      (a, b) =>
        Number(b.open) - Number(a.open) ||
        b.viewers - a.viewers ||
        Number(b.critical) - Number(a.critical) ||
        b.began_ms - a.began_ms,
    )
}

/** A stretch of time, ms since the epoch. */
export interface Span {
  readonly from_ms: number
  readonly to_ms: number
}

/** Merges overlapping spans of time; the result is in order. */
export function unionOf(spans: readonly Span[]): Span[] {
  const union: { from_ms: number; to_ms: number }[] = []
  for (const { from_ms, to_ms } of [...spans].sort((a, b) => a.from_ms - b.from_ms)) {
    const last = union.at(-1)
    if (last !== undefined && from_ms <= last.to_ms) last.to_ms = Math.max(last.to_ms, to_ms)
    else union.push({ from_ms, to_ms })
  }
  return union
}

/** Puts stretches into lanes without overlap, at most `lanes` of them; the others are counted. */
export function lanesOf<T extends Span>(
  spans: readonly T[],
  { lanes, least_ms }: { readonly lanes: number; readonly least_ms: number },
): { readonly lanes: readonly (readonly T[])[]; readonly more: number } {
  const placed: T[][] = []
  let more = 0
  for (const span of spans) {
    const end = (each: Span) => Math.max(each.to_ms, each.from_ms + least_ms)
    const free = placed.find((lane) =>
      lane.every((each) => span.from_ms >= end(each) || each.from_ms >= end(span)),
    )
    if (free !== undefined) free.push(span)
    else if (placed.length < lanes) placed.push([span])
    else more += 1
  }
  return { lanes: placed, more }
}

/** Where a lane is free again before a moment: the end of the last span that began earlier, `from_ms` where there is none. Spans of a lane stand in any order. */
export const freeBefore = (lane: readonly Span[], at_ms: number, from_ms: number): number =>
  lane.reduce((free, each) => (each.from_ms < at_ms ? Math.max(free, each.to_ms) : free), from_ms)
