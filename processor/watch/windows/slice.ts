/** Sums by cell of one stretch of time: a second, or later a block of ten. */
export class Slice {
  readonly width: number
  cells: Int32Array
  sums: Float64Array
  rows = 0
  readonly totals: Float64Array
  /** Something was added since this was last handed on as a partial. */
  changed = true
  private rowOf: Map<number, number> | undefined = new Map()

  constructor(width: number) {
    this.width = width
    this.cells = new Int32Array(8)
    this.sums = new Float64Array(8 * width)
    this.totals = new Float64Array(width)
  }

  /** Adds one row of values to a cell. */
  add(cell: number, values: readonly Float64Array[], at: number): void {
    const from = this.place(cell) * this.width
    for (let index = 0; index < this.width; index += 1) {
      const value = values[index]![at]!
      this.sums[from + index]! += value
      this.totals[index]! += value
    }
  }

  /** Adds another slice of the same kind and stream. */
  merge(other: Slice): void {
    for (let row = 0; row < other.rows; row += 1) {
      const from = this.place(other.cells[row]!) * this.width
      for (let index = 0; index < this.width; index += 1) {
        this.sums[from + index]! += other.sums[row * this.width + index]!
      }
    }
    for (let index = 0; index < this.width; index += 1) this.totals[index]! += other.totals[index]!
  }

  private place(cell: number): number {
    if (this.rowOf === undefined) {
      this.rowOf = new Map()
      for (let row = 0; row < this.rows; row += 1) this.rowOf.set(this.cells[row]!, row)
    }
    this.changed = true
    let row = this.rowOf.get(cell)
    if (row === undefined) {
      row = this.rows
      this.rows += 1
      if (row >= this.cells.length) {
        const cells = new Int32Array(this.cells.length * 2)
        cells.set(this.cells)
        this.cells = cells
        const sums = new Float64Array(this.sums.length * 2)
        sums.set(this.sums)
        this.sums = sums
      }
      this.cells[row] = cell
      this.rowOf.set(cell, row)
    }
    return row
  }

  /** Frees the index that only `add` needs; a later `add` rebuilds it. */
  settle(): void {
    this.rowOf = undefined
  }
}
