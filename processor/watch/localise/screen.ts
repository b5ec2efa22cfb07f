import type { Matched, RatioKind } from './cells.ts'
import { cardinalityOf, type Grouping, oneGroup, refine } from './group.ts'

/** One combination of dimension values that may be a cause: a group of a cuboid. */
export interface Candidate {
  /** Indexes of the dimensions that are named. */
  readonly dims: readonly number[]
  /** The cells that have these values. */
  readonly cells: Int32Array
}

/**
 * Looks at every conjunction of 1…depth dimension values and keeps the `keep` most promising ones.
 *
 * The measure is a scan statistic against the expected values (Kulldorff 1997), one-sided, with each cell's count
 * saturated as in an over-dispersed count (variance m + m²/tightness): Σ over cells only, so a cuboid costs one pass. It decides nothing: it only spares the full likelihood for combinations that cannot win.
 */
export const screen = (options: {
  cells: Matched
  kind: RatioKind
  /** 1: a rise is bad; -1: a fall is bad. */
  sign: 1 | -1
  depth: number
  tightness: number
  keep: number
}): { candidates: Candidate[]; choices: number } => {
  const { cells, kind, sign, depth, tightness, keep } = options
  const { size } = cells
  const value = new Float64Array(size)
  const count = new Float64Array(size)
  const expected = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    // A level is the sum of `count` measurements; a share is the count of events among them.
    const events = kind === 'share' ? cells.count[i]! * cells.expected[i]! : cells.count[i]!
    const weight = 1 / (1 + events / tightness)
    value[i] = cells.value[i]! * weight
    count[i] = cells.count[i]! * weight
    expected[i] = count[i]! * cells.expected[i]!
  }

  const cardinality = cells.codes.map((column) => cardinalityOf(column))
  const varied = cells.codes.flatMap((column, d) => (hasTwoValues(column) ? [d] : []))
  const best = new Shortlist(keep)
  let choices = 0
  const cuboids: { dims: number[]; grouping: Grouping }[] = []

  const descend = (parent: Grouping, dims: number[], from: number): void => {
    for (let k = from; k < varied.length; k++) {
      const d = varied[k]!
      const grouping = refine(parent, cells.codes[d]!, cardinality[d]!)
      const here = [...dims, d]
      const cuboid = cuboids.push({ dims: here, grouping }) - 1
      const gains = gainsOf({ grouping, value, count, expected, kind, sign })
      choices += gains.length
      for (let group = 0; group < gains.length; group++) best.offer(gains[group]!, cuboid, group)
      if (here.length < depth) descend(grouping, here, k + 1)
    }
  }
  descend(oneGroup(size), [], 0)

  const candidates = best.taken().map(({ cuboid, group }) => {
    const { dims, grouping } = cuboids[cuboid]!
    return { dims, cells: membersOf(grouping, group) }
  })
  return { candidates, choices }
}

/** The scan gain of every group of a cuboid; 0 where nothing got worse. */
const gainsOf = (options: {
  grouping: Grouping
  value: Float64Array
  count: Float64Array
  expected: Float64Array
  kind: RatioKind
  sign: 1 | -1
}): Float64Array => {
  const { grouping, value, count, expected, kind, sign } = options
  const { of, groups } = grouping
  const v = new Float64Array(groups)
  const n = new Float64Array(groups)
  const e = new Float64Array(groups)
  for (let i = 0; i < of.length; i++) {
    const group = of[i]!
    if (group < 0) continue
    v[group] = v[group]! + value[i]!
    if (kind === 'level') n[group] = n[group]! + count[i]!
    e[group] = e[group]! + expected[i]!
  }
  for (let group = 0; group < groups; group++) {
    const sum = v[group]!
    const mean = Math.max(e[group]!, 1e-9)
    if ((sum - mean) * sign <= 0) {
      v[group] = 0
      continue
    }
    // Poisson deviance for a share, gamma deviance for a level (its noise is as large as its mean).
    const log = Math.log(Math.max(sum, 1e-9) / mean)
    v[group] = kind === 'share' ? sum * log - (sum - mean) : n[group]! * (sum / mean - 1 - log)
  }
  return v
}

const membersOf = (grouping: Grouping, group: number): Int32Array => {
  let length = 0
  for (let i = 0; i < grouping.of.length; i++) if (grouping.of[i] === group) length++
  const members = new Int32Array(length)
  length = 0
  for (let i = 0; i < grouping.of.length; i++) if (grouping.of[i] === group) members[length++] = i
  return members
}

const hasTwoValues = (column: Int32Array): boolean => {
  for (let i = 1; i < column.length; i++) if (column[i] !== column[0]) return true
  return false
}

/** The `size` largest gains offered, in a binary heap with the smallest on top. */
class Shortlist {
  readonly #size: number
  readonly #heap: { gain: number; cuboid: number; group: number }[] = []

  constructor(size: number) {
    this.#size = size
  }

  offer(gain: number, cuboid: number, group: number): void {
    const heap = this.#heap
    if (gain <= 0) return
    if (heap.length < this.#size) {
      heap.push({ gain, cuboid, group })
      let i = heap.length - 1
      while (i > 0) {
        const up = (i - 1) >> 1
        if (heap[up]!.gain <= heap[i]!.gain) break
        this.#swap(i, up)
        i = up
      }
      return
    }
    if (gain <= heap[0]!.gain) return
    heap[0] = { gain, cuboid, group }
    let i = 0
    for (;;) {
      let down = 2 * i + 1
      if (down >= heap.length) break
      if (down + 1 < heap.length && heap[down + 1]!.gain < heap[down]!.gain) down++
      if (heap[i]!.gain <= heap[down]!.gain) break
      this.#swap(i, down)
      i = down
    }
  }

  /** Best first; equal gains in the order of the cuboids. */
  taken(): { gain: number; cuboid: number; group: number }[] {
    return [...this.#heap].sort((a, b) => b.gain - a.gain || a.cuboid - b.cuboid || a.group - b.group)
  }

  #swap(i: number, j: number): void {
    const heap = this.#heap
    const kept = heap[i]!
    heap[i] = heap[j]!
    heap[j] = kept
  }
}
