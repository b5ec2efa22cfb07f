import type { Incident, StreamPart } from '../../../schemas/incident.ts'
import { PAGING } from '../../../schemas/paging.ts'
import type { Severity } from '../../../schemas/rules.ts'
import { POOLED } from '../windows/pool.ts'
import { sharedPlace } from './joins.ts'
import { summaries } from './text.ts'

/** Streams that an incident lists. */
const MOST_STREAMS = 50

/** Whether an incident is of a tenant’s pool and not of one stream. */
export const isPool = ({ show }: Pick<Incident, 'show'>): boolean => show === POOLED

/** A new incident of one part. */
export const incidentOf = (part: Incident): Incident => ({
  ...part,
  show: isPool(part) ? '' : part.show,
  stream: isPool(part) ? '' : part.stream,
  version: 0,
  paged: false,
})

/** Takes over what the parts of an incident are by now: place, numbers, streams and words. */
export function compose(incident: Incident, parts: readonly Incident[]): void {
  const open = parts.filter(({ state }) => state === 'open')
  const own = open.length > 0 ? open : parts
  const lead = leadOf(incident, own)
  const pool = own.find(isPool)
  const { hop, cause, rule, metric, explains, confidence, value, baseline, note, seconds_left, evidence } =
    lead
  const viewers = Math.max(
    pool?.viewers ?? 0,
    sum(own, (part) => (isPool(part) ? 0 : part.viewers)),
  )
  const streams = streamsOf(parts)
  const stream_count = Math.max(pool?.stream_count ?? 0, streams.length)
  const show_count = new Set(streams.map(({ show }) => show)).size
  Object.assign(incident, {
    ...{ hop, cause, rule, metric, explains, confidence, value, baseline, note, seconds_left, evidence },
    children: lead.children,
    began_ms: Math.min(...parts.map(({ began_ms }) => began_ms)),
    viewers,
    watching: Math.max(
      pool?.watching ?? 0,
      sum(own, (part) => (isPool(part) ? 0 : (part.watching ?? 0))),
    ),
    lost_per_min: Math.max(
      pool?.lost_per_min ?? 0,
      sum(open, (part) => (isPool(part) ? 0 : (part.lost_per_min ?? 0))),
    ),
    lost_minutes: Math.max(
      pool?.lost_minutes ?? 0,
      sum(parts, (part) => (isPool(part) ? 0 : (part.lost_minutes ?? 0))),
    ),
    streams: streams.slice(0, MOST_STREAMS),
    stream_count,
    show_count,
  })
  incident.severity = severityOf(incident, own)
  const text = summaries({ ...incident, rule: rule.split('-')[1]! })
  incident.summary_en = text.en
  incident.summary_zh = text.zh
}

const sum = (parts: readonly Incident[], of: (part: Incident) => number): number =>
  parts.reduce((total, part) => total + of(part), 0)

/** The part by which the incident is described: the pool, then the part that names a shared place, then the first. */
function leadOf(incident: Incident, parts: readonly Incident[]): Incident {
  const first = parts.find(({ id }) => id === incident.id)
  if (parts.length === 1) return parts[0]!
  return (
    parts.find(isPool) ??
    (first !== undefined && sharedPlace(first.cause) !== undefined ? first : undefined) ??
    parts.find(({ cause }) => sharedPlace(cause) !== undefined) ??
    first ??
    parts[0]!
  )
}

function streamsOf(parts: readonly Incident[]): StreamPart[] {
  const streams = new Map<string, StreamPart>()
  for (const pool of parts.filter(isPool))
    for (const each of pool.streams ?? [])
      streams.set(`${each.show}\0${each.stream}`, { ...each, state: pool.state })
  for (const { show, stream, state, viewers } of parts.filter((part) => !isPool(part))) {
    const key = `${show}\0${stream}`
    if (streams.get(key)?.state !== 'open' || state === 'open')
      streams.set(key, { show, stream, state, viewers })
  }
  return [...streams.values()].sort((a, b) => b.viewers - a.viewers)
}

/**
 * Whether an incident costs so little that nobody is woken. An upstream hop that is silent, or a stock that runs out, is never
 * tiny: it is bad before viewers feel it.
 */
export function isTiny({ hop, rule, viewers, watching = 0, lost_per_min = 0 }: Incident): boolean {
  const isFelt = (hop === 'player' || hop === 'edge') && /-(baseline|objective)$/.test(rule)
  if (!isFelt || watching === 0) return false
  const least = Math.max(PAGING.tiny_lost_per_min, PAGING.tiny_share * watching)
  return viewers < PAGING.tiny_viewers || lost_per_min < least
}

/** The worst severity of the parts' rules, raised or lowered by what it costs: viewers × harm, not certainty alone. */
function severityOf(incident: Incident, parts: readonly Incident[]): Severity {
  const { watching = 0, lost_per_min = 0 } = incident
  if (!incident.paged && isTiny(incident)) return 'info'
  if (parts.some(({ severity }) => severity === 'critical')) return 'critical'
  const large = Math.max(PAGING.large_lost_per_min, PAGING.large_share * watching)
  if (watching > 0 && lost_per_min >= large) return 'critical'
  return parts.some(({ severity }) => severity === 'warning') ? 'warning' : 'info'
}
