import { DataType, Precision, RecordBatchReader, Type } from 'apache-arrow'
import { columnsOf, type Table } from '../derive/columns.ts'
import {
  type BatchPositions,
  dictionaryBatchAt,
  type IpcMessage,
  MESSAGE_TYPES,
  readInt64,
  readMessage,
  recordBatchAt,
  viewOf,
} from './ipc.ts'
import { END_OF_STREAM, schemaMessage as ownSchemaMessage } from './schema.ts'

/** A `label` column: a code a row, and the text of each code. `values` may hold texts no row uses. */
export interface LabelColumn {
  readonly type: 'label'
  readonly codes: Int32Array
  readonly values: readonly string[]
  at(row: number): string
}

/** A `text` column: a row's text is decoded when it is asked for. */
export interface TextColumn {
  readonly type: 'text'
  at(row: number): string
}

/** Numbers and instants (64-bit ones as doubles). `valid` has a byte a row, or is undefined when no row is null. */
export interface NumberColumn {
  readonly type: 'number'
  readonly values: Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array
  readonly valid: Uint8Array | undefined
  at(row: number): number | null
}

/** A `flag` column: 0 or 1 a row. */
export interface FlagColumn {
  readonly type: 'flag'
  readonly values: Uint8Array
  at(row: number): boolean
}

export type ReadColumn = LabelColumn | TextColumn | NumberColumn | FlagColumn

export interface ReadBatch {
  readonly rows: number
  /** Throws when the column was not among the names asked for. */
  column(name: string): ReadColumn
  label(name: string): LabelColumn
  text(name: string): TextColumn
  number(name: string): NumberColumn
  flag(name: string): FlagColumn
}

interface FieldPlace {
  readonly type: DataType
  readonly node: number
  readonly buffer: number
  readonly dictionary: number
}

const places = new WeakMap<Uint8Array, ReadonlyMap<string, FieldPlace>>()

/** Which node, buffers and dictionary each column of a schema message has. */
function placesOf(message: Uint8Array): ReadonlyMap<string, FieldPlace> {
  let known = places.get(message)
  if (known !== undefined) return known
  const { schema } = RecordBatchReader.from(Buffer.concat([message, END_OF_STREAM])).open()
  let buffer = 0
  known = new Map(
    schema.fields.map(({ name, type }, node) => {
      const place = { type, node, buffer, dictionary: DataType.isDictionary(type) ? type.id : -1 }
      buffer += type.typeId === Type.Utf8 ? 3 : 2
      return [name, place]
    }),
  )
  places.set(message, known)
  return known
}

/**
 * Reads columns of one finished builder's message without making row objects.
 * @param bytes the message, or with it the schema message of the older version it was written under: columns that
 *   version did not have are read as missing, and ones it alone had cannot be asked for
 * @param names the columns wanted; the others cost nothing
 * @throws RangeError or Error when the bytes are not such a message
 */
export function readBatch(
  table: Table,
  bytes: Uint8Array | { readonly schemaMessage: Uint8Array; readonly bytes: Uint8Array },
  names: readonly string[],
): ReadBatch {
  const own = bytes instanceof Uint8Array
  const fields = placesOf(own ? ownSchemaMessage(table) : bytes.schemaMessage)
  let data = own ? bytes : bytes.bytes
  // Typed arrays need aligned memory, and a slice of somebody's buffer may begin anywhere.
  if (data.byteOffset % 8 !== 0) data = new Uint8Array(data)
  const view = viewOf(data)
  const dictionaries = new Map<number, { message: IpcMessage; batch: BatchPositions }>()
  let message = readMessage(view, 0)
  while (message !== undefined && message.type === MESSAGE_TYPES.dictionaryBatch) {
    const { id, batch } = dictionaryBatchAt(view, message)
    dictionaries.set(id, { message, batch })
    message = message.end < data.length ? readMessage(view, message.end) : undefined
  }
  if (message?.type !== MESSAGE_TYPES.recordBatch) throw new RangeError('no record batch in the message')
  const batch = recordBatchAt(view, message)
  const rows = readInt64(view, batch.lengthAt)
  const source: Source = { data, view, body: message.bodyStart, batch, rows }
  const columns = new Map<string, ReadColumn>()
  for (const name of names) {
    const place = fields.get(name)
    if (place === undefined) columns.set(name, missingColumn(table, name, rows))
    else if (place.dictionary >= 0) {
      const found = dictionaries.get(place.dictionary)
      if (found === undefined) throw new RangeError(`no dictionary for ${name}`)
      columns.set(
        name,
        readLabels(source, place, { ...source, body: found.message.bodyStart, batch: found.batch }),
      )
    } else columns.set(name, readPlain(source, place))
  }
  const column = (name: string): ReadColumn => {
    const found = columns.get(name)
    if (found === undefined) throw new Error(`the column ${name} was not asked for`)
    return found
  }
  return {
    rows,
    column,
    label: (name) => typed(column(name), 'label', name),
    text: (name) => typed(column(name), 'text', name),
    number: (name) => typed(column(name), 'number', name),
    flag: (name) => typed(column(name), 'flag', name),
  }
}

function typed<T extends ReadColumn['type']>(
  column: ReadColumn,
  type: T,
  name: string,
): Extract<ReadColumn, { type: T }> {
  if (column.type !== type) throw new Error(`the column ${name} is a ${column.type}, no ${type}`)
  return column as Extract<ReadColumn, { type: T }>
}

interface Source {
  readonly data: Uint8Array
  readonly view: DataView
  readonly body: number
  readonly batch: BatchPositions
  readonly rows: number
}

/** The bytes of one Arrow buffer. */
function bufferOf({ data, view, body, batch }: Source, index: number): Uint8Array {
  const at = batch.buffersAt + index * 16
  const start = body + readInt64(view, at)
  return data.subarray(start, start + readInt64(view, at + 8))
}

/** A column's texts. Put together letter by letter they would be chains of a kilobyte each, which a map's keys keep. */
function textsOf(source: Source, first: number): (index: number) => string {
  const offsetsOf = bufferOf(source, first + 1)
  const offsets = new Int32Array(offsetsOf.buffer, offsetsOf.byteOffset, offsetsOf.byteLength >> 2)
  const bytes = bufferOf(source, first + 2)
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (index) => data.toString('utf8', offsets[index], offsets[index + 1])
}

function readLabels(source: Source, place: FieldPlace, dictionary: Source): LabelColumn {
  const raw = bufferOf(source, place.buffer + 1)
  const codes = new Int32Array(raw.buffer, raw.byteOffset, source.rows)
  const text = textsOf(dictionary, 0)
  const count = readInt64(dictionary.view, dictionary.batch.lengthAt)
  const values: string[] = []
  for (let index = 0; index < count; index += 1) values.push(text(index))
  return { type: 'label', codes, values, at: (row) => values[codes[row]!]! }
}

function readPlain(source: Source, place: FieldPlace): ReadColumn {
  const { rows, view } = source
  if (place.type.typeId === Type.Utf8) {
    return { type: 'text', at: textsOf(source, place.buffer) }
  }
  const raw = bufferOf(source, place.buffer + 1)
  if (place.type.typeId === Type.Bool) {
    const values = unpack(raw, rows)
    return { type: 'flag', values, at: (row) => values[row] === 1 }
  }
  const nulls = readInt64(view, source.batch.nodesAt + place.node * 16 + 8)
  const valid = nulls === 0 ? undefined : unpack(bufferOf(source, place.buffer), rows)
  const values = numbersOf(raw, place.type, rows)
  return {
    type: 'number',
    values,
    valid,
    at: (row) => (valid === undefined || valid[row] === 1 ? values[row]! : null),
  }
}

function unpack(bits: Uint8Array, rows: number): Uint8Array {
  const values = new Uint8Array(rows)
  for (let row = 0; row < rows; row += 1) values[row] = (bits[row >> 3]! >> (row & 7)) & 1
  return values
}

function numbersOf(raw: Uint8Array, type: DataType, rows: number): NumberColumn['values'] {
  const { buffer, byteOffset } = raw
  if (DataType.isTimestamp(type) || (DataType.isInt(type) && type.bitWidth === 64)) {
    const view = viewOf(raw)
    const values = new Float64Array(rows)
    for (let row = 0; row < rows; row += 1) values[row] = readInt64(view, row * 8)
    return values
  }
  if (DataType.isFloat(type))
    return type.precision === Precision.DOUBLE
      ? new Float64Array(buffer, byteOffset, rows)
      : new Float32Array(buffer, byteOffset, rows)
  if (DataType.isInt(type)) {
    if (type.bitWidth === 8) return new Uint8Array(buffer, byteOffset, rows)
    if (type.bitWidth === 16) return new Uint16Array(buffer, byteOffset, rows)
    return type.isSigned
      ? new Int32Array(buffer, byteOffset, rows)
      : new Uint32Array(buffer, byteOffset, rows)
  }
  throw new Error(`no reader for the Arrow type ${type}`)
}

function missingColumn(table: Table, name: string, rows: number): ReadColumn {
  const column = columnsOf(table).find((each) => each.name === name)
  if (column === undefined) throw new Error(`the table ${table} has no column ${name}`)
  const { type } = column.field
  if (type === 'label') return { type, codes: new Int32Array(rows), values: [''], at: () => '' }
  if (type === 'text') return { type, at: () => '' }
  if (type === 'flag') return { type, values: new Uint8Array(rows), at: () => false }
  const valid = column.nullable ? new Uint8Array(rows) : undefined
  return { type: 'number', values: new Float64Array(rows), valid, at: () => (column.nullable ? null : 0) }
}
