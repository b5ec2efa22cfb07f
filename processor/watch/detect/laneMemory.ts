import { OTHER } from '../../../schemas/dimensions.ts'
import type { Measure } from '../../../schemas/measures.ts'
import type { CellTable } from '../windows/cellTable.ts'
import { BLOCK_MS, FINE_MS, type KindSlices, type Where } from '../windows/view.ts'

/** Views keep seconds for so long; older time is in blocks. */
export const FINE_S = FINE_MS / 1000
export const BLOCK_S = BLOCK_MS / 1000
/** Seconds kept one by one. */
export const RECENT_S = FINE_S + 4
const BLOCKS = 36
/** Further values of a dimension count in the total only. */
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
const groupOf = (where: Where): string => Object.keys(where).join('+')

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
  /** Results that a rule computed from the blocks, by the rule’s key. */
  readonly kept = new Map<string, unknown>()

  constructor(where: Where, width: number, key = keyOf(where)) {
    this.where = where
    this.key = key
    this.group = groupOf(where)
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

/**
 * One lane of a stream: sums by second for the whole, for each value of each dimension, and for a few pairs. Windows keep what came by
 * combination of values; this is the only place that keeps it by value.
 */
export class LaneMemory {
  readonly measures: readonly Measure[]
  readonly root: CellMemory
  readonly cells = new Map<string, CellMemory>()
  /** How many values each group of dimensions has: each is one more place that is looked at. */
  readonly values = new Map<string, number>()
  readonly first_ms: number
  private readonly index: Map<Measure, number>
  private source: Source | undefined
  /** Of the row that is added: which measures are not 0, and their values. */
  private readonly filled: Uint16Array
  private readonly amounts: Float64Array

  constructor(measures: readonly Measure[], first_ms: number) {
    this.measures = measures
    this.first_ms = first_ms
    this.index = new Map(measures.map((measure, at) => [measure, at]))
    this.root = new CellMemory({}, measures.length)
    this.cells.set('', this.root)
    this.filled = new Uint16Array(measures.length)
    this.amounts = new Float64Array(measures.length)
  }

  at(measure: Measure): number {
    return this.index.get(measure)!
  }

  /** Clears the slot of a second before it is filled. */
  open(second: number): void {
    const slot = second % RECENT_S
    for (const cell of this.cells.values()) cell.recent.fill(0, slot * cell.width, (slot + 1) * cell.width)
  }

  /** Adds a slice of the windows to a second. `rows`: those that belong to this lane; without it all. */
  add(
    second: number,
    { table, measures }: KindSlices,
    slice: KindSlices['slices'][number],
    rows?: readonly number[],
  ): void {
    if (this.source?.table !== table) this.source = sourceOf(table, measures, this.measures)
    const { columns, singles, pairs } = this.source
    const { filled, amounts } = this
    const slot = (second % RECENT_S) * this.measures.length
    let nonZero = 0
    const addTo = ({ recent }: CellMemory) => {
      for (let n = 0; n < nonZero; n += 1) recent[slot + filled[n]!]! += amounts[n]!
    }
    // A dimension with a single value adds nothing to the whole.
    const several = singles.filter(({ at }) => table.values[at]!.length > 1)
    const severalPairs = pairs.filter(
      ({ a, b }) => table.values[a]!.length > 1 && table.values[b]!.length > 1,
    )
    const count = rows?.length ?? slice.rows
    for (let each = 0; each < count; each += 1) {
      const row = rows ? rows[each]! : each
      const id = slice.cells[row]!
      nonZero = 0
      for (let m = 0; m < columns.length; m += 1) {
        const amount = slice.sums[row * slice.width + columns[m]!]!
        if (amount === 0) continue
        filled[nonZero] = m
        amounts[nonZero] = amount
        nonZero += 1
      }
      addTo(this.root)
      for (const { at, known } of several) {
        const code = table.codeAt(id, at)
        let cell = known[code]
        if (cell === undefined) known[code] = cell = this.cell([[at, code]], table)
        if (cell !== null) addTo(cell)
      }
      for (const { a, b, known } of severalPairs) {
        const codeA = table.codeAt(id, a)
        const codeB = table.codeAt(id, b)
        const key = codeA * 65_536 + codeB
        let cell = known.get(key)
        if (cell === undefined)
          known.set(
            key,
            (cell = this.cell(
              [
                [a, codeA],
                [b, codeB],
              ],
              table,
            )),
          )
        if (cell !== null) addTo(cell)
      }
    }
  }

  /** Adds ten seconds (or the block that stands in their place) to the baseline of every cell. */
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

  /** The memory of a place, begun on first sight; null for none: a value is missing, or there are too many. */
  private cell(
    place: readonly (readonly [dimension: number, code: number])[],
    table: CellTable,
  ): CellMemory | null {
    const where = Object.fromEntries(
      place.map(([dimension, code]) => [table.dimensions[dimension]!, table.values[dimension]![code]!]),
    )
    for (const value of Object.values(where)) if (value === '' || value === OTHER) return null
    const key = keyOf(where)
    const known = this.cells.get(key)
    if (known !== undefined) return known
    const group = groupOf(where)
    const values = this.values.get(group) ?? 0
    if (values >= MOST_VALUES) return null
    const cell = new CellMemory(where, this.measures.length, key)
    this.values.set(group, values + 1)
    this.cells.set(key, cell)
    return cell
  }
}

/** What a lane knows of the table that its rows are of: where its measures stand, and the places of codes seen already. */
interface Source {
  readonly table: CellTable
  /** By measure of the lane: its column in the slices. */
  readonly columns: readonly number[]
  readonly singles: readonly { readonly at: number; readonly known: (CellMemory | null | undefined)[] }[]
  readonly pairs: readonly {
    readonly a: number
    readonly b: number
    readonly known: Map<number, CellMemory | null>
  }[]
}

const sourceOf = (table: CellTable, measures: readonly Measure[], own: readonly Measure[]): Source => ({
  table,
  columns: own.map((measure) => measures.indexOf(measure)),
  singles: table.dimensions.flatMap((name, at) => (NOT_LOOKED_AT.has(name) ? [] : [{ at, known: [] }])),
  pairs: PAIRS.map(([a, b]) => ({
    a: table.dimensions.indexOf(a),
    b: table.dimensions.indexOf(b),
    known: new Map(),
  })).filter(({ a, b }) => a >= 0 && b >= 0),
})

/** Dimensions that name no place of a fault. */
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
