import type { Family, Incident } from '../../../schemas/incident.ts'
import { isBranch } from '../../../schemas/metrics.ts'
import { type Observation, ruleId } from '../detect/observation.ts'
import { compatible, contradict, isEverywhere, sameCause } from '../verdict/compatible.ts'
import { excessWithin } from '../verdict/excess.ts'
import type { StreamView } from '../windows/view.ts'

/** So long after it opened an incident's cause is still being found, and what begins at the same time is part of it. */
export const YOUNG_MS = 15_000
const SAME_TIME_MS = 10_000
/** A share of the excess this large lies in the cause: it is explained by it. */
const MOST = 0.5

/** The family of a finding: the picture’s, the game’s, or a branch beside the link. */
export const familyOf = ({ hop, metric }: Pick<Observation, 'hop' | 'metric'>): Family =>
  isBranch(metric) ? 'branch' : hop === 'interaction' ? 'interaction' : 'media'

/**
 * Whether something seen is a part of an incident: the same trouble felt elsewhere on the link, not another one.
 * Where the scopes cannot tell, the facts do: how much of its excess lies within the incident's cause.
 */
export function belongs(incident: Incident, seen: Observation, view: StreamView): boolean {
  if (familyOf(seen) === 'branch' || incident.family === 'branch')
    return ruleId(seen) === incident.rule && sameCause(seen.scope, incident.cause)
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
  return excessWithin({ view, seen, cause: incident.cause, began_ms: incident.began_ms }) >= MOST
}
