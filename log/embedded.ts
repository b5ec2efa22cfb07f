import { mkdirSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import type { Emit } from '../schemas/facts.ts'
import { checkMessage, checkPartition } from './check.ts'
import { openStorage, type Storage } from './lmdb.ts'
import {
  type Log,
  LogError,
  type LogMessage,
  type Partition,
  type ReplayOptions,
  type TopicSpec,
} from './log.ts'
import { claimFolder } from './owner.ts'
import { type Commits, loadCommits, loadPlaces, type Place, wake } from './places.ts'
import { readRecords, startReader } from './reader.ts'
import { encodeRecord, recordTime } from './record.ts'
import { firstAtOrAfter, keepRetention } from './retention.ts'

export interface EmbeddedLogOptions {
  /** A folder; made if it is not there. One process at a time. */
  readonly path: string
  readonly topics: readonly TopicSpec[]
  /** A bound on what messages take on the disk, bytes. The file may be a little larger, and never shrinks. */
  readonly max_bytes?: number
  /** At the bound: remove the oldest messages, even unread ones (told by a fact), or refuse appends. */
  readonly whenFull?: 'trim_oldest' | 'refuse'
  /** How often retention is kept, ms (default 5,000). */
  readonly trimEvery_ms?: number
  readonly emit: Emit
  readonly clock: () => number
}

export interface EmbeddedLog extends Log {
  /** Keeps retention now, instead of at the next turn. */
  trim(): Promise<void>
  /** Bytes that messages take on the disk now. */
  usedBytes(): number
  /** What a group committed last. */
  committed(group: string, partition: Partition): { offset: number; metadata?: string } | undefined
}

interface Pending {
  readonly items: readonly { place: Place; message: LogMessage; bytes: Buffer }[]
  readonly resolve: () => void
  readonly reject: (error: LogError) => void
}

const REPLAY_BYTES = 4 << 20

/**
 * The log in one LMDB file. Messages appended while a flush runs share the next one.
 * Throws a LogError when another process has the folder open, and LMDB's error when the file is damaged.
 */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const { emit, clock, max_bytes } = options
  mkdirSync(options.path, { recursive: true })
  const release = claimFolder(options.path)
  const storage = openOrRelease(options.path, release)
  const topics = new Map(options.topics.map((topic) => [topic.name, topic]))
  const byTopic = await loadPlaces(storage, topics.values())
  const places = [...byTopic.values()].flat()
  const commits: Commits = loadCommits(storage)
  const retention = keepRetention({
    storage,
    commits,
    places,
    max_bytes: options.whenFull === 'refuse' ? undefined : max_bytes,
    emit,
    clock,
  })
  const lastTime = new Map<Place, number>()
  const open = new Map<string, { close(): Promise<void> }>()
  let queue: Pending[] = []
  let queued_bytes = 0
  let flushing: Promise<void> | undefined
  let trimming: Promise<void> | undefined
  let closing: Promise<void> | undefined
  let failure: string | undefined
  /** Bytes in use when an append was refused: it is full until they are fewer. */
  let refusedAt: number | undefined

  const placeOf = (partition: Partition): Place => {
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
  // Whoever sees a failing log in `health` stops appending, so it must find out by itself that writes go through again.
  const probe = async (): Promise<void> => {
    const went = await storage
      .write((batch) => batch.putMeta('probe', Buffer.from([1])))
      .then(
        () => true,
        () => false,
      )
    if (went) failure = undefined
  }
  const keep = (): Promise<void> => trim().then(() => (failure === undefined ? undefined : probe()))
  const timer = setInterval(() => void keep(), options.trimEvery_ms ?? 5_000)
  timer.unref()

  function prepare(message: LogMessage): Pending['items'][number] {
    checkMessage(topics, message)
    const place = placeOf(message)
    // Times do not fall within a partition, whatever the clock does: replay by time relies on it.
    const appended_ms = Math.max(clock(), lastTime.get(place) ?? newestTime(place))
    lastTime.set(place, appended_ms)
    try {
      return { place, message, bytes: encodeRecord(message, appended_ms) }
    } catch (cause) {
      throw new LogError('too_large', (cause as Error).message, { retriable: false, cause })
    }
  }

  function newestTime(place: Place): number {
    const last = storage.last(place.slot)
    if (last === undefined) return Number.NEGATIVE_INFINITY
    const entry = storage.read(place.slot, { from: last, until: last + 1, max_bytes: 1 })[0]
    return entry === undefined ? Number.NEGATIVE_INFINITY : recordTime(entry.bytes)
  }

  async function append(messages: readonly LogMessage[]): Promise<void> {
    mustBeOpen()
    if (messages.length === 0) return
    const items = messages.map(prepare)
    const size = items.reduce((sum, item) => sum + item.bytes.length, 0)
    if (
      options.whenFull === 'refuse' &&
      max_bytes !== undefined &&
      storage.usedBytes() + queued_bytes + size > max_bytes
    ) {
      refusedAt = storage.usedBytes()
      throw new LogError('full', `the log is full (${max_bytes} bytes)`, { retriable: true })
    }
    queued_bytes += size
    await new Promise<void>((resolve, reject) => {
      queue.push({ items, resolve, reject })
      flushing ??= flush()
    }).finally(() => {
      queued_bytes -= size
    })
  }

  async function flush(): Promise<void> {
    while (queue.length > 0) {
      const taken = queue
      queue = []
      const began = performance.now()
      try {
        const ends = await writeAll(taken)
        for (const [place, end] of ends) {
          place.end = end
          wake(place)
        }
        failure = undefined
        for (const { resolve } of taken) resolve()
        const messages = taken.reduce((sum, { items }) => sum + items.length, 0)
        emit({ type: 'log_flushed', messages, flush_seconds: (performance.now() - began) / 1_000 })
        if (options.whenFull !== 'refuse' && max_bytes !== undefined && storage.usedBytes() > max_bytes)
          void trim()
      } catch (cause) {
        failure = `the last write failed: ${(cause as Error).message}`
        emit({ type: 'log_append_failed', log: 'embedded', error: cause })
        const error = new LogError('unavailable', failure, { retriable: true, cause })
        for (const { reject } of taken) reject(error)
      }
    }
    // At once, not when this promise settles: what is queued in between must start a new run.
    flushing = undefined
  }

  async function writeAll(taken: readonly Pending[]): Promise<Map<Place, number>> {
    const ends = new Map<Place, number>()
    const newest = new Map<string, number>()
    await storage.write((batch) => {
      for (const { place, message, bytes } of taken.flatMap(({ items }) => items)) {
        const offset = ends.get(place) ?? place.end
        ends.set(place, offset + 1)
        batch.put(place.slot, offset, bytes)
        if (!place.compacted) continue
        const key = message.key!
        const older = newest.get(`${place.slot}:${key}`) ?? storage.keyOffset(place.slot, key)
        newest.set(`${place.slot}:${key}`, offset)
        if (older !== undefined) batch.remove(place.slot, older)
        batch.putKey(place.slot, key, offset)
        if (message.value.length === 0) retention.deleted(place, key, offset, recordTime(bytes))
      }
    })
    return ends
  }

  async function* replay({ topic, partition, from, until }: ReplayOptions) {
    mustBeOpen()
    const place = placeOf({ topic, partition })
    const stop = Math.min(until ?? place.end, place.end)
    let next =
      from === undefined ? 0 : 'offset' in from ? from.offset : firstAtOrAfter(storage, place, from.time_ms)
    while (next < stop) {
      mustBeOpen()
      const records = readRecords(storage, place, { from: next, until: stop, max_bytes: REPLAY_BYTES })
      if (records.length === 0) return
      yield* records
      await turn()
      next = records.at(-1)!.offset + 1
    }
  }

  async function close(): Promise<void> {
    clearInterval(timer)
    await Promise.all([...open.values()].map((subscription) => subscription.close()))
    await flushing
    await trimming
    await storage.close()
    release()
  }

  return {
    topics,
    append,
    async subscribe(subscribe) {
      mustBeOpen()
      const ofTopics = subscribe.topics.flatMap((topic) => {
        placeOf({ topic, partition: 0 })
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
        places: ofTopics,
        emit,
        options: subscribe,
        onClose: () => {
          for (const name of names) open.delete(name)
        },
      })
      for (const name of names) open.set(name, reader)
      return reader
    },
    replay,
    async bounds(partition) {
      mustBeOpen()
      const place = placeOf(partition)
      return { begin: Math.min(storage.first(place.slot) ?? place.end, place.end), end: place.end }
    },
    health() {
      if (refusedAt !== undefined && storage.usedBytes() < refusedAt) refusedAt = undefined
      const reason = closing !== undefined ? 'it is closed' : refusedAt !== undefined ? 'it is full' : failure
      return reason === undefined ? { ok: true } : { ok: false, reason }
    },
    close: () => (closing ??= close()),
    trim,
    usedBytes: () => storage.usedBytes(),
    committed: (group, partition) => commits.get(group, placeOf(partition)),
  }
}

function openOrRelease(path: string, release: () => void): Storage {
  try {
    return openStorage(path)
  } catch (error) {
    release()
    throw error
  }
}
