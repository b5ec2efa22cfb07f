/** Tables of the engine that tell what can be asked: clients read them to list databases, columns, types and functions. */
const METADATA_TABLES: ReadonlySet<string> = new Set(
  `
  aggregate_function_combinators codecs collations columns data_type_families databases documentation formats functions
  keywords numbers numbers_mt one parts settings table_engines table_functions tables time_zones unicode zeros zeros_mt
`
    .trim()
    .split(/\s+/),
)

/** Columns of these that tell where the data folder is. */
const PATH_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  tables: ['data_paths', 'metadata_path'],
  parts: ['path'],
  databases: ['data_path', 'metadata_path'],
}

/** What a query of a read user may name. */
export interface TableScope {
  /** The database of our own tables. */
  readonly own: string
  /** The database in which unqualified names are looked up. */
  readonly current: string
  /** Given when only some tenants may be read: the tables whose rows are filtered by tenant, and every table there is. */
  readonly sealed?: { readonly filtered: ReadonlySet<string>; readonly existing: ReadonlySet<string> }
}

const isSchema = (database: string): boolean => database.toLowerCase() === 'information_schema'

/** The database that a read user may work in; `default` means ours, as clients name it when nothing was configured. */
export function readableDatabase(name: string, own: string): string | undefined {
  if (name === '' || name === 'default') return own
  return name === own || name === 'system' || isSchema(name) ? name : undefined
}

/**
 * Whether a table may be named. An unqualified name of our own database that is no table there is a common table expression, or an
 * error of the engine.
 * @param name as the engine's tree prints it: `table` or `database.table`
 */
export function isReadableTable(name: string, { own, current, sealed }: TableScope): boolean {
  const dot = name.indexOf('.')
  const database = dot < 0 ? current : name.slice(0, dot)
  const table = dot < 0 ? name : name.slice(dot + 1)
  if (database === 'system') return METADATA_TABLES.has(table)
  if (isSchema(database)) return /^[A-Za-z_]+$/.test(table)
  if (database !== own || table === 'audit') return false
  if (sealed === undefined || sealed.filtered.has(table)) return true
  return dot < 0 && !sealed.existing.has(table)
}

/** The columns of a table that a read user may not see: paths of the machine. */
export function hiddenColumns(name: string, { current }: TableScope): readonly string[] {
  const dot = name.indexOf('.')
  const database = dot < 0 ? current : name.slice(0, dot)
  return (database === 'system' && PATH_COLUMNS[name.slice(dot + 1)]) || []
}
