import { type Log, LogError, type LogRecord } from '../log/log.ts'
import { columnNames, fingerprint, schemaMessage } from '../schemas/arrow/schema.ts'
import type { Table } from '../schemas/derive/columns.ts'
import { HEADERS, STATE_TOPICS } from '../schemas/topics.ts'

/** A message written under a schema that nobody has published: it cannot be read now, and perhaps never. */
export class UnknownSchema extends Error {
  constructor(table: string, hash: string) {
    super(`${table}: no schema ${hash} in ${STATE_TOPICS.schema.name}`)
    this.name = 'UnknownSchema'
  }
}

/** Arrow schemas by fingerprint: this version's, and older ones that collectors published in the log. */
export class SchemaRegistry {
  private readonly older = new Map<string, Uint8Array>()

  /** The schema message of a fingerprint. Throws UnknownSchema. */
  message(table: Table, hash: string): Uint8Array {
    if (hash === fingerprint(table)) return schemaMessage(table)
    const message = this.older.get(hash)
    if (message === undefined) throw new UnknownSchema(table, hash)
    return message
  }

  /** Whether a record of the log can be read without `refresh`. */
  knows(table: Table, record: LogRecord): boolean {
    const hash = record.headers[HEADERS.schema] ?? fingerprint(table)
    return hash === fingerprint(table) || this.older.has(hash)
  }

  /** The columns a stream of this schema has, in order: what the insert names. */
  columns(table: Table, hash: string): string[] {
    return columnNames(this.message(table, hash))
  }

  /** What `readBatch` takes for a record of the log. */
  source(table: Table, record: LogRecord): Uint8Array | { schemaMessage: Uint8Array; bytes: Uint8Array } {
    const hash = record.headers[HEADERS.schema] ?? fingerprint(table)
    return hash === fingerprint(table)
      ? record.value
      : { schemaMessage: this.message(table, hash), bytes: record.value }
  }

  /** Reads what collectors have published; called at start, and again when a fingerprint is not known. */
  async refresh(log: Log): Promise<void> {
    try {
      for await (const { key, value } of log.replay({ topic: STATE_TOPICS.schema.name, partition: 0 })) {
        if (key !== undefined && value.byteLength > 0) this.older.set(key, value)
      }
    } catch (error) {
      if (!(error instanceof LogError && error.code === 'unknown_topic')) throw error
    }
  }
}
