import { Session } from 'chdb'
import { ChdbNodeEngine } from 'chdb/durable/node'
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
  stream(sql: string, format: string): AsyncGenerator<Uint8Array & { rows?: number }, void>
  close(): void
}

export interface Engine {
  readonly version: string
  readonly timezone: string
  readonly hostName: string
  connect(): EngineConnection
  /** Asks the engine's parser; it runs nothing. */
  analyse(sql: string): Promise<Analysis>
  /** The one statement in its normal form on one line; throws a syntax error, also for several statements. */
  normalise(sql: string): Promise<string>
  /** True while something runs: closing then would take seconds, so the process is better ended. */
  close(): Promise<void>
}

const CLASSES = ['read', 'write', 'global', 'control', 'unknown'] as const

/** A ClickHouse string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/**
 * Opens chDB on a directory. This is the only file that imports it. The first connection sets the server's
 * configuration; a new connection costs 0.1 ms, so each request gets its own and no setting outlives a request.
 */
export async function openEngine(options: {
  readonly dir: string
  readonly maxMemoryBytes: number
  readonly args?: readonly string[]
}): Promise<Engine> {
  const { dir } = options
  const first = new Session(dir, {
    connectionArgs: [`--max_server_memory_usage=${options.maxMemoryBytes}`, ...(options.args ?? [])],
  })
  const parser = new Session(dir)
  const classifier = new ChdbNodeEngine({})
  await classifier.start({ dataPath: dir, backupsAllowedPath: `${dir}/backups` })
  await parser.queryAsync('SET implicit_select = 0, max_query_size = 0', { format: 'TSV' })
  const facts = await parser.queryAsync('SELECT version(), timezone(), hostName()', { format: 'TSV' })
  const [version = '', timezone = '', hostName = ''] = facts.text().trim().split('\t')
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
    hostName,
    connect: () => connection(new Session(dir)),
    analyse: (sql) =>
      inTurn(async () => {
        const found = await classifier.analyze(sql, 'firstframe')
        return { statements: found.statementCount, class: CLASSES[found.queryClass] ?? 'unknown' }
      }),
    normalise: (sql) =>
      inTurn(async () => {
        try {
          const query = `SELECT formatQuerySingleLine(${literal(sql)})`
          return (await parser.queryAsync(query, { format: 'RawBLOB' })).text()
        } catch (error) {
          const found = parseEngineError(error)
          const scope = found.message.lastIndexOf(': In scope SELECT formatQuerySingleLine(')
          if (scope > 0) found.message = `${found.message.slice(0, scope)}.`
          throw found
        }
      }),
    async close() {
      await classifier.close()
      parser.close()
      first.close()
    },
  }
}

function connection(session: Session): EngineConnection {
  return {
    async run(sql, format = 'TabSeparated', hide = []) {
      try {
        const result = await session.queryAsync(sql, { format })
        return { bytes: result.bytes(), rows: result.rowsRead, bytesCounted: result.bytesRead }
      } catch (error) {
        throw parseEngineError(error, hide)
      }
    },
    async *stream(sql, format) {
      try {
        for await (const chunk of session.queryStream(sql, { format })) {
          if (chunk.numBytes > 0) yield Object.assign(chunk.raw(), { rows: chunk.numRows })
        }
      } catch (error) {
        throw parseEngineError(error)
      }
    },
    close: () => session.close(),
  }
}
