import { mkdir } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isOwnHost } from '../ownHost.ts'
import { TENANT_TABLES } from '../tenantTables.ts'
import { createAuthorise } from './authorise.ts'
import { openEngine } from './engine.ts'
import { createGate } from './gate.ts'
import { createRunningQueries } from './running.ts'
import { serveQuery } from './serve.ts'
import { identifier, type ReaderLimits } from './settings.ts'
import { openSpool } from './spool.ts'
import { createParse } from './statement.ts'
import type { StoreUser } from './users.ts'

export interface StoreServerOptions {
  /** The data directory; one process at a time. */
  readonly dir: string
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  readonly users: readonly StoreUser[]
  /** The database that is made at the start and meant when none is named. */
  readonly database?: string
  /** Tables that have the column `tenant`: a query for some tenants reads no others. Default: the catalogue's. */
  readonly tenantTables?: readonly string[]
  /** Host names this store is reached by, beside localhost and addresses; others are refused (DNS rebinding). */
  readonly names?: readonly string[]
  readonly maxMemory_bytes?: number
  readonly maxBody_bytes?: number
  /** Queries at a time, and how many may wait for how long: of read-only users, */
  readonly guests?: GateLimits
  /** of who may write when they read (so that no guest keeps the console waiting), */
  readonly reads?: GateLimits
  /** and when they write. */
  readonly writes?: GateLimits
  readonly readerLimits?: Partial<ReaderLimits>
  /** Monotonic milliseconds. */
  readonly clock: () => number
}

export type GateLimits = { readonly limit: number; readonly queue: number; readonly wait_ms: number }

export interface StoreServer {
  readonly url: string
  readonly version: string
  /** Asks the engine itself; never resolves while that hangs. */
  alive(): Promise<void>
  /**
   * Takes no more requests and waits for those that run. The engine itself stays open until the process ends (by
   * SIGKILL, best: an exit waits for its threads); what was answered is on the disk.
   */
  close(): Promise<void>
}

const GIB = 1 << 30

export const READER_LIMITS: ReaderLimits = {
  max_execution_time: 60,
  max_result_rows: 10_000_000,
  max_result_bytes: GIB,
  max_memory_usage: 2 * GIB,
}

/** The threads the process needs in libuv's pool: one a query, and some for parsing, killing and files. */
export const POOL_THREADS = 24

/** Opens the engine and listens. The process must have been started with UV_THREADPOOL_SIZE = POOL_THREADS. */
export async function startStoreServer(options: StoreServerOptions): Promise<StoreServer> {
  await mkdir(options.dir, { recursive: true })
  const database = options.database ?? 'firstframe'
  const engine = await openEngine({ dir: options.dir, maxMemory_bytes: options.maxMemory_bytes ?? 4 * GIB })
  const connection = engine.connect()
  // `default` is an overlay here; tables live in a database of the usual kind
  await connection.run(`CREATE DATABASE IF NOT EXISTS ${identifier(database)} ENGINE = Atomic`)
  connection.close()
  const spool = await openSpool()
  const tenantTables = options.tenantTables ?? TENANT_TABLES
  const serve = {
    engine,
    parse: createParse(engine),
    authorise: createAuthorise({ engine, database, tables: tenantTables }),
    tenantTables,
    spool,
    users: options.users,
    database,
    displayName: 'firstframe',
    limits: { ...READER_LIMITS, ...options.readerLimits },
    maxBody_bytes: options.maxBody_bytes ?? 256 << 20,
    guests: createGate({ name: 'guest', ...(options.guests ?? { limit: 6, queue: 64, wait_ms: 10_000 }) }),
    reads: createGate({ name: 'read', ...(options.reads ?? { limit: 6, queue: 64, wait_ms: 10_000 }) }),
    writes: createGate({ name: 'write', ...(options.writes ?? { limit: 6, queue: 64, wait_ms: 60_000 }) }),
    running: createRunningQueries(engine),
    clock: options.clock,
  }
  const requested = new Set<Promise<void>>()
  const server = createServer(
    { maxHeaderSize: 1 << 20, keepAliveTimeout: 30_000, requestTimeout: 300_000 },
    (request, response) => {
      const url = new URL(request.url ?? '/', 'http://store')
      if (!isOwnHost(request.headers.host, options.names ?? []) || isBrowserPage(request)) {
        response.statusCode = isOwnHost(request.headers.host, options.names ?? []) ? 403 : 421
        response.end(
          'Code: 497. DB::Exception: The store answers no web pages and no foreign host names: set store.names. (ACCESS_DENIED)\n',
        )
      } else if (url.pathname === '/ping' || url.pathname === '/replicas_status') {
        response.setHeader('Content-Type', 'text/html; charset=UTF-8')
        response.end('Ok.\n')
      } else if (url.pathname !== '/') {
        response.statusCode = 404
        response.end(`There is no handle ${url.pathname}\n\nUse / or /ping.\n`)
      } else if (!['GET', 'POST', 'HEAD'].includes(request.method ?? '')) {
        response.statusCode = 405
        response.setHeader('Allow', 'GET, HEAD, POST')
        response.end()
      } else {
        const answer = serveQuery(serve, { request, response, args: url.searchParams })
        requested.add(answer)
        void answer.finally(() => requested.delete(answer))
      }
    },
  )
  await listen(server, options)
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return {
    url: `http://${host}:${port}`,
    version: engine.version,
    async alive() {
      const probe = engine.connect()
      await probe.run('SELECT 1').finally(() => probe.close())
    },
    async close() {
      server.close()
      await Promise.allSettled(requested)
      server.closeAllConnections()
      await spool.close()
    },
  }
}

/** Whether a page in a browser asks: the store has none, so the page is somebody else's. */
function isBrowserPage({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  return headers.origin !== undefined || (site !== undefined && site !== 'none')
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
