import { mkdirSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import type { Emit } from '../schemas/facts.ts'
import { createAppender } from './appender.ts'
import { checkPartition } from './check.ts'
import { openStorage, type Storage } from './lmdb.ts'
import {
  type Log,
  LogError,
  type LogRecord,
  type Partition,
  type ReplayOptions,
  type SubscribeOptions,
  type Subscription,
  type TopicSpec,
} from './log.ts'
import { type Claim, claimFolder } from './owner.ts'
import { readRecords, startReader } from './reader.ts'
import { firstAtOrAfter, keepRetention } from './retention.ts'
import { type Commits, loadCommits, loadPartitions, type StoredPartition } from './storedPartitions.ts'

export interface EmbeddedLogOptions {
  /** A folder; made if it is not there. One process at a time. */
  readonly path: string
  readonly topics: readonly TopicSpec[]
  /** A bound on what messages take on the disk, bytes. The file may be a little larger, and never shrinks. */
  readonly max_bytes?: number
  /**
   * At the bound, messages that every group has read are removed, the oldest first. When unread ones alone pass it:
   * `refuse` (the default) refuses appends with a LogError `full`, `trim_oldest` removes unread messages and emits a fact.
   */
  readonly whenFull?: 'trim_oldest' | 'refuse'
  /**
   * Groups whose place counts while they do not read: messages they have not read are kept. Other groups count only
   * while they are subscribed, and are forgotten at the next start. Default: every group counts always.
   */
  readonly durableGroups?: readonly string[]
  /** Free bytes of the disk that appends of events must leave. Default: 256 MiB, or a tenth of a small disk. */
  readonly floor_bytes?: number
  /** Free bytes of the disk; a test passes its own. */
  readonly free_bytes?: () => number
  /** How often retention is applied, ms (default 5,000). */
  readonly trimEvery_ms?: number
  readonly emit: Emit
  readonly clock: () => number
}

export interface EmbeddedLog extends Log {
  /** Applies retention now, instead of at the next turn. */
  trim(): Promise<void>
  /** Bytes that messages take on the disk now. */
  usedBytes(): number
  /** What a group committed last. */
  committed(group: string, partition: Partition): { offset: number; metadata?: string } | undefined
}

const REPLAY_BYTES = 4 << 20

/**
 * The log in one LMDB file. Messages appended while a flush runs share the next one.
 * @throws LogError `unavailable` when another process has the folder open, `damaged` when the file cannot be read,
 *   `full` when the disk has no room to begin with
 */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const { emit, clock, max_bytes, whenFull = 'refuse' } = options
  mkdirSync(options.path, { recursive: true })
  const claim = await claimFolder(options.path)
  const storage = await openOrRelease(options, claim)
  const topics = new Map(options.topics.map((topic) => [topic.name, topic]))
  const byTopic = await loadPartitions(storage, topics.values())
  const partitions = [...byTopic.values()].flat()
  const commits: Commits = await loadCommits(storage, options.durableGroups)
  const retention = keepRetention({ storage, commits, partitions, max_bytes, whenFull, emit, clock })
  const open = new Map<string, Subscription>()
  let trimming: Promise<void> | undefined
  let closing: Promise<void> | undefined

  const partitionOf = (partition: Partition): StoredPartition => {
    checkPartition(topics, partition)
    return byTopic.get(partition.topic)![partition.partition]!
  }
  const mustBeOpen = (): void => {
    if (closing !== undefined) throw new LogError('closed', 'the log is closed', { retriable: false })
  }
  const trim = (): Promise<void> => {
    trimming ??= retention
      .trim()
      .catch((error: unknown) => emit({ type: 'log_trim_failed', error }))
      .finally(() => {
        trimming = undefined
      })
    return trimming
  }
  const appender = createAppender({
    storage,
    topics,
    partitionOf,
    retention,
    max_bytes,
    whenFull,
    overBound: () => void trim(),
    emit,
    clock,
  })
  const timer = setInterval(
    () => void trim().then(() => (appender.failing ? probe(storage, appender.recovered) : undefined)),
    options.trimEvery_ms ?? 5_000,
  )
  timer.unref()

  async function* replay({ topic, partition, from, until }: ReplayOptions): AsyncGenerator<LogRecord> {
    mustBeOpen()
    const stored = partitionOf({ topic, partition })
    const stop = Math.min(until ?? stored.end, stored.end)
    let next =
      from === undefined ? 0 : 'offset' in from ? from.offset : firstAtOrAfter(storage, stored, from.time_ms)
    while (next < stop) {
      mustBeOpen()
      const records = readRecords(storage, stored, { from: next, until: stop, max_bytes: REPLAY_BYTES })
      if (records.length === 0) return
      yield* records
      await turn()
      next = records.at(-1)!.offset + 1
    }
  }

  async function subscribe(subscribe: SubscribeOptions): Promise<Subscription> {
    mustBeOpen()
    const ofTopics = subscribe.topics.flatMap((topic) => {
      partitionOf({ topic, partition: 0 })
      return byTopic.get(topic)!
    })
    const names = subscribe.topics.map((topic) => `${subscribe.group}\0${topic}`)
    const twice = names.find((name) => open.has(name))
    if (twice !== undefined)
      throw new TypeError(`the group already reads this topic here: ${twice.replace('\0', ' ')}`)
    await commits.register(subscribe.group, ofTopics)
    const reader = startReader({
      storage,
      commits,
      partitions: ofTopics,
      emit,
      options: subscribe,
      onClose: () => {
        for (const name of names) open.delete(name)
        commits.left(subscribe.group, ofTopics)
      },
    })
    for (const name of names) open.set(name, reader)
    return reader
  }

  async function close(): Promise<void> {
    clearInterval(timer)
    await Promise.all([...open.values()].map((subscription) => subscription.close()))
    await appender.settled()
    await trimming
    await commits
      .settled()
      .catch((error: unknown) => emit({ type: 'log_append_failed', log: 'embedded', error }))
    await storage.close()
    claim.release()
  }

  return {
    topics,
    async append(messages) {
      mustBeOpen()
      await appender.append(messages)
    },
    subscribe,
    replay,
    async bounds(partition) {
      mustBeOpen()
      const { slot, end } = partitionOf(partition)
      return { begin: Math.min(storage.first(slot) ?? end, end), end }
    },
    health() {
      const reason = closing !== undefined ? 'it is closed' : appender.problem()
      return reason === undefined ? { ok: true } : { ok: false, reason }
    },
    close: () => (closing ??= close()),
    trim,
    usedBytes: () => storage.usedBytes(),
    committed: (group, partition) => commits.get(group, partitionOf(partition)),
  }
}

/** Who sees a failing log in `health` stops appending, so the log finds out by itself that writes go through again. */
async function probe(storage: Storage, recovered: () => void): Promise<void> {
  try {
    await storage.write((batch) => batch.putMeta('probe', Buffer.from([1])))
    recovered()
  } catch {
    // The failure that `health` reports stands.
  }
}

async function openOrRelease(options: EmbeddedLogOptions, claim: Claim): Promise<Storage> {
  const { path, floor_bytes, free_bytes } = options
  try {
    return await openStorage({ path, closedInOrder: claim.closedInOrder, floor_bytes, free_bytes })
  } catch (error) {
    claim.release()
    throw error
  }
}
