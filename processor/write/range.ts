import type { LogRecord } from '../../log/log.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { readBatch } from '../../schemas/arrow/reader.ts'
import { END_OF_STREAM, fingerprint, schemaMessage } from '../../schemas/arrow/schema.ts'
import { columnsOf, type Table } from '../../schemas/derive/columns.ts'
import { isKind } from '../../schemas/kinds/kinds.ts'
import { HEADERS } from '../../schemas/topics.ts'
import { DEDUPE_COLUMNS, type Dedupe, type DedupeVerdict } from '../dedupe/dedupe.ts'
import type { SchemaRegistry } from '../schemaRegistry.ts'

/** A message of rows, ready to be inserted: its bytes, or undefined when every row was a repeat. */
export interface Prepared {
  readonly record: LogRecord
  readonly bytes: Uint8Array | undefined
  readonly rows: number
  readonly repeated: number
  readonly fingerprint: string
}

/** Whether a record holds rows; others hold a tick or a schema. */
export const isRows = (record: LogRecord): boolean => record.headers[HEADERS.type] === 'rows'
/** How many rows a record holds. */
export const rowsOf = (record: LogRecord): number =>
  isRows(record) ? Number(record.headers[HEADERS.rows] ?? 0) : 0
/** The name of the schema that a record was written under; empty: the present one. */
export const schemaOf = (record: LogRecord): string => record.headers[HEADERS.schema] ?? ''

/** Runs the dedupe step on a message; its bytes are touched only if a repeat was found. */
export function prepare(
  table: Table,
  record: LogRecord,
  dedupe: Dedupe | undefined,
  registry: SchemaRegistry,
): Prepared {
  const rows = rowsOf(record)
  const clean = { record, bytes: record.value, rows, repeated: 0, fingerprint: schemaOf(record) }
  if (dedupe === undefined || !isKind(table)) return clean
  const source = registry.source(table, record)
  const verdict = dedupe.check(readBatch(table, source, DEDUPE_COLUMNS))
  if (verdict.repeats === undefined && verdict.muted === undefined) return clean
  const bytes = verdict.repeated === rows ? undefined : without(table, source, verdict)
  return {
    ...clean,
    bytes,
    rows: rows - verdict.repeated,
    repeated: verdict.repeated,
    fingerprint: fingerprint(table),
  }
}

/** The same rows under the newest schema, without repeats, and muted ones with weight 0. */
function without(
  table: Table,
  source: Parameters<typeof readBatch>[1],
  { repeats, muted }: DedupeVerdict,
): Uint8Array {
  const names = columnsOf(table).map(({ name }) => name)
  const batch = readBatch(table, source, names)
  const columns = names.map((name) => batch.column(name))
  const builder = createBuilder(table, { capacity: batch.rows })
  const weight = names.indexOf('weight')
  for (let row = 0; row < batch.rows; row += 1) {
    if (repeats?.[row] === 1) continue
    for (let at = 0; at < columns.length; at += 1) {
      const value = columns[at]!.at(row)
      if (value !== null) builder.set(at, at === weight && muted?.[row] === 1 ? 0 : value)
    }
    builder.end()
  }
  return builder.finish()
}

/** One ArrowStream of messages of one schema: schema once, then every message's bytes, then the end mark. */
export function arrowStream(
  table: Table,
  prepared: readonly Prepared[],
  registry: SchemaRegistry,
): Uint8Array[] {
  // A message of repeats only has no bytes, and the newest schema, whatever it was written under.
  const used = (prepared.find(({ bytes }) => bytes !== undefined) ?? prepared[0]!).fingerprint
  const schema = used === fingerprint(table) ? schemaMessage(table) : registry.message(table, used)
  return [schema, ...prepared.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes])), END_OF_STREAM]
}
