import { setImmediate as turn } from 'node:timers/promises'
import type { Emit } from '../schemas/facts.ts'
import { retry } from '../schemas/retry.ts'
import { checkCommit } from './check.ts'
import type { Storage } from './lmdb.ts'
import type { LogRecord, SubscribeOptions, Subscription } from './log.ts'
import { LogError } from './log.ts'
import { decodeRecord } from './record.ts'
import { type Commits, type StoredPartition, wake } from './storedPartitions.ts'

const DEFAULT_BATCH_BYTES = 4 << 20
const PAUSES = { first_ms: 50, longest_ms: 5_000 }

export interface ReaderOptions {
  readonly storage: Storage
  readonly commits: Commits
  readonly partitions: readonly StoredPartition[]
  readonly emit: Emit
  readonly options: SubscribeOptions
  readonly onClose: () => void
}

/**
 * A group's reading of the embedded log: every partition has a loop of its own that sleeps until a message is added.
 * A handler that rejects gets the same batch again after a pause that doubles, and so does `assigned`.
 */
export function startReader(reader: ReaderOptions): Subscription {
  const { commits, partitions, options, emit } = reader
  const stop = new AbortController()
  const owned = new Set(partitions)
  const running = partitions.map((partition) => readPartition(reader, partition, stop.signal))
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    stop.abort()
    for (const partition of partitions) wake(partition)
    await Promise.all(running)
    for (const stored of partitions) {
      await options.revoked?.({ topic: stored.topic, partition: stored.partition })
      owned.delete(stored)
    }
    reader.onClose()
  }

  return {
    async commit({ topic, partition }, commit) {
      const stored = partitions.find((each) => each.topic === topic && each.partition === partition)
      if (stored === undefined || !owned.has(stored))
        throw new LogError('revoked', `${topic}/${partition} is not this member's`, { retriable: true })
      checkCommit(commit)
      try {
        await retry(() => commits.set(options.group, stored, commit), {
          ...PAUSES,
          signal: stop.signal,
          failed: (error) => emit({ type: 'log_append_failed', log: 'embedded', error }),
        })
      } catch (cause) {
        throw new LogError('unavailable', 'the commit is not on the disk', { retriable: true, cause })
      }
    },
    close: () => (closing ??= close()),
  }
}

async function readPartition(
  reader: ReaderOptions,
  stored: StoredPartition,
  signal: AbortSignal,
): Promise<void> {
  const { storage, commits, options, emit } = reader
  const { topic, partition } = stored
  let next = 0
  /** Does a step until it succeeds or reading stops. */
  const untilDone = (step: () => Promise<void>): Promise<void> =>
    retry(step, {
      ...PAUSES,
      signal,
      failed: (error) => emit({ type: 'log_handler_failed', group: options.group, topic, error }),
    }).catch(() => undefined)
  await untilDone(async () => {
    const committed = commits.get(options.group, stored)
    const begin = Math.min(storage.first(stored.slot) ?? stored.end, stored.end)
    const from = await options.assigned?.({ topic, partition, committed, begin, end: stored.end })
    next = from ?? committed?.offset ?? begin
  })
  while (!signal.aborted) {
    if (next >= stored.end) {
      await added(stored, signal)
      continue
    }
    await untilDone(async () => {
      const max_bytes = options.maxBatch_bytes ?? DEFAULT_BATCH_BYTES
      const records = readRecords(storage, stored, { from: next, until: stored.end, max_bytes })
      const after = (records.at(-1)?.offset ?? stored.end - 1) + 1
      if (records.length > 0) await options.handler({ topic, partition, records, end: stored.end })
      if (records.length > 0 && options.autoCommit !== false)
        commits.note(options.group, stored, { offset: after })
      next = after
    })
    await turn()
  }
}

/** Records of a partition from an offset on, decoded. */
export function readRecords(
  storage: Storage,
  { topic, partition, slot }: StoredPartition,
  range: { from: number; until: number; max_bytes: number },
): LogRecord[] {
  return storage
    .read(slot, range)
    .map(({ offset, bytes }) => ({ topic, partition, offset, ...decodeRecord(bytes) }))
}

/** Resolves at the next message, or when reading stops. */
function added(partition: StoredPartition, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => partition.waiters.add(resolve))
}
