import type { Observation } from '../detect/observation.ts'
import { SIGNALS } from '../detect/signals.ts'
import { compatible, isEverywhere } from '../verdict/compatible.ts'
import type { StreamView, Where } from '../windows/view.ts'
import type { Family, Incident } from './incident.ts'

/** So long after it opened an incident's cause is still being found, and what begins at the same time is part of it. */
export const YOUNG_MS = 15_000
const SAME_TIME_MS = 10_000
/** A share of the excess this large lies in the cause: it is explained by it. */
const MOST = 0.5

export const familyOf = ({ hop }: Pick<Observation, 'hop'>): Family =>
  hop === 'interaction' ? 'interaction' : 'media'

/** Two scopes name different values of the same dimension. */
const contradict = (a: Where, b: Where): boolean =>
  Object.entries(a).some(([name, value]) => name in b && b[name] !== value)

/**
 * Whether something seen is a part of an incident: the same trouble felt elsewhere on the link, not another one.
 * Where the scopes cannot tell, the facts do: how much of its excess lies within the incident's cause.
 */
export function belongs(incident: Incident, seen: Observation, view: StreamView): boolean {
  if (familyOf(seen) !== incident.family) {
    // A network that stalls the picture also loses the likes of the same people.
    return (
      seen.hop === 'interaction' &&
      seen.rule === 'baseline' &&
      !isEverywhere(incident.cause) &&
      compatible(seen.scope, incident.cause) &&
      !isEverywhere(seen.scope)
    )
  }
  return incident.family === 'interaction'
    ? belongsToGame(incident, seen)
    : belongsToPicture(incident, seen, view)
}

function belongsToGame(incident: Incident, seen: Observation): boolean {
  if (incident.children.some(({ rule }) => rule === 'mix') || seen.rule === 'mix') return true
  if (seen.rule === 'forecast') {
    const { resource } = incident.cause
    return resource === undefined || resource === seen.scope.resource
  }
  return !contradict(incident.cause, seen.scope)
}

function belongsToPicture(incident: Incident, seen: Observation, view: StreamView): boolean {
  const young = view.watermark_ms - incident.opened_ms <= YOUNG_MS
  const together = Math.abs(seen.onset_ms - incident.began_ms) <= SAME_TIME_MS
  if (isEverywhere(incident.cause)) {
    // A standing warning must not hide something worse that begins later.
    return incident.severity === 'critical' || seen.severity !== 'critical' || (young && together)
  }
  if (!isEverywhere(seen.scope) && compatible(seen.scope, incident.cause)) return true
  if (young && together && !contradict(seen.scope, incident.cause)) return true
  return excessWithin(incident, seen, view) >= MOST
}

/** Share of what is too much now that lies within the incident's cause. */
function excessWithin(incident: Incident, seen: Observation, view: StreamView): number {
  const signal = SIGNALS.find(({ metric, hop }) => metric === seen.metric && hop === seen.hop)
  if (signal === undefined) return 0
  const known = view.dimensions(signal.kind)
  const cause = Object.fromEntries(Object.entries(incident.cause).filter(([name]) => known.includes(name)))
  if (isEverywhere(cause)) return 0
  const own: Where = signal.kind === 'hop' ? { hop: signal.hop, ...seen.scope } : seen.scope
  if (contradict(own, cause)) return 0
  const to = view.watermark_ms
  const before = Math.floor(incident.began_ms / 10_000) * 10_000
  const excess = (where: Where) => {
    const n = view.total(signal.numerator, to - 5000, to, where)
    const d = view.total(signal.denominator, to - 5000, to, where)
    const n0 = view.total(signal.numerator, before - 60_000, before, where)
    const d0 = view.total(signal.denominator, before - 60_000, before, where)
    return n - (d0 > 0 ? (n0 / d0) * d : 0)
  }
  const all = excess(own)
  return all === 0 ? 0 : excess({ ...own, ...cause }) / all
}
