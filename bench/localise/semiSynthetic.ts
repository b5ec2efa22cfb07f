import type { Cells } from '../../processor/watch/localise/cells.ts'
import { type Case, causeKey, framesOf, type Platform } from './platform.ts'
import { binomial, generator, normal, type Random } from './random.ts'

export type Kind = 'one' | 'two' | 'everything' | 'nothing'
export interface SemiSynthetic extends Case {
  readonly kind: Kind
}

type Cause = readonly { readonly dimension: number; readonly code: number }[]

/** How often each kind is made. */
const KINDS: readonly (readonly [Kind, number])[] = [
  ['one', 0.86],
  ['two', 0.06],
  ['everything', 0.04],
  ['nothing', 0.04],
]
/** How often a place names one, two and three dimensions. */
const DEPTHS = [0.5, 0.35, 0.15]
/**
 * How unlike the parts of a fault are, one entry a dimension drawn from these: standard deviation of the logarithm of
 * the lift. Measured inside the 45 labelled causes: operators 0.15, CDNs 0.3, bit rates 0.7, devices 1 and many at none.
 */
const UNLIKE = [0.12, 0.12, 0.12, 0.12, 0.3, 0.3, 0.3, 0.6, 0.6, 1]
/** From this unlikeness on, values may be spared altogether, as often as this. */
const SPARED = { from: 0.6, share: 0.2 }
/** What cells waver beside that. */
const WAVER = 0.25
/** A fault needs so many viewers that fail by it, and a part of the second fault beside the first. */
const LEAST_FAILING = 15
const LEAST_SECOND = 0.25
/** A place is told from its parents and children only if none holds more than this share of it. */
const DISTINCT = 0.93

const draw = <T>(random: Random, choices: readonly (readonly [T, number])[]): T => {
  let left = random()
  for (const [choice, share] of choices) if ((left -= share) < 0) return choice
  return choices[0]![0]
}

const holds = (cells: Cells, cause: Cause, row: number): boolean =>
  cause.every(({ dimension, code }) => cells.codes[dimension]![row] === code)

const viewersIn = (cells: Cells, cause: Cause): number => {
  let sum = 0
  for (let row = 0; row < cells.count.length; row++) if (holds(cells, cause, row)) sum += cells.count[row]!
  return sum
}

/** A place of one to three dimensions: the values of a cell drawn by a power of its viewers, large and small ones. */
const somePlace = (random: Random, cells: Cells): Cause => {
  const all = cells.codes.map((_, d) => d)
  const depth = draw(
    random,
    DEPTHS.map((share, i) => [i + 1, share] as const),
  )
  const dims = all
    .map((d) => ({ d, order: random() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, Math.min(all.length, depth))
  const power = 0.3 + 0.7 * random()
  const weights = Array.from(cells.count, (count) => count ** power)
  let left = random() * weights.reduce((a, b) => a + b, 0)
  const row = Math.max(
    0,
    weights.findIndex((weight) => (left -= weight) < 0),
  )
  return dims
    .map(({ d }) => ({ dimension: d, code: cells.codes[d]![row]! }))
    .sort((a, b) => a.dimension - b.dimension)
}

/** False if a parent or a child is nearly the same set of viewers: then no label could tell them apart. */
const isDistinct = (cells: Cells, cause: Cause): boolean => {
  const own = viewersIn(cells, cause)
  return cells.codes.every((column, dimension) => {
    if (cause.some((entry) => entry.dimension === dimension)) {
      const parent = cause.filter((entry) => entry.dimension !== dimension)
      return own <= DISTINCT * viewersIn(cells, parent)
    }
    return [...new Set(column)].every(
      (code) => viewersIn(cells, [...cause, { dimension, code }]) <= DISTINCT * own,
    )
  })
}

/** Lets viewers of a place fail who were well, the parts of the place unlike each other; returns how many. */
const addFault = (random: Random, cells: Cells, cause: Cause, lift: number): number => {
  const unlike = cells.codes.map(() => UNLIKE[Math.floor(random() * UNLIKE.length)]!)
  const factors = cells.codes.map(() => new Map<number, number>())
  const factorOf = (dimension: number, code: number): number => {
    const deviation = unlike[dimension]!
    let factor = factors[dimension]!.get(code)
    if (factor === undefined) {
      const spared = deviation >= SPARED.from && random() < SPARED.share
      factor = spared ? 0 : Math.exp(normal(random) * deviation)
      factors[dimension]!.set(code, factor)
    }
    return factor
  }
  const relative = new Float64Array(cells.count.length)
  let weighted = 0
  for (let row = 0; row < relative.length; row++) {
    if (!holds(cells, cause, row)) continue
    let factor = Math.exp(normal(random) * WAVER)
    cells.codes.forEach((column, d) => {
      if (!cause.some(({ dimension }) => dimension === d)) factor *= factorOf(d, column[row]!)
    })
    relative[row] = factor
    weighted += factor * cells.count[row]!
  }
  if (weighted <= 0) return 0
  const scale = (lift * viewersIn(cells, cause)) / weighted
  let added = 0
  for (let row = 0; row < relative.length; row++) {
    if (relative[row] === 0) continue
    const well = cells.count[row]! - cells.value[row]!
    const failing = binomial(random, well, Math.min(0.95, scale * relative[row]!))
    cells.value[row] = cells.value[row]! + failing
    added += failing
  }
  return added
}

/** Everything outside drifts up a little, and up to three smaller bursts hit other places. */
const addNoise = (random: Random, cells: Cells, causes: readonly Cause[], failing: number): void => {
  const drift = Math.exp(Math.abs(normal(random)) * 0.12) - 1
  for (let row = 0; row < cells.count.length; row++) {
    if (causes.some((cause) => cause.length > 0 && holds(cells, cause, row))) continue
    const more = binomial(random, cells.value[row]!, drift)
    cells.value[row] = Math.min(cells.count[row]!, cells.value[row]! + more)
  }
  if (failing === 0) return
  const total = viewersIn(cells, [])
  const bursts = random() < 0.4 ? 0 : 1 + Math.floor(random() * 3)
  for (let i = 0; i < bursts; i++) {
    const place = somePlace(random, cells)
    const viewers = viewersIn(cells, place)
    const wanted = failing * 0.3 * random() ** 1.5
    if (viewers > 0 && viewers <= total / 2) addFault(random, cells, place, Math.min(0.5, wanted / viewers))
  }
}

/** The causes of a case, put into its cells; undefined if the chosen place cannot be told or too few fail. */
const addCauses = (
  random: Random,
  cells: Cells,
  kind: Kind,
): { causes: Cause[]; failing: number } | undefined => {
  if (kind === 'nothing') return { causes: [], failing: 0 }
  if (kind === 'everything') {
    addFault(random, cells, [], 0.02 * Math.exp(random() * 2.3))
    return { causes: [[]], failing: 0 }
  }
  const total = viewersIn(cells, [])
  const causes: Cause[] = []
  let failing = 0
  while (causes.length < (kind === 'two' ? 2 : 1)) {
    const place = somePlace(random, cells)
    const viewers = viewersIn(cells, place)
    if (viewers < Math.max(60, 0.01 * total) || viewers > 0.8 * total || !isDistinct(cells, place))
      return undefined
    const shared = causes.some((cause) =>
      cause.some((entry) =>
        place.some((other) => other.dimension === entry.dimension && other.code === entry.code),
      ),
    )
    const added = shared ? 0 : addFault(random, cells, place, 0.05 * Math.exp(random() * Math.log(12)))
    if (added < Math.max(LEAST_FAILING, LEAST_SECOND * failing)) return undefined
    failing += added
    causes.push(place)
  }
  return { causes, failing }
}

/** Quiet minutes of platforms with faults of known place and lift in them; `group` is the platform's number. */
export const semiSynthetic = (platforms: readonly Platform[], wanted: number, seed = 1): SemiSynthetic[] => {
  const minutes = platforms.flatMap((platform, group) =>
    platform.quiet.map((frame) => ({ platform, group, frame })),
  )
  const cases: SemiSynthetic[] = []
  for (let at = seed; cases.length < wanted && minutes.length > 0; at++) {
    const random = generator(at * 7919 + 13)
    const { platform, group, frame } = minutes[Math.floor(random() * minutes.length)]!
    const { dimensions, table } = platform
    const now = framesOf(table, (entry) => entry === frame)
    const kind = draw(random, KINDS)
    const put = addCauses(random, now, kind)
    if (put === undefined) continue
    addNoise(random, now, put.causes, put.failing)
    const before = framesOf(table, (entry) => entry < frame)
    cases.push({ kind, group, dimensions, now, before, causes: put.causes.map(causeKey) })
  }
  return cases
}
