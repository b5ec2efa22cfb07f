import { ENVELOPE } from '../envelope.ts'
import { type FieldSpec, type FieldType, isNumeric } from '../field.ts'
import { KINDS, type Kind } from '../kinds/kinds.ts'
import { SYSTEM_TABLES, type SystemTable } from '../system.ts'

/** A table whose rows travel through the log as Arrow: a kind of event, or one of our own. */
export type Table = Kind | SystemTable

/** One column of a table: the same list makes the Arrow schema, the DDL and the dictionary. */
export interface Column {
  readonly name: string
  readonly field: FieldSpec
  /** Whether a missing value is kept as null. Text and labels become '', flags false, counts 0. */
  readonly nullable: boolean
}

const nullable = (field: FieldSpec): boolean =>
  isNumeric(field) && field.type !== 'time' && field.missing !== 'zero' && field.required !== true

const toColumns = (fields: Readonly<Record<string, FieldSpec>>): Column[] =>
  Object.entries(fields).map(([name, field]) => ({ name, field, nullable: nullable(field) }))

const envelope = toColumns(ENVELOPE).map((column) =>
  column.name === 'weight' ? { ...column, nullable: false } : column,
)

const tables = new Map<Table, readonly Column[]>()
for (const kind of Object.keys(KINDS) as Kind[])
  tables.set(kind, [...envelope, ...toColumns(KINDS[kind].fields)])
for (const name of Object.keys(SYSTEM_TABLES) as SystemTable[]) {
  tables.set(name, toColumns(SYSTEM_TABLES[name].fields))
}

/** The columns of a table: for a kind the envelope first, then its own fields, in the order declared. */
export function columnsOf(table: Table): readonly Column[] {
  const columns = tables.get(table)
  if (columns === undefined) throw new Error(`no table ${table}`)
  return columns
}

export const TABLE_NAMES = [...tables.keys()] as Table[]

const CLICKHOUSE: Record<FieldType, string> = {
  label: 'LowCardinality(String)',
  text: 'String',
  flag: 'Bool',
  u8: 'UInt8',
  u16: 'UInt16',
  u32: 'UInt32',
  u64: 'UInt64',
  i32: 'Int32',
  f32: 'Float32',
  f64: 'Float64',
  time: "DateTime64(3, 'UTC')",
}

/** The ClickHouse type of a column. */
export const clickhouseType = (column: Column): string =>
  column.nullable ? `Nullable(${CLICKHOUSE[column.field.type]})` : CLICKHOUSE[column.field.type]
