import type { Emit } from '../schemas/facts.ts'
import type { Storage } from './lmdb.ts'
import { type Commits, noteEnd, type Place } from './places.ts'
import { decodeRecord, recordTime } from './record.ts'

export interface Retention {
  /** Removes what is past its time and read by every known group, then what the bound demands. */
  trim(): Promise<void>
  /** A key of a compacted topic was deleted: its marker goes after `TOMBSTONE_MS`. */
  deleted(place: Place, key: string, offset: number, appended_ms: number): void
}

/** How long the marker of a deleted key stays, so that a reader that was away still learns of it. */
const TOMBSTONE_MS = 24 * 3_600_000
const REMOVED_AT_ONCE = 1_024
/** The bound is undershot a little, so that it is not met again by the next message. */
const SLACK = 0.97

export interface RetentionOptions {
  readonly storage: Storage
  readonly commits: Commits
  readonly places: readonly Place[]
  readonly max_bytes: number | undefined
  readonly emit: Emit
  readonly clock: () => number
}

export function keepRetention(options: RetentionOptions): Retention {
  const { storage, commits, places, emit, clock } = options
  const tombstones = places
    .filter((place) => place.compacted)
    .flatMap((place) => findTombstones(storage, place))
  const timed = places.filter((place) => !place.compacted)

  async function remove(place: Place, from: number, to: number): Promise<void> {
    for (let at = from; at < to; at += REMOVED_AT_ONCE) {
      const until = Math.min(to, at + REMOVED_AT_ONCE)
      await storage.write((batch) => {
        for (let offset = at; offset < until; offset += 1) batch.remove(place.slot, offset)
        noteEnd(batch, place)
      })
    }
  }

  async function trimByTime(place: Place, now: number): Promise<void> {
    if (place.retention_ms === undefined) return
    const first = storage.first(place.slot)
    if (first === undefined) return
    const expired = firstAtOrAfter(storage, place, now - place.retention_ms)
    await remove(place, first, Math.min(expired, commits.floor(place) ?? expired))
  }

  async function trimTombstones(now: number): Promise<void> {
    while (tombstones[0] !== undefined && tombstones[0].appended_ms < now - TOMBSTONE_MS) {
      const { place, key, offset } = tombstones.shift()!
      if (storage.keyOffset(place.slot, key) !== offset) continue
      await storage.write((batch) => {
        batch.remove(place.slot, offset)
        batch.removeKey(place.slot, key)
        noteEnd(batch, place)
      })
    }
  }

  /** The oldest messages first, whatever their partition. Returns whether the bound holds. */
  async function trimByBytes(unread: boolean): Promise<boolean> {
    const bound = options.max_bytes
    if (bound === undefined || storage.usedBytes() <= bound) return true
    const limitOf = (place: Place): number => (unread ? place.end : (commits.floor(place) ?? place.end))
    for (
      let excess = storage.usedBytes() - bound * SLACK;
      excess > 0;
      excess = storage.usedBytes() - bound * SLACK
    ) {
      const oldest = oldestPlace(storage, timed, limitOf)
      if (oldest === undefined) return storage.usedBytes() <= bound
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
      for (const place of timed) await trimByTime(place, now)
      if (!(await trimByBytes(false))) await trimByBytes(true)
    },
    deleted: (place, key, offset, appended_ms) => void tombstones.push({ place, key, offset, appended_ms }),
  }
}

/**
 * The first offset whose message was appended at or after `time_ms`, or the end. Times do not fall within a
 * partition (the log sees to it), so it is found by halving.
 */
export function firstAtOrAfter(storage: Storage, place: Place, time_ms: number): number {
  let low = storage.first(place.slot) ?? place.end
  let high = place.end
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    // A compacted partition has gaps: the next message kept stands for those before it.
    const entry = storage.read(place.slot, { from: middle, until: high, max_bytes: 1, limit: 1 })[0]
    if (entry === undefined || recordTime(entry.bytes) >= time_ms) high = middle
    else low = entry.offset + 1
  }
  return low
}

function oldestPlace(
  storage: Storage,
  places: readonly Place[],
  limitOf: (place: Place) => number,
): Place | undefined {
  let oldest: { place: Place; time: number } | undefined
  for (const place of places) {
    const entry = storage.read(place.slot, { from: 0, until: limitOf(place), max_bytes: 1, limit: 1 })[0]
    if (entry === undefined) continue
    const time = recordTime(entry.bytes)
    if (oldest === undefined || time < oldest.time) oldest = { place, time }
  }
  return oldest?.place
}

interface Tombstone {
  readonly place: Place
  readonly key: string
  readonly offset: number
  readonly appended_ms: number
}

function findTombstones(storage: Storage, place: Place): Tombstone[] {
  const found: Tombstone[] = []
  let from = 0
  while (from < place.end) {
    const entries = storage.read(place.slot, { from, until: place.end, max_bytes: 1 << 20 })
    for (const { offset, bytes } of entries) {
      const { key, value, appended_ms } = decodeRecord(bytes)
      if (key !== undefined && value.length === 0) found.push({ place, key, offset, appended_ms })
    }
    from = entries.length === 0 ? place.end : entries.at(-1)!.offset + 1
  }
  return found
}
