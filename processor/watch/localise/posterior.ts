import type { Evidence, Weigh } from './evidence.ts'

/** A single cause as the posterior sees it: its evidence and the dimension values it names, as sorted keys. */
export interface Single {
  readonly evidence: Evidence
  readonly names: readonly number[]
}

export interface Posterior {
  /** One a single cause, in their order. Two causes at once can both be certain. */
  readonly probabilities: Float64Array
  /** Probability of nothing in particular, set against the best single cause alone. */
  readonly nothing: number
}

/** At most so many causes at once. */
const AT_ONCE = 3

/** How many of the best single causes are tried as a further one. */
const TRIED = 100

/** How probable a further cause must be to be believed. */
const BELIEVED = 0.8

/**
 * How probable each single cause is.
 *
 * First as the only one: its weight is exp(score ÷ temperature), and "nothing in particular" weighs as much as all the
 * combinations there were to choose from at a score of 0, so that something is found in noise as seldom as it should.
 * Then, given the best, each as a further one: by what it adds to the best, against "no further one", weighed the same
 * way. A further cause shares no value with the earlier ones: if it did, what they share would be the simpler cause.
 */
export const posterior = (options: {
  weigh: Weigh
  /** Best first. */
  singles: readonly Single[]
  /** How many combinations there were to choose from. */
  choices: number
  temperature: number
}): Posterior => {
  const { weigh, singles, choices, temperature } = options
  const none = temperature * Math.log(Math.max(2, choices))
  const first = weights(
    Float64Array.from(singles, ({ evidence }) => evidence.score),
    none,
    temperature,
  )
  const probabilities = first.probabilities
  if (!singles.length) return { probabilities, nothing: 1 }

  const chosen = [singles[0]!]
  const firstIs = probabilities[0]!
  let given = firstIs
  let reached = singles[0]!.evidence.score
  while (chosen.length < AT_ONCE && chosen[0]!.names.length) {
    const gains = new Float64Array(Math.min(TRIED, singles.length)).fill(Number.NEGATIVE_INFINITY)
    for (let i = 1; i < gains.length; i++) {
      const single = singles[i]!
      if (
        !single.names.length ||
        chosen.some(({ names }) => names.some((name) => single.names.includes(name)))
      )
        continue
      gains[i] = weigh.together([...chosen, single].map(({ evidence }) => evidence)) - reached
    }
    const further = weights(gains, none, temperature)
    let best = -1
    for (let i = 1; i < gains.length; i++) {
      if (further.probabilities[i]! > (further.probabilities[best] ?? BELIEVED)) best = i
    }
    if (best < 0) break
    chosen.push(singles[best]!)
    given *= further.probabilities[best]!
    probabilities[best] = Math.max(probabilities[best]!, given)
    reached += gains[best]!
  }
  return { probabilities, nothing: first.nothing / (first.nothing + firstIs) }
}

const weights = (
  scores: Float64Array,
  none: number,
  temperature: number,
): { probabilities: Float64Array; nothing: number } => {
  const most = scores.reduce((a, b) => Math.max(a, b), none)
  const probabilities = scores.map((score) => Math.exp((score - most) / temperature))
  const nothing = Math.exp((none - most) / temperature)
  const total = probabilities.reduce((a, b) => a + b, nothing)
  return { probabilities: probabilities.map((weight) => weight / total), nothing: nothing / total }
}
