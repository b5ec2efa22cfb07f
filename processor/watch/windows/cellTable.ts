import { OTHER } from '../../../schemas/dimensions.ts'

/** Beyond so many cells a stream and kind, new combinations are counted under `~other` in every dimension but the first few … */
export const MOST_CELLS = 65_536
const KEPT_WHEN_FULL = 4
/** … and beyond so many under `~other` in every dimension: no sender can make more. */
export const LAST_CELLS = MOST_CELLS + 8_192
/** Values of one dimension that are known by name; what comes after is `~other`. */
export const MOST_VALUES = 65_536

/**
 * Numbers the combinations of dimension values of one stream and kind: a tuple of codes ↔ a cell id.
 * Open addressing over integers; text is looked up once a batch and value, not once a row.
 */
export class CellTable {
  readonly dimensions: readonly string[]
  readonly values: string[][]
  private readonly codes: Map<string, number>[]
  /** Row-major tuples, `dimensions.length` a cell. */
  tuples: Int32Array
  count = 0
  private slots: Int32Array
  private readonly scratch: Int32Array

  constructor(dimensions: readonly string[]) {
    this.dimensions = dimensions
    this.values = dimensions.map(() => [])
    this.codes = dimensions.map(() => new Map())
    this.tuples = new Int32Array(64 * dimensions.length)
    this.slots = new Int32Array(256).fill(-1)
    this.scratch = new Int32Array(dimensions.length)
  }

  /** The code of a value in a dimension, given out on first sight; that of `~other` when there are too many. */
  code(dimension: number, value: string): number {
    const known = this.codes[dimension]!.get(value)
    if (known !== undefined) return known
    const code = this.values[dimension]!.length
    if (code >= MOST_VALUES && value !== OTHER) return this.code(dimension, OTHER)
    this.values[dimension]!.push(value)
    this.codes[dimension]!.set(value, code)
    return code
  }

  /** The code of a value if it was ever seen. */
  knownCode(dimension: number, value: string): number | undefined {
    return this.codes[dimension]!.get(value)
  }

  codeAt(cell: number, dimension: number): number {
    return this.tuples[cell * this.dimensions.length + dimension]!
  }

  /** The cell of a tuple of codes. */
  cell(tuple: Int32Array): number {
    const width = this.dimensions.length
    let slot = this.find(tuple)
    if (this.slots[slot]! >= 0) return this.slots[slot]!
    if (this.count >= MOST_CELLS) {
      this.scratch.set(tuple)
      const kept = this.count < LAST_CELLS ? KEPT_WHEN_FULL : 0
      for (let at = kept; at < width; at += 1) this.scratch[at] = this.code(at, OTHER)
      tuple = this.scratch
      slot = this.find(tuple)
      if (this.slots[slot]! >= 0) return this.slots[slot]!
    }
    if ((this.count + 1) * 2 > this.slots.length) {
      this.grow()
      slot = this.find(tuple)
    }
    const cell = this.count
    if ((cell + 1) * width > this.tuples.length) {
      const larger = new Int32Array(this.tuples.length * 2)
      larger.set(this.tuples)
      this.tuples = larger
    }
    this.tuples.set(tuple, cell * width)
    this.slots[slot] = cell
    this.count += 1
    return cell
  }

  private find(tuple: Int32Array): number {
    const width = this.dimensions.length
    const mask = this.slots.length - 1
    let hash = 0x811c9dc5
    for (let at = 0; at < width; at += 1) hash = Math.imul(hash ^ tuple[at]!, 0x01000193)
    hash ^= hash >>> 15
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const cell = this.slots[slot]!
      if (cell < 0) return slot
      const from = cell * width
      let at = 0
      while (at < width && this.tuples[from + at] === tuple[at]) at += 1
      if (at === width) return slot
    }
  }

  private grow(): void {
    const width = this.dimensions.length
    this.slots = new Int32Array(this.slots.length * 2).fill(-1)
    for (let cell = 0; cell < this.count; cell += 1) {
      this.slots[this.find(this.tuples.subarray(cell * width, (cell + 1) * width))] = cell
    }
  }
}
