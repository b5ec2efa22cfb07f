import { type Log, LogError, type LogMessage } from '../../log/log.ts'
import { withTicks } from '../../log/ticks.ts'
import type { Table } from '../../schemas/derive/columns.ts'
import type { Emit } from '../../schemas/facts.ts'
import { type Hold, holdsText } from '../../schemas/hold.ts'
import { MEASURED_KINDS } from '../../schemas/measuredKinds.ts'
import { topicOf } from '../../schemas/topics.ts'
import type { BatchingOptions } from '../options.ts'
import { Deafness } from './deafness.ts'
import { type OpenRow, Shards, schemaMessages } from './shards.ts'

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

/**
 * Gathers rows by table and partition and appends them together: while one append runs, the next batch fills.
 * One append at a time keeps the order of a partition, and with it the meaning of a tick: everything the collector
 * took before the tick's time stands before it in the log.
 */
export function createBatcher(options: BatcherOptions): Batcher {
  return new RowBatcher(options)
}

/** The append that runs. */
interface Append {
  readonly bytes: number
  /** Since when its oldest row has been waiting; undefined when it has none. */
  readonly since_ms: number | undefined
}

class RowBatcher implements Batcher {
  private readonly options: BatcherOptions
  private readonly shards: Shards
  private readonly deafness = new Deafness()
  /** What is judged waits for ticks; the tables of our own are only stored. */
  private readonly ticked: readonly { topic: string; partition: number }[]
  private generation = newGeneration()
  /** Bytes of the messages of this generation that are full. */
  private full_bytes = 0
  private tick_ms: number | undefined
  private schemasKnown = false
  private running: Promise<void> | undefined
  private append: Append | undefined
  private lastAppend_ms = 0
  private begun_ms = 0
  private timer: NodeJS.Timeout | undefined

  constructor(options: BatcherOptions) {
    this.options = options
    this.shards = new Shards(options.log, options.collector, options.maxRows)
    this.ticked = MEASURED_KINDS.flatMap((kind) =>
      Array.from({ length: this.shards.partitions(kind) }, (_, partition) => ({
        topic: topicOf(kind),
        partition,
      })),
    )
  }

  row(table: Table, key: string): OpenRow {
    return this.shards.row(table, key)
  }

  end(row: OpenRow, received_ms: number): void {
    const { generation } = this
    if (generation.rows === 0) {
      generation.first_ms = this.options.clock()
      generation.since_ms = performance.now()
    }
    generation.rows += 1
    const full = this.shards.end(row, received_ms)
    if (full === undefined) {
      this.schedule()
      return
    }
    generation.full.push(full)
    this.full_bytes += full.value.length
    if (this.running === undefined) this.beginAfter(0)
  }

  durable(): Promise<void> {
    return this.generation.durable
  }

  room(): boolean {
    return (this.append?.bytes ?? 0) + this.full_bytes < this.options.maxPending_bytes
  }

  age_ms(now_ms: number): number {
    const { log } = this.options
    if (log.spilling !== undefined) return log.spilling() ? 0 : this.lastAppend_ms * 2
    const since_ms =
      this.append?.since_ms ?? (this.generation.rows > 0 ? this.generation.since_ms : undefined)
    return since_ms === undefined ? 0 : Math.max(0, now_ms - since_ms)
  }

  tick(time_ms: number): void {
    this.tick_ms = time_ms
    this.schedule()
  }

  held(hold: Hold): void {
    this.deafness.held(hold)
  }

  async flush(): Promise<void> {
    while (this.running !== undefined) await this.running
    if (this.waits()) await this.begin()
  }

  async close(): Promise<void> {
    await this.flush()
    clearTimeout(this.timer)
    this.timer = undefined
  }

  private waits(): boolean {
    return this.generation.rows > 0 || this.tick_ms !== undefined
  }

  private schedule(): void {
    if (this.running !== undefined || this.timer !== undefined) return
    const { linger_ms, clock } = this.options
    this.beginAfter(Math.min(linger_ms, Math.max(0, this.begun_ms + linger_ms - clock())))
  }

  /** Never at once: a flush between two events of one beacon would part them. */
  private beginAfter(wait_ms: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.begin(), wait_ms)
  }

  /** Begins a flush unless one runs; the running one begins the next when it is due. */
  private begin(): Promise<void> {
    clearTimeout(this.timer)
    this.timer = undefined
    this.running ??= this.appendNow().finally(() => {
      this.running = undefined
      if (this.waits()) this.schedule()
    })
    return this.running
  }

  private async appendNow(): Promise<void> {
    const { log, clock, emit } = this.options
    const taken = this.generation
    this.generation = newGeneration()
    this.begun_ms = clock()
    const messages = this.takeAll(taken)
    const bytes = messages.reduce((sum, { value }) => sum + value.length, 0)
    this.append = { bytes, since_ms: taken.rows > 0 ? taken.since_ms : undefined }
    const began = performance.now()
    try {
      if (messages.length > 0) await log.append(messages)
      this.schemasKnown = true
      taken.resolve()
      if (taken.rows === 0) return
      this.deafness.answered(taken.first_ms, clock())
      emit({
        type: 'batch_appended',
        rows: taken.rows,
        bytes,
        append_seconds: (performance.now() - began) / 1_000,
      })
    } catch (error) {
      const reason =
        error instanceof LogError
          ? error
          : new LogError('unavailable', 'the log could not take it', { retriable: true, cause: error })
      if (taken.rows > 0) this.deafness.refuse(taken.first_ms, clock())
      emit({ type: 'batch_refused', rows: taken.rows, code: reason.code, error: reason })
      taken.reject(reason)
    } finally {
      this.lastAppend_ms = log.spilling?.() ? 0 : performance.now() - began
      this.append = undefined
    }
  }

  /** Takes all waiting messages, in the order in which the log must hold them. */
  private takeAll(taken: Generation): LogMessage[] {
    const messages = [...(this.schemasKnown ? [] : schemaMessages()), ...taken.full, ...this.shards.takeAll()]
    this.full_bytes = 0
    if (this.tick_ms === undefined) return messages
    const time_ms = this.tick_ms
    this.tick_ms = undefined
    const held = holdsText(this.deafness.take(time_ms))
    return withTicks(messages, this.ticked, { sender: this.options.collector, time_ms, held })
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
