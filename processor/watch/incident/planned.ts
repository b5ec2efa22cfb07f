import type { Incident } from '../../../schemas/incident.ts'
import type { Planned } from '../../../schemas/planned.ts'
import { matches } from '../detect/activeRules.ts'
import { RECOVERY_MS } from '../detect/farewells.ts'

/** A break ends with players coming back; so long after it nothing is judged either. */
const AFTERMATH_MS = RECOVERY_MS

/** Whether a stream is in a planned maintenance at a time (ms since 1970), or was half a minute ago. */
export const inMaintenance = (
  planned: Iterable<Planned>,
  stream: { tenant: string; show: string; stream: string },
  now_ms: number,
): boolean => {
  for (const entry of planned) {
    if (
      entry.type === 'maintenance' &&
      now_ms >= entry.from_ms &&
      now_ms < entry.to_ms + AFTERMATH_MS &&
      matches(entry.match, stream)
    )
      return true
  }
  return false
}

/** Whether a silence covers an incident at a time (ms since 1970). */
export const isSilenced = (planned: Iterable<Planned>, incident: Incident, now_ms: number): boolean => {
  for (const entry of planned) {
    if (entry.type !== 'silence' || now_ms < entry.from_ms || now_ms >= entry.to_ms) continue
    if (!matches(entry.match, incident)) continue
    if (entry.rule !== undefined && entry.rule !== incident.rule) continue
    if (entry.hop !== undefined && entry.hop !== incident.hop) continue
    if (entry.cause && !Object.entries(entry.cause).every(([name, value]) => incident.cause[name] === value))
      continue
    return true
  }
  return false
}
