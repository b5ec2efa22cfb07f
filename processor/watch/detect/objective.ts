import type { RuleSpec } from '../../../schemas/rules.ts'
import type { StreamView } from '../windows/view.ts'
import { type LaneMemory, RECENT_S } from './laneMemory.ts'
import type { Observation } from './observation.ts'
import type { Signal } from './signals.ts'

type ObjectiveRule = Extract<RuleSpec, { type: 'objective' }>

const LATEST_MS = 10_000

/**
 * Burns the objective's budget too fast in a short and in a long window (Google SRE workbook's multi-window burn rate,
 * scaled to a show of hours). For a level `burn` is how many times the objective it is.
 */
export function judgeObjective({
  signal,
  rule,
  view,
  lane,
  objective,
}: {
  signal: Signal
  rule: ObjectiveRule
  view: StreamView
  lane: LaneMemory
  objective: number | undefined
}): Observation | undefined {
  if (objective === undefined) return undefined
  const to = view.watermark_ms
  const where = signal.kind === 'hop' ? { hop: signal.hop } : undefined
  // Early in a show the long window is what there is, but never less than the short one.
  const slow = Math.min(rule.slow_s * 1000, Math.max(rule.fast_s * 1000, to - view.first_ms))
  if (to - view.first_ms < rule.fast_s * 1000) return undefined
  const read = (length_ms: number) => {
    const count = view.total(signal.numerator, to - length_ms, to, where)
    const amount = view.total(signal.denominator, to - length_ms, to, where)
    return { count, amount, value: amount > 0 ? (count * signal.scale) / amount : Number.NaN }
  }
  // The memory has the last minute at hand; the view is asked only when that one burns.
  const second = Math.floor(to / 1000) - 1
  const recent = (seconds: number) => {
    if (seconds > RECENT_S) return read(seconds * 1000)
    const count = lane.root.window(lane.at(signal.numerator), second, seconds)
    const amount = lane.root.window(lane.at(signal.denominator), second, seconds)
    return { count, amount, value: amount > 0 ? (count * signal.scale) / amount : Number.NaN }
  }
  const fast = recent(rule.fast_s)
  if (!(fast.amount > 0)) return undefined
  const limit = limitOf(signal, objective, rule.burn)
  const burning = ({ value, amount }: { value: number; amount: number }) =>
    signal.higher_is_worse
      ? value - uncertainty(signal, value, amount) >= limit
      : value + uncertainty(signal, value, amount) <= limit
  if (!burning(fast)) return undefined
  // What is over does not burn, though the windows still remember it.
  const latest = recent(LATEST_MS / 1000)
  if (!(latest.amount > 0) || (signal.higher_is_worse ? latest.value < limit : latest.value > limit))
    return undefined
  return {
    metric: signal.metric,
    rule: 'objective',
    severity: rule.severity,
    hop: signal.hop,
    scope: {},
    now: fast.value,
    baseline: objective,
    score: 30,
    threshold: 20,
    firing: burning(read(slow)),
    onset_ms: to - LATEST_MS,
  }
}

function limitOf(signal: Signal, objective: number, burn: number): number {
  if (signal.nature === 'share' && !signal.higher_is_worse) return 1 - burn * (1 - objective)
  return signal.higher_is_worse ? objective * burn : objective / burn
}

/** Half width of a 95 % interval, generous to few observations. */
function uncertainty(signal: Signal, value: number, amount: number): number {
  if (signal.nature === 'level') return value / Math.sqrt(Math.max(1, amount))
  const opportunities = amount / (signal.scale * signal.clump)
  const bad = signal.higher_is_worse ? value : 1 - value
  return 1.96 * Math.sqrt((bad * 3) / Math.max(opportunities, 1e-9))
}
