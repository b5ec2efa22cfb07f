import type { Kind } from '../../../schemas/kinds/kinds.ts'
import type { Measure } from '../../../schemas/measures.ts'
import { cellFields } from './cellFields.ts'
import { CellTable } from './cellTable.ts'
import { SessionSlices } from './sessionSlices.ts'
import { Slice } from './slice.ts'
import { BLOCK_MS, type Cells, FINE_MS, type Heard, type KindSlices, SLICE_MS, type Where } from './view.ts'
import { WATCHED } from './watched.ts'

interface Totals {
  readonly time: number
  readonly sums: Float64Array
}

/** Kinds whose reporters report steadily, so that their silence can be judged. */
const REPORTING: ReadonlySet<Kind> = new Set(['hop'])

interface Reporter {
  first_ms: number
  last_ms: number
  slices: number
  /** Seconds in which it was heard and that the watermark has not passed: a judge that lags must not see later seconds. */
  readonly ahead: number[]
}

function hear(reporter: Reporter, start_ms: number): void {
  if (start_ms <= reporter.last_ms) return
  reporter.last_ms = start_ms
  reporter.slices += 1
}

/** One kind of one stream: its cells, and their sums by second (recent) and by ten seconds (before). */
export class KindWindow {
  readonly measures: readonly Measure[]
  readonly table: CellTable
  /** By start of the second, then by source partition. */
  private readonly fine = new Map<number, Map<number, Slice>>()
  private readonly blocks = new Map<number, Slice>()
  /** Totals by second, kept as long as the blocks. */
  private totals: Totals[] = []
  private readonly sessionsOf = new Map<number, SessionSlices>()
  private readonly reporters = new Map<number, Reporter>()
  first_ms = Number.POSITIVE_INFINITY
  last_ms = Number.NEGATIVE_INFINITY
  private watermark_ms = 0
  private readonly reports: boolean

  /** @param fields the dimensions of its cells */
  constructor(kind: Kind, fields: readonly string[] = cellFields(kind)) {
    this.measures = WATCHED[kind]
    this.table = new CellTable(fields)
    this.reports = REPORTING.has(kind)
  }

  /** The slice that a row of this time and partition is added to. */
  sliceAt(time_ms: number, partition: number, watermark_ms: number): Slice {
    const start = Math.floor(time_ms / SLICE_MS) * SLICE_MS
    if (start < this.first_ms) this.first_ms = start
    if (start > this.last_ms) this.last_ms = start
    if (start < this.fineFrom(watermark_ms)) return this.blockAt(start)
    let parts = this.fine.get(start)
    if (parts === undefined) this.fine.set(start, (parts = new Map()))
    let slice = parts.get(partition)
    if (slice === undefined) parts.set(partition, (slice = new Slice(this.measures.length)))
    return slice
  }

  /** A partition's value of a second takes the place of its earlier one. */
  replace(start_ms: number, partition: number, slice: Slice, watermark_ms: number): void {
    this.sliceAt(start_ms, partition, watermark_ms)
    this.fine.get(start_ms)?.set(partition, slice)
  }

  /** Seconds that ended by `watermark_ms` and changed since they were last handed on. */
  *changed(watermark_ms: number): Generator<{ readonly start_ms: number; readonly slice: Slice }> {
    for (const [start_ms, parts] of this.fine) {
      if (start_ms + SLICE_MS > watermark_ms) continue
      for (const slice of parts.values()) {
        if (!slice.changed) continue
        slice.changed = false
        yield { start_ms, slice }
      }
    }
  }

  /** Sessions heard lately by a partition: a session lives in one. */
  sessions(partition: number): SessionSlices {
    let slices = this.sessionsOf.get(partition)
    if (slices === undefined) this.sessionsOf.set(partition, (slices = new SessionSlices()))
    return slices
  }

  heardFrom(cell: number, time_ms: number): void {
    if (!this.reports) return
    const start = Math.floor(time_ms / SLICE_MS) * SLICE_MS
    let reporter = this.reporters.get(cell)
    if (reporter === undefined) {
      reporter = { first_ms: start, last_ms: Number.NEGATIVE_INFINITY, slices: 0, ahead: [] }
      this.reporters.set(cell, reporter)
    }
    const { ahead } = reporter
    if (start < this.watermark_ms) hear(reporter, start)
    else if (ahead.length === 0 || start > ahead.at(-1)!) ahead.push(start)
    else if (!ahead.includes(start)) {
      ahead.push(start)
      ahead.sort((a, b) => a - b)
    }
  }

  private fineFrom = (watermark_ms: number): number =>
    Math.floor((watermark_ms - FINE_MS) / BLOCK_MS) * BLOCK_MS

  private blockAt(time_ms: number): Slice {
    const start = Math.floor(time_ms / BLOCK_MS) * BLOCK_MS
    let block = this.blocks.get(start)
    if (block === undefined) this.blocks.set(start, (block = new Slice(this.measures.length)))
    return block
  }

  /** Moves the watermark: puts what has become old into blocks, and forgets what is older than `keep_ms`. */
  age(watermark_ms: number, keep_ms: number): void {
    this.watermark_ms = watermark_ms
    for (const slices of this.sessionsOf.values()) slices.sweep(watermark_ms)
    const fineFrom = this.fineFrom(watermark_ms)
    for (const start of [...this.fine.keys()].sort((a, b) => a - b)) {
      if (start >= fineFrom) break
      const sums = new Float64Array(this.measures.length)
      for (const slice of this.fine.get(start)!.values()) {
        this.blockAt(start).merge(slice)
        for (let index = 0; index < sums.length; index += 1) sums[index]! += slice.totals[index]!
      }
      this.totals.push({ time: start, sums })
      this.fine.delete(start)
    }
    const oldest = watermark_ms - keep_ms
    for (const [start, block] of this.blocks) {
      if (start + BLOCK_MS <= oldest) this.blocks.delete(start)
      else if (start + BLOCK_MS < fineFrom) block.settle()
    }
    if (this.totals.length > 0 && this.totals[0]!.time < oldest) {
      this.totals = this.totals.filter(({ time }) => time >= oldest)
    }
    for (const [cell, reporter] of this.reporters) {
      const { ahead } = reporter
      while (ahead.length > 0 && ahead[0]! < watermark_ms) hear(reporter, ahead.shift()!)
      if (reporter.last_ms < oldest && ahead.length === 0) this.reporters.delete(cell)
    }
  }

  get empty(): boolean {
    return this.fine.size === 0 && this.blocks.size === 0
  }

  /** Slices of a range; a block counts when its beginning lies in it. */
  private *within(from_ms: number, to_ms: number): Generator<Slice> {
    for (const [start, block] of this.blocks) if (start >= from_ms && start < to_ms) yield block
    for (const [start, parts] of this.fine) if (start >= from_ms && start < to_ms) yield* parts.values()
  }

  slices(from_ms: number, to_ms: number): KindSlices {
    return { table: this.table, measures: this.measures, slices: [...this.within(from_ms, to_ms)] }
  }

  private index(measure: Measure): number {
    const index = this.measures.indexOf(measure)
    if (index < 0) throw new Error(`windows do not keep ${measure}`)
    return index
  }

  /** Dimension and code of each value in a condition; undefined when one was never seen. */
  private wanted(where: Where): [number, number][] | undefined {
    const pairs: [number, number][] = []
    for (const [name, value] of Object.entries(where)) {
      const dimension = this.dimension(name)
      const code = this.table.knownCode(dimension, value)
      if (code === undefined) return undefined
      pairs.push([dimension, code])
    }
    return pairs
  }

  private dimension(name: string): number {
    const at = this.table.dimensions.indexOf(name)
    if (at < 0) throw new Error(`cells have no dimension ${name}: ${this.table.dimensions.join(', ')}`)
    return at
  }

  private fits(cell: number, wanted: readonly [number, number][]): boolean {
    for (const [dimension, code] of wanted) if (this.table.codeAt(cell, dimension) !== code) return false
    return true
  }

  private sliceTotal(slice: Slice, index: number, wanted: readonly [number, number][]): number {
    if (wanted.length === 0) return slice.totals[index]!
    let sum = 0
    for (let row = 0; row < slice.rows; row += 1) {
      if (this.fits(slice.cells[row]!, wanted)) sum += slice.sums[row * slice.width + index]!
    }
    return sum
  }

  series(measure: Measure, from_ms: number, to_ms: number, step_ms: number, where: Where = {}): Float64Array {
    const index = this.index(measure)
    const into = new Float64Array(Math.max(0, Math.ceil((to_ms - from_ms) / step_ms)))
    const wanted = this.wanted(where)
    if (wanted === undefined) return into
    const add = (start: number, value: number) => {
      if (start >= from_ms && start < to_ms) into[Math.floor((start - from_ms) / step_ms)]! += value
    }
    if (wanted.length === 0) for (const { time, sums } of this.totals) add(time, sums[index]!)
    else for (const [start, block] of this.blocks) add(start, this.sliceTotal(block, index, wanted))
    for (const [start, parts] of this.fine) {
      if (start >= from_ms && start < to_ms) {
        for (const slice of parts.values()) add(start, this.sliceTotal(slice, index, wanted))
      }
    }
    return into
  }

  groups(
    measures: readonly Measure[],
    dimensionName: string,
    from_ms: number,
    to_ms: number,
    where: Where = {},
  ): Map<string, Float64Array> {
    const indexes = measures.map((measure) => this.index(measure))
    const dimension = this.dimension(dimensionName)
    const found = new Map<string, Float64Array>()
    const wanted = this.wanted(where)
    if (wanted === undefined) return found
    const names = this.table.values[dimension]!
    const add = (code: number, sums: Float64Array, from: number) => {
      const name = names[code]!
      let group = found.get(name)
      if (group === undefined) found.set(name, (group = new Float64Array(indexes.length)))
      for (let at = 0; at < indexes.length; at += 1) group[at]! += sums[from + indexes[at]!]!
    }
    for (const slice of this.within(from_ms, to_ms)) {
      for (let row = 0; row < slice.rows; row += 1) {
        const cell = slice.cells[row]!
        if (this.fits(cell, wanted)) add(this.table.codeAt(cell, dimension), slice.sums, row * slice.width)
      }
    }
    return found
  }

  cells(
    measures: readonly Measure[],
    from_ms: number,
    to_ms: number,
    {
      where = {},
      dimensions = this.table.dimensions,
    }: { where?: Where; dimensions?: readonly string[] } = {},
  ): Cells {
    const indexes = measures.map((measure) => this.index(measure))
    const picked = dimensions.map((name) => this.dimension(name))
    const all = picked.length === this.table.dimensions.length
    const folded = all ? this.table : new CellTable(dimensions)
    const tuple = new Int32Array(picked.length)
    const rowOf = new Map<number, number>()
    const ids: number[] = []
    const sums = indexes.map((): number[] => [])
    const wanted = this.wanted(where)
    for (const slice of wanted === undefined ? [] : this.within(from_ms, to_ms)) {
      for (let at = 0; at < slice.rows; at += 1) {
        let cell = slice.cells[at]!
        if (wanted!.length > 0 && !this.fits(cell, wanted!)) continue
        if (!all) {
          for (let each = 0; each < picked.length; each += 1)
            tuple[each] = this.table.codeAt(cell, picked[each]!)
          cell = folded.cell(tuple)
        }
        let row = rowOf.get(cell)
        if (row === undefined) {
          rowOf.set(cell, (row = ids.length))
          ids.push(cell)
          for (const sum of sums) sum.push(0)
        }
        for (let each = 0; each < indexes.length; each += 1) {
          sums[each]![row]! += slice.sums[at * slice.width + indexes[each]!]!
        }
      }
    }
    return {
      dimensions,
      rows: ids.length,
      codes: picked.map((_, at) =>
        Int32Array.from(ids, (cell) => folded.codeAt(cell, all ? picked[at]! : at)),
      ),
      values: picked.map((dimension) => this.table.values[dimension]!),
      sums: sums.map((sum) => Float64Array.from(sum)),
    }
  }

  heard(by: readonly string[], statusDimension: number): Heard[] {
    const picked = by.map((name) => this.dimension(name))
    const found = new Map<string, { -readonly [K in keyof Heard]: Heard[K] }>()
    for (const [cell, { first_ms, last_ms, slices }] of this.reporters) {
      if (slices === 0) continue
      const texts = picked.map(
        (dimension) => this.table.values[dimension]![this.table.codeAt(cell, dimension)]!,
      )
      const key = texts.join('\0')
      const status =
        statusDimension < 0
          ? ''
          : this.table.values[statusDimension]![this.table.codeAt(cell, statusDimension)]!
      const known = found.get(key)
      if (known === undefined) {
        found.set(key, {
          values: Object.fromEntries(by.map((name, at) => [name, texts[at]!])),
          first_ms,
          last_ms,
          slices,
          status,
        })
        continue
      }
      if (last_ms > known.last_ms || (last_ms === known.last_ms && status === 'down'))
        known.status = status || known.status
      known.first_ms = Math.min(known.first_ms, first_ms)
      known.last_ms = Math.max(known.last_ms, last_ms)
      known.slices += slices
    }
    return [...found.values()]
  }
}
