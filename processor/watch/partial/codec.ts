import { KINDS, type Kind } from '../../../schemas/kinds/kinds.ts'
import { CellTable } from '../windows/cellTable.ts'
import type { KindWindow } from '../windows/kindWindow.ts'
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

/** Cells of one part: a message of the log takes at least this much, whatever the kind. */
const PART_ROWS = 4_096
/** Parts of one source partition are told apart by this; no topic has so many partitions. */
const PART_STEP = 1 << 16
/** A pack is closed when it has reached this, bytes; one part more still fits into a message. */
const PACK_BYTES = 1 << 20

/**
 * A partial in parts of at most PART_ROWS cells. Cells keep their order and are only ever added, so a part that is encoded
 * again has the same cells and takes the place of its earlier self, as if it were a source partition of its own.
 */
export function encodePartials(partial: Partial): Buffer[] {
  const parts = Math.max(1, Math.ceil(partial.slice.rows / PART_ROWS))
  return Array.from({ length: parts }, (_, part) => encodePart(partial, part))
}

/** Length of the head (4 bytes), the head as JSON, then codes (Int32) and sums (Float64) row by row, each aligned to 8. */
function encodePart({ table, slice, kind, ...about }: Partial, part: number): Buffer {
  const width = table.dimensions.length
  const first = part * PART_ROWS
  const rows = Math.min(PART_ROWS, slice.rows - first)
  const local = new CellTable(table.dimensions)
  const codes = new Int32Array(rows * width)
  for (let row = 0; row < rows; row += 1) {
    for (let at = 0; at < width; at += 1) {
      const code = table.codeAt(slice.cells[first + row]!, at)
      codes[row * width + at] = local.code(at, table.values[at]![code]!)
    }
  }
  const head: Head = {
    ...about,
    partition: about.partition + part * PART_STEP,
    kind,
    rows,
    dimensions: table.dimensions,
    measures: WATCHED[kind],
    values: local.values,
  }
  const json = Buffer.from(JSON.stringify(head))
  const codesAt = padded(4 + json.byteLength)
  const sumsAt = padded(codesAt + codes.byteLength)
  const sums = slice.sums.subarray(first * slice.width, (first + rows) * slice.width)
  const bytes = Buffer.alloc(sumsAt + sums.byteLength)
  bytes.writeUInt32LE(json.byteLength, 0)
  json.copy(bytes, 4)
  bytes.set(new Uint8Array(codes.buffer), codesAt)
  bytes.set(new Uint8Array(sums.buffer, sums.byteOffset, sums.byteLength), sumsAt)
  return bytes
}

/** Several partials as few messages: each with its length before it. */
export function packPartials(partials: readonly Buffer[]): Buffer[] {
  const messages: Buffer[] = []
  let open: Buffer[] = []
  let size = 0
  for (const bytes of partials) {
    const length = Buffer.alloc(8)
    length.writeUInt32LE(bytes.byteLength, 0)
    open.push(length, bytes)
    size += bytes.byteLength
    if (size < PACK_BYTES) continue
    messages.push(Buffer.concat(open))
    open = []
    size = 0
  }
  if (open.length > 0) messages.push(Buffer.concat(open))
  return messages
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
  const fields = window.table.dimensions
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
