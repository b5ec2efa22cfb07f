import type { RuleSpec } from '../../../schemas/rules.ts'
import type { LaneMemory } from './laneMemory.ts'
import type { Observation } from './observation.ts'
import type { Signal } from './signals.ts'

/** Apps whose mean is known worse than this relative error are not compared. */
const FUZZY = 0.2

/**
 * The apps of a show see it at moments further apart than is fair. The app that is off is named: the one farthest from the others' middle.
 */
export function judgeSpread({
  signal,
  rule,
  lane,
  second,
}: {
  signal: Signal
  rule: Extract<RuleSpec, { type: 'spread' }>
  lane: LaneMemory
  second: number
}): Observation[] {
  const n = lane.at(signal.numerator)
  const d = lane.at(signal.denominator)
  const means: { app: string; mean: number; width: number }[] = []
  for (const cell of lane.cells.values()) {
    if (cell.group !== rule.by) continue
    const amount = cell.window(d, second, rule.window_s)
    if (amount <= 0) continue
    const mean = (cell.window(n, second, rule.window_s) * signal.scale) / amount
    const width = mean / Math.sqrt(amount)
    if (width <= FUZZY * Math.max(mean, rule.beyond)) means.push({ app: cell.where[rule.by]!, mean, width })
  }
  if (means.length < 2) return []
  means.sort((a, b) => a.mean - b.mean)
  const low = means[0]!
  const high = means.at(-1)!
  const apart = high.mean - low.mean
  const sure = apart - 1.5 * (low.width + high.width)
  if (apart < rule.beyond) return []
  const middle = means.filter(({ app }) => app !== low.app && app !== high.app)
  const center =
    middle.length > 0 ? middle.reduce((sum, { mean }) => sum + mean, 0) / middle.length : low.mean
  const off = high.mean - center >= center - low.mean ? high : low
  return [
    {
      metric: signal.metric,
      rule: 'spread',
      severity: rule.severity,
      hop: signal.hop,
      scope: { [rule.by]: off.app },
      now: apart,
      baseline: rule.beyond,
      score: 25,
      threshold: 20,
      firing: sure >= rule.beyond,
      onset_ms: (second - 1) * 1000,
    },
  ]
}
