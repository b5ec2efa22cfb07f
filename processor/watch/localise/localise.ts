import { matchBaseline } from './baseline.ts'
import type { Cells, Matched, RatioKind } from './cells.ts'
import { cellTables } from './cellTables.ts'
import { type Evidence, type Given, weighWith } from './evidence.ts'
import { calibrated, type RankingModel, rank, type Single } from './ranking.ts'
import { screen } from './screen.ts'

export interface LocaliseOptions {
  /** Names of the dimensions, in the order of the columns of codes. */
  readonly dimensions: readonly string[]
  readonly now: Cells
  /** What was before: one frame, or several (`frame`), of which the median is taken. */
  readonly before: Cells
  /** At most so many causes are returned. Default 5. */
  readonly top?: number
  /** `share` if value ≤ count always (stalled viewers of viewers), `level` otherwise (ms a start). Default: looked at. */
  readonly kind?: RatioKind
  /** Which direction hurts. Default `higher`. */
  readonly worse?: 'higher' | 'lower'
  /** How much count one viewer adds: 1 if the count is viewers or starts, 10,000 for played ms of a 10 s beat. Default 1. */
  readonly countPerViewer?: number
  /** Longest combination that is looked for. Default 3. */
  readonly depth?: number
  /** Numbers of the model that differ from `MODEL`: for measuring them. */
  readonly model?: Partial<LocaliseModel>
}

/** One explanation; codes are those of `now`, an empty cause means everything got worse alike. */
export interface Localised {
  /** Index of the dimension and code of its value. */
  readonly cause: readonly { readonly dimension: number; readonly code: number }[]
  /** Share of the whole excess that lies in this cause, 0…1. */
  readonly explains: number
  /** Probability that exactly this combination is the cause, 0…1. */
  readonly confidence: number
  /** Viewers it hurts: those who fail in it for a share, all in it for a level. */
  readonly viewers: number
  /** Ratio in the cause now, and as it was to be expected. */
  readonly ratio: number
  readonly expected: number
}

/**
 * The model's numbers; README.md says where each comes from and how little most of them matter. A tightness is an
 * inverse squared relative spread: 4 = each cell about ±50 % around its level.
 */
export interface LocaliseModel extends RankingModel {
  /** Tightness of the cells' ratios around the level that their part of the cause rose to. */
  readonly inside: number
  /** Tightness of all other cells around what was expected of them. */
  readonly outside: readonly number[]
  /** Standard deviation of the logarithm of the drift common to all cells outside. */
  readonly drift: number
  /** Probability that a cell outside has trouble of its own. */
  readonly stray: number
  /** Standard deviation of the logarithm of the rise among the parts of a cause. */
  readonly alike: number
  /** Probability that a part of a cause did not rise. */
  readonly still: number
  /** Viewers a frame by which a cell's earlier ratio is drawn towards the typical one. */
  readonly shrinkage: number
  /** How far the typical ratio of a cell follows its dimension values, 0…1. */
  readonly structure: number
}

export const MODEL: LocaliseModel = {
  inside: 4,
  outside: [8, 64],
  drift: 0.2,
  stray: 1e-4,
  alike: 0.25,
  still: 0.02,
  shrinkage: 30,
  structure: 0.5,
  sharpness: 2.5,
  explained: 2,
  specific: 0.5,
  slope: 0.8,
  offset: 0.2,
}

/** Below this confidence a cause is a guess: whoever must name one place says that there is none. */
export const NAMED_FROM = 0.3

/** How many cells the full likelihood may visit; keeps 100,000 cells within the time of a tick. */
const VISITS = 3_000_000
/** Above this probability of nothing in particular no cause is named at all. */
const SURELY_NOTHING = 0.8
/** So many standard deviations of the common drift are no drift any more. */
const NO_DRIFT = 1.5
/** Two causes that share so much of viewers and of failures are one answer: the shorter stays. */
const SAME = 0.95

/** Every explanation that was weighed, before their probabilities: what the bench fits the ranking's numbers on. */
export interface Weighed {
  readonly cells: Matched
  readonly kind: RatioKind
  readonly sign: 1 | -1
  /** Everything got worse alike. */
  readonly root: Evidence
  /** Best score first, each different in substance. */
  readonly singles: readonly Single[]
  readonly none: Given
  /** How many combinations there were to choose from. */
  readonly choices: number
  readonly excess: number
}

/** Weighs all candidates; `localise` makes probabilities of them. */
export const weighCauses = (options: LocaliseOptions): Weighed => {
  const model = { ...MODEL, ...options.model }
  const { cells, kind, sign } = prepare(options, model)
  const tables = cellTables({ ...model, cells, kind, sign })
  const none = weighWith({ cells, tables, sign, alike: model.alike, still: model.still })
  const keep = Math.min(150, Math.max(32, Math.floor(VISITS / Math.max(1, cells.size))))
  const { depth = 3 } = options
  const { candidates, choices } = screen({ cells, kind, sign, depth, tightness: model.outside[0]!, keep })
  const everything = Int32Array.from({ length: cells.size }, (_, i) => i)
  const root = none.further([], everything)
  const singles = distinct(cells, none, [{ dims: [], cells: everything }, ...candidates])
  return { cells, kind, sign, root, singles, none, choices, excess: (root.value - root.expected) * sign }
}

/**
 * Which few combinations of dimension values explain that a ratio got worse: ranked, the most probable first.
 * Empty if nothing got worse beyond chance; `cause: []` if everything got worse alike.
 */
export const localise = (options: LocaliseOptions): Localised[] => {
  const { top = 5 } = options
  const model = { ...MODEL, ...options.model }
  const weighed = weighCauses(options)
  const { cells, kind, sign, root, singles, excess } = weighed
  const named = (dims: readonly number[], evidence: Evidence, confidence: number): Localised => {
    const { value, count, expected, members } = evidence
    const own = (value - expected) * sign
    return {
      cause: dims.map((dimension) => ({ dimension, code: cells.codes[dimension]![members[0]!]! })),
      explains: own > 0 ? own / Math.max(own, excess) : 0,
      confidence,
      viewers: Math.round(kind === 'share' ? value : count),
      ratio: value / count,
      expected: expected / count,
    }
  }
  const { probabilities, nothing } = rank(weighed, model)
  if (nothing > SURELY_NOTHING) {
    // All alike may still be so much worse that no ordinary drift explains it.
    const drifts = (Math.log(cells.rise) * sign) / model.drift
    if (!(drifts > NO_DRIFT)) return []
    return [named([], root, 1 - Math.exp(-0.5 * drifts ** 2))]
  }
  return singles
    .map((single, i) => ({ ...single, probability: probabilities[i]! }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top)
    .map(({ dims, evidence, probability }) =>
      named(dims, evidence, dims.length ? calibrated(probability, model) : probability),
    )
}

/** The cells with their expected ratios, a falling share turned into the rising share of its complement. */
const prepare = (
  { now, before, kind: given, worse = 'higher', countPerViewer = 1 }: LocaliseOptions,
  { shrinkage, structure }: LocaliseModel,
): { cells: Matched; kind: RatioKind; sign: 1 | -1 } => {
  const kind = given ?? kindOf(now, before)
  const flip = kind === 'share' && worse === 'lower'
  const cells = matchBaseline({
    now: flip ? complement(now) : now,
    before: flip ? complement(before) : before,
    countPerViewer,
    shrinkage,
    structure,
  })
  return { cells, kind, sign: worse === 'lower' && !flip ? -1 : 1 }
}

/** The evidence for each candidate, best first, without what got no worse and without longer names for the same cells. */
const distinct = (
  cells: Matched,
  none: Given,
  candidates: readonly { readonly dims: readonly number[]; readonly cells: Int32Array }[],
): Single[] => {
  const weighed = candidates
    .map(({ dims, cells: members }) => ({
      dims,
      evidence: none.further(dims, members),
      names: dims.map((d) => d * 2 ** 32 + cells.codes[d]![members[0]!]!),
    }))
    .filter(({ evidence }) => evidence.score > 0)
    .sort((a, b) => b.evidence.score - a.evidence.score || a.dims.length - b.dims.length)
  return weighed.filter((entry) => !weighed.some((other) => isLongerName(entry, other)))
}

/** True if `one` has more names than `other` and holds nearly all of its viewers and failures: the same in substance. */
const isLongerName = (entry: Single, other: Single): boolean => {
  if (other.names.length >= entry.names.length) return false
  const [mine, others] = [entry.evidence, other.evidence]
  if (mine.count < SAME * others.count || mine.value < SAME * others.value) return false
  if (other.names.every((name) => entry.names.includes(name))) return true
  return (
    mine.members.length === others.members.length &&
    mine.members.every((cell, i) => cell === others.members[i])
  )
}

const kindOf = (...tables: Cells[]): RatioKind => {
  for (const { value, count } of tables) {
    for (let i = 0; i < value.length; i++) if (value[i]! > count[i]!) return 'level'
  }
  return 'share'
}

const complement = (cells: Cells): Cells => ({
  ...cells,
  value: cells.value.map((v, i) => cells.count[i]! - v),
})
