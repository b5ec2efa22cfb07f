import { KINDS, type Kind } from '../kinds/kinds.ts'
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
}

/** Inserts a table remembers by token: an hour of one a second from 16 partitions, for the raw table and every view's target. */
const DEDUPLICATION_WINDOW = 60_000

/** Days on the first volume of a storage policy: what is asked for most is of today and yesterday. */
const COLD_DAYS = 3

const isKind = (table: Table): table is Kind => table in KINDS

interface Names {
  readonly on: string
  readonly local: (name: string) => string
  readonly settings: string
  readonly engine: (family: string, arguments_?: string) => string
  /** When rows move to the cold volume, if there is one, and when they go. */
  readonly ttl: (time: string, days: number) => string
}

function names({ database, cluster, storage_policy }: DdlOptions): Names {
  const window = cluster ? 'replicated_deduplication_window' : 'non_replicated_deduplication_window'
  const policy = storage_policy ? `, storage_policy = '${storage_policy}'` : ''
  return {
    on: cluster ? ` ON CLUSTER '${cluster}'` : '',
    local: (name) => `${database}.${name}${cluster ? '_local' : ''}`,
    settings: `SETTINGS ${window} = ${DEDUPLICATION_WINDOW}, index_granularity = 8192${policy}`,
    engine: (family, arguments_ = '') =>
      cluster ? `Replicated${family}(${arguments_})` : `${family}(${arguments_})`,
    ttl: (time, days) => {
      const cold =
        storage_policy && days > COLD_DAYS ? `${time} + INTERVAL ${COLD_DAYS} DAY TO VOLUME 'cold', ` : ''
      return `TTL ${cold}${time} + INTERVAL ${days} DAY`
    },
  }
}

const codecOf = ({ field }: Column): string => `CODEC(${field.codec ?? 'ZSTD(1)'})`

const columnDdl = (column: Column): string => `  ${column.name} ${clickhouseType(column)} ${codecOf(column)}`

/** A Distributed table of the plain name over the local ones; a session stays on one shard. */
function distributed(name: string, shardingKey: string, options: DdlOptions): string[] {
  if (!options.cluster) return []
  const { database, cluster } = options
  return [
    `CREATE TABLE IF NOT EXISTS ${database}.${name} ON CLUSTER '${cluster}' AS ${database}.${name}_local\n` +
      `ENGINE = Distributed('${cluster}', '${database}', '${name}_local', ${shardingKey})`,
  ]
}

/** The table of a kind: ordered so that a stream's minutes lie together (12 bytes a heartbeat, measured at 100 M rows). */
function kindTable(kind: Kind, options: DdlOptions): string[] {
  const { on, local, settings, engine, ttl } = names(options)
  const prefix = 'tenant, stream, toStartOfFiveMinutes(received_time)'
  const order = KINDS[kind].keyed_by === 'node' ? 'received_time' : 'cdn, session, event_time'
  return [
    `CREATE TABLE IF NOT EXISTS ${local(kind)}${on} (\n` +
      `${columnsOf(kind).map(columnDdl).join(',\n')},\n` +
      '  INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 4,\n' +
      '  INDEX received_range received_time TYPE minmax GRANULARITY 1\n' +
      `)\nENGINE = ${engine('MergeTree')}\nPARTITION BY toDate(received_time)\nPRIMARY KEY (${prefix})\nORDER BY (${prefix}, ${order})\n` +
      `${ttl('toDateTime(received_time)', KINDS[kind].retention_days)}\n${settings}`,
    ...distributed(
      kind,
      KINDS[kind].keyed_by === 'session' ? 'cityHash64(session)' : 'cityHash64(stream)',
      options,
    ),
  ]
}

function systemTable(name: keyof typeof SYSTEM_TABLES, options: DdlOptions): string[] {
  const { on, local, settings, engine, ttl } = names(options)
  const table = SYSTEM_TABLES[name]
  const family =
    'replaced_by' in table ? engine('ReplacingMergeTree', table.replaced_by.version) : engine('MergeTree')
  return [
    `CREATE TABLE IF NOT EXISTS ${local(name)}${on} (\n${columnsOf(name).map(columnDdl).join(',\n')}\n)\n` +
      `ENGINE = ${family}\nPARTITION BY toYYYYMM(${table.time})\nORDER BY (${table.order_by.join(', ')})\n` +
      `${ttl(`toDateTime(${table.time})`, table.retention_days)}\n${settings}`,
    ...distributed(name, 'cityHash64(tenant)', options),
  ]
}

function typeOf(kind: Kind, name: string): string {
  const column = columnsOf(kind).find((each) => each.name === name)
  if (column === undefined) throw new Error(`rollup of ${kind}: no field ${name}`)
  return clickhouseType(column)
}

/** A rollup that is a view: the rows of others, one after the other; what one of them does not have is 0 or ''. */
function unionView(name: Rollup, spec: RollupSpec, keys: readonly string[], options: DdlOptions): string {
  const { database } = options
  const rows = spec.over!.map((source) => {
    const own: RollupSpec = ROLLUPS[source as Rollup]
    const has: readonly string[] = ['tenant', 'show', 'stream', ...own.by, ...keptBy(own)]
    const select = [
      ...keys.map((key) => (has.includes(key) ? key : `'' AS ${key}`)),
      ...keptBy(spec).map((measure) => `toFloat64(${has.includes(measure) ? measure : 0}) AS ${measure}`),
    ]
    return `SELECT time, ${select.join(', ')} FROM ${database}.${source}`
  })
  return `CREATE VIEW IF NOT EXISTS ${database}.${name}${names(options).on} AS\n${rows.join('\nUNION ALL\n')}`
}

function rollup(name: Rollup, options: DdlOptions): string[] {
  const { on, local, settings, engine, ttl } = names(options)
  const spec: RollupSpec = ROLLUPS[name]
  const keys = ['tenant', 'show', 'stream', ...spec.by]
  if (spec.over !== undefined) return [unionView(name, spec, keys, options)]
  const step = `toStartOfInterval(${spec.clock}, INTERVAL ${spec.step_s} SECOND)`
  const columns = [
    `  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1))`,
    ...keys.map((key) => `  ${key} ${typeOf(spec.kind, key)} CODEC(ZSTD(1))`),
    ...keptBy(spec).map((measure) => `  ${measure} ${rollupColumn(measure).type} CODEC(ZSTD(1))`),
  ]
  const view = (from: Pick<RollupSpec, 'kind' | 'measures'>, of: string): string => {
    const select = [
      `  toDateTime(${step}) AS time`,
      ...keys.map((key) => `  ${key}`),
      ...from.measures.map((measure) => `  ${rollupColumn(measure).select} AS ${measure}`),
    ]
    return (
      `CREATE MATERIALIZED VIEW IF NOT EXISTS ${local(of)}${on} TO ${local(name)} AS\nSELECT\n${select.join(',\n')}\n` +
      `FROM ${local(from.kind)}\nGROUP BY time, ${keys.join(', ')}`
    )
  }
  const order = ['tenant', 'show', 'stream', 'time', ...spec.by]
  return [
    `CREATE TABLE IF NOT EXISTS ${local(name)}${on} (\n${columns.join(',\n')}\n)\n` +
      `ENGINE = ${engine('AggregatingMergeTree')}\nPARTITION BY ${spec.step_s < 60 ? 'toDate(time)' : 'toYYYYMM(time)'}\n` +
      `PRIMARY KEY (tenant, show, stream, time)\nORDER BY (${order.join(', ')})\n` +
      `${ttl('time', spec.retention_days)}\n${settings}`,
    view(spec, `${name}_view`),
    ...(spec.also === undefined ? [] : [view(spec.also, `${name}_${spec.also.kind}_view`)]),
    ...distributed(name, 'rand()', options),
  ]
}

/** The statement that makes the database alone; safe to run again. */
export const databaseDdl = (options: DdlOptions): string =>
  `CREATE DATABASE IF NOT EXISTS ${options.database}${names(options).on}${options.cluster ? '' : ' ENGINE = Atomic'}`

/** Every statement that makes the database, in an order that works, safe to run again. */
export function ddl(options: DdlOptions): string[] {
  return [
    databaseDdl(options),
    ...TABLE_NAMES.flatMap((table) =>
      isKind(table) ? kindTable(table, options) : systemTable(table, options),
    ),
    ...(Object.keys(ROLLUPS) as Rollup[]).flatMap((name) => rollup(name, options)),
  ]
}

/** The audit trail of the console: who looked, asked and changed. Kept a year. */
export function auditTable(options: DdlOptions): string[] {
  const { on, local, settings, engine, ttl } = names(options)
  return [
    `CREATE TABLE IF NOT EXISTS ${local('audit')}${on} (\n` +
      "  time DateTime64(3, 'UTC'),\n  who String,\n  how LowCardinality(String),\n  action LowCardinality(String),\n  detail String CODEC(ZSTD(1)),\n" +
      '  tenant LowCardinality(String),\n  address String,\n  status UInt16\n' +
      `)\nENGINE = ${engine('MergeTree')}\nPARTITION BY toYYYYMM(time)\nORDER BY time\n${ttl('toDateTime(time)', 365)}\n${settings}`,
    ...distributed('audit', 'rand()', options),
  ]
}
