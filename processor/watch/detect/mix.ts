import type { RuleSpec } from '../../../schemas/rules.ts'
import { BLOCK_S, type CellMemory, type LaneMemory, RECENT_S } from './lane_memory.ts'
import type { Observation } from './observation.ts'
import type { Signal } from './signals.ts'
import { surpriseOfCount, surpriseOfFew, threshold } from './tails.ts'

/** Seconds between two beats of a player. */
const BEAT_S = 10

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

/**
 * Whether players have been beating in step of late, as they do when many of them stalled together: then the gaps between
 * their beats mean nothing.
 * @param plays that usually go on
 */
function inStep(cell: CellMemory, lane: LaneMemory, second: number, seconds: number, plays: number): boolean {
  if (cell.window(lane.at('stalls_sum'), second, IN_STEP_S) > MANY_STALLS * plays) return true
  const measure = lane.at('interval_ms_sum')
  const usual = plays * 2000
  for (
    let end = second - seconds;
    end > second - RECENT_S + 2 && end > second - seconds - IN_STEP_S;
    end -= 1
  )
    if (cell.window(measure, end, 2) > 1.7 * usual + 3 * Math.sqrt(usual * BEAT_S * 1000)) return true
  return false
}
/** Stalls for each play going on. */
const MANY_STALLS = 0.15
const IN_STEP_S = 40

/**
 * Plays to be expected now: the median of the last minutes, or less when the audience was leaving already. Blocks are
 * newest first; the trend is carried on over the time since the newest.
 */
function expectedPlays(blocks: Float64Array): number {
  const median = blocks.slice().sort()[blocks.length >> 1]!
  const span = Math.min(5, blocks.length - 1)
  const trend = (blocks[0]! - blocks[span]!) / span
  const carried = blocks[0]! + 2.5 * Math.min(0, trend)
  return Math.max(0, Math.min(median, carried)) / (BLOCK_S * 1000)
}

/**
 * Fewer plays go on than a moment ago, in the whole or in one app: the audience fell away at once. A show that ends
 * empties slowly; a beat every ten seconds hides nothing, since every beat says what interval it covers.
 */
export function judgeAudience({
  rule,
  lane,
  second,
}: {
  rule: Extract<RuleSpec, { type: 'baseline' }>
  lane: LaneMemory
  second: number
}): Observation[] {
  const measure = lane.at('interval_ms_sum')
  const found: Observation[] = []
  for (const cell of lane.cells.values()) {
    const apps = lane.values.get('app') ?? 0
    if (cell.group !== '' && (cell.group !== 'app' || apps < 2)) continue
    const own = cell.history(measure, Math.ceil(rule.baseline_s / BLOCK_S), history)
    if (own < 3) continue
    const before = expectedPlays(history.subarray(0, own))
    for (const seconds of [3, 4, 5, 7, 10, rule.window_s]) {
      const now = cell.window(measure, second, seconds) / (seconds * 1000)
      if (now > before / rule.factor || now > before - rule.step) continue
      // A beat tells of ten seconds, so that is what one piece of evidence is.
      const score = surpriseOfFew((now * seconds) / BEAT_S, (before * seconds) / BEAT_S, 300)
      const bar = threshold(cell.group === '' ? 1 : apps)
      if (score < bar) continue
      if (seconds < 1.2 * BEAT_S && inStep(cell, lane, second, seconds, before)) continue
      let onset = second
      while (onset > second - seconds && cell.window(measure, onset, 1) / 1000 < before / 2) onset -= 1
      found.push({
        metric: 'concurrent_plays',
        rule: 'baseline',
        severity: rule.severity,
        hop: 'player',
        scope: cell.where,
        now,
        baseline: before,
        score,
        threshold: bar,
        firing: true,
        onset_ms: (onset + 1) * 1000,
      })
      break
    }
  }
  return found
}
