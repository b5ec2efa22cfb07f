/** Repeatable chance: the same seed gives the same show. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform in [from, to). */
  between(from: number, to: number): number
  /** Exponential with this mean. */
  waiting(mean: number): number
  /** Log-normal with this median; `spread` is the standard deviation of its logarithm. */
  about(median: number, spread: number): number
  /** Number of events where `mean` are expected. */
  events(mean: number): number
  chance(probability: number): boolean
}

/** Small fast counter (Doty-Humphrey, PractRand): 32 bits at a time, period over 2^64. */
export function createRandom(seed: number): Random {
  let [a, b, c, counter] = [0x9e3779b9, 0x243f6a88, seed | 0, 1]
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return (t >>> 0) / 4294967296
  }
  for (let i = 0; i < 16; i += 1) next()
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  return {
    next,
    between: (from, to) => from + (to - from) * next(),
    waiting: (mean) => -mean * Math.log(1 - next()),
    about: (median, spread) => median * Math.exp(spread * normal()),
    chance: (probability) => probability > 0 && next() < probability,
    events(mean) {
      if (mean <= 0) return 0
      if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()))
      let count = 0
      for (let left = Math.exp(-mean), product = next(); product > left; product *= next()) count += 1
      return count
    },
  }
}

/** Picks by weight: returns the index of a value. */
export function chooser(weights: readonly number[]): (random: Random) => number {
  const sums: number[] = []
  let total = 0
  for (const weight of weights) sums.push((total += weight))
  return (random) => {
    const at = random.next() * total
    const found = sums.findIndex((sum) => at < sum)
    return found < 0 ? weights.length - 1 : found
  }
}
