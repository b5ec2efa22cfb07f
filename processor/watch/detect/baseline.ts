import { HEARTBEAT_MS } from '../../../schemas/beacon.ts'
import type { Measure } from '../../../schemas/measures.ts'
import type { RuleSpec } from '../../../schemas/rules.ts'
import { BLOCK_S, type CellMemory, type LaneMemory } from './laneMemory.ts'
import type { Observation } from './observation.ts'
import type { Signal } from './signals.ts'
import { surpriseOfCount, surpriseOfLevel, threshold } from './tails.ts'

type BaselineRule = Extract<RuleSpec, { type: 'baseline' }>

/** Seconds that are looked back on; the most telling of them counts. */
const WINDOWS = [1, 2, 3, 5, 10, 20, 30]
/** A level is judged once it was seen for so many blocks. */
const FEWEST_BLOCKS = 2
/** A rate is never held to be known better than by so many events: it wanders, however many viewers there are. */
const MOST_KNOWN = 60
/** Relative wandering of a level that is nobody's fault. */
const WANDER = 0.03
/** Below this a cell tells nothing about its health, nats. */
const WORTH_TELLING = 5

/** What is normal for a cell. */
interface Normal {
  /** Share: bad events per denominator. Level: the mean. */
  readonly rate: number
  /** Share: pseudo-events known (gamma shape). Level: blocks. */
  readonly known: number
  /** Share: overdispersion of the counts. Level: variance × denominator. */
  readonly spread: number
}

const scratchN = new Float64Array(64)
const scratchD = new Float64Array(64)

export interface BaselineOptions {
  readonly signal: Signal
  readonly rule: BaselineRule
  readonly lane: LaneMemory
  /** The newest full second, since the epoch. */
  readonly second: number
  readonly objective: number | undefined
  /** Where plays begin. */
  readonly starts?: LaneMemory | undefined
}

/** A player beats at once when it stalls, and otherwise so often: who has just started well was not heard yet. */
const BEAT_S = HEARTBEAT_MS / 1000
const BEATEN = new Set<Measure>(['interval_ms_sum', 'watched_ms_sum'])

/** Time played that no beat has told yet, ms: of those who started within a beat. Without it, a wave of joins looks like stalls. */
function untold({ signal, starts, second }: BaselineOptions, cell: CellMemory, seconds: number): number {
  if (starts === undefined || signal.nature !== 'share' || !BEATEN.has(signal.denominator)) return 0
  const own = starts.cells.get(cell.key)
  if (own === undefined) return 0
  const length = Math.min(seconds, BEAT_S)
  return own.window(starts.at('attempts_count'), second, length) * (length / 2) * 1000
}

/**
 * Compares every cell of a lane with its own last minutes: the whole, each value of each dimension, and a few pairs.
 * A cell fires when it is certainly worse (the surprise passes the threshold) and worse by enough to matter.
 */
export function judgeBaseline(options: BaselineOptions): Observation[] {
  const { signal, lane } = options
  const root = normalOf(options, lane.root, undefined)
  if (root === undefined) return []
  const found: Observation[] = []
  const dimensions = Math.max(1, [...lane.values.values()].filter((count) => count > 1).length)
  for (const cell of lane.cells.values()) {
    const values = cell.group === '' ? 1 : (lane.values.get(cell.group) ?? 0)
    // A dimension with a single value adds nothing: skip it.
    if (cell.group !== '' && values < 2) continue
    const bar = threshold(cell.group === '' ? 1 : 2 * dimensions * values)
    const observation = judgeCell(options, cell, root, bar)
    if (observation !== undefined) found.push(observation)
  }
  // A mean that moved only because other people came is no fault.
  const whole = found.find(({ scope }) => Object.keys(scope).length === 0)
  if (whole?.firing && signal.nature === 'level' && explainedByMix(options, whole)) return []
  return found.sort((a, b) => b.score - b.threshold - (a.score - a.threshold))
}

function judgeCell(
  options: BaselineOptions,
  cell: CellMemory,
  root: Normal,
  bar: number,
): Observation | undefined {
  const { signal, rule, lane, second } = options
  const n = lane.at(signal.numerator)
  const d = lane.at(signal.denominator)
  let best: { score: number; seconds: number; now: number } | undefined
  let normal: Normal | undefined
  let count = 0
  let reported = 0
  let done = 0
  for (const seconds of WINDOWS) {
    if (seconds > rule.window_s) break
    count += cell.window(n, second - done, seconds - done)
    reported += cell.window(d, second - done, seconds - done)
    done = seconds
    const amount = reported + untold(options, cell, seconds)
    if (amount <= 0) continue
    normal ??= cell.group === '' ? root : normalOf(options, cell, root)
    if (normal === undefined) return undefined
    const now = badRate(signal, count, amount)
    if (!material(signal, rule, now, normal.rate)) continue
    // When a wave of joins is over, the last to start are the slow ones: no news about anybody else.
    if (
      signal.kind === 'startup' &&
      signal.nature === 'level' &&
      amount * 2 < cell.window(d, second - seconds, seconds)
    )
      continue
    const score = surprise(signal, normal, { now, amount, seconds })
    if (best === undefined || score > best.score) best = { score, seconds, now }
  }
  if (best === undefined || normal === undefined || best.score < WORTH_TELLING) return undefined
  const onset = onsetOf(options, cell, normal, best.seconds)
  return {
    metric: signal.metric,
    rule: 'baseline',
    severity: rule.severity,
    hop: signal.hop,
    scope: cell.where,
    now: shown(signal, best.now),
    baseline: shown(signal, normal.rate),
    score: best.score,
    threshold: bar,
    firing: best.score >= bar,
    onset_ms: onset * 1000,
  }
}

/** Share: bad ÷ opportunities, whichever side the metric names. Level: the mean. */
const badRate = (signal: Signal, count: number, amount: number): number =>
  signal.nature === 'share' && !signal.higher_is_worse
    ? Math.max(0, 1 - (count * signal.scale) / amount)
    : (count * signal.scale) / amount

/** Back to the metric's own side. */
const shown = (signal: Signal, rate: number): number =>
  signal.nature === 'share' && !signal.higher_is_worse ? 1 - rate : rate

function material(signal: Signal, rule: BaselineRule, now: number, before: number): boolean {
  if (signal.nature === 'level' && !signal.higher_is_worse)
    return now <= before / rule.factor && now <= before - rule.step
  return now >= before * rule.factor && now >= before + rule.step
}

function surprise(
  signal: Signal,
  normal: Normal,
  { now, amount, seconds }: { now: number; amount: number; seconds: number },
): number {
  if (signal.nature === 'share') {
    const { rate, known, spread } = normal
    const opportunities = amount / (signal.scale * signal.clump * spread)
    return surpriseOfCount(now * opportunities, rate * opportunities, known)
  }
  const { rate, known, spread } = normal
  if (rate <= 0) return 0
  // Few measurements may come from a skewed distribution, so they are trusted less than their spread says.
  const measured = signal.kind === 'hop' ? seconds : amount
  const chance = (spread / (amount * rate * rate)) * (1 + 5 / Math.max(1, measured))
  return surpriseOfLevel(now / rate, chance * (1 + 1 / known) + WANDER * WANDER)
}

/** What is normal changes only with a new block, so it is kept until then. */
function normalOf(options: BaselineOptions, cell: CellMemory, root: Normal | undefined): Normal | undefined {
  const { signal, rule, lane, objective } = options
  const key = `${signal.metric}/${rule.baseline_s}/${objective}/${root === undefined}`
  const known = cell.kept.get(key) as { at: number; normal: Normal | undefined } | undefined
  const at = cell.blockCount * 65_536 + lane.root.blockCount
  if (known?.at === at) return known.normal
  const normal = computeNormal(options, cell, root)
  cell.kept.set(key, { at, normal })
  return normal
}

function computeNormal(
  { signal, rule, lane, objective }: BaselineOptions,
  cell: CellMemory,
  root: Normal | undefined,
): Normal | undefined {
  const most = Math.ceil(rule.baseline_s / BLOCK_S)
  const blocks = cell.history(lane.at(signal.numerator), most, scratchN)
  cell.history(lane.at(signal.denominator), most, scratchD)
  return signal.nature === 'share'
    ? normalShare(signal, blocks, objective, root)
    : normalLevel(blocks, signal, root)
}

function normalShare(
  signal: Signal,
  blocks: number,
  objective: number | undefined,
  root: Normal | undefined,
): Normal {
  const wanted = objective === undefined ? 0.01 : signal.higher_is_worse ? objective : 1 - objective
  const prior = root ? { rate: root.rate, known: 4 } : { rate: wanted, known: 1 }
  const unit = signal.scale * signal.clump
  let events = 0
  let amount = 0
  for (let b = 0; b < blocks; b += 1) {
    events += (badRate(signal, scratchN[b]!, scratchD[b]! || 1) * scratchD[b]!) / unit
    amount += scratchD[b]! / unit
  }
  let spread = root ? root.spread : 1.5
  if (blocks >= 4 && events > 0) {
    let deviation = 0
    const mean = events / amount
    for (let b = 0; b < blocks; b += 1) {
      const expected = (mean * scratchD[b]!) / unit
      const seen = (badRate(signal, scratchN[b]!, scratchD[b]! || 1) * scratchD[b]!) / unit
      if (expected > 0) deviation += ((seen - expected) * (seen - expected)) / Math.max(expected, 0.25)
    }
    spread = (deviation + spread * 6) / (blocks - 1 + 6)
  }
  spread = Math.min(30, Math.max(1, spread))
  const known = prior.known + events / spread
  const rate = known / (prior.known / Math.max(prior.rate, 1e-9) + amount / spread)
  return { rate, known: Math.min(MOST_KNOWN, known), spread }
}

/** Median and median deviation: a bad minute before does not become normal. */
function normalLevel(blocks: number, signal: Signal, root: Normal | undefined): Normal | undefined {
  const ratios: number[] = []
  for (let b = 0; b < blocks; b += 1)
    if (scratchD[b]! > 0) ratios.push((scratchN[b]! * signal.scale) / scratchD[b]!)
  if (ratios.length < FEWEST_BLOCKS) return undefined
  const rate = median(ratios)
  const deviations: number[] = []
  for (let b = 0; b < blocks; b += 1) {
    if (scratchD[b]! > 0)
      deviations.push(Math.abs((scratchN[b]! * signal.scale) / scratchD[b]! - rate) * Math.sqrt(scratchD[b]!))
  }
  const own = (1.4826 * median(deviations)) ** 2
  const weight = ratios.length
  // Nothing known of the spread: a mean is held to be as wide as half of itself.
  const prior = root?.spread ?? (signal.kind === 'hop' ? 0 : rate * rate * 0.25)
  return { rate, known: weight, spread: (own * weight + prior * 4) / (weight + 4) }
}

function median(numbers: number[]): number {
  const sorted = numbers.sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The first second of the window that already lies nearer to the new than to the old. */
function onsetOf(
  { signal, lane, second, rule }: BaselineOptions,
  cell: CellMemory,
  normal: Normal,
  seconds: number,
): number {
  const n = lane.at(signal.numerator)
  const d = lane.at(signal.denominator)
  for (let s = second - seconds + 1; s <= second; s += 1) {
    const amount = cell.window(d, s, 1)
    if (amount <= 0) continue
    const now = badRate(signal, cell.window(n, s, 1), amount)
    if (
      material(signal, { ...rule, factor: 1 + (rule.factor - 1) / 2, step: rule.step / 2 }, now, normal.rate)
    )
      return s
  }
  return second
}

const COMPOSITION = [
  'app',
  'container',
  'component',
  'device',
  'os',
  'player',
  'region',
  'isp',
  'country',
  'protocol',
  'node',
]

/** Whether the whole's mean is what the values' own means give in their present proportions. */
function explainedByMix(options: BaselineOptions, whole: Observation): boolean {
  const { signal, rule, lane, second } = options
  const d = lane.at(signal.denominator)
  return COMPOSITION.some((group) => {
    if ((lane.values.get(group) ?? 0) < 2) return false
    let amount = 0
    let expected = 0
    for (const cell of lane.cells.values()) {
      if (cell.group !== group) continue
      const now = cell.window(d, second, Math.min(rule.window_s, 10))
      if (now <= 0) continue
      const normal = normalOf(options, cell, undefined)
      amount += now
      expected += now * (normal?.rate ?? whole.now)
    }
    return amount > 0 && !material(signal, rule, whole.now, expected / amount)
  })
}
