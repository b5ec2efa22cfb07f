import type { RuleSpec } from '../../../schemas/rules.ts'
import type { Holds } from '../holds.ts'
import { BLOCK_S, type CellMemory, type LaneMemory, RECENT_S } from './laneMemory.ts'
import type { Observation } from './observation.ts'
import { surpriseOfSilence, threshold } from './tails.ts'

/** Seconds that are looked back on, and the rule's own. */
const WINDOWS = [3, 4, 5, 6, 7, 8, 10]
/** A player's next beat may come so many times later than usual: pages in the background have coarse timers. */
const PATIENCE = 1.1
/** So long players must have been heard: after a time when none could be, those whose answer was an error wait before they try again. */
const HEARD_S = 2
/** Who stalled within so long may beat in step with others who did. */
const IN_STEP_S = 40

const history = new Float64Array(64)
const beats = new Float64Array(64)

/**
 * Whether players have been beating in step of late, as after a break: then the gaps between their beats mean nothing.
 * @param plays that usually go on
 */
function inStep(
  cell: CellMemory,
  lane: LaneMemory,
  { second, seconds, plays, beat_s }: { second: number; seconds: number; plays: number; beat_s: number },
): boolean {
  const measure = lane.at('interval_ms_sum')
  const usual = plays * 2000
  for (
    let end = second - seconds;
    end > second - RECENT_S + 2 && end > second - seconds - IN_STEP_S;
    end -= 1
  )
    if (cell.window(measure, end, 2) > 1.7 * usual + 3 * Math.sqrt(usual * beat_s * 1000)) return true
  return false
}

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

/** Seconds between two beats of a player, as they were of late. */
function usualBeat(intervals: Float64Array, counts: Float64Array): number {
  let time = 0
  let count = 0
  for (let b = 0; b < intervals.length; b += 1) {
    time += intervals[b]!
    count += counts[b]!
  }
  return Math.min(60, Math.max(1, time / 1000 / Math.max(1, count)))
}

/**
 * Fewer plays go on than a moment ago, in the whole or in one app: the audience fell away at once. Each player ought to be heard
 * once a beat, so its silence is evidence. A show that ends empties slowly; and a beat hides nothing, since it says what interval
 * it covers. Half way back to normal it is over.
 */
export function judgeAudience({
  rule,
  lane,
  second,
  holds,
}: {
  rule: Extract<RuleSpec, { type: 'baseline' }>
  lane: LaneMemory
  second: number
  /** When senders waited for an answer: such a time is no silence of theirs. */
  holds: Pick<Holds, 'longest'>
}): Observation[] {
  const measure = lane.at('interval_ms_sum')
  const found: Observation[] = []
  const to_ms = (second + 1) * 1000
  /** Seconds of the last ones in which players could be heard. */
  const heardOf = (seconds: number) => seconds - holds.longest(to_ms - seconds * 1000, to_ms) / 1000
  for (const cell of lane.cells.values()) {
    const apps = lane.values.get('app') ?? 0
    if (cell.group !== '' && (cell.group !== 'app' || apps < 2)) continue
    const own = cell.history(measure, Math.ceil(rule.baseline_s / BLOCK_S), history)
    if (own < 3) continue
    cell.history(lane.at('heartbeats_count'), own, beats)
    const before = expectedPlays(history.subarray(0, own))
    const beat_s = usualBeat(history.subarray(0, own), beats.subarray(0, own))
    const bar = threshold(cell.group === '' ? 1 : apps)
    const playsIn = (seconds: number, heard_s = heardOf(seconds)) =>
      heard_s < HEARD_S ? before : cell.window(measure, second, seconds) / (heard_s * 1000)
    const seen = (now: number, score: number, onset: number): Observation => ({
      metric: 'concurrent_plays',
      rule: 'baseline',
      severity: rule.severity,
      hop: 'player',
      scope: cell.where,
      now,
      baseline: before,
      score,
      threshold: bar,
      firing: score >= bar,
      onset_ms: onset * 1000,
    })
    let firing: Observation | undefined
    for (const seconds of [...WINDOWS, rule.window_s]) {
      const now = playsIn(seconds)
      if (now > before / rule.factor || now > before - rule.step) continue
      const heard_s = heardOf(seconds)
      // In less than a beat the phases of the players count, and who stalled may all be silent together: they are no evidence.
      const short = seconds < 1.2 * beat_s
      const stalled = short ? cell.window(lane.at('stalls_sum'), second, IN_STEP_S) : 0
      const heard = (now * heard_s) / beat_s
      const score = surpriseOfSilence(heard, Math.max(0, before - stalled), heard_s / (beat_s * PATIENCE))
      if (score < bar) continue
      if (short && inStep(cell, lane, { second, seconds, plays: before, beat_s })) continue
      let onset = second
      while (onset > second - seconds && cell.window(measure, onset, 1) / 1000 < before / 2) onset -= 1
      firing = seen(now, score, onset + 1)
      break
    }
    if (firing) found.push(firing)
    else {
      const now = playsIn(rule.window_s)
      const back = before / (1 + (rule.factor - 1) / 2)
      if (now <= back && now <= before - rule.step) found.push(seen(now, bar / 2, second))
    }
  }
  return found
}
