import type { Batch, Storage } from './lmdb.ts'
import type { Commit, Partition, TopicSpec } from './log.ts'

/** What the embedded log keeps in memory of a partition; all but `waiters` is on the disk too. */
export interface StoredPartition extends Partition {
  readonly slot: number
  readonly compacted: boolean
  readonly retention_ms: number | undefined
  /** Taken by a log that refuses everything else because it is full. */
  readonly urgent: boolean
  /** From this offset on times are those of a clock that was set back; 0 when it never was. */
  setBackAt: number
  /** The offset the next message gets; all below it are durable. */
  end: number
  /** Called once each when messages were added, or when reading stops. */
  readonly waiters: Set<() => void>
}

/** Wakes the readers that wait for further records of a partition. */
export function wake(partition: StoredPartition): void {
  const waiting = [...partition.waiters]
  partition.waiters.clear()
  for (const go of waiting) go()
}

/** Groups' commits, mirrored in memory. An offset of -1 stands for a group that is known and has not committed. */
export interface Commits {
  get(group: string, partition: StoredPartition): Commit | undefined
  /** Makes the group known, so that retention waits for it. */
  register(group: string, partitions: readonly StoredPartition[]): Promise<void>
  /** The group reads here no more: retention waits only for groups that are durable. */
  left(group: string, partitions: readonly StoredPartition[]): void
  /** Resolves when the commit is on the disk, if the group is durable. */
  set(group: string, partition: StoredPartition, commit: Commit): Promise<void>
  /**
   * The same for a commit that may be lost with the process, since its messages may be handled again: it goes to the disk with all
   * others of `NOTED_MS`. A transaction for each of them would cost more than reading does.
   */
  note(group: string, partition: StoredPartition, commit: Commit): void
  /** Resolves when what was noted is on the disk. */
  settled(): Promise<void>
  /** The lowest offset that a group which counts still needs, or undefined when there is no group. */
  floor(partition: StoredPartition): number | undefined
}

const NOTHING = -1
const NOTED_MS = 500
const PREFIX = 'commit:'

/**
 * @param durable groups that count while they do not read; commits of other groups are removed here. undefined: all are
 */
export async function loadCommits(storage: Storage, durable?: readonly string[]): Promise<Commits> {
  const byGroup = new Map<string, Map<string, Commit>>()
  const isDurable = (group: string): boolean => durable === undefined || durable.includes(group)
  const set = (group: string, name: string, commit: Commit): void => {
    const commits = byGroup.get(group) ?? new Map<string, Commit>()
    byGroup.set(group, commits.set(name, commit))
  }
  const forgotten: string[] = []
  for (const { key, bytes } of storage.meta(PREFIX)) {
    const [group, topic, partition] = key.slice(PREFIX.length).split('\0')
    if (isDurable(group!)) set(group!, `${topic}\0${partition}`, decodeCommit(bytes))
    else forgotten.push(key)
  }
  if (forgotten.length > 0)
    await storage.write((batch) => {
      for (const key of forgotten) batch.removeMeta(key)
    })
  const nameOf = ({ topic, partition }: Partition): string => `${topic}\0${partition}`
  const metaKey = (group: string, partition: Partition): string => `${PREFIX}${group}\0${nameOf(partition)}`

  const noted = new Map<string, Buffer>()
  let timer: NodeJS.Timeout | undefined
  /** Writes what was noted, and `more`. */
  async function write(more: ReadonlyMap<string, Buffer>): Promise<void> {
    const taken = new Map([...noted, ...more])
    noted.clear()
    clearTimeout(timer)
    timer = undefined
    if (taken.size === 0) return
    try {
      await storage.write((batch) => {
        for (const [key, bytes] of taken) batch.putMeta(key, bytes)
      })
    } catch (error) {
      // What was noted meanwhile is newer, and who made `more` makes it again.
      for (const [key, bytes] of taken) if (!noted.has(key) && !more.has(key)) noted.set(key, bytes)
      throw error
    }
  }
  function writeLater(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      // The next append reports a disk that takes nothing.
      write(new Map()).catch(writeLater)
    }, NOTED_MS).unref()
  }

  return {
    get(group, partition) {
      const commit = byGroup.get(group)?.get(nameOf(partition))
      return commit === undefined || commit.offset === NOTHING ? undefined : commit
    },
    async register(group, partitions) {
      const unknown = partitions.filter((partition) => !byGroup.get(group)?.has(nameOf(partition)))
      if (unknown.length === 0) return
      for (const partition of unknown) set(group, nameOf(partition), { offset: NOTHING })
      if (!isDurable(group)) return
      await storage.write((batch) => {
        for (const partition of unknown)
          batch.putMeta(metaKey(group, partition), encodeCommit({ offset: NOTHING }))
      })
    },
    left(group, partitions) {
      if (isDurable(group)) return
      for (const partition of partitions) byGroup.get(group)?.delete(nameOf(partition))
    },
    async set(group, partition, commit) {
      if (isDurable(group)) await write(new Map([[metaKey(group, partition), encodeCommit(commit)]]))
      set(group, nameOf(partition), commit)
    },
    note(group, partition, commit) {
      set(group, nameOf(partition), commit)
      if (!isDurable(group)) return
      noted.set(metaKey(group, partition), encodeCommit(commit))
      writeLater()
    },
    settled: () => write(new Map()),
    floor(partition) {
      let lowest: number | undefined
      for (const commits of byGroup.values()) {
        const commit = commits.get(nameOf(partition))
        if (commit !== undefined && (lowest === undefined || commit.offset < lowest)) lowest = commit.offset
      }
      return lowest === undefined ? undefined : Math.max(0, lowest)
    },
  }
}

function encodeCommit({ offset, metadata }: Commit): Buffer {
  const head = Buffer.allocUnsafe(9)
  head.writeDoubleBE(offset)
  head[8] = metadata === undefined ? 0 : 1
  return metadata === undefined ? head : Buffer.concat([head, Buffer.from(metadata)])
}

function decodeCommit(bytes: Buffer): Commit {
  const offset = bytes.readDoubleBE(0)
  return bytes[8] === 0 ? { offset } : { offset, metadata: bytes.toString('utf8', 9) }
}

/**
 * Numbers the topics (an id, once given, stays) and finds where each partition ends. A partition whose messages were
 * all trimmed remembers its end beside them, so that no offset is given twice.
 */
export async function loadPartitions(
  storage: Storage,
  topics: Iterable<TopicSpec>,
): Promise<Map<string, StoredPartition[]>> {
  const ids = new Map(storage.meta('topic:').map(({ key, bytes }) => [key.slice(6), bytes.readUInt16BE(0)]))
  const ends = new Map(
    storage.meta('end:').map(({ key, bytes }) => [Number(key.slice(4)), bytes.readDoubleBE(0)]),
  )
  const setBacks = new Map(
    storage.meta('setback:').map(({ key, bytes }) => [Number(key.slice(8)), bytes.readDoubleBE(0)]),
  )
  const added: string[] = []
  const partitions = new Map<string, StoredPartition[]>()
  for (const topic of topics) {
    let id = ids.get(topic.name)
    if (id === undefined) {
      id = ids.size + 1
      ids.set(topic.name, id)
      added.push(topic.name)
    }
    const ofTopic = Array.from({ length: topic.partitions }, (_, partition): StoredPartition => {
      const slot = id * 65_536 + partition
      return {
        topic: topic.name,
        partition,
        slot,
        compacted: topic.compacted === true,
        retention_ms: topic.retention_ms,
        urgent: topic.compacted === true || topic.whenFull === 'take',
        setBackAt: setBacks.get(slot) ?? 0,
        end: Math.max((storage.last(slot) ?? -1) + 1, ends.get(slot) ?? 0),
        waiters: new Set(),
      }
    })
    partitions.set(topic.name, ofTopic)
  }
  if (added.length > 0) {
    await storage.write((batch) => {
      for (const name of added) {
        const bytes = Buffer.allocUnsafe(2)
        bytes.writeUInt16BE(ids.get(name)!)
        batch.putMeta(`topic:${name}`, bytes)
      }
    })
  }
  return partitions
}

/** Writes a partition's end beside its messages: called with every removal that could leave it empty. */
export function putEnd(batch: Batch, partition: StoredPartition): void {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleBE(partition.end)
  batch.putMeta(`end:${partition.slot}`, bytes)
}

/** Writes where the clock of a partition's messages was set back, once. */
export function putSetBack(batch: Batch, partition: StoredPartition): void {
  if (written.get(partition) === partition.setBackAt) return
  written.set(partition, partition.setBackAt)
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleBE(partition.setBackAt)
  batch.putMeta(`setback:${partition.slot}`, bytes)
}

const written = new WeakMap<StoredPartition, number>()
