import type { Emit } from '../schemas/facts.ts'
import type { Storage } from './lmdb.ts'
import { decodeRecord, recordTime } from './record.ts'
import { type Commits, putEnd, type StoredPartition } from './storedPartitions.ts'

export interface Retention {
  /** Removes what is past its time and read by every group that counts, then what the bound demands. */
  trim(): Promise<void>
  /** A key of a compacted topic was deleted: its marker goes after `TOMBSTONE_MS`. */
  deleted(partition: StoredPartition, key: string, offset: number, appended_ms: number): void
}

/** How long the marker of a deleted key stays, so that a reader that was away still learns of it. */
const TOMBSTONE_MS = 24 * 3_600_000
const REMOVED_AT_ONCE = 1_024
/** In `refuse`, messages that were read are removed from this share of the bound on, so that no append meets it. */
export const TRIM_FROM = 0.9
/** The bound is undershot a little, so that it is not met again by the next message. */
const SLACK = 0.97

export interface RetentionOptions {
  readonly storage: Storage
  readonly commits: Commits
  readonly partitions: readonly StoredPartition[]
  readonly max_bytes: number | undefined
  /** `refuse`: unread messages stay, whatever the bound. */
  readonly whenFull: 'trim_oldest' | 'refuse'
  readonly emit: Emit
  readonly clock: () => number
}

/** Deletes what is older than its topic keeps, or beyond the disk’s bound; see `Retention`. */
export function keepRetention(options: RetentionOptions): Retention {
  const { storage, commits, partitions, emit, clock } = options
  const refuses = options.whenFull === 'refuse'
  const bound_bytes =
    options.max_bytes === undefined ? undefined : options.max_bytes * (refuses ? TRIM_FROM : 1)
  const tombstones = partitions
    .filter(({ compacted }) => compacted)
    .flatMap((partition) => findTombstones(storage, partition))
  const timed = partitions.filter(({ compacted }) => !compacted)

  async function remove(partition: StoredPartition, from: number, to: number): Promise<void> {
    for (let at = from; at < to; at += REMOVED_AT_ONCE) {
      const until = Math.min(to, at + REMOVED_AT_ONCE)
      await storage.write((batch) => {
        for (let offset = at; offset < until; offset += 1) batch.remove(partition.slot, offset)
        putEnd(batch, partition)
      })
    }
  }

  async function trimByTime(partition: StoredPartition, now: number): Promise<void> {
    if (partition.retention_ms === undefined) return
    const first = storage.first(partition.slot)
    if (first === undefined) return
    const expired = firstYoungerThan(storage, partition, now - partition.retention_ms)
    await remove(partition, first, Math.min(expired, commits.floor(partition) ?? expired))
  }

  async function trimTombstones(now: number): Promise<void> {
    while (tombstones[0] !== undefined && tombstones[0].appended_ms < now - TOMBSTONE_MS) {
      const { partition, key, offset } = tombstones.shift()!
      if (storage.keyOffset(partition.slot, key) !== offset) continue
      await storage.write((batch) => {
        batch.remove(partition.slot, offset)
        batch.removeKey(partition.slot, key)
        putEnd(batch, partition)
      })
    }
  }

  /** The oldest messages first, whatever their partition. Returns whether the bound holds. */
  async function trimByBytes(unread: boolean): Promise<boolean> {
    if (bound_bytes === undefined || storage.usedBytes() <= bound_bytes) return true
    const limitOf = (partition: StoredPartition): number =>
      unread ? partition.end : (commits.floor(partition) ?? partition.end)
    for (
      let excess = storage.usedBytes() - bound_bytes * SLACK;
      excess > 0;
      excess = storage.usedBytes() - bound_bytes * SLACK
    ) {
      const oldest = oldestPartition(storage, timed, limitOf)
      if (oldest === undefined) return storage.usedBytes() <= bound_bytes
      const entries = storage.read(oldest.slot, {
        from: 0,
        until: limitOf(oldest),
        max_bytes: excess,
        limit: 64,
      })
      const upTo = entries.at(-1)!.offset + 1
      const floor = commits.floor(oldest) ?? upTo
      const lost = entries.filter((entry) => entry.offset >= floor)
      await remove(oldest, entries[0]!.offset, upTo)
      if (lost.length > 0) {
        const bytes = lost.reduce((sum, entry) => sum + entry.bytes.length, 0)
        const { topic, partition } = oldest
        emit({ type: 'log_trimmed_unread', topic, partition, messages: lost.length, bytes })
      }
    }
    return true
  }

  return {
    async trim() {
      const now = clock()
      await trimTombstones(now)
      for (const partition of timed) await trimByTime(partition, now)
      if (!(await trimByBytes(false)) && !refuses) await trimByBytes(true)
    },
    deleted: (partition, key, offset, appended_ms) =>
      void tombstones.push({ partition, key, offset, appended_ms }),
  }
}

/**
 * The first offset whose message was appended at or after `time_ms`, or the end. Times do not fall within a partition
 * except where the clock was set back, so it is found by halving, in the part since then before the part until then.
 */
export function firstAtOrAfter(storage: Storage, partition: StoredPartition, time_ms: number): number {
  const begin = storage.first(partition.slot) ?? partition.end
  const { setBackAt, end } = partition
  if (setBackAt <= begin) return halve(storage, partition, begin, end, time_ms)
  const found = halve(storage, partition, setBackAt, end, time_ms)
  return found > setBackAt ? found : halve(storage, partition, begin, setBackAt, time_ms)
}

function halve(
  storage: Storage,
  { slot }: StoredPartition,
  from: number,
  until: number,
  time_ms: number,
): number {
  let low = from
  let high = until
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    // A compacted partition has gaps: the next message kept stands for those before it.
    const entry = storage.read(slot, { from: middle, until: high, max_bytes: 1, limit: 1 })[0]
    if (entry === undefined || recordTime(entry.bytes) >= time_ms) high = middle
    else low = entry.offset + 1
  }
  return low
}

/** The first message that is younger, from the front on: so a message with a wrong time expires nothing before it. */
function firstYoungerThan(storage: Storage, { slot, end }: StoredPartition, time_ms: number): number {
  let from = 0
  while (from < end) {
    const entries = storage.read(slot, { from, until: end, max_bytes: 1 << 20, limit: REMOVED_AT_ONCE })
    for (const { offset, bytes } of entries) if (recordTime(bytes) >= time_ms) return offset
    from = entries.length === 0 ? end : entries.at(-1)!.offset + 1
  }
  return end
}

function oldestPartition(
  storage: Storage,
  partitions: readonly StoredPartition[],
  limitOf: (partition: StoredPartition) => number,
): StoredPartition | undefined {
  let oldest: { partition: StoredPartition; time: number } | undefined
  for (const partition of partitions) {
    const until = limitOf(partition)
    const entry = storage.read(partition.slot, { from: 0, until, max_bytes: 1, limit: 1 })[0]
    if (entry === undefined) continue
    const time = recordTime(entry.bytes)
    if (oldest === undefined || time < oldest.time) oldest = { partition, time }
  }
  return oldest?.partition
}

interface Tombstone {
  readonly partition: StoredPartition
  readonly key: string
  readonly offset: number
  readonly appended_ms: number
}

function findTombstones(storage: Storage, partition: StoredPartition): Tombstone[] {
  const found: Tombstone[] = []
  let from = 0
  while (from < partition.end) {
    const entries = storage.read(partition.slot, { from, until: partition.end, max_bytes: 1 << 20 })
    for (const { offset, bytes } of entries) {
      const { key, value, appended_ms } = decodeRecord(bytes)
      if (key !== undefined && value.length === 0) found.push({ partition, key, offset, appended_ms })
    }
    from = entries.length === 0 ? partition.end : entries.at(-1)!.offset + 1
  }
  return found
}
