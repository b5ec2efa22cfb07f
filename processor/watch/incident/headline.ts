import type { Incident } from '../../../schemas/incident.ts'
import { type Observation, ruleId } from '../detect/observation.ts'
import { SIGNALS } from '../detect/signals.ts'
import { sameCause } from '../verdict/compatible.ts'
import type { StreamView, Where } from '../windows/view.ts'

const LONGEST_MS = 15_000
const BEFORE_MS = 60_000

/** A metric now and before, in its own unit. */
interface Amounts {
  readonly value: number
  readonly baseline: number
}

/**
 * The numbers of the place that an incident names. What was observed may be the whole stream while the cause is one CDN of it:
 * the sentence "behind cdn-b" then needs the value and the baseline of cdn-b.
 * @param clean_to_ms before this nothing was wrong in the stream
 * @returns undefined where the observation's own numbers are those of the place, or the place was not measured before
 */
export function amountsOfPlace(
  view: StreamView,
  incident: Incident,
  seen: Observation,
  clean_to_ms = incident.began_ms,
): Amounts | undefined {
  const signal = SIGNALS.find((signal) => signal.metric === seen.metric && signal.hop === seen.hop)
  if (signal === undefined || seen.rule !== 'baseline') return undefined
  const known = view.dimensions(signal.kind)
  const place: Where = Object.fromEntries(
    Object.entries(incident.cause).filter(([name]) => known.includes(name)),
  )
  if (sameCause(place, seen.scope)) return undefined
  const where = signal.kind === 'hop' ? { ...place, hop: signal.hop } : place
  const quotient = (from: number, to: number): number | undefined => {
    const amount = view.total(signal.denominator, from, to, where)
    return amount > 0 ? (view.total(signal.numerator, from, to, where) * signal.scale) / amount : undefined
  }
  const to = view.watermark_ms
  const before = Math.floor(clean_to_ms / 10_000) * 10_000
  const start = Math.max(before - BEFORE_MS, Math.floor(view.first_ms / 1000) * 1000)
  const value = quotient(Math.max(to - LONGEST_MS, Math.min(incident.began_ms, to - 1000)), to)
  const baseline = start < before ? quotient(start, before) : undefined
  if (value === undefined || baseline === undefined) return undefined
  // Where the place has recovered already, what was observed says more.
  return value > baseline === seen.now > seen.baseline && value !== baseline ? { value, baseline } : undefined
}

/**
 * Gives an incident the numbers that its sentence shows, and remembers the worst of them.
 * @param clean_to_ms before this nothing was wrong in the stream
 */
export function setHeadline(
  incident: Incident,
  { lead, view, clean_to_ms }: { lead: Observation; view: StreamView; clean_to_ms: number },
): void {
  if (ruleId(lead) === incident.rule)
    Object.assign(incident, amountsOfPlace(view, incident, lead, clean_to_ms))
  const { rule, cause, value, baseline, viewers, peak } = incident
  const same = peak !== undefined && peak.rule === rule && sameCause(peak.cause, cause)
  const worse = !same || Math.abs(value - baseline) >= Math.abs(peak.value - peak.baseline)
  incident.peak = {
    rule,
    cause,
    value: worse ? value : peak.value,
    baseline: worse ? baseline : peak.baseline,
    viewers: same ? Math.max(viewers, peak.viewers) : viewers,
  }
}

/** What is over is told by its worst moment, not by the moment before its end. */
export function tellPeak(incident: Incident): void {
  if (incident.peak === undefined) return
  const { value, baseline, viewers } = incident.peak
  Object.assign(incident, { value, baseline, viewers })
}
