import { weighCauses } from '../../processor/watch/localise/localise.ts'
import { type Certainty, featuresOf, type RankingModel } from '../../processor/watch/localise/ranking.ts'
import { type Case, causeKey } from './platform.ts'

/** The candidates of one case as the ranking sees them, and which of them are right. */
export interface Choice {
  readonly group: number
  readonly candidates: readonly { readonly features: readonly number[]; readonly right: boolean }[]
}

/** Candidates beyond these are too improbable to matter for the fit. */
const CANDIDATES = 40
/** Weight of the prior that draws the numbers towards 0. */
const RIDGE = 1

export const choiceOf = ({ group, dimensions, now, before, causes }: Case): Choice => {
  const { cells, singles, excess, sign } = weighCauses({ dimensions, now, before, kind: 'share' })
  const best = singles[0]?.evidence.score ?? 0
  return {
    group,
    candidates: singles.slice(0, CANDIDATES).map(({ dims, evidence }) => {
      const cause = dims.map((dimension) => ({
        dimension,
        code: cells.codes[dimension]![evidence.members[0]!]!,
      }))
      return {
        features: featuresOf({ dims, evidence }, { best, excess, sign }),
        right: causes.includes(causeKey(cause)),
      }
    }),
  }
}

/** Gradient and negative Hessian of the log-likelihood of the right candidates (conditional logit). */
const slopes = (
  choices: readonly Choice[],
  model: readonly number[],
): { gradient: number[]; curvature: number[][] } => {
  const gradient = model.map((weight) => -RIDGE * weight)
  const curvature = model.map((_, i) => model.map((_, j) => (i === j ? RIDGE : 0)))
  for (const { candidates } of choices) {
    const right = candidates.filter((candidate) => candidate.right)
    if (right.length === 0) continue
    const logs = candidates.map(({ features }) => features.reduce((sum, x, i) => sum + x * model[i]!, 0))
    const high = Math.max(...logs)
    const likely = logs.map((log) => Math.exp(log - high))
    const total = likely.reduce((a, b) => a + b)
    const mean = model.map((_, i) =>
      candidates.reduce((sum, { features }, k) => sum + (likely[k]! / total) * features[i]!, 0),
    )
    model.forEach((_, i) => {
      gradient[i]! += right.reduce((sum, { features }) => sum + features[i]!, 0) / right.length - mean[i]!
      model.forEach((_, j) => {
        curvature[i]![j]! += candidates.reduce(
          (sum, { features }, k) =>
            sum + (likely[k]! / total) * (features[i]! - mean[i]!) * (features[j]! - mean[j]!),
          0,
        )
      })
    })
  }
  return { gradient, curvature }
}

/** Solves a small symmetric positive system (Gauss and Jordan). */
const solve = (matrix: readonly (readonly number[])[], right: readonly number[]): number[] => {
  const rows = matrix.map((row, i) => [...row, right[i]!])
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < rows.length; k++) {
      if (k === i) continue
      const factor = rows[k]![i]! / rows[i]![i]!
      for (let j = i; j <= rows.length; j++) rows[k]![j]! -= factor * rows[i]![j]!
    }
  }
  return rows.map((row, i) => row.at(-1)! / row[i]!)
}

/** By the ranking's three numbers alone. */
export type Order = Pick<RankingModel, 'sharpness' | 'explained' | 'specific'>

/** The ranking's three numbers by maximum likelihood (Newton), from cases whose cause is known. */
export const fitRanking = (choices: readonly Choice[]): Order => {
  let model = [1, 1, 0]
  for (let round = 0; round < 40; round++) {
    const { gradient, curvature } = slopes(choices, model)
    const step = solve(curvature, gradient).map((each) => Math.max(-1, Math.min(1, each)))
    model = model.map((weight, i) => weight + step[i]!)
    if (Math.max(...step.map(Math.abs)) < 1e-5) break
  }
  const [sharpness, explained, specific] = model as [number, number, number]
  return { sharpness, explained, specific }
}

/** The numbers of the stated confidence (logistic regression, Newton), from first answers and whether they were right. */
export const fitCertainty = (
  answers: readonly { readonly confidence: number; readonly rank: number }[],
): Certainty => {
  const points = answers.map(({ confidence, rank }) => {
    const odds = Math.log(1 / Math.min(0.999, Math.max(0.001, confidence)) - 1)
    return { features: [-odds, 1], right: rank === 1 ? 1 : 0 }
  })
  const usual = [1, 0]
  let model = usual
  for (let round = 0; round < 40; round++) {
    const gradient = model.map((weight, i) => RIDGE * (usual[i]! - weight))
    const curvature = model.map((_, i) => model.map((_, j) => (i === j ? RIDGE : 0)))
    for (const { features, right } of points) {
      const p = 1 / (1 + Math.exp(-features.reduce((sum, x, i) => sum + x * model[i]!, 0)))
      features.forEach((x, i) => {
        gradient[i]! += (right - p) * x
        features.forEach((y, j) => {
          curvature[i]![j]! += p * (1 - p) * x * y
        })
      })
    }
    const step = solve(curvature, gradient)
    model = model.map((weight, i) => weight + step[i]!)
    if (Math.max(...step.map(Math.abs)) < 1e-6) break
  }
  const [slope, offset] = model as [number, number]
  return { slope, offset }
}
