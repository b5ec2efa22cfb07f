import type { Evidence, Given } from './evidence.ts'
import { logSum } from './logSum.ts'

/** A single cause as the ranking sees it. */
export interface Single {
  readonly dims: readonly number[]
  readonly evidence: Evidence
  /** The dimension values it names, as keys. */
  readonly names: readonly number[]
}

/** How a probability is stated as confidence: its log odds x become slope × x + offset (Platt 1999). */
export interface Certainty {
  readonly slope: number
  readonly offset: number
}

export interface RankingModel extends Certainty {
  /** How fast a cause becomes improbable as its score falls behind the best: the exponent of a heavy tail. */
  readonly sharpness: number
  /** How much it matters what share of the excess a cause explains: an exponent. */
  readonly explained: number
  /** Logarithm of how much more probable each further dimension makes a cause. */
  readonly specific: number
}

export interface Ranking {
  /** One a single cause, in their order. Two causes at once can both be certain. */
  readonly probabilities: Float64Array
  /** Probability that nothing got worse in particular. */
  readonly nothing: number
}

/** At most so many causes at once. */
const AT_ONCE = 3
/** How many of the best single causes are tried as a further one. */
const TRIED = 100
/** How probable a further cause must be to be believed. */
const BELIEVED = 0.8
/** The best of many combinations has a score of about so many ln(combinations) in mere noise; it wavers by `NOISE_NATS`. */
const NOISE = 1.5
const NOISE_NATS = 2
/** Shares of the excess below this are all the same. */
const LEAST_SHARE = 0.01

/**
 * How probable each single cause is.
 *
 * First as the only one (`weights`). Then, the best being given, each as a further one by what it adds and
 * what it explains of the rest. A further cause shares no value with the earlier ones: if it did, what they share
 * would be the simpler cause. Causes that belong together no longer compete: they share their probability.
 */
export const rank = (
  options: {
    readonly none: Given
    /** Best first. */
    readonly singles: readonly Single[]
    /** How many combinations there were to choose from. */
    readonly choices: number
    readonly excess: number
    readonly sign: 1 | -1
  },
  model: RankingModel,
): Ranking => {
  const { none, singles, choices, sign } = options
  const first = singles[0]
  if (first === undefined) return { probabilities: new Float64Array(), nothing: 1 }
  const noise = NOISE * Math.log(Math.max(2, choices))
  const something = (score: number): number => 1 / (1 + Math.exp((noise - score) / NOISE_NATS))
  const excessOf = ({ value, expected }: Evidence): number => (value - expected) * sign

  const found = something(first.evidence.score)
  let left = options.excess
  const probabilities = weights(singles, left, sign, model).map((weight) => weight * found)
  let best = 0
  for (let i = 1; i < singles.length; i++) if (probabilities[i]! > probabilities[best]!) best = i

  const chosen = [best]
  let given = none
  while (chosen.length < AT_ONCE && singles[best]!.dims.length) {
    const { dims, evidence } = singles[best]!
    given = given.with(dims, evidence.members)
    left = Math.max(0, left - excessOf(evidence))
    const free = singles.slice(0, TRIED).flatMap((single, at) => {
      // What is no more than noise alone is no more than noise beside another.
      if (single.evidence.score < noise || !single.names.length) return []
      if (chosen.some((i) => singles[i]!.names.some((name) => single.names.includes(name)))) return []
      const further = given.further(single.dims, single.evidence.members)
      return further.score > 0 ? [{ at, dims: single.dims, evidence: further }] : []
    })
    if (!free.length) break
    const shares = weights(free, left, sign, model)
    let most = 0
    for (let i = 1; i < free.length; i++) if (shares[i]! > shares[most]!) most = i
    const { at, evidence: gained } = free[most]!
    const probability = shares[most]! * something(gained.score)
    if (probability < BELIEVED) break
    const together = chosen.reduce((sum, i) => Math.max(sum, probabilities[i]!), 0) + probabilities[at]!
    for (const i of chosen) probabilities[i] = Math.min(found, Math.max(probabilities[i]!, together))
    probabilities[at] = Math.min(found, together) * probability
    chosen.push(at)
    best = at
  }
  return { probabilities, nothing: 1 - found }
}

/**
 * What the ranking goes by, each as a logarithm: how far a cause is behind the best score, in units of the root of that
 * score (scores waver as much as that, for cells are not independent witnesses), what share it explains, its dimensions.
 */
export const featuresOf = (
  { dims, evidence }: Pick<Single, 'dims' | 'evidence'>,
  { best, excess, sign }: { readonly best: number; readonly excess: number; readonly sign: 1 | -1 },
): readonly [number, number, number] => {
  const behind = (best - evidence.score) / Math.sqrt(best)
  const share = ((evidence.value - evidence.expected) * sign) / Math.max(excess, 1e-9)
  return [-Math.log1p(behind), Math.log(Math.min(1, Math.max(LEAST_SHARE, share))), dims.length]
}

/** The confidence that is stated for a probability: as often right as it says, on cases whose cause is known. */
export const calibrated = (probability: number, { slope, offset }: Certainty): number =>
  1 / (1 + Math.exp(-offset) * (1 / probability - 1) ** slope)

/** Probabilities in proportion to (1 + behind)^-sharpness × share^explained × e^(specific × dimensions). */
const weights = (
  causes: readonly Pick<Single, 'dims' | 'evidence'>[],
  excess: number,
  sign: 1 | -1,
  { sharpness, explained, specific }: RankingModel,
): Float64Array => {
  const best = causes.reduce((most, { evidence }) => Math.max(most, evidence.score), 0)
  const logs = Float64Array.from(causes, (cause) => {
    const [behind, share, dimensions] = featuresOf(cause, { best, excess, sign })
    return sharpness * behind + explained * share + specific * dimensions
  })
  const total = logSum(logs, 0, logs.length)
  return logs.map((log) => Math.exp(log - total))
}
