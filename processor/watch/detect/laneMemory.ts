import { OTHER } from '../../../schemas/dimensions.ts'
import type { Measure } from '../../../schemas/measures.ts'
import type { Cells, Where } from '../windows/view.ts'

/** Seconds kept one by one. */
export const RECENT_S = 64
/** Older time is kept in blocks of ten seconds. */
export const BLOCK_S = 10
const BLOCKS = 36
/** More values of a dimension than this are only counted in the total. */
const MOST_VALUES = 200
/** Combinations looked at beside single values: what an edge is known by. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['cdn', 'region'],
  ['cdn', 'isp'],
  ['isp', 'region'],
]

const keyOf = (where: Where): string =>
  Object.entries(where)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')

/** Sums of one lane's cell (the whole, one value, or a pair of values): a ring of seconds and a ring of clean blocks. */
export class CellMemory {
  readonly where: Where
  /** Names it among the cells of any lane. */
  readonly key: string
  /** Names of the dimensions it fixes; '' is the whole. */
  readonly group: string
  readonly width: number
  readonly recent: Float64Array
  readonly blocks: Float64Array
  blockCount = 0
  /** What was worked out from the blocks, by whoever worked it out. */
  readonly kept = new Map<string, unknown>()

  constructor(where: Where, width: number) {
    this.where = where
    this.key = keyOf(where)
    this.group = Object.keys(where).join('+')
    this.width = width
    this.recent = new Float64Array(RECENT_S * width)
    this.blocks = new Float64Array(BLOCKS * width)
  }

  /** Sum of a measure over the last `seconds` ending with the second `index`. */
  window(measure: number, index: number, seconds: number): number {
    let sum = 0
    for (let back = 0; back < seconds; back += 1) {
      sum += this.recent[((index - back + RECENT_S * 4) % RECENT_S) * this.width + measure]!
    }
    return sum
  }

  /** The newest `count` clean blocks of a measure, written into `into`; how many there were. */
  history(measure: number, count: number, into: Float64Array): number {
    const known = Math.min(this.blockCount, BLOCKS, count)
    for (let back = 0; back < known; back += 1) {
      const at = (this.blockCount - 1 - back) % BLOCKS
      into[back] = this.blocks[at * this.width + measure]!
    }
    return known
  }

  pushBlock(sums: Float64Array): void {
    this.blocks.set(sums, (this.blockCount % BLOCKS) * this.width)
    this.blockCount += 1
  }
}

/** One lane of a stream: sums by second for the whole, for each value of each dimension, and for a few pairs. */
export class LaneMemory {
  readonly measures: readonly Measure[]
  readonly root: CellMemory
  readonly cells = new Map<string, CellMemory>()
  /** Values seen by group of dimensions: how many looks there are. */
  readonly values = new Map<string, number>()
  readonly first_ms: number
  private readonly index: Map<Measure, number>

  constructor(measures: readonly Measure[], first_ms: number) {
    this.measures = measures
    this.first_ms = first_ms
    this.index = new Map(measures.map((measure, at) => [measure, at]))
    this.root = new CellMemory({}, measures.length)
    this.cells.set('', this.root)
  }

  at(measure: Measure): number {
    return this.index.get(measure)!
  }

  /** Clears the slot of a second before it is filled. */
  open(second: number): void {
    const slot = second % RECENT_S
    for (const cell of this.cells.values()) cell.recent.fill(0, slot * cell.width, (slot + 1) * cell.width)
  }

  /** Adds cells; their sums must be in the order of `measures`. `rows`: those that belong to this lane. */
  add(second: number, cells: Cells, rows?: readonly number[]): void {
    const dims = cells.dimensions
    // What has one value only is the whole again.
    const singles = dims
      .map((name, at) => ({ name, at }))
      .filter(({ name, at }) => !NOT_LOOKED_AT.has(name) && cells.values[at]!.length > 1)
    const pairs = PAIRS.map(([a, b]) => [dims.indexOf(a), dims.indexOf(b)] as const).filter(
      ([a, b]) => a >= 0 && b >= 0 && cells.values[a]!.length > 1 && cells.values[b]!.length > 1,
    )
    const known: (CellMemory | null | undefined)[][] = singles.map(() => [])
    const knownPairs: Map<number, CellMemory | null>[] = pairs.map(() => new Map())
    const from = (second % RECENT_S) * this.measures.length
    const { sums } = cells
    const width = this.measures.length
    const addTo = (cell: CellMemory, row: number) => {
      for (let m = 0; m < width; m += 1) cell.recent[from + m]! += sums[m]![row]!
    }
    const count = rows?.length ?? cells.rows
    for (let each = 0; each < count; each += 1) {
      const row = rows ? rows[each]! : each
      addTo(this.root, row)
      for (let s = 0; s < singles.length; s += 1) {
        const { name, at } = singles[s]!
        const code = cells.codes[at]![row]!
        let cell = known[s]![code]
        if (cell === undefined) {
          cell = this.cell(name, { [name]: cells.values[at]![code]! })
          known[s]![code] = cell
        }
        if (cell !== null) addTo(cell, row)
      }
      for (let p = 0; p < pairs.length; p += 1) {
        const [a, b] = pairs[p]!
        const key = cells.codes[a]![row]! * 65_536 + cells.codes[b]![row]!
        let cell = knownPairs[p]!.get(key)
        if (cell === undefined) {
          const where = {
            [dims[a]!]: cells.values[a]![cells.codes[a]![row]!]!,
            [dims[b]!]: cells.values[b]![cells.codes[b]![row]!]!,
          }
          cell = this.cell(`${dims[a]}+${dims[b]}`, where)
          knownPairs[p]!.set(key, cell)
        }
        if (cell !== null) addTo(cell, row)
      }
    }
  }

  /** Makes ten seconds, or ten seconds that were read as one block, part of the baseline of every cell. */
  settle(firstSecond: number): void {
    const sums = new Float64Array(this.measures.length)
    for (const cell of this.cells.values()) {
      sums.fill(0)
      for (let s = firstSecond; s < firstSecond + BLOCK_S; s += 1) {
        const from = (s % RECENT_S) * cell.width
        for (let m = 0; m < sums.length; m += 1) sums[m]! += cell.recent[from + m]!
      }
      // An empty block says nothing about a quotient, and would make a cell look older than it is.
      if (sums.some((sum) => sum !== 0) || cell === this.root) cell.pushBlock(sums)
    }
  }

  private cell(group: string, where: Where): CellMemory | null {
    for (const value of Object.values(where)) if (value === '' || value === OTHER) return null
    const key = keyOf(where)
    const known = this.cells.get(key)
    if (known !== undefined) return known
    const values = this.values.get(group) ?? 0
    if (values >= MOST_VALUES) return null
    this.values.set(group, values + 1)
    const cell = new CellMemory(where, this.measures.length)
    this.cells.set(key, cell)
    return cell
  }
}

/** Dimensions of cells that are no place where something breaks. */
const NOT_LOOKED_AT = new Set([
  'stream',
  'hop',
  'status',
  'event',
  'round',
  'stage',
  'verdict',
  'reason',
  'error_code',
  'error_category',
])
