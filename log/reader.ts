import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import type { Emit } from '../schemas/facts.ts'
import { checkCommit } from './check.ts'
import type { Storage } from './lmdb.ts'
import type { LogRecord, SubscribeOptions, Subscription } from './log.ts'
import { LogError } from './log.ts'
import { type Commits, type Place, wake } from './places.ts'
import { decodeRecord } from './record.ts'

const DEFAULT_BATCH_BYTES = 4 << 20
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 5_000

export interface ReaderOptions {
  readonly storage: Storage
  readonly commits: Commits
  readonly places: readonly Place[]
  readonly emit: Emit
  readonly options: SubscribeOptions
  readonly onClose: () => void
}

/**
 * A group's reading of the embedded log: every partition has a loop of its own that sleeps until a message is added.
 * A handler that rejects gets the same batch again after a pause that doubles, and so does `assigned`.
 */
export function startReader(reader: ReaderOptions): Subscription {
  const { commits, places, options } = reader
  const stop = new AbortController()
  const owned = new Set(places)
  const running = places.map((place) => readPlace(reader, place, stop.signal))
  let closing: Promise<void> | undefined

  async function close(): Promise<void> {
    stop.abort()
    for (const place of places) wake(place)
    await Promise.all(running)
    for (const place of places) {
      await options.revoked?.({ topic: place.topic, partition: place.partition })
      owned.delete(place)
    }
    reader.onClose()
  }

  return {
    async commit({ topic, partition }, commit) {
      const place = places.find((place) => place.topic === topic && place.partition === partition)
      if (place === undefined || !owned.has(place))
        throw new LogError('revoked', `${topic}/${partition} is not this member's`, { retriable: true })
      checkCommit(commit)
      for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
        try {
          return await commits.set(options.group, place, commit)
        } catch (cause) {
          if (stop.signal.aborted)
            throw new LogError('unavailable', 'the commit is not on the disk', { retriable: true, cause })
          reader.emit({ type: 'log_append_failed', log: 'embedded', error: cause })
          await pause(wait, undefined, { signal: stop.signal }).catch(() => undefined)
        }
      }
    },
    close: () => (closing ??= close()),
  }
}

async function readPlace(reader: ReaderOptions, place: Place, signal: AbortSignal): Promise<void> {
  const { storage, commits, options } = reader
  const { topic, partition } = place
  let next = 0
  const begun = await insist(reader, topic, signal, async () => {
    const committed = commits.get(options.group, place)
    const begin = Math.min(storage.first(place.slot) ?? place.end, place.end)
    const asked = await options.assigned?.({ topic, partition, committed, begin, end: place.end })
    next = asked ?? committed?.offset ?? begin
  })
  while (begun && !signal.aborted) {
    if (next >= place.end) {
      await added(place, signal)
      continue
    }
    await insist(reader, topic, signal, async () => {
      const max_bytes = options.maxBatch_bytes ?? DEFAULT_BATCH_BYTES
      const records = readRecords(storage, place, { from: next, until: place.end, max_bytes })
      const after = (records.at(-1)?.offset ?? place.end - 1) + 1
      if (records.length > 0) await options.handler({ topic, partition, records, end: place.end })
      if (records.length > 0 && options.autoCommit !== false)
        await commits.set(options.group, place, { offset: after })
      next = after
    })
    await turn()
  }
}

/** Records of a partition from an offset on, decoded. */
export function readRecords(
  storage: Storage,
  { topic, partition, slot }: Place,
  range: { from: number; until: number; max_bytes: number },
): LogRecord[] {
  return storage
    .read(slot, range)
    .map(({ offset, bytes }) => ({ topic, partition, offset, ...decodeRecord(bytes) }))
}

/** Resolves at the next message, or when reading stops. */
function added(place: Place, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => place.waiters.add(resolve))
}

/** Does a step until it succeeds or reading stops; says whether it succeeded. */
async function insist(
  { emit, options }: ReaderOptions,
  topic: string,
  signal: AbortSignal,
  step: () => Promise<void>,
): Promise<boolean> {
  for (let wait = FIRST_PAUSE_MS; !signal.aborted; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
    try {
      await step()
      return true
    } catch (error) {
      emit({ type: 'log_handler_failed', group: options.group, topic, error })
      await pause(wait, undefined, { signal }).catch(() => undefined)
    }
  }
  return false
}
