import { auditTable, type DdlOptions, ddl } from './derive/ddl.ts'

/**
 * What brings a database to this version, in order; each is run once and recorded with its checksum.
 * Append-only from the first release on: a field that comes later is a further entry with `ALTER TABLE … ADD COLUMN`.
 */
export const migrations = (options: DdlOptions) => [
  { version: 1, name: 'tables, rollups and their views', statements: ddl(options) },
  { version: 2, name: 'the audit trail of the console', statements: auditTable(options) },
]
