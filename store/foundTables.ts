import type { Definition } from '../schemas/derive/ddl.ts'
import type { FoundTable } from '../schemas/derive/difference.ts'
import type { Store } from './client.ts'
import { StoreError } from './storeError.ts'

/** What a store says when nothing was made in it yet. */
const NOTHING_YET = new Set(['UNKNOWN_TABLE', 'UNKNOWN_DATABASE'])

/** The rows of a query, none where its table or database is not there. */
export const rowsIfAny = <T>(store: Store, sql: string): Promise<T[]> =>
  store.query<T>(sql).catch((error: unknown) => {
    if (error instanceof StoreError && NOTHING_YET.has(error.type)) return []
    throw error
  })

/** Every table and view of a database, as the server describes them. */
export async function foundTables(store: Store, database: string): Promise<FoundTable[]> {
  const where = `database = '${database}'`
  type Row = Omit<FoundTable, 'columns' | 'indices'>
  const tables = await rowsIfAny<Row>(
    store,
    `SELECT name, engine, engine_full, partition_key, sorting_key, as_select AS select,
      extract(create_table_query, ' TO [\`\\w]+\\.\`?(\\w+)') AS target FROM system.tables WHERE ${where}`,
  )
  if (tables.length === 0) return []
  const columns = await store.query<{ table: string; name: string; type: string; codec: string }>(
    `SELECT table, name, type, compression_codec AS codec FROM system.columns WHERE ${where} ORDER BY table, position`,
  )
  const indices = await store.query<{ table: string; name: string }>(
    `SELECT table, name FROM system.data_skipping_indices WHERE ${where}`,
  )
  const of = <T extends { table: string }>(rows: readonly T[], table: string) =>
    rows.filter((row) => row.table === table)
  return tables.map((table) => ({
    ...table,
    columns: of(columns, table.name),
    indices: of(indices, table.name).map(({ name }) => name),
  }))
}

/** The same definitions, with the queries of views written as this server writes them. */
export async function asServerWrites(
  store: Store,
  definitions: readonly Definition[],
): Promise<Definition[]> {
  const selects = definitions.flatMap(({ select }) => select ?? [])
  const [row] = await store.query<{ written: string[] }>(
    'SELECT arrayMap(sql -> formatQuerySingleLine(sql), {selects: Array(String)}) AS written',
    { params: { selects } },
  )
  const written = new Map(selects.map((select, index) => [select, row!.written[index]!]))
  return definitions.map((each) => ({
    ...each,
    select: each.select === undefined ? undefined : written.get(each.select),
  }))
}
