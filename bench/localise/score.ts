import { localise } from '../../processor/watch/localise/localise.ts'
import type { RankingModel } from '../../processor/watch/localise/ranking.ts'
import { type Case, causeKey } from './platform.ts'

/** How one case was answered. */
export interface Answered {
  /** Place of the first right cause, from 1; ∞: not among the first five. */
  readonly rank: number
  /** Stated confidence of the first answer; 0 without one. */
  readonly confidence: number
  /** Nothing was listed. */
  readonly empty: boolean
  /** The first answer is a place, not everything. */
  readonly place: boolean
}

export interface Hits {
  readonly cases: number
  /** Per cent of the cases whose exact cause is first, among three, among five. */
  readonly first: number
  readonly in_three: number
  readonly in_five: number
}

export interface ReliabilityBin {
  readonly from: number
  readonly to: number
  readonly cases: number
  /** Mean confidence and share that was right, per cent. */
  readonly stated: number
  readonly right: number
}

/** Answers a case with the model's numbers as they were fitted without it. */
export const answer = (entry: Case, model: Partial<RankingModel>): Answered => {
  const found = localise({ ...entry, kind: 'share', model })
  const rank = found.findIndex(({ cause }) => entry.causes.includes(causeKey(cause))) + 1
  return {
    rank: rank || Number.POSITIVE_INFINITY,
    confidence: found[0]?.confidence ?? 0,
    empty: found.length === 0,
    place: (found[0]?.cause.length ?? 0) > 0,
  }
}

const percent = (part: number, whole: number): number => Math.round((1000 * part) / Math.max(1, whole)) / 10

export const hitsOf = (answers: readonly Answered[]): Hits => {
  const within = (most: number): number =>
    percent(answers.filter(({ rank }) => rank <= most).length, answers.length)
  return { cases: answers.length, first: within(1), in_three: within(3), in_five: within(5) }
}

/** Stated confidence of the first answer against how often it was right, in ten bins. */
export const reliabilityOf = (answers: readonly Omit<Answered, 'place'>[]): ReliabilityBin[] =>
  Array.from({ length: 10 }, (_, i) => {
    const named = answers.filter(
      ({ confidence, empty }) => !empty && Math.min(9, Math.floor(confidence * 10)) === i,
    )
    const stated = named.reduce((sum, { confidence }) => sum + confidence, 0)
    return {
      from: i / 10,
      to: (i + 1) / 10,
      cases: named.length,
      stated: percent(stated, named.length),
      right: percent(named.filter(({ rank }) => rank === 1).length, named.length),
    }
  })
