import { type Log, type LogMessage, MAX_MESSAGE_BYTES } from '../../log/log.ts'
import { type Builder, createBuilder } from '../../schemas/arrow/builder.ts'
import { fingerprint, schemaMessage } from '../../schemas/arrow/schema.ts'
import { TABLE_NAMES, type Table } from '../../schemas/derive/columns.ts'
import { HEADERS, STATE_TOPICS, topicOf } from '../../schemas/topics.ts'
import { partitionOf } from './partitionOf.ts'

/** A row that is being filled. */
export interface OpenRow {
  readonly builder: Builder
}

/** A builder of one partition; `rows` of them make a message. */
interface Shard extends OpenRow {
  readonly table: Table
  readonly partition: number
  newest_ms: number
}

const TEXT_BYTES = MAX_MESSAGE_BYTES / 4

/** The rows that wait, by table and partition. */
export class Shards {
  private readonly collector: string
  private readonly maxRows: number
  private readonly partitionsOf: ReadonlyMap<Table, number>
  private readonly byTable = new Map<Table, (Shard | undefined)[]>(TABLE_NAMES.map((table) => [table, []]))

  /** @param maxRows rows in one message at most */
  constructor(log: Log, collector: string, maxRows: number) {
    this.collector = collector
    this.maxRows = maxRows
    this.partitionsOf = new Map(
      TABLE_NAMES.map((table) => [table, log.topics.get(topicOf(table))?.partitions ?? 1]),
    )
  }

  partitions(table: Table): number {
    return this.partitionsOf.get(table)!
  }

  /** A row of a table, in the partition of its key (a session, a node). */
  row(table: Table, key: string): OpenRow {
    const partition = partitionOf(key, this.partitions(table))
    const shards = this.byTable.get(table)!
    let shard = shards[partition]
    if (shard === undefined) {
      shard = { table, partition, builder: createBuilder(table), newest_ms: 0 }
      shards[partition] = shard
    }
    return shard
  }

  /** Ends the row; returns the message of its partition when that is full. */
  end(row: OpenRow, received_ms: number): LogMessage | undefined {
    const shard = row as Shard
    const { builder } = shard
    builder.end()
    if (received_ms > shard.newest_ms) shard.newest_ms = received_ms
    const full = builder.rows >= this.maxRows || builder.textBytes > TEXT_BYTES
    return full ? this.messageOf(shard) : undefined
  }

  /** Takes every row that waits. */
  takeAll(): LogMessage[] {
    return [...this.byTable.values()].flatMap((shards) =>
      shards
        .filter((shard) => shard !== undefined && shard.builder.rows > 0)
        .map((shard) => this.messageOf(shard!)),
    )
  }

  private messageOf(shard: Shard): LogMessage {
    const { table, partition, builder } = shard
    const rows = builder.rows
    const message: LogMessage = {
      topic: topicOf(table),
      partition,
      headers: {
        [HEADERS.type]: 'rows',
        [HEADERS.schema]: fingerprint(table),
        [HEADERS.rows]: String(rows),
        [HEADERS.collector]: this.collector,
        [HEADERS.time]: String(shard.newest_ms),
      },
      value: builder.finish(),
    }
    shard.newest_ms = 0
    return message
  }
}

/** What a reader needs to decode rows; they go into the log before the first rows. */
export const schemaMessages = (): LogMessage[] =>
  TABLE_NAMES.map((table) => ({
    topic: STATE_TOPICS.schema.name,
    partition: 0,
    key: fingerprint(table),
    headers: { [HEADERS.type]: 'schema', [HEADERS.schema]: fingerprint(table), table },
    value: schemaMessage(table),
  }))
