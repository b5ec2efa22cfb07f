import { type Log, LogError, type LogMessage, MAX_MESSAGE_BYTES } from '../../log/log.ts'
import { withTicks } from '../../log/ticks.ts'
import { type Builder, createBuilder } from '../../schemas/arrow/builder.ts'
import { fingerprint, schemaMessage } from '../../schemas/arrow/schema.ts'
import { TABLE_NAMES, type Table } from '../../schemas/derive/columns.ts'
import type { Emit } from '../../schemas/facts.ts'
import { HELD_MS, type Hold, holdsText } from '../../schemas/hold.ts'
import { KIND_NAMES } from '../../schemas/kinds/kinds.ts'
import { HEADERS, STATE_TOPICS, topicOf } from '../../schemas/topics.ts'
import type { BatchingOptions } from '../options.ts'
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

/** Rows that go into the log together; `durable` settles when they are there, or cannot be. */
interface Generation {
  readonly durable: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: LogError) => void
  /** Messages that were full before the flush. */
  readonly full: LogMessage[]
  rows: number
  /** When its first row ended: who sent it has been waiting since. */
  first_ms: number
  /** The same by the process's monotonic clock. */
  since_ms: number
}

export interface Batcher {
  /** A row of a table, in the partition of its key (a session, a node); fill its builder, then `end` it. */
  row(table: Table, key: string): OpenRow
  /** Ends the row: it goes into the log with its batch. */
  end(row: OpenRow, received_ms: number): void
  /** Resolves when every row ended until now is durable; rejects with a LogError when it is not. */
  durable(): Promise<void>
  /** Whether rows can be taken now; if not, the log is behind or away. */
  room(): boolean
  /**
   * How long a row waits for the log, ms, by the oldest that is not durable; `now_ms` is `performance.now()`. Behind a log that spills
   * it is twice what the last append took (a row waits for the append before its own, too), and 0 when that ended on the disk.
   */
  age_ms(now_ms: number): number
  /** Everything ended until now goes with a tick of this time, or before it. */
  tick(time_ms: number): void
  /** Nobody was answered for a while; the next tick says so. */
  held(hold: Hold): void
  /** Appends what there is; resolves when it is durable or given up. */
  flush(): Promise<void>
  close(): Promise<void>
}

export interface BatcherOptions extends BatchingOptions {
  readonly log: Log
  readonly collector: string
  readonly emit: Emit
  readonly clock: () => number
}

/** Who was refused tries again sooner than this. */
const RETRIED_MS = 10_000
const TEXT_BYTES = MAX_MESSAGE_BYTES / 4

/**
 * Gathers rows by table and partition and appends them together: while one append runs, the next batch fills.
 * One append at a time keeps the order of a partition, and with it the meaning of a tick: everything the collector
 * took before the tick's time stands before it in the log.
 */
export function createBatcher(options: BatcherOptions): Batcher {
  const { log, collector, emit, clock } = options
  const partitionsOf = new Map<Table, number>(
    TABLE_NAMES.map((table) => [table, log.topics.get(topicOf(table))?.partitions ?? 1]),
  )
  const shards = new Map<Table, (Shard | undefined)[]>(TABLE_NAMES.map((table) => [table, []]))
  let generation = newGeneration()
  let tick_ms: number | undefined
  /** Holds that no tick has told yet. */
  let holds: Hold[] = []
  /** Since when what is taken has been refused, and when it was last. */
  let refused: { readonly from_ms: number; last_ms: number } | undefined
  let schemasKnown = false
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let begun_ms = 0
  let appending_bytes = 0
  let appendingSince_ms: number | undefined
  let lastAppend_ms = 0
  let full_bytes = 0

  function shardOf(table: Table, partition: number): Shard {
    const row = shards.get(table)!
    let shard = row[partition]
    if (shard === undefined) {
      shard = { table, partition, builder: createBuilder(table), newest_ms: 0 }
      row[partition] = shard
    }
    return shard
  }

  function messageOf(shard: Shard): LogMessage {
    const { table, partition, builder } = shard
    const rows = builder.rows
    const message: LogMessage = {
      topic: topicOf(table),
      partition,
      headers: {
        [HEADERS.type]: 'rows',
        [HEADERS.schema]: fingerprint(table),
        [HEADERS.rows]: String(rows),
        [HEADERS.collector]: collector,
        [HEADERS.time]: String(shard.newest_ms),
      },
      value: builder.finish(),
    }
    shard.newest_ms = 0
    return message
  }

  const schemaMessages = (): LogMessage[] =>
    TABLE_NAMES.map((table) => ({
      topic: STATE_TOPICS.schema.name,
      partition: 0,
      key: fingerprint(table),
      headers: { [HEADERS.type]: 'schema', [HEADERS.schema]: fingerprint(table), table },
      value: schemaMessage(table),
    }))

  /** What is judged waits for ticks; the tables of our own are only stored. */
  const ticked = KIND_NAMES.flatMap((kind) =>
    Array.from({ length: partitionsOf.get(kind)! }, (_, partition) => ({ topic: topicOf(kind), partition })),
  )

  /** Takes everything that is waiting, in the order it has to stand in the log. */
  function takeAll(taken: Generation): LogMessage[] {
    const messages = schemasKnown ? taken.full : [...schemaMessages(), ...taken.full]
    for (const row of shards.values())
      for (const shard of row)
        if (shard !== undefined && shard.builder.rows > 0) messages.push(messageOf(shard))
    full_bytes = 0
    if (tick_ms === undefined) return messages
    const held = holdsText([...holds, ...refusing(tick_ms)])
    const tick = { sender: collector, time_ms: tick_ms, held }
    holds = []
    tick_ms = undefined
    return withTicks(messages, ticked, tick)
  }

  function held(hold: Hold): void {
    if (hold.until_ms - hold.from_ms >= HELD_MS) holds.push(hold)
  }

  /** While beacons are refused, ticks, which are small, may still be taken: each says that nobody is heard. */
  function refusing(time_ms: number): Hold[] {
    if (refused === undefined) return []
    // Nobody tried again: either way nobody waits any more.
    if (time_ms - refused.last_ms > RETRIED_MS) refused = undefined
    return refused === undefined || time_ms <= refused.from_ms
      ? []
      : [{ from_ms: refused.from_ms, until_ms: time_ms }]
  }

  async function appendNow(): Promise<void> {
    const taken = generation
    generation = newGeneration()
    begun_ms = clock()
    const messages = takeAll(taken)
    const bytes = messages.reduce((sum, { value }) => sum + value.length, 0)
    appending_bytes = bytes
    appendingSince_ms = taken.rows > 0 ? taken.since_ms : undefined
    const begin = process.hrtime.bigint()
    try {
      if (messages.length > 0) await log.append(messages)
      schemasKnown = true
      taken.resolve()
      if (taken.rows > 0) {
        held({ from_ms: refused?.from_ms ?? taken.first_ms, until_ms: clock() })
        refused = undefined
      }
      const append_seconds = Number(process.hrtime.bigint() - begin) / 1e9
      if (taken.rows > 0) emit({ type: 'batch_appended', rows: taken.rows, bytes, append_seconds })
    } catch (error) {
      const reason =
        error instanceof LogError
          ? error
          : new LogError('unavailable', 'the log could not take it', { retriable: true, cause: error })
      if (taken.rows > 0) {
        refused ??= { from_ms: taken.first_ms, last_ms: 0 }
        refused.last_ms = clock()
      }
      emit({ type: 'batch_refused', rows: taken.rows, code: reason.code, error: reason })
      taken.reject(reason)
    } finally {
      lastAppend_ms = log.spilling?.() ? 0 : Number(process.hrtime.bigint() - begin) / 1e6
      appending_bytes = 0
      appendingSince_ms = undefined
    }
  }

  /** Begins a flush unless one runs; the running one begins the next when it is due. */
  function begin(): Promise<void> {
    if (timer !== undefined) clearTimeout(timer)
    timer = undefined
    running ??= appendNow().finally(() => {
      running = undefined
      if (generation.rows > 0 || tick_ms !== undefined) schedule()
    })
    return running
  }

  /** Never at once: a flush between two events of one beacon would part them. */
  function soon(wait_ms: number): void {
    if (timer !== undefined) clearTimeout(timer)
    timer = setTimeout(begin, wait_ms)
  }

  function schedule(): void {
    if (running !== undefined || timer !== undefined) return
    soon(Math.min(options.linger_ms, Math.max(0, begun_ms + options.linger_ms - clock())))
  }

  return {
    row: (table, key) => shardOf(table, partitionOf(key, partitionsOf.get(table)!)),
    end(row, received_ms) {
      const shard = row as Shard
      const { builder } = shard
      builder.end()
      if (generation.rows === 0) {
        generation.first_ms = clock()
        generation.since_ms = performance.now()
      }
      generation.rows += 1
      if (received_ms > shard.newest_ms) shard.newest_ms = received_ms
      if (builder.rows >= options.maxRows || builder.textBytes > TEXT_BYTES) {
        const message = messageOf(shard)
        generation.full.push(message)
        full_bytes += message.value.length
        if (running === undefined) soon(0)
      } else schedule()
    },
    durable: () => generation.durable,
    room: () => appending_bytes + full_bytes < options.maxPending_bytes,
    age_ms(now_ms) {
      if (log.spilling !== undefined) return log.spilling() ? 0 : lastAppend_ms * 2
      const since_ms = appendingSince_ms ?? (generation.rows > 0 ? generation.since_ms : undefined)
      return since_ms === undefined ? 0 : Math.max(0, now_ms - since_ms)
    },
    tick(time_ms) {
      tick_ms = time_ms
      schedule()
    },
    held,
    async flush() {
      while (running !== undefined) await running
      if (generation.rows > 0 || tick_ms !== undefined) await begin()
    },
    async close() {
      await this.flush()
      if (timer !== undefined) clearTimeout(timer)
      timer = undefined
    },
  }
}

function newGeneration(): Generation {
  let resolve!: () => void
  let reject!: (error: LogError) => void
  const durable = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  // Dead letters wait for nobody; whoever does wait still sees the rejection.
  durable.catch(() => undefined)
  return { durable, resolve, reject, full: [], rows: 0, first_ms: 0, since_ms: 0 }
}
