import { type Case, type Finding, inMs, type Judged } from './finding.ts'
import type { CheckMemory, EdgeSeen } from './observations.ts'

/** How long an edge may stand still. */
export const staleAfter_ms = (limits: Case['limits'], target_ms: number): number =>
  limits.stale_targets * target_ms + limits.stale_grace_ms

/** Since when a track's edge has been what it was at the last look; an earlier check's memory reaches further back. */
function standingSince(edges: readonly EdgeSeen[], memory: CheckMemory['edges'][string] | undefined) {
  const last = edges.at(-1) as EdgeSeen
  let since_ms = last.at_ms
  for (let index = edges.length - 1; index >= 0 && edges[index]?.edge === last.edge; index--) {
    since_ms = (edges[index] as EdgeSeen).at_ms
  }
  const first = edges[0] as EdgeSeen
  if (memory?.edge === last.edge && since_ms === first.at_ms) since_ms = memory.since_ms
  return { last, since_ms, stood_ms: last.at_ms - since_ms }
}

/** What the next check should know about the edges. */
export function rememberEdges({ seen, memory }: Case): CheckMemory['edges'] {
  const edges: Record<string, CheckMemory['edges'][string]> = {}
  for (const track of new Set(seen.edges.map((edge) => edge.track))) {
    const own = seen.edges.filter((edge) => edge.track === track)
    const { last, since_ms } = standingSince(own, memory?.edges[track])
    edges[track] = { edge: last.edge, since_ms, seen_ms: last.at_ms }
  }
  return edges
}

/** Whether the live edge advances, and whether all variants advance together. */
export function judgeFreshness({ seen, limits, memory }: Case): Judged {
  const findings: Finding[] = []
  let freshness_ms: number | undefined
  const edgesOf = (track: string) => seen.edges.filter((edge) => edge.track === track)
  const targetOf = (track: string) => seen.renditions.find((each) => each.id === track)?.target_ms ?? 6_000

  for (const track of seen.followed) {
    const edges = edgesOf(track)
    if (edges.length === 0) continue
    const { last, stood_ms } = standingSince(edges, memory?.edges[track])
    const age = last.filmed_ms === undefined ? stood_ms : last.at_ms - last.filmed_ms
    // The end of a segment may be dated a segment ahead by a packager that dates it when it is written.
    if (age < -(targetOf(track) + limits.clock_ahead_ms)) {
      const detail = `the newest segment ends ${inMs(-age)} in the future`
      findings.push({ reason: 'program_date_time_ahead', detail })
    } else freshness_ms = Math.max(freshness_ms ?? 0, age)
    if (last.ended)
      findings.push({ reason: 'stream_ended', detail: 'the playlist ends with EXT-X-ENDLIST or is static' })
    else if (stood_ms > staleAfter_ms(limits, targetOf(track))) {
      const filmed =
        last.filmed_ms === undefined ? '' : `; its end was filmed ${inMs(last.at_ms - last.filmed_ms)} ago`
      findings.push({ reason: 'playlist_stale', detail: `no new segment for ${inMs(stood_ms)}${filmed}` })
    }
  }

  const videos = seen.renditions.filter((each) => each.kind === 'video').map((each) => each.id)
  for (const track of videos.length > 1 ? videos : []) {
    const own = edgesOf(track)
    const lags = own.map((edge) => {
      // variants of one look were fetched at the same moment
      const others = seen.edges.filter((each) => each.at_ms === edge.at_ms && videos.includes(each.track))
      return Math.max(...others.map((each) => behind(each, edge, targetOf(track))))
    })
    if (lags.length < 2) continue
    const allowed = limits.variant_targets * targetOf(track) + limits.stale_grace_ms
    const lag = Math.min(...lags.slice(-3))
    if (lag > allowed) {
      const name = seen.renditions.find((each) => each.id === track)?.id ?? track
      findings.push({ reason: 'variant_behind', detail: `${name} is ${inMs(lag)} behind the newest variant` })
    }
  }
  for (const { track, failure } of seen.variantFailures) {
    if (seen.followed.includes(track)) findings.push(failure)
    else findings.push({ reason: 'variant_unplayable', detail: `${track}: ${failure.detail}` })
  }
  return { findings, measures: freshness_ms === undefined ? {} : { freshness_ms } }
}

/** How far `edge` is behind `other`, by the clock of filming where both tell it, else by segment numbers. */
function behind(other: EdgeSeen, edge: EdgeSeen, target_ms: number): number {
  if (other.filmed_ms !== undefined && edge.filmed_ms !== undefined) return other.filmed_ms - edge.filmed_ms
  return (Number.parseInt(other.edge, 10) - Number.parseInt(edge.edge, 10)) * target_ms
}
