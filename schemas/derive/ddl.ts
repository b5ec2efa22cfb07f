import { KINDS, type Kind } from '../kinds/kinds.ts'
import type { Measure } from '../measures.ts'
import { keptBy, ROLLUPS, type Rollup, type RollupSpec } from '../rollups.ts'
import { rollupColumn } from '../sql.ts'
import { SYSTEM_TABLES } from '../system.ts'
import { type Column, clickhouseType, columnsOf, TABLE_NAMES, type Table } from './columns.ts'

export interface DdlOptions {
  readonly database: string
  /** A named cluster: replicated local tables, a Distributed table of the plain name over each, everything ON CLUSTER. */
  readonly cluster?: string
  /** A storage policy of the servers with a volume `cold`: what is older than COLD_DAYS moves there. */
  readonly storage_policy?: string
  /** false: no table has a TTL, which an engine obeys on the word of its own clock; who uses it drops what is old. Default: true. */
  readonly expires?: boolean
}

/** Inserts a table remembers by token: an hour of one a second from 16 partitions, for the raw table and every view's target. */
const DEDUPLICATION_WINDOW = 60_000

/** Days on the first volume of a storage policy: what is asked for most is of today and yesterday. */
const COLD_DAYS = 3

const isKind = (table: Table): table is Kind => table in KINDS

interface Names {
  readonly on: string
  readonly local: (name: string) => string
  readonly settings: Readonly<Record<string, string>>
  /** When rows move to the cold volume, if there is one, and when they go. */
  readonly ttl: (time: string, days: number) => string | undefined
}

function names({ cluster, storage_policy, expires = true }: DdlOptions): Names {
  const window = cluster ? 'replicated_deduplication_window' : 'non_replicated_deduplication_window'
  return {
    on: cluster ? ` ON CLUSTER '${cluster}'` : '',
    local: (name) => `${name}${cluster ? '_local' : ''}`,
    settings: {
      [window]: String(DEDUPLICATION_WINDOW),
      index_granularity: '8192',
      ...(storage_policy && { storage_policy: `'${storage_policy}'` }),
    },
    ttl: (time, days) => {
      if (!expires) return undefined
      const cold =
        storage_policy && days > COLD_DAYS ? `${time} + INTERVAL ${COLD_DAYS} DAY TO VOLUME 'cold', ` : ''
      return `${cold}${time} + INTERVAL ${days} DAY`
    },
  }
}

/** One column of a table as the store keeps it. */
export interface StoredColumn {
  readonly name: string
  readonly type: string
  /** As within `CODEC(…)`; undefined: the server's default. */
  readonly codec?: string
}

/**
 * One table or view of the store. `create` makes it where it is missing; the other parts are what `difference`
 * compares with a table that is there.
 */
export interface Definition {
  /** Without the database. */
  readonly name: string
  readonly engine:
    | 'MergeTree'
    | 'AggregatingMergeTree'
    | 'ReplacingMergeTree'
    | 'Distributed'
    | 'View'
    | 'MaterializedView'
  readonly create: string
  /** Of tables; a view has the columns of its query. */
  readonly columns?: readonly StoredColumn[]
  readonly partition_by?: string
  readonly order_by?: readonly string[]
  readonly ttl?: string
  /** Skip indices: name → `expression TYPE … GRANULARITY …`. */
  readonly indices?: Readonly<Record<string, string>>
  readonly settings?: Readonly<Record<string, string>>
  /** Of views. */
  readonly select?: string
}

const storedColumn = (column: Column): StoredColumn => ({
  name: column.name,
  type: clickhouseType(column),
  codec: column.field.codec ?? 'ZSTD(1)',
})

/** A column as CREATE and ALTER write it. */
export const columnDdl = ({ name, type, codec }: StoredColumn): string =>
  `${name} ${type}${codec === undefined ? '' : ` CODEC(${codec})`}`

interface TableSpec {
  readonly name: string
  readonly family: 'MergeTree' | 'AggregatingMergeTree' | 'ReplacingMergeTree'
  readonly version?: string
  readonly columns: readonly StoredColumn[]
  readonly indices?: Readonly<Record<string, string>>
  readonly partition_by: string
  readonly primary_key?: readonly string[]
  readonly order_by: readonly string[]
  /** When rows go: the expression of their time, and days after it. */
  readonly kept: readonly [time: string, days: number]
  readonly shardingKey: string
}

/** A table; on a cluster a replicated local one, and a Distributed one of the plain name over them. */
function table(spec: TableSpec, options: DdlOptions, between: readonly Definition[] = []): Definition[] {
  const { database, cluster } = options
  const { on, local, settings, ttl } = names(options)
  const { name, family, columns, indices = {}, partition_by, primary_key, order_by } = spec
  const lines = [
    ...columns.map((column) => `  ${columnDdl(column)}`),
    ...Object.entries(indices).map(([index, what]) => `  INDEX ${index} ${what}`),
  ]
  const expiry = ttl(...spec.kept)
  const own: Definition = {
    name: local(name),
    engine: family,
    columns,
    indices,
    partition_by,
    order_by,
    ttl: expiry,
    settings,
    create:
      `CREATE TABLE IF NOT EXISTS ${database}.${local(name)}${on} (\n${lines.join(',\n')}\n)\n` +
      `ENGINE = ${cluster ? 'Replicated' : ''}${family}(${spec.version ?? ''})\nPARTITION BY ${partition_by}\n` +
      `${primary_key === undefined ? '' : `PRIMARY KEY (${primary_key.join(', ')})\n`}ORDER BY ${order_by.length === 1 ? order_by[0] : `(${order_by.join(', ')})`}\n` +
      `${expiry === undefined ? '' : `TTL ${expiry}\n`}SETTINGS ${Object.entries(settings)
        .map(([key, value]) => `${key} = ${value}`)
        .join(', ')}`,
  }
  if (!cluster) return [own, ...between]
  const spread: Definition = {
    name,
    engine: 'Distributed',
    columns: columns.map(({ codec: _, ...column }) => column),
    create:
      `CREATE TABLE IF NOT EXISTS ${database}.${name} ON CLUSTER '${cluster}' AS ${database}.${name}_local\n` +
      `ENGINE = Distributed('${cluster}', '${database}', '${name}_local', ${spec.shardingKey})`,
  }
  return [own, ...between, spread]
}

/** The table of a kind: ordered so that a stream's minutes lie together (12 bytes a heartbeat, measured at 100 M rows). */
function kindTable(kind: Kind, options: DdlOptions): Definition[] {
  const prefix = ['tenant', 'stream', 'toStartOfFiveMinutes(received_time)']
  const { keyed_by, retention_days } = KINDS[kind]
  const rest = keyed_by === 'node' ? ['received_time'] : ['cdn', 'session', 'event_time']
  return table(
    {
      name: kind,
      family: 'MergeTree',
      columns: columnsOf(kind).map(storedColumn),
      indices: {
        session_bloom: 'session TYPE bloom_filter(0.01) GRANULARITY 4',
        received_range: 'received_time TYPE minmax GRANULARITY 1',
      },
      partition_by: 'toDate(received_time)',
      primary_key: prefix,
      order_by: [...prefix, ...rest],
      kept: ['toDateTime(received_time)', retention_days],
      shardingKey: keyed_by === 'session' ? 'cityHash64(session)' : 'cityHash64(stream)',
    },
    options,
  )
}

function systemTable(name: keyof typeof SYSTEM_TABLES, options: DdlOptions): Definition[] {
  const { time, order_by, retention_days, ...rest } = SYSTEM_TABLES[name]
  const version = 'replaced_by' in rest ? rest.replaced_by.version : undefined
  return table(
    {
      name,
      family: version === undefined ? 'MergeTree' : 'ReplacingMergeTree',
      version,
      columns: columnsOf(name).map(storedColumn),
      partition_by: `toYYYYMM(${time})`,
      order_by,
      kept: [`toDateTime(${time})`, retention_days],
      shardingKey: 'cityHash64(tenant)',
    },
    options,
  )
}

function typeOf(kind: Kind, name: string): string {
  const column = columnsOf(kind).find((each) => each.name === name)
  if (column === undefined) throw new Error(`rollup of ${kind}: no field ${name}`)
  return clickhouseType(column)
}

/** A rollup that is a view: the rows of others, one after the other; what one of them does not have is 0 or ''. */
function unionView(name: Rollup, spec: RollupSpec, keys: readonly string[], options: DdlOptions): Definition {
  const { database } = options
  const rows = spec.over!.map((source) => {
    const own: RollupSpec = ROLLUPS[source as Rollup]
    const has: readonly string[] = ['tenant', 'show', 'stream', ...own.by, ...keptBy(own)]
    const columns = [
      ...keys.map((key) => (has.includes(key) ? key : `'' AS ${key}`)),
      ...keptBy(spec).map((measure) => `toFloat64(${has.includes(measure) ? measure : 0}) AS ${measure}`),
    ]
    return `SELECT time, ${columns.join(', ')} FROM ${database}.${source}`
  })
  const select = rows.join('\nUNION ALL\n')
  const create = `CREATE VIEW IF NOT EXISTS ${database}.${name}${names(options).on} AS\n${select}`
  return { name, engine: 'View', create, select }
}

function rollup(name: Rollup, options: DdlOptions): Definition[] {
  const { database } = options
  const { on, local } = names(options)
  const spec: RollupSpec = ROLLUPS[name]
  const keys = ['tenant', 'show', 'stream', ...spec.by]
  if (spec.over !== undefined) return [unionView(name, spec, keys, options)]
  const view = (of: string, measures: readonly Measure[], source: string, from?: string): Definition => {
    const time = from === undefined ? spec.clock : 'source.time'
    const columns = [
      `  toDateTime(toStartOfInterval(${time}, INTERVAL ${spec.step_s} SECOND)) AS time`,
      ...keys.map((key) => `  ${key}`),
      ...measures.map(
        (measure) => `  ${rollupColumn(measure)[from === undefined ? 'select' : 'again']} AS ${measure}`,
      ),
    ]
    // Rows that do not count make no row of a rollup: forged names fill no list and no table.
    const select =
      `SELECT\n${columns.join(',\n')}\n` +
      `FROM ${database}.${local(source)}\n${from === undefined ? 'WHERE weight > 0' : 'AS source'}\nGROUP BY time, ${keys.join(', ')}`
    const create = `CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.${local(of)}${on} TO ${database}.${local(name)} AS\n${select}`
    return { name: local(of), engine: 'MaterializedView', create, select }
  }
  const key = ['tenant', 'show', 'stream', 'time']
  return table(
    {
      name,
      family: 'AggregatingMergeTree',
      columns: [
        { name: 'time', type: "DateTime('UTC')", codec: 'DoubleDelta, ZSTD(1)' },
        ...keys.map((column) => ({ name: column, type: typeOf(spec.kind, column), codec: 'ZSTD(1)' })),
        ...keptBy(spec).map((measure) => ({
          name: measure,
          type: rollupColumn(measure).type,
          codec: 'ZSTD(1)',
        })),
      ],
      partition_by: spec.step_s < 60 ? 'toDate(time)' : 'toYYYYMM(time)',
      primary_key: key,
      order_by: [...key, ...spec.by],
      kept: ['time', spec.retention_days],
      shardingKey: 'rand()',
    },
    options,
    [
      view(`${name}_view`, spec.measures, spec.from ?? spec.kind, spec.from),
      ...(spec.also === undefined
        ? []
        : [view(`${name}_${spec.also.kind}_view`, spec.also.measures, spec.also.kind)]),
    ],
  )
}

export const AUDIT_DAYS = 365

/** The audit trail of the console: who looked, asked and changed. Kept a year. */
const auditTable = (options: DdlOptions): Definition[] =>
  table(
    {
      name: 'audit',
      family: 'MergeTree',
      columns: [
        { name: 'time', type: "DateTime64(3, 'UTC')" },
        { name: 'who', type: 'String' },
        { name: 'how', type: 'LowCardinality(String)' },
        { name: 'action', type: 'LowCardinality(String)' },
        { name: 'detail', type: 'String', codec: 'ZSTD(1)' },
        { name: 'tenant', type: 'LowCardinality(String)' },
        { name: 'address', type: 'String' },
        { name: 'status', type: 'UInt16' },
      ],
      partition_by: 'toYYYYMM(time)',
      order_by: ['time'],
      kept: ['toDateTime(time)', AUDIT_DAYS],
      shardingKey: 'rand()',
    },
    options,
  )

/** The statement that makes the database alone; safe to run again. */
export const databaseDdl = (options: DdlOptions): string =>
  `CREATE DATABASE IF NOT EXISTS ${options.database}${names(options).on}${options.cluster ? '' : ' ENGINE = Atomic'}`

/** Every table and view of the database, in an order in which they can be made. */
export function definitions(options: DdlOptions): Definition[] {
  return [
    ...TABLE_NAMES.flatMap((name) => (isKind(name) ? kindTable(name, options) : systemTable(name, options))),
    ...(Object.keys(ROLLUPS) as Rollup[]).flatMap((name) => rollup(name, options)),
    ...auditTable(options),
  ]
}

/** Every statement that makes the database, in an order that works, safe to run again. */
export const ddl = (options: DdlOptions): string[] => [
  databaseDdl(options),
  ...definitions(options).map(({ create }) => create),
]
