import type { RuleSpec } from '../../../schemas/rules.ts'
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
/** Time before a window that is no example of normal: a trouble may have begun in it. */
const GUARD_MS = 20_000
/** Fewest pieces of the past, and fewest bad events, that are judged. */
const FEWEST_PIECES = 2
const FEWEST_BAD = 5
const FEWEST_VIEWERS = 5
/** Standard deviations above the middle beyond which a past minute counts no more. */
const OUTLIER = 2
/** What is known of any stream before it is watched: relative spread from minute to minute, and how many minutes that is worth. */
const PRIOR_SPREAD = 0.25
const LEAST_SPREAD = 0.2
const PRIOR_MINUTES = 3
/** Bad events a minute below which a cell's own spread is chance. */
const PRIOR_EVENTS = 10
/** Viewers by which a cell's past is drawn towards that of what it is a part of. */
const BORROWED = 30
/** Nats that a cell must surpass more: there are more single values than wholes, and more pairs than values. */
const PENALTY = [0, 1, 2]
/** How many times surer a pair must be than a single value to open an incident: pairs are many, and restless. */
const PAIR_FACTOR = 3
/** Nats that a window shorter than the rule's must surpass more: it is looked at more often. */
const SHORT_PENALTY = 2
const MOST_FOUND = 8
const NOT_LOOKED_AT = new Set(['edge'])
/** Below this a cell tells nothing. */
const WORTH_TELLING = 5

interface Usual {
  /** Bad events per opportunity. */
  readonly rate: number
  /** Squared relative spread of the rate. */
  readonly spread: number
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
    const pieces = memory.history.until(from_ms - GUARD_MS)
    if (pieces < FEWEST_PIECES) continue
    for (const observation of scanWindow({ signal, rule, cells, groups, memory, pieces, seconds, to_ms })) {
      const key = JSON.stringify(observation.scope)
      const known = found.get(key)
      if (known === undefined || observation.score > known.score) found.set(key, observation)
    }
  }
  return [...found.values()].sort((a, b) => b.score - a.score).slice(0, MOST_FOUND)
}

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
  return found.sort((a, b) => b.score - a.score).slice(0, MOST_FOUND)
}

const codeIn = (group: Group, dimension: number, key: number): number =>
  group.length === 1 ? key : group[0] === dimension ? Math.floor(key / 65_536) : key % 65_536

/** What a pair's past is drawn towards: its values' own rates, as far as they are known. */
function priorOf(root: Usual, parents: readonly (Usual | undefined)[]): number {
  let rate = root.rate
  for (const parent of parents) if (parent !== undefined) rate *= parent.rate / root.rate
  return Math.min(Math.max(rate, root.rate / 3), root.rate * 3)
}

/** The usual rate of a cell, and how far it is from minute to minute. `prior`: the rate of what it is a part of. */
function usualOf(past: readonly Sums[], prior: number): Usual {
  const rates = past.map(({ bad, all }) => bad / all).sort((a, b) => a - b)
  const middle = rates[rates.length >> 1] ?? prior
  const borrowed = (BORROWED * PIECE_MS) / 10_000
  let [bad, all] = [prior * borrowed, borrowed]
  for (const entry of past) {
    const expected = middle * entry.all
    // A bad minute before does not become normal.
    bad += Math.min(entry.bad, expected + OUTLIER * Math.sqrt(expected + 1))
    all += entry.all
  }
  const rate = bad / all
  let [excess, squares] = [0, 0]
  for (const item of past) {
    const expected = rate * item.all
    excess += (item.bad - expected) ** 2 - expected
    squares += expected * expected
  }
  const weight = PRIOR_MINUTES * Math.max(PRIOR_EVENTS, squares / Math.max(1, past.length))
  const spread = (excess + PRIOR_SPREAD ** 2 * weight) / (squares + weight)
  return { rate, spread: Math.max(LEAST_SPREAD ** 2, spread), known: bad + 0.5 }
}

function judgeCell(
  { signal, rule, cells, seconds, to_ms }: Window,
  group: Group,
  key: number,
  { bad, all }: Sums,
  { rate, spread, known }: Usual,
): Observation | undefined {
  const now = bad / all
  if (now < rate * rule.factor || now < rate + rule.step) return undefined
  const shape = 1 / (spread + 1 / known)
  const score =
    surpriseOfCount(bad, rate * all, shape) -
    PENALTY[group.length]! -
    (seconds < rule.window_s ? SHORT_PENALTY : 0)
  if (score < WORTH_TELLING) return undefined
  const bar = group.length === 2 ? rule.certainty * PAIR_FACTOR : rule.certainty
  const values = valuesOf(cells, group, key)
  const scope: Where = Object.fromEntries(
    group.map((dimension, at) => [cells.dimensions[dimension]!, values[at]!]),
  )
  return {
    metric: signal.metric,
    rule: 'unusual',
    // What the whole audience feels beyond what is usual wakes somebody; a part of it is shown and told.
    severity: group.length === 0 && score >= rule.critical_certainty ? 'critical' : rule.severity,
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
