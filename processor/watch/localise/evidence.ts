import type { Matched } from './cells.ts'
import type { CellTables } from './cellTables.ts'
import { cardinalityOf } from './group.ts'
import { logSum } from './logSum.ts'

/** What the data say for one set of cells that rose together while all others only drifted. */
export interface Evidence {
  /** Log of the Bayes factor, nats, against "all cells drifted together": above 0 the cause explains the cells better. */
  readonly score: number
  readonly value: number
  readonly count: number
  /** Value that was to be expected of these cells. */
  readonly expected: number
  readonly members: Int32Array
}

/** Causes that are taken as given while a further one is sought. */
export interface Given {
  /** Score of all given causes together, nats. */
  readonly score: number
  /** How much a further cause adds; a cell of a given cause does not count again. */
  further(dims: readonly number[], members: Int32Array): Evidence
  /** The same with one more given cause. */
  with(dims: readonly number[], members: Int32Array): Given
}

export interface WeighOptions {
  readonly cells: Matched
  readonly tables: CellTables
  readonly sign: 1 | -1
  /** Standard deviation of the logarithm of the rise among the parts of a cause. */
  readonly alike: number
  /** Probability that a part of a cause did not rise. */
  readonly still: number
}

/**
 * Weighs causes by their marginal likelihood, as a tree: the cause has a rise (any, alike probable), its parts have
 * rises near it or none (`kernel`), each cell varies around its part's. The parts are the values of one other dimension,
 * each in turn, or there are none; all these readings are averaged. What is not averaged is nothing: no rise is fitted.
 */
export const weighWith = (options: WeighOptions): Given => {
  const { cells, tables, sign } = options
  const { risen, rises, drifted, drifts, drift_prior } = tables
  const { size, value, count, expected, codes } = cells
  const width = rises.length + 1
  const kernel = kernelOf(options)
  const cardinality = codes.map((column) => cardinalityOf(column))
  const all = drift_prior.slice()
  for (let i = 0; i < size; i++) for (let s = 0; s < drifts; s++) all[s] = all[s]! + drifted[i * drifts + s]!
  const unexplained = logSum(all, 0, drifts)

  /** One common rise of all members. */
  const common = (members: Int32Array): number => {
    const sums = new Float64Array(width)
    for (const i of members) for (let k = 1; k < width; k++) sums[k] = sums[k]! + risen[i * width + k]!
    return logSum(sums, 1, width) - Math.log(rises.length)
  }

  /** A rise of each value of one more dimension, near that of the whole. */
  const byParts = (members: Int32Array, dimension: number): number | undefined => {
    const column = codes[dimension]!
    const partOf = new Int32Array(cardinality[dimension]! + 1).fill(-1)
    let parts = 0
    for (const i of members) if (partOf[column[i]! + 1]! < 0) partOf[column[i]! + 1] = parts++
    if (parts < 2) return undefined
    const sums = new Float64Array(parts * width)
    for (const i of members) {
      const row = partOf[column[i]! + 1]! * width
      for (let k = 0; k < width; k++) sums[row + k] = sums[row + k]! + risen[i * width + k]!
    }
    const whole = new Float64Array(rises.length)
    const likely = new Float64Array(width)
    for (let part = 0; part < parts; part++) {
      const row = part * width
      let high = Number.NEGATIVE_INFINITY
      for (let k = 0; k < width; k++) high = Math.max(high, sums[row + k]!)
      for (let k = 0; k < width; k++) likely[k] = Math.exp(sums[row + k]! - high)
      for (let r = 0; r < rises.length; r++) {
        let mean = Number.MIN_VALUE
        for (let k = 0; k < width; k++) mean += kernel[r * width + k]! * likely[k]!
        whole[r] = whole[r]! + high + Math.log(mean)
      }
    }
    return logSum(whole, 0, rises.length) - Math.log(rises.length)
  }

  const inside = (dims: readonly number[], members: Int32Array): number => {
    const readings = [common(members)]
    // Everything is no looser than what is outside a cause: it must have risen evenly.
    if (dims.length) {
      for (let d = 0; d < codes.length; d++) {
        const reading = dims.includes(d) ? undefined : byParts(members, d)
        if (reading !== undefined) readings.push(reading)
      }
    }
    return logSum(Float64Array.from(readings), 0, readings.length) - Math.log(readings.length)
  }

  const given = (taken: Uint8Array, within: number, outside: Float64Array): Given => {
    const before = within + logSum(outside, 0, drifts) - unexplained
    const explain = (dims: readonly number[], members: Int32Array) => {
      const own = within === 0 ? members : members.filter((i) => !taken[i])
      let v = 0
      let n = 0
      let e = 0
      for (const i of own) {
        v += value[i]!
        n += count[i]!
        e += count[i]! * expected[i]!
      }
      const sums = { value: v, count: n, expected: e, members: own }
      if ((v - e) * sign <= 0 || n <= 0)
        return { sums, within, rest: outside, score: Number.NEGATIVE_INFINITY }
      const rest = outside.slice()
      for (const i of own) for (let s = 0; s < drifts; s++) rest[s] = rest[s]! - drifted[i * drifts + s]!
      const total = within + inside(dims, own)
      return { sums, within: total, rest, score: total + logSum(rest, 0, drifts) - unexplained }
    }
    return {
      score: before,
      further: (dims, members) => {
        const { sums, score } = explain(dims, members)
        return { ...sums, score: score - before }
      },
      with: (dims, members) => {
        const { sums, within: total, rest } = explain(dims, members)
        const marked = taken.slice()
        for (const i of sums.members) marked[i] = 1
        return given(marked, total, rest)
      },
    }
  }
  return given(new Uint8Array(size), 0, all)
}

/** Probability of each rise of a part (0: none) given each rise of the whole. */
const kernelOf = ({ tables: { rises }, alike, still }: WeighOptions): Float64Array => {
  const width = rises.length + 1
  const kernel = new Float64Array(rises.length * width)
  rises.forEach((whole, r) => {
    const near = rises.map((part) => Math.exp(-0.5 * (Math.log(part / whole) / alike) ** 2))
    const total = near.reduce((a, b) => a + b)
    kernel[r * width] = still
    near.forEach((weight, k) => {
      kernel[r * width + k + 1] = ((1 - still) * weight) / total
    })
  })
  return kernel
}
