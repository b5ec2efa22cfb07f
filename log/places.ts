import type { Batch, Storage } from './lmdb.ts'
import type { Commit, Partition } from './log.ts'

/** Where a partition of the embedded log stands in memory; everything in it is on the disk too. */
export interface Place extends Partition {
  readonly slot: number
  readonly compacted: boolean
  readonly retention_ms: number | undefined
  /** The offset the next message gets; all below it are durable. */
  end: number
  /** Called once each when messages were added, or when reading stops. */
  readonly waiters: Set<() => void>
}

export function wake(place: Place): void {
  const waiting = [...place.waiters]
  place.waiters.clear()
  for (const go of waiting) go()
}

/** Groups' commits, mirrored in memory. An offset of -1 stands for a group that is known and has not committed. */
export interface Commits {
  get(group: string, place: Place): Commit | undefined
  /** Makes the group known, so that retention waits for it. */
  register(group: string, places: readonly Place[]): Promise<void>
  set(group: string, place: Place, commit: Commit): Promise<void>
  /** The lowest offset a known group still needs, or undefined when there is no group. */
  floor(place: Place): number | undefined
}

const NOTHING = -1
const PREFIX = 'commit:'

export function loadCommits(storage: Storage): Commits {
  const byGroup = new Map<string, Map<string, Commit>>()
  const remember = (group: string, place: string, commit: Commit): void => {
    const places = byGroup.get(group) ?? new Map<string, Commit>()
    byGroup.set(group, places.set(place, commit))
  }
  for (const { key, bytes } of storage.meta(PREFIX)) {
    const [group, topic, partition] = key.slice(PREFIX.length).split('\0')
    remember(group!, `${topic}\0${partition}`, decodeCommit(bytes))
  }
  const placeKey = (place: Place): string => `${place.topic}\0${place.partition}`
  const metaKey = (group: string, place: Place): string => `${PREFIX}${group}\0${placeKey(place)}`

  return {
    get(group, place) {
      const commit = byGroup.get(group)?.get(placeKey(place))
      return commit === undefined || commit.offset === NOTHING ? undefined : commit
    },
    async register(group, places) {
      const unknown = places.filter((place) => !byGroup.get(group)?.has(placeKey(place)))
      if (unknown.length === 0) return
      for (const place of unknown) remember(group, placeKey(place), { offset: NOTHING })
      await storage.write((batch) => {
        for (const place of unknown) batch.putMeta(metaKey(group, place), encodeCommit({ offset: NOTHING }))
      })
    },
    async set(group, place, commit) {
      await storage.write((batch) => batch.putMeta(metaKey(group, place), encodeCommit(commit)))
      remember(group, placeKey(place), commit)
    },
    floor(place) {
      let lowest: number | undefined
      for (const places of byGroup.values()) {
        const commit = places.get(placeKey(place))
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
export async function loadPlaces(
  storage: Storage,
  topics: Iterable<{ name: string; partitions: number; compacted?: boolean; retention_ms?: number }>,
): Promise<Map<string, Place[]>> {
  const ids = new Map(storage.meta('topic:').map(({ key, bytes }) => [key.slice(6), bytes.readUInt16BE(0)]))
  const ends = new Map(
    storage.meta('end:').map(({ key, bytes }) => [Number(key.slice(4)), bytes.readDoubleBE(0)]),
  )
  const added: string[] = []
  const places = new Map<string, Place[]>()
  for (const topic of topics) {
    let id = ids.get(topic.name)
    if (id === undefined) {
      id = ids.size + 1
      ids.set(topic.name, id)
      added.push(topic.name)
    }
    const ofTopic = Array.from({ length: topic.partitions }, (_, partition): Place => {
      const slot = id * 65_536 + partition
      return {
        topic: topic.name,
        partition,
        slot,
        compacted: topic.compacted === true,
        retention_ms: topic.retention_ms,
        end: Math.max((storage.last(slot) ?? -1) + 1, ends.get(slot) ?? 0),
        waiters: new Set(),
      }
    })
    places.set(topic.name, ofTopic)
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
  return places
}

/** Notes a partition's end beside its messages: called with every removal that could leave it empty. */
export function noteEnd(batch: Batch, place: Place): void {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleBE(place.end)
  batch.putMeta(`end:${place.slot}`, bytes)
}
