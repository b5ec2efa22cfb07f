import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ChdbNodeEngine } from 'chdb/durable/node'
import { literal } from '../../schemas/sql.ts'
import { parseEngineError } from './errors.ts'

/** What the engine's own parser says about a text. Classes as in chDB's C interface, in ascending danger. */
export interface Analysis {
  readonly statements: number
  readonly class: 'read' | 'write' | 'global' | 'control' | 'unknown'
}

export interface EngineResult {
  readonly bytes: Uint8Array
  /** Rows in the result, or rows written by an insert. */
  readonly rows: number
  readonly bytesCounted: number
}

/** One connection: its own settings, parameters and current database; one query at a time. */
export interface EngineConnection {
  /** Runs the text, every statement of it: only ever give it text that was written here or analysed. */
  run(sql: string, format?: string, hide?: readonly string[]): Promise<EngineResult>
  /** One statement, its result in chunks, each of them a whole document of the format. */
  stream(sql: string, format: string): AsyncGenerator<Uint8Array, void>
  close(): void
}

export interface Engine {
  readonly version: string
  readonly timezone: string
  connect(): EngineConnection
  /** Asks the engine's parser; it runs nothing. */
  analyse(sql: string): Promise<Analysis>
  /** The one statement in its normal form on one line; throws a syntax error, also for several statements. */
  normalise(sql: string): Promise<string>
  /** The engine's tree of one statement, with parameters put in; it runs nothing. */
  tree(sql: string, params: ReadonlyMap<string, string>): Promise<string>
  /** Names of all settings the engine knows. */
  readonly settings: ReadonlySet<string>
  /** Names of all functions and table functions the engine knows, in lower case. */
  readonly functions: ReadonlySet<string>
}

const CLASSES = ['read', 'write', 'global', 'control', 'unknown'] as const

/**
 * Settings of all tables of this engine. The writer inserts once a second, and each insert is a part of six tables: parts are merged
 * ten at a time instead of five, so a row is rewritten less often. Statistics of columns only serve a planner of joins; computing
 * them is a part of each merge.
 */
const MERGE_TREE = { min_parts_to_merge_at_once: 10, auto_statistics_types: '' } as const

/** The engine takes settings of tables from a file alone. */
function writeConfiguration(dir: string): string {
  const settings = Object.entries(MERGE_TREE).map(([name, value]) => `<${name}>${value}</${name}>`)
  const path = join(dir, 'engine.xml')
  mkdirSync(dir, { recursive: true })
  writeFileSync(path, `<clickhouse><merge_tree>${settings.join('')}</merge_tree></clickhouse>\n`, {
    mode: 0o600,
  })
  return path
}

/** The addon's own calls; `Session` would keep each closed connection until no query of any other runs. */
interface Addon {
  CreateConnection(dir: string, args?: readonly string[]): Handle
  CloseConnection(connection: Handle): void
  QueryAsyncConnection(connection: Handle, sql: string, format: string): Promise<Result>
  StreamQuery(connection: Handle, sql: string, format: string): Handle
  StreamFetch(stream: Handle): Promise<Result & { readonly done: boolean }>
  StreamCancel(stream: Handle): void
  DurableClassifyAsync(
    connection: Handle,
    sql: string,
    database: string,
  ): Promise<{ readonly statementCount: number; readonly queryClass: number }>
}

type Handle = { readonly opaque: unique symbol }
type Result = { readonly bytes: Buffer; readonly rowsRead: number; readonly bytesRead: number }

/**
 * Opens chDB on a directory. This is the only file that imports it. The first connection sets the server's
 * configuration; a new connection costs 0.1 ms, so each request gets its own and no setting outlives a request.
 */
export async function openEngine(options: {
  readonly dir: string
  readonly maxMemory_bytes: number
  readonly args?: readonly string[]
}): Promise<Engine> {
  const addon = loadAddon()
  const dir = resolve(options.dir)
  const memory = `--max_server_memory_usage=${Math.round(options.maxMemory_bytes)}`
  const configuration = `--config-file=${writeConfiguration(dir)}`
  try {
    // stays open: it carries the configuration
    addon.CreateConnection(dir, [memory, configuration, ...(options.args ?? [])])
  } catch (error) {
    const why = 'is it locked by another store? One process a directory'
    throw new Error(`cannot open the data directory ${dir} (${why}): ${String(error)}`, { cause: error })
  }
  const parser = addon.CreateConnection(dir)
  const ask = async (sql: string) =>
    (await addon.QueryAsyncConnection(parser, sql, 'RawBLOB')).bytes.toString('utf8')
  await ask('SET implicit_select = 0, max_query_size = 0')
  const version = await ask('SELECT version()')
  const timezone = await ask('SELECT timezone()')
  const namesIn = async (query: string) =>
    new Set((await ask(`SELECT arrayStringConcat(groupArray(name), ' ') FROM (${query})`)).split(' '))
  const settings = await namesIn('SELECT name FROM system.settings')
  const functions = await namesIn(
    'SELECT lower(name) AS name FROM system.functions UNION ALL SELECT lower(name) FROM system.table_functions',
  )
  // one connection parses for all: its calls follow one another (each takes half a millisecond)
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work)
    turn = next.catch(() => undefined)
    return next
  }

  return {
    version,
    timezone,
    settings,
    functions,
    connect: () => connection(addon, addon.CreateConnection(dir)),
    analyse: (sql) =>
      inTurn(async () => {
        const found = await addon.DurableClassifyAsync(parser, sql, 'firstframe')
        return { statements: found.statementCount, class: CLASSES[found.queryClass] ?? 'unknown' }
      }),
    normalise: (sql) =>
      inTurn(async () => {
        try {
          return await ask(`SELECT formatQuerySingleLine(${literal(sql)})`)
        } catch (error) {
          const found = parseEngineError(error)
          const scope = found.message.lastIndexOf(': In scope SELECT formatQuerySingleLine(')
          if (scope > 0) found.message = `${found.message.slice(0, scope)}.`
          throw found
        }
      }),
    async tree(sql, params) {
      // a connection of its own: no setting of a request (a limit of rows, say) may cut the tree short
      const own = connection(addon, addon.CreateConnection(dir))
      try {
        const given = [...params].map(([name, value]) => `SET param_${name} = ${literal(value)}; `).join('')
        await own.run(`SET implicit_select = 0, max_query_size = 0; ${given}`)
        return Buffer.from((await own.run(`EXPLAIN AST ${sql}`, 'TSVRaw')).bytes).toString('utf8')
      } finally {
        own.close()
      }
    },
  }
}

/** The package hands its addon out only inside this class. */
function loadAddon(): Addon {
  const { native } = new ChdbNodeEngine({}) as unknown as { readonly native: Partial<Addon> }
  for (const name of ['CreateConnection', 'QueryAsyncConnection', 'StreamQuery', 'StreamFetch'] as const) {
    if (typeof native?.[name] !== 'function') throw new Error(`chdb's addon has no ${name}: another version?`)
  }
  return native as Addon
}

function connection(addon: Addon, handle: Handle): EngineConnection {
  // what runs on the connection now: closing it under a query would end the engine for the whole process
  let busy: Promise<unknown> = Promise.resolve()
  let open: Handle | undefined
  let closed = false
  const track = <T>(work: Promise<T>): Promise<T> => {
    busy = work.catch(() => undefined)
    return work
  }
  const endStream = () => {
    if (open) addon.StreamCancel(open)
    open = undefined
  }
  return {
    async run(sql, format = 'TabSeparated', hide = []) {
      try {
        const result = await track(addon.QueryAsyncConnection(handle, sql, format))
        return { bytes: result.bytes, rows: result.rowsRead, bytesCounted: result.bytesRead }
      } catch (error) {
        throw parseEngineError(error, hide)
      }
    },
    async *stream(sql, format) {
      try {
        open = addon.StreamQuery(handle, sql, format)
        while (open && !closed) {
          const { done, bytes } = await track(addon.StreamFetch(open))
          if (done) {
            open = undefined
            break
          }
          if (bytes.byteLength > 0) yield bytes
        }
      } catch (error) {
        // the addon has let go of it
        open = undefined
        throw parseEngineError(error)
      } finally {
        if (!closed) endStream()
      }
    },
    close() {
      closed = true
      void busy.then(() => {
        endStream()
        addon.CloseConnection(handle)
      })
    },
  }
}
