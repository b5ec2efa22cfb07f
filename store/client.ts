import { Readable } from 'node:stream'
import {
  type ClickHouseClient,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client'
import { faultOf, StoreError } from './storeError.ts'

export interface StoreClientOptions {
  readonly url: string
  readonly user: string
  readonly password: string
  readonly database?: string
  /** A request that takes longer fails (and may be tried again). */
  readonly requestTimeout_ms?: number
  readonly maxConnections?: number
  /** Name of the cluster whose Distributed tables are written: an insert of a partition goes to one of its shards. */
  readonly cluster?: string
}

export interface QueryOptions {
  /** Values of `{name: Type}` in the query. */
  readonly params?: Readonly<Record<string, unknown>>
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  readonly signal?: AbortSignal
  readonly queryId?: string
}

export interface ArrowInsert {
  readonly table: string
  readonly columns: readonly string[]
  /** The bytes of one ArrowStream, in pieces: schema, record batches, end marker. Sent as they are. */
  readonly chunks: readonly Uint8Array[]
  /** The same token again is not inserted again, neither here nor in the views' targets. */
  readonly token: string
  /** The log's partition the rows are of: on a cluster a partition has its shard, so that an insert makes one part, not one a shard. */
  readonly partition?: number
  readonly signal?: AbortSignal
}

/** A ClickHouse: the embedded one or a cluster. Every failure is a StoreError. */
export interface Store {
  /** All rows as objects. 64-bit integers come as numbers: above 2^53 ask for toString(). */
  query<T>(sql: string, options?: QueryOptions): Promise<T[]>
  /** The bytes of a result in a format, as they come: `for await (const chunk of …)`. */
  queryStream(
    sql: string,
    options: QueryOptions & { readonly format: string },
  ): AsyncGenerator<Uint8Array, void>
  /** The bytes of a result in a format. */
  queryBytes(sql: string, options: QueryOptions & { readonly format: string }): Promise<Uint8Array>
  /** A statement without a result: DDL and the like. */
  exec(sql: string, options?: QueryOptions): Promise<void>
  /** One block: all of it is in the table and in the views, or none (then it throws). */
  insertArrow(insert: ArrowInsert): Promise<void>
  /** Rows as objects, for small tables of our own; `token` as in insertArrow. */
  insertRows(insert: {
    readonly table: string
    readonly rows: readonly Readonly<Record<string, unknown>>[]
    readonly token?: string
  }): Promise<void>
  /** Whether it answers a query. */
  ping(): Promise<boolean>
  close(): Promise<void>
}

/** Connects. This is the only file that imports @clickhouse/client. */
export function createStore(options: StoreClientOptions): Store {
  const client = createClient({
    url: options.url,
    username: options.user,
    password: options.password,
    database: options.database ?? 'firstframe',
    request_timeout: options.requestTimeout_ms ?? 60_000,
    max_open_connections: options.maxConnections ?? 16,
    // an idle socket is dropped well before either side's keep-alive ends, so that no request meets a closed one
    keep_alive: { enabled: true, idle_socket_ttl: 2_000 },
    application: 'firstframe',
    // failures are values here (StoreError); who handles them says them
    log: { level: ClickHouseLogLevel.OFF },
  })
  let shards: Promise<number> | undefined
  /** The setting that names the shard of a partition; nothing on a single server. */
  async function shardSetting(partition: number | undefined): Promise<string> {
    if (!options.cluster || partition === undefined) return ''
    shards ??= countShards(client, options.cluster)
    try {
      return `, insert_shard_id = ${(partition % (await shards)) + 1}`
    } catch (error) {
      shards = undefined
      throw error
    }
  }

  return {
    query: (sql, query = {}) =>
      describe(async () => {
        const result = await client.query({ query: sql, format: 'JSONEachRow', ...given(query) })
        return (await result.json()) as never
      }),
    queryStream: (sql, query) => streamOf(client, sql, query),
    queryBytes: (sql, query) =>
      describe(async () => {
        const chunks: Uint8Array[] = []
        for await (const chunk of streamOf(client, sql, query)) chunks.push(chunk)
        return Buffer.concat(chunks)
      }),
    exec: (sql, query = {}) =>
      describe(async () => {
        await client.command({ query: sql, ...given(query) })
      }),
    insertArrow: (insert) =>
      inserted(async () => {
        // settings given beside the query would stay with a connection; in the SQL they belong to this insert alone
        const query =
          `INSERT INTO ${insert.table} (${insert.columns.map(quoteName).join(', ')}) ` +
          `SETTINGS ${tokenSetting(insert.token)}, ${ON_A_CLUSTER}${await shardSetting(insert.partition)} FORMAT ArrowStream`
        const values = Readable.from(insert.chunks, { objectMode: false })
        const result = await client.exec({ query, values, ...signalOf(insert) })
        await drain(result.stream)
      }),
    insertRows: (insert) =>
      inserted(async () => {
        if (insert.rows.length === 0) return
        const token = insert.token === undefined ? '' : `${tokenSetting(insert.token)}, `
        const query = `INSERT INTO ${insert.table} SETTINGS ${token}${ON_A_CLUSTER} FORMAT JSONEachRow`
        const lines = insert.rows.map((row) => `${JSON.stringify(row)}\n`).join('')
        const result = await client.exec({ query, values: Readable.from([Buffer.from(lines)]) })
        await drain(result.stream)
      }),
    async ping() {
      const result = await client.ping({ select: true }).catch(() => ({ success: false }))
      return result.success
    },
    close: () => client.close(),
  }
}

async function countShards(client: ClickHouseClient, cluster: string): Promise<number> {
  const result = await client.query({
    query: 'SELECT toUInt32(max(shard_num)) AS n FROM system.clusters WHERE cluster = {cluster:String}',
    query_params: { cluster },
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ n: number }>()
  if (row === undefined || row.n === 0)
    throw new StoreError(`the store knows no cluster ${cluster}`, {
      code: 0,
      type: 'NO_CLUSTER',
      fault: 'query',
    })
  return row.n
}

async function* streamOf(
  client: ClickHouseClient,
  sql: string,
  options: QueryOptions & { readonly format: string },
): AsyncGenerator<Uint8Array, void> {
  try {
    if (!/^[A-Za-z0-9]+$/.test(options.format)) throw new TypeError(`not a format: ${options.format}`)
    const result = await client.exec({ query: `${sql}\nFORMAT ${options.format}`, ...given(options) })
    for await (const chunk of result.stream) yield chunk as Uint8Array
  } catch (error) {
    throw storeError(error)
  }
}

function given({ params, settings, signal, queryId }: QueryOptions) {
  return {
    ...(params && { query_params: { ...params } }),
    ...(settings && { clickhouse_settings: { ...settings } as ClickHouseSettings }),
    ...(signal && { abort_signal: signal }),
    ...(queryId !== undefined && { query_id: queryId }),
  }
}

function signalOf({ signal }: { readonly signal?: AbortSignal }) {
  return signal ? { abort_signal: signal } : {}
}

function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}

/**
 * An insert into a Distributed table is answered when the shards have it, not when this server has noted it; and views' targets
 * know a repeated token by themselves, which is the default only of newer servers. Neither changes anything on a single server.
 */
const ON_A_CLUSTER =
  'distributed_foreground_insert = 1, deduplicate_blocks_in_dependent_materialized_views = 1'

function tokenSetting(token: string): string {
  return `insert_deduplication_token = '${token.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

async function drain(stream: Readable): Promise<void> {
  for await (const _ of stream) {
    // an insert answers with nothing; the end of it is what counts
  }
}

async function describe<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storeError(error)
  }
}

async function inserted(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const { message, code, type, fault, cause } = storeError(error)
    throw new StoreError(message, { code, type, fault, retriable: fault !== 'data', cause })
  }
}

/** Any failure of the client or its server → StoreError. */
export function storeError(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  const { code, type, message } = error as { code?: unknown; type?: unknown; message?: unknown }
  const text = String(message ?? error)
  const number = typeof code === 'string' && /^\d+$/.test(code) ? Number(code) : 0
  if (number > 0) {
    return new StoreError(`${text.trim()} (${type})`, {
      code: number,
      type: String(type),
      fault: faultOf(number, text),
      cause: error,
    })
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    return new StoreError(text, { code: 0, type: 'BAD_CALL', fault: 'query', cause: error })
  }
  const name = typeof code === 'string' ? code : 'NETWORK'
  return new StoreError(text, { code: 0, type: name, fault: 'store', cause: error })
}
