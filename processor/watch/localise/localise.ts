import { matchBaseline } from './baseline.ts'
import type { Cells, RatioKind } from './cells.ts'
import { type Evidence, weigher } from './evidence.ts'
import { likelihoodOf } from './likelihood.ts'
import { posterior } from './posterior.ts'
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
 * The model's numbers; README.md says where each comes from and how little it matters. A tightness is an inverse squared
 * relative spread: 4 = each cell about ±50 % around its level. Of several the one that fits an explanation best is used.
 */
export interface LocaliseModel {
  /** Tightness of the cells' ratios around the level that their cause rose to. */
  readonly inside: readonly number[]
  /** Tightness of all other cells around what was expected of them. */
  readonly outside: readonly number[]
  /** Standard deviation of the logarithm of the drift common to all cells outside. */
  readonly drift: number
  /** Viewers a frame by which a cell's earlier ratio is drawn towards the typical one. */
  readonly shrinkage: number
  /** Part of the frames before that is used, the quietest first. */
  readonly quiet: number
  /** How far the typical ratio of a cell follows its dimension values, 0…1. */
  readonly structure: number
  /** How many nats count as one: cells are not independent witnesses. */
  readonly temperature: number
}

export const MODEL: LocaliseModel = {
  inside: [2.5, 25],
  outside: [8, 64],
  drift: 0.3,
  shrinkage: 30,
  quiet: 1 / 3,
  structure: 0.5,
  temperature: 2,
}

/** How many cells the full likelihood may visit; keeps 100,000 cells within the time of a tick. */
const VISITS = 3_000_000

/** 45 labelled incidents cannot teach more certainty than (45 + 1) ÷ (45 + 2). */
const MOST_CERTAIN = 46 / 47

/** Above this probability of nothing in particular no cause is named at all. */
const SURELY_NOTHING = 0.9

/**
 * Which few combinations of dimension values explain that a ratio got worse: ranked, the most probable first.
 * Empty if nothing got worse beyond chance; `cause: []` if everything got worse alike.
 */
export const localise = (options: LocaliseOptions): Localised[] => {
  const { now, before, top = 5, worse = 'higher', countPerViewer = 1, depth = 3 } = options
  const model = { ...MODEL, ...options.model }
  const kind = options.kind ?? kindOf(now, before)
  // A falling share is a rising share of its complement.
  const flip = kind === 'share' && worse === 'lower'
  const sign = worse === 'lower' && !flip ? -1 : 1
  const cells = matchBaseline({
    now: flip ? complement(now) : now,
    before: flip ? complement(before) : before,
    countPerViewer,
    shrinkage: model.shrinkage,
    quiet: model.quiet,
    structure: model.structure,
  })
  const weigh = weigher({
    cells,
    likelihood: likelihoodOf(kind),
    additive: kind === 'share',
    sign,
    inside: model.inside,
    outside: model.outside,
    drift: model.drift,
  })
  const keep = Math.min(150, Math.max(32, Math.floor(VISITS / Math.max(1, cells.size))))
  const { candidates, choices } = screen({ cells, kind, sign, depth, tightness: model.outside[0]!, keep })
  // Everything at once is no looser than what is outside a cause: it must have risen evenly.
  const everything = new Int32Array(cells.size)
  for (let i = 0; i < everything.length; i++) everything[i] = i
  const root = weigh.one(everything, model.outside)
  const singles = simplest([
    { dims: [], evidence: root },
    ...candidates.map(({ dims, cells: members }) => ({ dims, evidence: weigh.one(members) })),
  ]).map((one) => ({ ...one, names: one.dims.map((d) => d * 2 ** 32 + codeOf(one, d)) }))
  const { probabilities, nothing } = posterior({ weigh, singles, choices, temperature: model.temperature })
  const excess = (root.value - root.expected) * sign
  const named = (one: Weighed, probability: number): Localised => {
    const { value, count, expected } = one.evidence
    const own = (value - expected) * sign
    return {
      cause: one.dims.map((dimension) => ({ dimension, code: codeOf(one, dimension) })),
      explains: own > 0 ? own / Math.max(own, excess) : 0,
      confidence: probability * MOST_CERTAIN,
      viewers: Math.round(kind === 'share' ? value : count),
      ratio: value / count,
      expected: expected / count,
    }
  }
  if (nothing > SURELY_NOTHING) {
    // All alike may still be so much worse that no ordinary drift explains it.
    const drifts = (Math.log(cells.rise) * sign) / model.drift
    if (!(drifts > 1.5)) return []
    return [named({ dims: [], evidence: root }, 1 - Math.exp(-0.5 * drifts ** 2))]
  }
  return singles
    .map((one, i) => ({ one, probability: probabilities[i]! }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top)
    .map(({ one, probability }) => named(one, probability))

  function codeOf(one: Weighed, dimension: number): number {
    return cells.codes[dimension]![one.evidence.members[0]!]!
  }
}

interface Weighed {
  readonly dims: readonly number[]
  readonly evidence: Evidence
}

/** Best first, without what is not worse at all, and without longer names for the very same cells. */
const simplest = (all: readonly Weighed[]): Weighed[] => {
  const sorted = all
    .filter(({ evidence }) => evidence.score > 0)
    .sort((a, b) => b.evidence.score - a.evidence.score || a.dims.length - b.dims.length)
  const seen = new Map<string, Weighed[]>()
  return sorted.filter((one) => {
    const { members, value, count } = one.evidence
    const key = `${members.length} ${members[0]} ${members.at(-1)} ${value} ${count}`
    const alike = seen.get(key) ?? []
    seen.set(key, [...alike, one])
    return !alike.some(
      (other) =>
        other.dims.length < one.dims.length && members.every((cell, i) => other.evidence.members[i] === cell),
    )
  })
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
