import { KINDS, type Kind } from '../../../schemas/kinds/kinds.ts'
import { cellFields } from '../windows/cell_fields.ts'
import { CellTable } from '../windows/cell_table.ts'
import type { KindWindow } from '../windows/kind_window.ts'
import { Slice } from '../windows/slice.ts'
import { WATCHED } from '../windows/watched.ts'

/** One second of one stream and kind, as one source partition saw it. */
export interface Partial {
  readonly tenant: string
  readonly show: string
  readonly stream: string
  readonly kind: Kind
  readonly start_ms: number
  /** Number of the source partition. */
  readonly partition: number
  readonly table: CellTable
  readonly slice: Slice
}

interface Head {
  readonly tenant: string
  readonly show: string
  readonly stream: string
  readonly kind: Kind
  readonly start_ms: number
  readonly partition: number
  readonly rows: number
  readonly dimensions: readonly string[]
  readonly measures: readonly string[]
  /** By dimension, the values that occur. */
  readonly values: readonly (readonly string[])[]
}

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8

/** Length of the head (4 bytes), the head as JSON, then codes (Int32) and sums (Float64) row by row, each aligned to 8. */
export function encodePartial({ table, slice, kind, ...about }: Partial): Buffer {
  const width = table.dimensions.length
  const local = new CellTable(table.dimensions)
  const codes = new Int32Array(slice.rows * width)
  for (let row = 0; row < slice.rows; row += 1) {
    for (let at = 0; at < width; at += 1) {
      codes[row * width + at] = local.code(at, table.values[at]![table.codeAt(slice.cells[row]!, at)]!)
    }
  }
  const head: Head = {
    ...about,
    kind,
    rows: slice.rows,
    dimensions: table.dimensions,
    measures: WATCHED[kind],
    values: local.values,
  }
  const json = Buffer.from(JSON.stringify(head))
  const codesAt = padded(4 + json.byteLength)
  const sumsAt = padded(codesAt + codes.byteLength)
  const sums = slice.sums.subarray(0, slice.rows * slice.width)
  const bytes = Buffer.alloc(sumsAt + sums.byteLength)
  bytes.writeUInt32LE(json.byteLength, 0)
  json.copy(bytes, 4)
  bytes.set(new Uint8Array(codes.buffer), codesAt)
  bytes.set(new Uint8Array(sums.buffer, sums.byteOffset, sums.byteLength), sumsAt)
  return bytes
}

/** Several partials as one message: each with its length before it. */
export function packPartials(partials: readonly Buffer[]): Buffer {
  return Buffer.concat(
    partials.flatMap((bytes) => {
      const length = Buffer.alloc(8)
      length.writeUInt32LE(bytes.byteLength, 0)
      return [length, bytes]
    }),
  )
}

/** What a message of partials says; measures or dimensions of another version are matched by name. */
export function* readPartials(
  message: Uint8Array,
): Generator<Head & { readonly addTo: (window: KindWindow) => Slice }> {
  // Typed arrays need aligned memory.
  const bytes = Buffer.from(new Uint8Array(message).buffer)
  for (let from = 0; from < bytes.byteLength; ) {
    const length = bytes.readUInt32LE(from)
    const at = from + 8
    from = at + length
    const jsonLength = bytes.readUInt32LE(at)
    const head = JSON.parse(bytes.toString('utf8', at + 4, at + 4 + jsonLength)) as Head
    if (!(head.kind in KINDS)) continue
    const codesAt = at + padded(4 + jsonLength)
    const codes = new Int32Array(bytes.buffer, codesAt, head.rows * head.dimensions.length)
    const sums = new Float64Array(
      bytes.buffer,
      at + padded(codesAt - at + codes.byteLength),
      head.rows * head.measures.length,
    )
    yield { ...head, addTo: (window) => sliceFor(window, head, codes, sums) }
  }
}

/** The partial's sums as a slice of a window, in that window's codes. */
function sliceFor(window: KindWindow, head: Head, codes: Int32Array, sums: Float64Array): Slice {
  const fields = cellFields(head.kind)
  const from = fields.map((name) => head.dimensions.indexOf(name))
  const own = fields.map((_, at) => {
    const values = from[at]! < 0 ? [''] : head.values[from[at]!]!
    return values.map((value) => window.table.code(at, value))
  })
  const columns = WATCHED[head.kind].map((name) => {
    const column = new Float64Array(head.rows)
    const at = head.measures.indexOf(name)
    if (at >= 0)
      for (let row = 0; row < head.rows; row += 1) column[row] = sums[row * head.measures.length + at]!
    return column
  })
  const tuple = new Int32Array(fields.length)
  const slice = new Slice(columns.length)
  for (let row = 0; row < head.rows; row += 1) {
    for (let at = 0; at < fields.length; at += 1) {
      tuple[at] = own[at]![from[at]! < 0 ? 0 : codes[row * head.dimensions.length + from[at]!]!]!
    }
    const cell = window.table.cell(tuple)
    slice.add(cell, columns, row)
    window.heardFrom(cell, head.start_ms)
  }
  return slice
}
