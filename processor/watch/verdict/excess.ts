import type { Kind } from '../../../schemas/kinds/kinds.ts'
import { type Measure, measureOf } from '../../../schemas/measures.ts'
import { metricOf } from '../../../schemas/metrics.ts'
import type { Observation } from '../detect/observation.ts'
import { SIGNALS } from '../detect/signals.ts'
import type { StreamView, Where } from '../windows/view.ts'
import { contradict, isEverywhere } from './compatible.ts'

const LONGEST_MS = 15_000
const BEFORE_MS = 60_000

/**
 * Share of what is too much now that lies within a cause: 1 is all of it, 0 none, or that it cannot be told.
 * @param began_ms everything before is an example of normal
 */
export function excessWithin({
  view,
  seen,
  cause,
  began_ms,
}: {
  view: StreamView
  seen: Observation
  cause: Where
  began_ms: number
}): number {
  const counted = countedOf(seen)
  if (counted === undefined) return 0
  const { kind, numerator, denominator } = counted
  const known = view.dimensions(kind)
  const place = Object.fromEntries(Object.entries(cause).filter(([name]) => known.includes(name)))
  if (isEverywhere(place)) return 0
  const own: Where = kind === 'hop' ? { hop: seen.hop, ...seen.scope } : seen.scope
  if (contradict(own, place)) return 0
  const to = view.watermark_ms
  const from = Math.max(to - LONGEST_MS, Math.min(seen.onset_ms, to - 1000))
  const before = Math.floor(began_ms / 10_000) * 10_000
  const total = (measure: Measure | undefined, a: number, b: number, where: Where) =>
    measure === undefined ? b - a : view.total(measure, a, b, where)
  const start = Math.max(before - BEFORE_MS, Math.floor(view.first_ms / 1000) * 1000)
  const usual = (where: Where) => {
    const amount = total(denominator, start, before, where)
    return amount > 0 ? view.total(numerator, start, before, where) / amount : undefined
  }
  const normal = usual(own) ?? 0
  // Where nothing was measured before, what is normal around it is normal there.
  const excess = (where: Where) =>
    view.total(numerator, from, to, where) - (usual(where) ?? normal) * total(denominator, from, to, where)
  const all = excess(own)
  return all === 0 ? 0 : excess({ ...own, ...place }) / all
}

/** What an observation's metric is counted by; without a denominator it is counted a millisecond. */
function countedOf({
  metric,
  hop,
}: Observation): { kind: Kind; numerator: Measure; denominator?: Measure } | undefined {
  const signal = SIGNALS.find((signal) => signal.metric === metric && signal.hop === hop)
  if (signal !== undefined) return signal
  const { numerator, per_window } = metricOf(metric)
  return numerator !== undefined && per_window ? { kind: measureOf(numerator).kind, numerator } : undefined
}
