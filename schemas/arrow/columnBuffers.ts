import type { Column } from '../derive/columns.ts'
import type { FieldType } from '../field.ts'
import { padTo8, viewOf, writeInt64 } from './ipc.ts'
import { TextBuffer } from './textBuffer.ts'

/** One column being filled: plain memory that grows, zero wherever nothing was set. */
export interface ColumnBuffer {
  /** Sets row `row`; the value has the declared type already (validated), or is undefined or null: missing. */
  set(row: number, value: unknown): void
  /** Takes back whatever `set` did to a row that is given up. Only the last row can be given up. */
  clear(row: number): void
  grow(capacity: number): void
  /** Lengths in bytes, unpadded, of the Arrow buffers of the first `rows` rows: validity first. */
  sizes(rows: number): readonly number[]
  nulls(rows: number): number
  /** Writes the Arrow buffers, each at the position given for it. */
  write(target: Uint8Array, at: readonly number[], rows: number): void
  /** Empties the first `rows` rows. */
  reset(rows: number): void
}

const bitmapBytes = (rows: number): number => (rows + 7) >> 3

const bytesOf = (array: NodeJS.TypedArray, bytes: number): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, bytes)

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array
const ARRAYS: Partial<Record<FieldType, new (length: number) => Numbers>> = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  u64: Float64Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
  time: Float64Array,
}

/** Numbers and instants; 64-bit integers are kept as doubles and written as two halves, so no BigInt is made. */
export class NumberBuffer implements ColumnBuffer {
  values: Numbers
  /** One bit a row: a value is there. Empty when the column is not nullable. */
  validity: Uint8Array
  private readonly make: new (
    length: number,
  ) => Numbers
  private readonly nullable: boolean
  private readonly wide: boolean
  private readonly round: boolean

  constructor(column: Column, capacity: number) {
    this.make = ARRAYS[column.field.type]!
    this.wide = column.field.type === 'u64' || column.field.type === 'time'
    this.round = column.field.type !== 'f32' && column.field.type !== 'f64'
    this.nullable = column.nullable
    this.values = new this.make(capacity)
    this.validity = new Uint8Array(this.nullable ? bitmapBytes(capacity) : 0)
  }
  set(row: number, value: unknown): void {
    if (value === undefined || value === null) return
    this.values[row] = this.round ? Math.round(value as number) : (value as number)
    if (this.nullable) this.validity[row >> 3]! |= 1 << (row & 7)
  }
  clear(row: number): void {
    this.values[row] = 0
    if (this.nullable) this.validity[row >> 3]! &= ~(1 << (row & 7))
  }
  grow(capacity: number): void {
    const values = new this.make(capacity)
    values.set(this.values as never)
    this.values = values
    if (!this.nullable) return
    const validity = new Uint8Array(bitmapBytes(capacity))
    validity.set(this.validity)
    this.validity = validity
  }
  sizes(rows: number): readonly number[] {
    const width = this.wide ? 8 : this.values.BYTES_PER_ELEMENT
    return [this.nullable ? bitmapBytes(rows) : 0, rows * width]
  }
  nulls(rows: number): number {
    if (!this.nullable) return 0
    let present = 0
    for (let row = 0; row < rows; row += 1) present += (this.validity[row >> 3]! >> (row & 7)) & 1
    return rows - present
  }
  write(target: Uint8Array, at: readonly number[], rows: number): void {
    if (this.nullable) target.set(this.validity.subarray(0, bitmapBytes(rows)), at[0]!)
    if (!this.wide) {
      target.set(bytesOf(this.values, rows * this.values.BYTES_PER_ELEMENT), at[1]!)
      return
    }
    const view = viewOf(target)
    for (let row = 0; row < rows; row += 1) writeInt64(view, at[1]! + row * 8, this.values[row]!)
  }
  reset(rows: number): void {
    this.values.fill(0, 0, rows)
    this.validity.fill(0, 0, bitmapBytes(rows))
  }
}

export class FlagBuffer implements ColumnBuffer {
  private bits: Uint8Array
  constructor(_column: Column, capacity: number) {
    this.bits = new Uint8Array(bitmapBytes(capacity))
  }
  set(row: number, value: unknown): void {
    if (value === true) this.bits[row >> 3]! |= 1 << (row & 7)
  }
  clear(row: number): void {
    this.bits[row >> 3]! &= ~(1 << (row & 7))
  }
  grow(capacity: number): void {
    const bits = new Uint8Array(bitmapBytes(capacity))
    bits.set(this.bits)
    this.bits = bits
  }
  sizes = (rows: number): readonly number[] => [0, bitmapBytes(rows)]
  nulls = (): number => 0
  write(target: Uint8Array, at: readonly number[], rows: number): void {
    target.set(this.bits.subarray(0, bitmapBytes(rows)), at[1]!)
  }
  reset(rows: number): void {
    this.bits.fill(0, 0, bitmapBytes(rows))
  }
}

/** Text with many values: its bytes, one after the other. Rows are set in order; a second set of a row replaces the first. */
export class TextColumnBuffer implements ColumnBuffer {
  private readonly text: TextBuffer
  private ends: Int32Array
  private next = 0
  constructor(_column: Column, capacity: number) {
    this.text = new TextBuffer()
    this.ends = new Int32Array(capacity)
  }
  get bytes(): number {
    return this.text.bytes
  }
  /** Rows nothing was set for end where the row before them ends. */
  private fillTo(row: number, end: number): void {
    while (this.next < row) this.ends[this.next++] = end
  }
  set(row: number, value: unknown): void {
    if (this.next > row) this.clear(row)
    if (value === undefined || value === null || value === '') return
    this.fillTo(row, this.text.bytes)
    this.text.append(value as string)
    this.ends[row] = this.text.bytes
    this.next = row + 1
  }
  clear(row: number): void {
    if (this.next <= row) return
    this.text.truncate(row === 0 ? 0 : this.ends[row - 1]!)
    this.next = row
  }
  grow(capacity: number): void {
    const ends = new Int32Array(capacity)
    ends.set(this.ends)
    this.ends = ends
  }
  sizes(rows: number): readonly number[] {
    return [0, (rows + 1) * 4, this.text.bytes]
  }
  nulls = (): number => 0
  write(target: Uint8Array, at: readonly number[], rows: number): void {
    this.fillTo(rows, this.text.bytes)
    target.set(bytesOf(this.ends, rows * 4), at[1]! + 4)
    target.set(this.text.view(), at[2]!)
  }
  reset(): void {
    this.next = 0
    this.text.truncate(0)
  }
}

/** The Arrow buffers' positions one after the other, each padded to 8; returns where the body ends. */
export function layOut(sizes: readonly number[], from: number, positions: number[]): number {
  let at = from
  for (const size of sizes) {
    positions.push(at)
    at += padTo8(size)
  }
  return at
}
