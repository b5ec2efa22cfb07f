import { createHash } from 'node:crypto'
import {
  Bool,
  type DataType,
  Dictionary,
  Field,
  Float32,
  Float64,
  Int32,
  RecordBatchReader,
  Schema,
  TimestampMillisecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow'
import { type Column, columnsOf, TABLE_NAMES, type Table } from '../derive/columns.ts'
import { type MessageTemplates, makeTemplates } from './templates.ts'

const PLAIN: Record<Exclude<Column['field']['type'], 'label'>, () => DataType> = {
  text: () => new Utf8(),
  flag: () => new Bool(),
  u8: () => new Uint8(),
  u16: () => new Uint16(),
  u32: () => new Uint32(),
  u64: () => new Uint64(),
  i32: () => new Int32(),
  f32: () => new Float32(),
  f64: () => new Float64(),
  time: () => new TimestampMillisecond('UTC'),
}

function arrowType({ field }: Column, index: number): DataType {
  return field.type === 'label' ? new Dictionary(new Utf8(), new Int32(), index) : PLAIN[field.type]()
}

interface TableSchema {
  readonly schema: Schema
  readonly templates: MessageTemplates
}

const schemas = new Map<Table, TableSchema>()

function schemaOf(table: Table): TableSchema {
  let known = schemas.get(table)
  if (known === undefined) {
    const fields = columnsOf(table).map(
      (column, index) => new Field(column.name, arrowType(column, index), column.nullable),
    )
    const schema = new Schema(fields)
    known = { schema, templates: makeTemplates(schema) }
    schemas.set(table, known)
  }
  return known
}

/** The Arrow schema of a table: `label` → Dictionary<Int32, Utf8> whose id is the column's index, `time` → ms UTC. */
export const arrowSchema = (table: Table): Schema => schemaOf(table).schema

/** The table's schema as one encapsulated IPC message: what an ArrowStream begins with. */
export const schemaMessage = (table: Table): Uint8Array => schemaOf(table).templates.schemaMessage

/** Metadata of the table's record and dictionary batches, for the builder. */
export const templatesOf = (table: Table): MessageTemplates => schemaOf(table).templates

/** What an ArrowStream ends with: `schemaMessage`, any number of finished builders' bytes, this. */
export const END_OF_STREAM: Uint8Array = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)

const fingerprints = new Map<Table, string>(
  TABLE_NAMES.map((table) => {
    const text = columnsOf(table).map(
      ({ name, field, nullable }) => `${name} ${field.type}${nullable ? '?' : ''}`,
    )
    return [
      table,
      createHash('sha256')
        .update(`${table}\n${text.join('\n')}`)
        .digest('hex')
        .slice(0, 16),
    ]
  }),
)

/** Names the table's columns and their types in 16 hex digits: the header `schema` of a message in the log. */
export const fingerprint = (table: Table): string => fingerprints.get(table)!

/** The names of a schema message's columns, in order. */
export const columnNames = (message: Uint8Array): string[] =>
  RecordBatchReader.from(Buffer.concat([message, END_OF_STREAM]))
    .open()
    .schema.fields.map(({ name }) => name)
