import { type Column, columnsOf, type Table } from '../derive/columns.ts'
import { type ColumnBuffer, FlagBuffer, layOut, NumberBuffer, TextColumnBuffer } from './columnBuffers.ts'
import { viewOf, writeInt64 } from './ipc.ts'
import { LabelBuffer } from './labelBuffer.ts'
import { templatesOf } from './schema.ts'

/** Fills the columns of one table and makes them an Arrow message. */
export interface Builder {
  readonly table: Table
  readonly columns: readonly Column[]
  /** The index `set` knows a column by, or undefined. */
  readonly indexOf: ReadonlyMap<string, number>
  /** Rows ended. */
  readonly rows: number
  /** Bytes of the `text` columns so far: the part of a message that rows do not bound. */
  readonly textBytes: number
  /**
   * Sets a column of the row that is open; columns nothing is set for are missing (null, '', 0 or false). The value is not checked: it must have the declared type.
   */
  set(column: number, value: unknown): void
  /** Ends the open row. */
  end(): void
  /** Gives the open row up, as if nothing had been set. */
  drop(): void
  /** One row from an object by column names; other keys are left out, and a missing `weight` is 1. */
  pushRow(row: Readonly<Record<string, unknown>>): void
  /**
   * The dictionary batches and the record batch as encapsulated IPC messages: no schema before, no end mark behind.
   * The builder is empty afterwards. Throws when there is no row.
   */
  finish(): Uint8Array
  /** Forgets all rows. */
  reset(): void
}

/**
 * Typed memory a column, written straight into Arrow's layout. Any number of finished messages between
 * `schemaMessage(table)` and `END_OF_STREAM` are one valid ArrowStream.
 * @param options.capacity rows there is room for at first; it doubles when needed
 */
export function createBuilder(table: Table, options: { readonly capacity?: number } = {}): Builder {
  return new TableBuilder(table, options.capacity ?? 64)
}

class TableBuilder implements Builder {
  readonly table: Table
  readonly columns: readonly Column[]
  readonly indexOf: ReadonlyMap<string, number>
  rows = 0
  private capacity: number
  private readonly buffers: readonly ColumnBuffer[]
  private readonly texts: readonly TextColumnBuffer[]
  private readonly weight: number

  constructor(table: Table, capacity: number) {
    this.table = table
    this.columns = columnsOf(table)
    this.indexOf = new Map(this.columns.map(({ name }, index) => [name, index]))
    this.weight = this.indexOf.get('weight') ?? -1
    this.capacity = Math.max(8, capacity)
    const { dictionaries } = templatesOf(table)
    this.buffers = this.columns.map((column, index) => {
      const { type } = column.field
      if (type === 'label') return new LabelBuffer(dictionaries.get(index)!, this.capacity)
      if (type === 'text') return new TextColumnBuffer(column, this.capacity)
      if (type === 'flag') return new FlagBuffer(column, this.capacity)
      return new NumberBuffer(column, this.capacity)
    })
    this.texts = this.buffers.filter((buffer) => buffer instanceof TextColumnBuffer)
  }

  get textBytes(): number {
    let bytes = 0
    for (const text of this.texts) bytes += text.bytes
    return bytes
  }
  set(column: number, value: unknown): void {
    this.buffers[column]!.set(this.rows, value)
  }
  end(): void {
    this.rows += 1
    if (this.rows < this.capacity) return
    this.capacity *= 2
    for (const buffer of this.buffers) buffer.grow(this.capacity)
  }
  drop(): void {
    for (const buffer of this.buffers) buffer.clear(this.rows)
  }
  pushRow(row: Readonly<Record<string, unknown>>): void {
    for (const name of Object.keys(row)) {
      const index = this.indexOf.get(name)
      if (index !== undefined) this.buffers[index]!.set(this.rows, row[name])
    }
    if (this.weight >= 0 && row.weight === undefined) this.buffers[this.weight]!.set(this.rows, 1)
    this.end()
  }
  reset(): void {
    this.drop()
    for (const buffer of this.buffers) buffer.reset(this.rows)
    this.rows = 0
  }

  finish(): Uint8Array {
    if (this.rows === 0) throw new Error('a message needs a row')
    this.drop()
    const { rows, buffers } = this
    const dictionaries = buffers.flatMap((buffer) =>
      buffer instanceof LabelBuffer ? [buffer.dictionaryMessage()] : [],
    )
    const batchStart = dictionaries.reduce((bytes, message) => bytes + message.length, 0)
    const { head, bodyLengthAt, batch } = templatesOf(this.table).recordBatch
    const bodyStart = batchStart + head.length
    const sizes = buffers.map((buffer) => buffer.sizes(rows))
    const positions: number[][] = []
    let end = bodyStart
    for (const size of sizes) {
      const at: number[] = []
      end = layOut(size, end, at)
      positions.push(at)
    }
    const bytes = new Uint8Array(end)
    let start = 0
    for (const message of dictionaries) {
      bytes.set(message, start)
      start += message.length
    }
    bytes.set(head, batchStart)
    const view = viewOf(bytes)
    writeInt64(view, batchStart + bodyLengthAt, end - bodyStart)
    writeInt64(view, batchStart + batch.lengthAt, rows)
    let nodeAt = batchStart + batch.nodesAt
    let bufferAt = batchStart + batch.buffersAt
    buffers.forEach((buffer, index) => {
      const at = positions[index]!
      writeInt64(view, nodeAt, rows)
      writeInt64(view, nodeAt + 8, buffer.nulls(rows))
      nodeAt += 16
      sizes[index]!.forEach((size, part) => {
        writeInt64(view, bufferAt, at[part]! - bodyStart)
        writeInt64(view, bufferAt + 8, size)
        bufferAt += 16
      })
      buffer.write(bytes, at, rows)
      buffer.reset(rows)
    })
    this.rows = 0
    return bytes
  }
}
