import type { Incident, Where } from '../../../schemas/incident.ts'
import { contradict } from '../verdict/compatible.ts'

/** What several streams have in common: a CDN, an edge, an operator, an app, a player version. */
export const SHARED_DIMENSIONS = ['cdn', 'edge', 'isp', 'app', 'player_version', 'component_version'] as const

/** Troubles that began within so long of each other began at one moment. */
const ONE_MOMENT_MS = 15_000
/** Hops that are named when nothing better is known: a clearer place in another stream may correct them. */
const UNSURE_HOPS: ReadonlySet<string> = new Set(['player', 'edge', 'origin'])

/** The part of a cause that several streams can share; undefined if it names none. */
export function sharedPlace(cause: Where): Where | undefined {
  const place = Object.fromEntries(
    SHARED_DIMENSIONS.filter((name) => name in cause).map((name) => [name, cause[name]!]),
  )
  return Object.keys(place).length > 0 ? place : undefined
}

/** What a join looks at. */
export type Trouble = Pick<Incident, 'family' | 'hop' | 'cause' | 'held_by' | 'began_ms' | 'state'>

/**
 * Whether a stream's own incident has the cause of an incident that is known from other streams: the same family, hop and
 * place, at one moment or while the other is open.
 *
 * Both name a shared place: they agree on one of its dimensions and contradict each other in none. Or one of them names a
 * place, most of the other's excess lies there (`held_by`), and the other's hop is one that is named for want of a better one.
 * Else they are two.
 */
export function haveOneCause(known: Trouble, part: Trouble): boolean {
  if (known.family !== part.family) return false
  const apart_ms = part.began_ms - known.began_ms
  const together = Math.abs(apart_ms) <= ONE_MOMENT_MS
  if (!together && (known.state !== 'open' || apart_ms < 0)) return false
  const [a, b] = [sharedPlace(known.cause), sharedPlace(part.cause)]
  if (a !== undefined && b !== undefined && known.hop === part.hop && agree(a, b)) {
    // One CDN may be ill in two regions at a moment; later, another region is another trouble.
    if (together || !contradict(known.cause, part.cause)) return true
  }
  return (a !== undefined && isHeldBy(part, known, a)) || (b !== undefined && isHeldBy(known, part, b))
}

const agree = (a: Where, b: Where): boolean => !contradict(a, b) && Object.keys(a).some((name) => name in b)

function isHeldBy(vague: Trouble, clear: Trouble, place: Where): boolean {
  if (vague.hop !== clear.hop && !UNSURE_HOPS.has(vague.hop)) return false
  if (contradict(vague.cause, clear.cause)) return false
  return Object.entries(place).every(([name, value]) => vague.held_by?.[name] === value)
}
