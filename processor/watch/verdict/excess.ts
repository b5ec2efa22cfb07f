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
  const signal = SIGNALS.find(({ metric, hop }) => metric === seen.metric && hop === seen.hop)
  if (signal === undefined) return 0
  const known = view.dimensions(signal.kind)
  const place = Object.fromEntries(Object.entries(cause).filter(([name]) => known.includes(name)))
  if (isEverywhere(place)) return 0
  const own: Where = signal.kind === 'hop' ? { hop: signal.hop, ...seen.scope } : seen.scope
  if (contradict(own, place)) return 0
  const to = view.watermark_ms
  const from = Math.max(to - LONGEST_MS, Math.min(seen.onset_ms, to - 1000))
  const before = Math.floor(began_ms / 10_000) * 10_000
  const excess = (where: Where) => {
    const n = view.total(signal.numerator, from, to, where)
    const d = view.total(signal.denominator, from, to, where)
    const n0 = view.total(signal.numerator, before - BEFORE_MS, before, where)
    const d0 = view.total(signal.denominator, before - BEFORE_MS, before, where)
    return n - (d0 > 0 ? (n0 / d0) * d : 0)
  }
  const all = excess(own)
  return all === 0 ? 0 : excess({ ...own, ...place }) / all
}
