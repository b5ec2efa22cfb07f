import { matchBaseline } from './baseline.ts'
import type { Cells, Matched, RatioKind } from './cells.ts'
import { weigher } from './evidence.ts'
import { likelihoodOf } from './likelihood.ts'
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
}

/** One explanation; codes are those of `now`, an empty cause means everything got worse alike. */
export interface Localised {
  /** Index of the dimension and code of its value. */
  readonly cause: readonly { readonly dimension: number; readonly code: number }[]
  /** Share of the excess that lies in this cause, 0…1. */
  readonly explains: number
  /** Probability that exactly this combination is the cause, 0…1. */
  readonly confidence: number
  /** Viewers it hurts: those who fail in it for a share, all in it for a level. */
  readonly viewers: number
  /** Ratio in the cause now, and as it was to be expected. */
  readonly ratio: number
  readonly expected: number
}

/** See README.md for where each of these comes from. */
const MODEL = { inside: 3, outside: 300, everything: 100, drift: 0.3, shrinkage: 30, temperature: 2 }

/** How many cells the full likelihood may visit; keeps 100,000 cells within the time of a tick. */
const VISITS = 3_000_000

/**
 * Which few combinations of dimension values explain that a ratio got worse: ranked, the most probable first.
 * Empty if nothing got worse beyond chance; `cause: []` if everything got worse alike.
 */
export const localise = (options: LocaliseOptions): Localised[] => {
  const { now, before, top = 5, worse = 'higher', countPerViewer = 1, depth = 3 } = options
  const kind = options.kind ?? kindOf(now, before)
  // A falling share is a rising share of its complement.
  const flip = kind === 'share' && worse === 'lower'
  const sign = worse === 'lower' && !flip ? -1 : 1
  const cells = matchBaseline({
    now: flip ? complement(now) : now,
    before: flip ? complement(before) : before,
    countPerViewer,
    shrinkage: MODEL.shrinkage,
  })
  const weigh = weigher({
    cells,
    likelihood: likelihoodOf(kind),
    additive: kind === 'share',
    sign,
    inside: MODEL.inside,
    outside: MODEL.outside,
    drift: MODEL.drift,
  })
  const keep = Math.min(300, Math.max(32, Math.floor(VISITS / Math.max(1, cells.size))))
  const candidates = screen({ cells, kind, sign, depth, precision: MODEL.outside, keep })
  const root = weigh.of(
    Int32Array.from({ length: cells.size }, (_, i) => i),
    MODEL.everything,
  )
  const weighed = [
    { dims: [] as readonly number[], cells: new Int32Array(0), ...root },
    ...candidates.map((candidate) => ({ ...candidate, ...weigh.of(candidate.cells) })),
  ].filter(({ score }) => score > 0)
  weighed.sort((a, b) => b.score - a.score || a.dims.length - b.dims.length)

  const excess = (root.value - root.expected) * sign
  const most = weighed[0]?.score ?? 0
  let total = Math.exp(-most / MODEL.temperature)
  for (const { score } of weighed) total += Math.exp((score - most) / MODEL.temperature)
  return weighed.slice(0, top).map((one) => {
    const own = (one.value - one.expected) * sign
    return {
      cause: one.dims.map((dimension) => ({ dimension, code: codeOf(cells, one.cells, dimension) })),
      explains: own / Math.max(own, excess),
      confidence: Math.exp((one.score - most) / MODEL.temperature) / total,
      viewers: Math.round(kind === 'share' ? one.value : one.count),
      ratio: one.value / one.count,
      expected: one.expected / one.count,
    }
  })
}

const codeOf = (cells: Matched, members: Int32Array, dimension: number): number =>
  cells.codes[dimension]![members[0]!]!

const kindOf = (...tables: Cells[]): RatioKind =>
  tables.every(({ value, count }) => value.every((v, i) => v <= count[i]!)) ? 'share' : 'level'

const complement = (cells: Cells): Cells => ({
  ...cells,
  value: cells.value.map((v, i) => cells.count[i]! - v),
})
