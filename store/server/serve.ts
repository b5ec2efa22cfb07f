import type { IncomingMessage, ServerResponse } from 'node:http'
import { literal } from '../../schemas/sql.ts'
import type { Authorise } from './authorise.ts'
import { fromBlocks, toBlockChunks, toBlocks } from './blocks.ts'
import type { Engine, EngineConnection, EngineResult } from './engine.ts'
import { EngineError, parseEngineError, refusal } from './errors.ts'
import { isChunked } from './formats.ts'
import type { Gate } from './gate.ts'
import { inflateByEngine, inflatedByEngine } from './inflate.ts'
import { frameNative, frameNativeChunks } from './native.ts'
import { takeSettings } from './querySettings.ts'
import { createReply } from './reply.ts'
import { readBody, readRequest, type StoreRequest } from './request.ts'
import type { RunningQueries, RunningQuery } from './running.ts'
import { prelude, type ReaderLimits } from './settings.ts'
import type { Spool } from './spool.ts'
import { insertFromFile, killByOurIds, type Parse, readStatement, type Statement } from './statement.ts'
import { authenticate, type StoreUser } from './users.ts'

export interface ServeOptions {
  readonly engine: Engine
  readonly parse: Parse
  readonly authorise: Authorise
  readonly spool: Spool
  readonly users: readonly StoreUser[]
  readonly database: string
  /** Tables that have the column `tenant`. */
  readonly tenantTables: readonly string[]
  readonly displayName: string
  readonly limits: ReaderLimits
  readonly maxBody_bytes: number
  readonly guests: Gate
  readonly reads: Gate
  readonly writes: Gate
  readonly running: RunningQueries
  /** Monotonic milliseconds. */
  readonly clock: () => number
}

type Reply = ReturnType<typeof createReply>

/** Answers `GET|POST /?query=…`. It never throws: what goes wrong is an answer, too. */
export async function serveQuery(
  options: ServeOptions,
  http: { request: IncomingMessage; response: ServerResponse; args: URLSearchParams },
): Promise<void> {
  const { engine } = options
  const { request, response, args } = http
  const reply = (requested?: StoreRequest) =>
    createReply({
      response,
      queryId: requested?.queryId ?? args.get('query_id') ?? '',
      version: engine.version,
      timezone: engine.timezone,
      displayName: options.displayName,
      compressed: requested?.compressed ?? false,
    })
  let queried: StoreRequest | undefined
  try {
    const user = authenticate(request, args, options.users)
    if (user instanceof EngineError) throw user
    queried = readRequest(request, args, options.database)
    const body = await bodyOf(options, request, queried)
    const lead = queried.urlQuery !== '' && body.length > 0 ? `${queried.urlQuery}\n` : queried.urlQuery
    const bytes = Buffer.concat([Buffer.from(lead), ...body])
    if (bytes.length === 0 && queried.get) {
      response.end('Ok.\n')
      return
    }
    await answer(options, { requested: queried, user, bytes, response, reply: reply(queried) })
  } catch (error) {
    if (!request.complete) {
      // the rest of the body is not wanted; a client that reads while it sends still learns why
      request.unpipe()
      request.resume()
      response.setHeader('Connection', 'close')
      response.once('finish', () => setTimeout(() => request.destroy(), 1_000).unref())
    }
    reply(queried).error(parseEngineError(error))
  }
}

async function bodyOf(
  options: ServeOptions,
  request: IncomingMessage,
  requested: StoreRequest,
): Promise<Buffer[]> {
  const body = await sentBody(options, request)
  return requested.blocksIn && body.length > 0 ? fromBlocks(Buffer.concat(body), options.maxBody_bytes) : body
}

async function sentBody(options: ServeOptions, request: IncomingMessage): Promise<Buffer[]> {
  const { engine, spool, maxBody_bytes: max_bytes } = options
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (!inflatedByEngine(encoding)) return readBody(request, { encoding, max_bytes })
  const bytes = await readBody(request, { encoding: 'identity', max_bytes })
  return bytes.length === 0 ? [] : [await inflateByEngine({ engine, spool, max_bytes }, { encoding, bytes })]
}

interface Work {
  readonly requested: StoreRequest
  readonly user: StoreUser
  readonly bytes: Buffer
  readonly response: ServerResponse
  readonly reply: Reply
}

async function answer(options: ServeOptions, given: Work): Promise<void> {
  const { user, response } = given
  const read = await readStatement(options.parse, given.bytes)
  const { statement, requested } =
    user.access === 'read'
      ? withHeldSettings(read, given.requested)
      : { statement: read, requested: given.requested }
  const work = { ...given, requested }
  if (statement.kill) return kill(options, work, statement)
  const readonly = user.access === 'read' || requested.get
  if (readonly && statement.class !== 'read') {
    const why = requested.get
      ? 'Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries'
      : `${user.name}: Cannot execute query in readonly mode`
    throw refusal('readonly', why)
  }
  const { database } = await options.authorise({ access: user.access, requested, statement })
  const query = options.running.begin({ queryId: requested.queryId, user: user.name })
  const gone = () => {
    if (!response.writableFinished && statement.class === 'read') query.cancel()
  }
  response.on('close', gone)
  // Who went away while the statement was read is not told of any more.
  if (response.destroyed) gone()
  try {
    const reads = user.access === 'read' ? options.guests : options.reads
    const gate = statement.class === 'read' ? reads : options.writes
    const leave = await gate.enter(query.signal)
    try {
      await run(options, work, { statement, query, readonly, database })
    } finally {
      leave()
    }
  } finally {
    response.off('close', gone)
    query.end()
  }
}

/** A read user's SETTINGS at the end of a query are judged like those of the address, so that they are held and not refused. */
function withHeldSettings(
  statement: Statement,
  requested: StoreRequest,
): { statement: Statement; requested: StoreRequest } {
  const taken = statement.class === 'read' ? takeSettings(statement.normal) : undefined
  if (!taken) return { statement, requested }
  return {
    statement: { ...statement, text: taken.text, normal: taken.text },
    requested: { ...requested, settings: new Map([...requested.settings, ...taken.settings]) },
  }
}

async function run(
  options: ServeOptions,
  work: Work,
  job: { statement: Statement; query: RunningQuery; readonly: boolean; database: string },
): Promise<void> {
  const { requested, user, reply } = work
  const { statement } = job
  const started = options.clock()
  const connection = options.engine.connect()
  try {
    await connection.run(
      prelude({
        access: user.access,
        readonly: job.readonly,
        database: job.database,
        queryId: requested.queryId,
        params: requested.params,
        settings: requested.settings,
        limits: options.limits,
        known: options.engine.settings,
        seal:
          user.access === 'read' && requested.tenants
            ? { database: options.database, tables: options.tenantTables, tenants: requested.tenants }
            : undefined,
      }),
    )
    if (job.query.signal.aborted) throw refusal('cancelled', 'Query was cancelled')
    const elapsed = () => String(Math.round((options.clock() - started) * 1e6))
    if (statement.insert) {
      const data = work.bytes.subarray(statement.insert.dataAt)
      const done = await insertBytes(options, { connection, normal: statement.normal, data })
      const summary = { written_rows: String(done.rows), written_bytes: String(done.bytesCounted) }
      await reply.whole(new Uint8Array(0), 'TabSeparated', { ...summary, elapsed_ns: elapsed() })
      return
    }
    const format = statement.format ?? requested.defaultFormat ?? 'TabSeparated'
    const framed = format === 'Native' && requested.protocolVersion > 0
    if (statement.class === 'read' && isChunked(format) && !requested.waitEndOfQuery && isSelect(statement)) {
      const chunks = connection.stream(statement.text, format)
      const shown = framed ? frameNativeChunks(chunks, requested.protocolVersion) : chunks
      await reply.chunks(requested.blocksOut ? toBlockChunks(shown) : shown, format)
      return
    }
    const result = await connection.run(statement.text, format)
    const bytes = framed ? frameNative(result.bytes, requested.protocolVersion) : result.bytes
    const summary = { result_rows: String(result.rows), result_bytes: String(result.bytesCounted) }
    await reply.whole(requested.blocksOut ? toBlocks(bytes) : bytes, format, {
      ...summary,
      elapsed_ns: elapsed(),
    })
  } finally {
    connection.close()
  }
}

async function insertBytes(
  options: ServeOptions,
  insert: { connection: EngineConnection; normal: string; data: Uint8Array },
): Promise<EngineResult> {
  const file = await options.spool.put([insert.data])
  try {
    return await insert.connection.run(insertFromFile(insert.normal, literal(file.path)), 'TabSeparated', [
      file.path,
    ])
  } finally {
    await file.remove()
  }
}

/** KILL QUERY by the ids of this interface. A reader may stop what runs under its own name. */
async function kill(options: ServeOptions, work: Work, statement: Statement): Promise<void> {
  const { user, requested, reply } = work
  const queryId = statement.kill?.queryId
  if (user.access === 'read') {
    if (queryId === undefined) {
      throw refusal('access', `${user.name}: only KILL QUERY WHERE query_id = '…' is allowed`)
    }
    if (requested.get) throw refusal('readonly', 'KILL QUERY needs the method POST')
    const found = options.running.cancel(queryId, user.name)
    const row = found ? `waiting\t${queryId}\t${user.name}\t\n` : ''
    return reply.whole(Buffer.from(row), 'TabSeparated', { result_rows: found ? '1' : '0' })
  }
  if (queryId !== undefined) options.running.cancel(queryId)
  const connection = options.engine.connect()
  try {
    const format = statement.format ?? requested.defaultFormat ?? 'TabSeparated'
    const result = await connection.run(killByOurIds(statement.normal), format)
    await reply.whole(result.bytes, format, { result_rows: String(result.rows) })
  } finally {
    connection.close()
  }
}

function isSelect(statement: Statement): boolean {
  return /^(SELECT|WITH|\()/.test(statement.normal)
}
