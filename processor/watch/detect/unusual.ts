import type { RuleSpec } from '../../../schemas/rules.ts'
import { isEverywhere } from '../verdict/compatible.ts'
import type { Cells, StreamView, Where } from '../windows/view.ts'
import type { Observation } from './observation.ts'
import { type Group, groupsOf, PIECE_MS, ShareHistory, type Sums, sumsOf, valuesOf } from './shareHistory.ts'
import type { Signal } from './signals.ts'
import { surpriseOfCount } from './tails.ts'

type UnusualRule = Extract<RuleSpec, { type: 'unusual' }>

/** Seconds that are looked back on. */
const WINDOWS = [20, 60]
/** A scan of all cells is made so often; what it found stands until the next one. */
const SCAN_S = 5
/** Fewest pieces of the past, and fewest bad events, that are judged. */
const FEWEST_PIECES = 2
const FEWEST_BAD = 5
const FEWEST_VIEWERS = 5
/** What is known of any stream before it is watched: relative spread from minute to minute, and how many minutes that is worth. */
const PRIOR_SPREAD = 0.5
const PRIOR_MINUTES = 2
/** Viewers by which a cell's past is drawn towards that of what it is a part of. */
const BORROWED = 30
/** How many times surer one value, or a pair of values, must be than the whole: they are many, and restless. */
const FACTOR = [1, 4, 8]
/** How many times surer the whole must be in a window shorter than the rule's: it is looked at more often, and one burst fills it. */
const SHORT_FACTOR = 2
/** How many times its bar the whole's count must surpass what chance alone brings in an even stream: small audiences are looked at as often. */
const CHANCE_FACTOR = 3
/** What is left of a longer window's excess in the shortest one when it is over. */
const EASED = 0.25
const MOST_FOUND = 8
const NOT_LOOKED_AT = new Set(['edge'])
/** Below this share of its bar a cell tells nothing. */
const WORTH_TELLING = 0.5

interface Usual {
  /** Bad events per opportunity: the mean of the minutes. */
  readonly rate: number
  /** Variance of a further minute's rate, and the degrees of freedom by which it is known. */
  readonly variance: number
  readonly freedom: number
  /** Bad events by which the rate is known. */
  readonly known: number
}

/** What the rule remembers of one stream. */
export class UnusualMemory {
  readonly history = new ShareHistory()
  scanned_s = 0
  found: readonly Observation[] = []
}

export interface UnusualOptions {
  readonly signal: Signal
  readonly rule: UnusualRule
  readonly view: StreamView
  readonly memory: UnusualMemory
  /** The newest full second, since the epoch. */
  readonly second: number
}

/** Cells whose share is beyond what is usual for them, the surest first. */
export function judgeUnusual(options: UnusualOptions): readonly Observation[] {
  const { memory, second } = options
  const now_s = second + 1
  if (now_s % SCAN_S !== 0 && now_s - memory.scanned_s < SCAN_S) return memory.found
  memory.scanned_s = now_s
  memory.found = scan(options)
  return memory.found
}

function scan({ signal, rule, view, memory }: UnusualOptions): Observation[] {
  const to_ms = view.watermark_ms
  if (to_ms - view.first_ms <= rule.learn_s * 1000) return []
  const found = new Map<string, Observation>()
  for (const seconds of WINDOWS) {
    if (seconds > rule.window_s) break
    const from_ms = to_ms - seconds * 1000
    if (view.total(signal.numerator, from_ms, to_ms) < FEWEST_BAD) continue
    const cells = view.cells([signal.numerator, signal.denominator], from_ms, to_ms)
    const groups = groupsOf(cells, NOT_LOOKED_AT)
    memory.history.advance(view, signal, groups, cells, rule.baseline_s * 1000)
    const pieces = memory.history.until(from_ms)
    if (pieces < FEWEST_PIECES) continue
    for (const observation of scanWindow({ signal, rule, cells, groups, memory, pieces, seconds, to_ms })) {
      if (hasEased(observation, signal, view)) continue
      const key = JSON.stringify(observation.scope)
      const known = found.get(key)
      if (known === undefined || sureness(observation) > sureness(known)) found.set(key, observation)
    }
  }
  return surest([...found.values()])
}

/** A longer window still holds what has been over for a while, as the shortest one shows. */
function hasEased({ scope, now, baseline }: Observation, signal: Signal, view: StreamView): boolean {
  const [from, to] = [view.watermark_ms - WINDOWS[0]! * 1000, view.watermark_ms]
  const all = view.total(signal.denominator, from, to, scope)
  if (all <= 0) return false
  return view.total(signal.numerator, from, to, scope) / all - baseline < EASED * (now - baseline)
}

const sureness = ({ score, threshold }: Observation): number => score / threshold

/** The surest few; the whole is always among them. */
const surest = (found: readonly Observation[]): Observation[] =>
  [...found]
    .sort((a, b) => sureness(b) - sureness(a))
    .filter(({ scope }, at) => at < MOST_FOUND || isEverywhere(scope))

interface Window {
  readonly signal: Signal
  readonly rule: UnusualRule
  readonly cells: Cells
  readonly groups: readonly Group[]
  readonly memory: UnusualMemory
  readonly pieces: number
  readonly seconds: number
  readonly to_ms: number
}

function scanWindow(window: Window): Observation[] {
  const { cells, groups, memory, pieces, seconds, rule } = window
  const rows: number[] = []
  for (let row = 0; row < cells.rows; row += 1) if (cells.sums[0]![row]! > 0) rows.push(row)
  const root = usualOf(memory.history.of(0, 0, pieces), 0.003)

  const usual = new Map<string, Usual>()
  const found: Observation[] = []
  // Opportunities that one viewer brings in the window: one in each ten seconds.
  const perViewer = seconds / 10
  groups.forEach((group, index) => {
    const bad = sumsOf(cells, group, { rows })
    for (const [key, sums] of bad) if (sums.bad < FEWEST_BAD) bad.delete(key)
    if (bad.size === 0) return
    for (const [key, sums] of sumsOf(cells, group, { known: bad })) {
      if (sums.all < FEWEST_VIEWERS * perViewer) continue
      const now = sums.bad / sums.all
      if (now < root.rate * 0.5 + rule.step) continue
      const parents = group.map((dimension) => usual.get(`${dimension}/${codeIn(group, dimension, key)}`))
      const prior = group.length < 2 ? root.rate : priorOf(root, parents)
      const own = group.length === 0 ? root : usualOf(memory.history.of(index, key, pieces), prior)
      if (group.length === 1) usual.set(`${group[0]}/${key}`, own)
      const observation = judgeCell(window, group, key, sums, own)
      if (observation !== undefined) found.push(observation)
    }
  })
  return surest(found)
}

const codeIn = (group: Group, dimension: number, key: number): number =>
  group.length === 1 ? key : group[0] === dimension ? Math.floor(key / 65_536) : key % 65_536

/** What a pair's past is drawn towards: its values' own rates, as far as they are known. */
function priorOf(root: Usual, parents: readonly (Usual | undefined)[]): number {
  let rate = root.rate
  for (const parent of parents) if (parent !== undefined) rate *= parent.rate / root.rate
  return Math.min(Math.max(rate, root.rate / 3), root.rate * 3)
}

/**
 * The usual rate of a cell and how far it is from minute to minute. Bad minutes count like any other: who had some is restless.
 * `prior`: the rate of what it is a part of.
 */
function usualOf(past: readonly Sums[], prior: number): Usual {
  const borrowed = (BORROWED * PIECE_MS) / 10_000
  const rates = past.map(({ bad, all }) => (bad + prior * borrowed) / (all + borrowed))
  const minutes = Math.max(1, rates.length)
  const rate = rates.length === 0 ? prior : rates.reduce((sum, each) => sum + each, 0) / minutes
  const squares = rates.reduce((sum, each) => sum + (each - rate) ** 2, 0)
  const freedom = minutes - 1 + PRIOR_MINUTES
  const variance = (squares + PRIOR_MINUTES * (PRIOR_SPREAD * rate) ** 2) / freedom
  const known = past.reduce((sum, { bad }) => sum + bad, 0.5)
  return { rate, variance: variance * (1 + 1 / minutes), freedom, known }
}

/**
 * How improbable so many bad events are, nats: by the predictive distribution of a further minute (Student's t), and for few events
 * by their count, whichever is less sure.
 */
function surpriseOf({ bad, all }: Sums, { rate, variance, freedom }: Usual): number {
  const above = bad / all - rate
  if (above <= 0) return 0
  const squared = above ** 2 / (variance + Math.max(rate, LEAST_RATE) / all)
  const byRate = ((freedom + 1) / 2) * Math.log1p(squared / freedom)
  return Math.min(byRate, surpriseOfCount(bad, rate * all, rate ** 2 / variance))
}
const LEAST_RATE = 5e-4

function judgeCell(
  { signal, rule, cells, seconds, to_ms }: Window,
  group: Group,
  key: number,
  sums: Sums,
  usual: Usual,
): Observation | undefined {
  const now = sums.bad / sums.all
  const { rate } = usual
  if (now < rate * rule.factor || now < rate + rule.step) return undefined
  let score = surpriseOf(sums, usual)
  if (group.length === 0)
    score = Math.min(score, surpriseOfCount(sums.bad, rate * sums.all, usual.known) / CHANCE_FACTOR)
  const times = group.length === 0 && seconds < rule.window_s ? SHORT_FACTOR : FACTOR[group.length]!
  const bar = rule.certainty * times
  if (score < bar * WORTH_TELLING) return undefined
  const values = valuesOf(cells, group, key)
  const scope: Where = Object.fromEntries(
    group.map((dimension, at) => [cells.dimensions[dimension]!, values[at]!]),
  )
  return {
    metric: signal.metric,
    rule: 'unusual',
    // What the whole audience feels beyond what is usual wakes somebody; a part of it is shown and told.
    severity: group.length === 0 && score >= rule.critical_certainty * times ? 'critical' : rule.severity,
    hop: signal.hop,
    scope,
    now,
    baseline: rate,
    score,
    threshold: bar,
    firing: score >= bar,
    window_ms: seconds * 1000,
    onset_ms: to_ms - seconds * 1000,
  }
}
