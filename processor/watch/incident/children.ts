import type { Child, Incident } from '../../../schemas/incident.ts'
import type { Observation } from '../detect/observation.ts'
import { YOUNG_MS } from './belongs.ts'

/** Folds an observation into an incident; true if the incident did not have this rule before. */
export function noteChild(incident: Incident, seen: Observation, now_ms: number): boolean {
  const known = incident.children.find((child) => child.metric === seen.metric && child.rule === seen.rule)
  if (known === undefined) {
    const { metric, rule, hop, severity, scope, onset_ms, now, baseline } = seen
    const child: Child = {
      metric,
      rule,
      hop,
      severity,
      scope,
      onset_ms,
      last_bad_ms: now_ms,
      now,
      baseline,
      worst: now,
    }
    incident.children.push(child)
    if (incident.version === 0 || onset_ms > incident.opened_ms - YOUNG_MS)
      incident.began_ms = Math.min(incident.began_ms, onset_ms)
    return true
  }
  known.last_bad_ms = now_ms
  if (seen.severity === 'critical') known.severity = 'critical'
  known.now = seen.now
  if (Math.abs(seen.now - known.baseline) > Math.abs(known.worst - known.baseline)) {
    known.worst = seen.now
    known.scope = seen.scope
  }
  return false
}

/** What was ill upstream a moment ago and is not over: a quiet second clears nobody. */
export function lately(incident: Incident, seen: readonly Observation[]): Observation[] {
  return incident.children
    .filter(
      (child) =>
        child.hop !== 'player' &&
        !seen.some((entry) => entry.metric === child.metric && entry.rule === child.rule),
    )
    .map((child) => ({ ...child, score: STILL_ILL, threshold: STILL_ILL, firing: true }))
}
const STILL_ILL = 10

/** A finding began when it was seen first, however far the windows have moved on since. */
export function sinceFirst(incident: Incident, seen: Observation): Observation {
  const child = incident.children.find(({ metric, rule }) => metric === seen.metric && rule === seen.rule)
  return child && child.onset_ms < seen.onset_ms ? { ...seen, onset_ms: child.onset_ms } : seen
}
