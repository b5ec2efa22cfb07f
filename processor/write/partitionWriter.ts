import type { Log, LogRecord, Partition, Subscription } from '../../log/log.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { fingerprint } from '../../schemas/arrow/schema.ts'
import type { Table } from '../../schemas/derive/columns.ts'
import type { Emit } from '../../schemas/facts.ts'
import { retry } from '../../schemas/retry.ts'
import { HEADERS, topicOf } from '../../schemas/topics.ts'
import type { Dedupe } from '../dedupe/dedupe.ts'
import { type SchemaRegistry, UnknownSchema } from '../schemaRegistry.ts'
import { arrowStream, isRows, type Prepared, prepare, rowsOf, schemaOf } from './range.ts'
import { type InsertPort, isRetriable } from './storePort.ts'

export interface PartitionWriterOptions {
  readonly partition: Partition
  readonly table: Table
  readonly log: Log
  readonly store: InsertPort
  readonly registry: SchemaRegistry
  readonly dedupe: Dedupe | undefined
  readonly subscription: () => Subscription
  readonly emit: Emit
  readonly clock: () => number
  /** ms that never jump. */
  readonly elapsed: () => number
  readonly wait: (ms: number) => Promise<void>
  /** Closing: an insert that fails is not tried again. */
  readonly closing: () => boolean
  /** Most rows of one insert. */
  readonly max_rows: number
  /** The next offset to read, by the group's commit. */
  readonly from: number
  /** A range that was begun before a crash ends here and goes in again under the same token. */
  readonly intent: number | undefined
}

/** Ranges without rows are committed this often: nothing is lost by reading ticks again. */
const IDLE_COMMIT_MS = 10_000
const PAUSES = { first_ms: 100, longest_ms: 5_000 }

/** A range under way: what of it is prepared is never prepared again, since the dedupe step has seen it. */
interface Range {
  readonly to: number
  readonly records: readonly LogRecord[]
  readonly prepared: Prepared[]
  /** Records looked at. */
  done: number
}

/** Writes one partition: ranges of its messages in order, each with an intent, an insert under a token, and a commit. */
export class PartitionWriter {
  private readonly o: PartitionWriterOptions
  private readonly pending: LogRecord[] = []
  private next: number
  private intent: number | undefined
  private stopped = false
  private committed_ms: number
  pendingBytes = 0
  pendingRows = 0
  /** When the oldest row came, by `elapsed`. */
  oldest_ms: number | undefined
  private running: Promise<void> | undefined
  private current: Range | undefined

  constructor(options: PartitionWriterOptions) {
    this.o = options
    this.next = options.from
    this.intent = options.intent
    this.committed_ms = options.elapsed()
  }

  add(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.pending.push(record)
      this.pendingBytes += record.value.byteLength
      const rows = rowsOf(record)
      this.pendingRows += rows
      if (rows > 0) this.oldest_ms ??= this.o.elapsed()
    }
  }

  /**
   * Writes what is there now, range by range, and not what comes meanwhile: a busy partition would hold up all others.
   * Calls while it runs share one run. Rejects only when it was stopped.
   */
  flush(): Promise<void> {
    this.running ??= this.drain().finally(() => {
      this.running = undefined
    })
    return this.running
  }

  /** Ends waiting and repeating; what is not committed will be written by whoever reads the partition next. */
  async stop(): Promise<void> {
    this.stopped = true
    await this.running
  }

  private async drain(): Promise<void> {
    const end = this.pending.at(-1)?.offset ?? 0
    while (!this.stopped) {
      this.current ??= this.begin()
      if (this.current === undefined) return
      const { to } = this.current
      await this.write(this.current)
      this.current = undefined
      if (to >= end) return
    }
  }

  private begin(): Range | undefined {
    const records = this.take()
    const last = records.at(-1)
    return last === undefined
      ? undefined
      : { to: last.offset, records: records.filter(isRows), prepared: [], done: 0 }
  }

  /** The next range: messages of one schema, at most `max_rows`, or just what an unfinished intent covered. */
  private take(): LogRecord[] {
    if (this.pending.length === 0) return []
    let end = 0
    let rows = 0
    let schema: string | undefined
    for (; end < this.pending.length; end += 1) {
      const record = this.pending[end]!
      if (this.intent !== undefined) {
        if (record.offset > this.intent) break
        continue
      }
      if (!isRows(record)) continue
      schema ??= schemaOf(record)
      if (schemaOf(record) !== schema || (rows > 0 && rows + rowsOf(record) > this.o.max_rows)) break
      rows += rowsOf(record)
    }
    if (
      this.intent !== undefined &&
      end === this.pending.length &&
      this.pending[end - 1]!.offset < this.intent
    )
      return []
    const range = this.pending.splice(0, end)
    for (const record of range) {
      this.pendingBytes -= record.value.byteLength
      this.pendingRows -= rowsOf(record)
    }
    if (this.pendingRows === 0) this.oldest_ms = undefined
    return range
  }

  /** Writes a range; after a failure it goes on where it stopped, with the verdicts of the dedupe step it already has. */
  private async write(range: Range): Promise<void> {
    const { to, records, prepared } = range
    this.intent = undefined
    if (records.length === 0) {
      if (this.o.elapsed() - this.committed_ms >= IDLE_COMMIT_MS) await this.commit(to + 1)
      this.next = to + 1
      return
    }
    for (; range.done < records.length; range.done += 1) {
      const entry = await this.prepareOne(records[range.done]!)
      if (entry !== undefined) prepared.push(entry)
    }
    await this.insert(
      prepared.filter(({ record }) => record.offset >= this.next),
      to,
    )
  }

  private async prepareOne(record: LogRecord): Promise<Prepared | undefined> {
    const { table, registry, dedupe, log } = this.o
    const known = (): Prepared => prepare(table, record, dedupe, registry)
    try {
      return known()
    } catch (error) {
      if (!(error instanceof UnknownSchema)) {
        await this.setApart(record, 'not_insertable', error)
        return undefined
      }
      await registry.refresh(log)
    }
    try {
      return known()
    } catch (error) {
      await this.setApart(record, 'old_schema', error)
      return undefined
    }
  }

  /** Inserts a range ending at `to` and commits; a range that is refused for good is halved until the culprit stands alone. */
  private async insert(prepared: readonly Prepared[], to: number): Promise<void> {
    const { partition, table, store, registry, emit, elapsed } = this.o
    const rows = prepared.reduce((sum, each) => sum + each.rows, 0)
    const repeated = prepared.reduce((sum, each) => sum + each.repeated, 0)
    if (rows === 0) {
      if (repeated > 0) emit({ type: 'rows_written', table, rows: 0, repeated, seconds: 0 })
      await this.commit(to + 1)
      return
    }
    const schema = prepared.find(({ bytes }) => bytes !== undefined)!.fingerprint
    const odd = prepared.findIndex(({ bytes, fingerprint }) => bytes !== undefined && fingerprint !== schema)
    if (odd > 0) return this.halves(prepared, to, odd)
    const from = this.next
    await this.commit(from, `to:${to}`)
    const began = elapsed()
    const insert_began_ms = this.o.clock()
    const insertOnce = async (): Promise<void> => {
      if (this.stopped) throw new Stopped()
      await store.insertArrow({
        table,
        columns: registry.columns(table, schema),
        chunks: arrowStream(table, prepared, registry),
        token: `${partition.topic}:${partition.partition}:${from}:${to}`,
        partition: partition.partition,
      })
    }
    try {
      await retry(insertOnce, {
        ...PAUSES,
        retriable: isRetriable,
        failed: (error) => {
          if (this.o.closing()) throw new Stopped()
          emit({ type: 'write_retried', table, error })
        },
        wait: this.o.wait,
      })
    } catch (error) {
      if (error instanceof Stopped) throw error
      if (prepared.length > 1) return this.halves(prepared, to, prepared.length >> 1)
      await this.setApart(prepared[0]!.record, 'not_insertable', error)
    }
    const { record } = prepared[0]!
    const timeline = {
      topic: partition.topic,
      partition: partition.partition,
      from,
      to,
      table,
      rows,
      collector: record.headers[HEADERS.collector] ?? '',
      taken_ms: Number(record.headers[HEADERS.time] ?? record.appended_ms),
      appended_ms: record.appended_ms,
      insert_began_ms,
      insert_ended_ms: this.o.clock(),
    }
    emit({ type: 'rows_written', table, rows, repeated, seconds: (elapsed() - began) / 1000, timeline })
    await this.commit(to + 1)
  }

  private async halves(prepared: readonly Prepared[], to: number, at: number): Promise<void> {
    const first = prepared.slice(0, at)
    await this.insert(first, first.at(-1)!.record.offset)
    await this.insert(prepared.slice(at), to)
  }

  private async setApart(record: LogRecord, code: string, error: unknown): Promise<void> {
    const { table, log, emit, clock, partition } = this.o
    const builder = createBuilder('dead_letter')
    builder.pushRow({
      received_time: clock(),
      stage: 'writer',
      code,
      kind: table,
      detail:
        `${partition.topic}/${partition.partition}@${record.offset}, ${rowsOf(record)} rows: ${error instanceof Error ? error.message : error}`.slice(
          0,
          1024,
        ),
      body: Buffer.from(record.value.subarray(0, 12_000)).toString('base64'),
    })
    const headers = {
      [HEADERS.type]: 'rows',
      [HEADERS.rows]: '1',
      [HEADERS.schema]: fingerprint('dead_letter'),
      [HEADERS.time]: String(clock()),
    }
    // A dead letter that cannot be written must not become a further dead letter.
    if (table !== 'dead_letter') {
      await log.append([{ topic: topicOf('dead_letter'), partition: 0, headers, value: builder.finish() }])
    }
    emit({ type: 'write_set_apart', table, code, error })
  }

  private async commit(offset: number, metadata?: string): Promise<void> {
    await this.o
      .subscription()
      .commit(this.o.partition, metadata === undefined ? { offset } : { offset, metadata })
    this.next = offset
    this.committed_ms = this.o.elapsed()
  }
}

export class Stopped extends Error {}

/** The end of an unfinished range, from a commit's metadata; undefined when nothing from `from` on belongs to it. */
export function intentOf(metadata: string | undefined, from: number): number | undefined {
  const match = /^to:(\d+)$/.exec(metadata ?? '')
  const to = match === null ? -1 : Number(match[1])
  return to < from ? undefined : to
}
