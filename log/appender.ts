import type { Emit } from '../schemas/facts.ts'
import { checkMessage } from './check.ts'
import type { Storage } from './lmdb.ts'
import { LogError, type LogMessage, type TopicSpec } from './log.ts'
import { encodeRecord, recordTime } from './record.ts'
import { type Retention, TRIM_FROM } from './retention.ts'
import { putSetBack, type StoredPartition, wake } from './storedPartitions.ts'

export interface AppenderOptions {
  readonly storage: Storage
  readonly topics: ReadonlyMap<string, TopicSpec>
  readonly partitionOf: (message: LogMessage) => StoredPartition
  readonly retention: Retention
  /** A bound on what messages take, bytes. */
  readonly max_bytes: number | undefined
  readonly whenFull: 'trim_oldest' | 'refuse'
  /** The bound is passed: read messages are to be removed. */
  readonly overBound: () => void
  readonly emit: Emit
  readonly clock: () => number
}

/** Takes messages and writes them: those that come during a flush share the next one. */
export interface Appender {
  /**
   * Resolves when every message is on the disk.
   * @throws LogError `full` when the bound or the disk has no room, `unavailable` when the write failed
   */
  append(messages: readonly LogMessage[]): Promise<void>
  /** Why appends of events fail now, or undefined. */
  problem(): string | undefined
  /** A write went through: an earlier failure is over. */
  recovered(): void
  /** Whether the last write failed. */
  readonly failing: boolean
  /** Resolves when what was appended is written or refused. */
  settled(): Promise<void>
}

interface Item {
  readonly partition: StoredPartition
  readonly message: LogMessage
  readonly bytes: Buffer
}

interface Pending {
  readonly items: readonly Item[]
  readonly resolve: () => void
  readonly reject: (error: LogError) => void
}

/** Messages that a full log still takes (`TopicSpec.whenFull`) may pass the bound by so much. */
const HEADROOM = 1.1
/** Times of a partition do not fall, unless the clock was set back by more than this. */
const SET_BACK_MS = 10_000

/** Collects appends into transactions of the embedded log; see `Appender`. */
export function createAppender(options: AppenderOptions): Appender {
  const { storage, topics, max_bytes, retention, emit, clock } = options
  const lastTime = new Map<StoredPartition, number>()
  let queue: Pending[] = []
  let queued_bytes = 0
  let flushing: Promise<void> | undefined
  let failure: string | undefined
  /** The bound refused an append with so many bytes in use: it is over when they are fewer. */
  let refused: { readonly reason: string; readonly used_bytes: number } | undefined

  function prepare(message: LogMessage): Item {
    checkMessage(topics, message)
    const partition = options.partitionOf(message)
    try {
      return { partition, message, bytes: encodeRecord(message, timeOf(partition)) }
    } catch (cause) {
      throw new LogError('too_large', (cause as Error).message, { retriable: false, cause })
    }
  }

  /** Times do not fall by the clock's small corrections: replay by time relies on it. */
  function timeOf(partition: StoredPartition): number {
    const now = clock()
    const last = lastTime.get(partition) ?? newestTime(partition)
    const time_ms = last > now + SET_BACK_MS ? now : Math.max(now, last)
    if (time_ms < last) partition.setBackAt = Math.max(partition.end, 1)
    lastTime.set(partition, time_ms)
    return time_ms
  }

  function newestTime(partition: StoredPartition): number {
    const last = storage.last(partition.slot)
    if (last === undefined) return Number.NEGATIVE_INFINITY
    const entry = storage.read(partition.slot, { from: last, until: last + 1, max_bytes: 1 })[0]
    return entry === undefined ? Number.NEGATIVE_INFINITY : recordTime(entry.bytes)
  }

  /** Throws unless there is room: nothing that a group has not read is ever removed to make it. */
  function admit(items: readonly Item[], size_bytes: number): void {
    if (options.whenFull !== 'refuse') return
    const urgent = items.every(({ partition, message }) => partition.urgent || message.value.length === 0)
    const bound = max_bytes === undefined ? undefined : max_bytes * (urgent ? HEADROOM : 1)
    const used_bytes = storage.usedBytes()
    if (bound !== undefined && used_bytes + queued_bytes + size_bytes > bound) {
      const reason = `the log is full: messages that are not read yet take ${used_bytes} of log.max_bytes ${max_bytes}`
      if (!urgent) refused = { reason, used_bytes }
      throw new LogError('full', reason, { retriable: true })
    }
    const short = urgent ? undefined : storage.short()
    if (short !== undefined) throw new LogError('full', short, { retriable: true })
  }

  async function append(messages: readonly LogMessage[]): Promise<void> {
    if (messages.length === 0) return
    const items = messages.map(prepare)
    const size_bytes = items.reduce((sum, item) => sum + item.bytes.length, 0)
    admit(items, size_bytes)
    queued_bytes += size_bytes
    await new Promise<void>((resolve, reject) => {
      queue.push({ items, resolve, reject })
      flushing ??= flush()
    }).finally(() => {
      queued_bytes -= size_bytes
    })
  }

  async function flush(): Promise<void> {
    while (queue.length > 0) {
      const taken = queue
      queue = []
      const began = performance.now()
      try {
        await writeAll(taken)
        failure = undefined
        for (const { resolve } of taken) resolve()
        const messages = taken.reduce((sum, { items }) => sum + items.length, 0)
        emit({ type: 'log_flushed', messages, flush_seconds: (performance.now() - began) / 1_000 })
        const from = options.whenFull === 'refuse' ? TRIM_FROM : 1
        if (max_bytes !== undefined && storage.usedBytes() > max_bytes * from) options.overBound()
      } catch (cause) {
        fail(taken, cause)
      }
    }
    // At once, not when this promise settles: what is queued in between must start a new run.
    flushing = undefined
  }

  function fail(taken: readonly Pending[], cause: unknown): void {
    const full = cause instanceof LogError && cause.code === 'full'
    const reason = full ? cause.message : `the last write failed: ${(cause as Error).message}`
    failure = reason
    emit({ type: 'log_append_failed', log: 'embedded', error: cause })
    const error = full ? cause : new LogError('unavailable', reason, { retriable: true, cause })
    for (const { reject } of taken) reject(error)
  }

  async function writeAll(taken: readonly Pending[]): Promise<void> {
    const all = taken.flatMap(({ items }) => items)
    const ends = new Map<StoredPartition, number>()
    const newest = new Map<string, number>()
    // A value begins a page of its own when it is larger than half a page.
    const size_bytes = all.reduce((sum, { bytes }) => sum + Math.ceil((bytes.length + 64) / 4_096) * 4_096, 0)
    await storage.write((batch) => {
      for (const { partition, message, bytes } of all) {
        const offset = ends.get(partition) ?? partition.end
        ends.set(partition, offset + 1)
        batch.put(partition.slot, offset, bytes)
        if (partition.setBackAt > 0) putSetBack(batch, partition)
        if (!partition.compacted) continue
        const key = message.key!
        const older = newest.get(`${partition.slot}:${key}`) ?? storage.keyOffset(partition.slot, key)
        newest.set(`${partition.slot}:${key}`, offset)
        if (older !== undefined) batch.remove(partition.slot, older)
        batch.putKey(partition.slot, key, offset)
        if (message.value.length === 0) retention.deleted(partition, key, offset, recordTime(bytes))
      }
    }, size_bytes)
    for (const [partition, end] of ends) {
      partition.end = end
      wake(partition)
    }
  }

  return {
    append,
    problem() {
      if (refused !== undefined && storage.usedBytes() < refused.used_bytes) refused = undefined
      return refused?.reason ?? (options.whenFull === 'refuse' ? storage.short() : undefined) ?? failure
    },
    recovered() {
      failure = undefined
    },
    get failing() {
      return failure !== undefined
    },
    settled: async () => flushing,
  }
}
