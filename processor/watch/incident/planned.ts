import type { Incident } from '../../../schemas/incident.ts'
import type { Planned } from '../../../schemas/planned.ts'
import { matches } from '../detect/activeRules.ts'
import { RECOVERY_MS } from '../detect/farewells.ts'

/** A break ends with players coming back; so long after it nothing is judged either. */
const AFTERMATH_MS = RECOVERY_MS

export const inMaintenance = (
  planned: Iterable<Planned>,
  stream: { tenant: string; show: string; stream: string },
  now_ms: number,
): boolean => {
  for (const one of planned) {
    if (
      one.type === 'maintenance' &&
      now_ms >= one.from_ms &&
      now_ms < one.to_ms + AFTERMATH_MS &&
      matches(one.match, stream)
    )
      return true
  }
  return false
}

export const isSilenced = (planned: Iterable<Planned>, incident: Incident, now_ms: number): boolean => {
  for (const one of planned) {
    if (one.type !== 'silence' || now_ms < one.from_ms || now_ms >= one.to_ms) continue
    if (!matches(one.match, incident)) continue
    if (one.rule !== undefined && one.rule !== incident.rule) continue
    if (one.hop !== undefined && one.hop !== incident.hop) continue
    if (one.cause && !Object.entries(one.cause).every(([name, value]) => incident.cause[name] === value))
      continue
    return true
  }
  return false
}
