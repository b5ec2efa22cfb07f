import type { RuleSpec } from '../../../schemas/rules.ts'
import { BLOCK_S, type CellMemory, type LaneMemory } from './laneMemory.ts'
import type { Observation } from './observation.ts'
import type { Signal } from './signals.ts'
import { surpriseOfCount, threshold } from './tails.ts'

const history = new Float64Array(64)

function normal(cell: CellMemory, measure: number, blocks: number): { sum: number; blocks: number } {
  const known = cell.history(measure, blocks, history)
  let sum = 0
  for (let b = 0; b < known; b += 1) sum += history[b]!
  return { sum, blocks: known }
}

/**
 * One value's share of all jumps and the whole grows with it: a flood from one place. A planned pulse lifts every
 * value alike and changes no share.
 */
export function judgeMix({
  signal,
  rule,
  lane,
  second,
}: {
  signal: Pick<Signal, 'metric' | 'hop' | 'numerator'>
  rule: Extract<RuleSpec, { type: 'mix' }>
  lane: LaneMemory
  second: number
}): Observation[] {
  const measure = lane.at(signal.numerator)
  const blocks = Math.ceil(rule.baseline_s / BLOCK_S)
  const before = normal(lane.root, measure, blocks)
  if (before.blocks < 2) return []
  const found: Observation[] = []
  for (const cell of lane.cells.values()) {
    const values = lane.values.get(cell.group) ?? 0
    if (!rule.by.some((name) => name === cell.group) || values < 2) continue
    const own = normal(cell, measure, blocks)
    // Four events' worth of belief that a value has an equal share.
    const share = (own.sum / 3 + 4 / values) / (before.sum / 3 + 4)
    for (const seconds of [2, rule.window_s]) {
      const now = cell.window(measure, second, seconds)
      const all = lane.root.window(measure, second, seconds)
      if (all <= 0 || now / all < rule.share || now / all < rule.factor * share) continue
      if (all < 1.5 * (before.sum / (before.blocks * BLOCK_S)) * seconds) continue
      // Bursts of one viewer come together, so only every third event counts.
      const score = surpriseOfCount(now / 3, (share * all) / 3, 20)
      const bar = threshold(values * rule.by.length)
      if (score < bar / 2) continue
      found.push({
        metric: signal.metric,
        rule: 'mix',
        severity: rule.severity,
        hop: signal.hop,
        scope: cell.where,
        now: now / all,
        baseline: share,
        score,
        threshold: bar,
        firing: score >= bar,
        onset_ms: (second - seconds + 1) * 1000,
      })
      break
    }
  }
  return found.sort((a, b) => b.score - a.score)
}
