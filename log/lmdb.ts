import { type Database, open } from 'lmdb'

/** A topic's partition as the storage's keys begin with it: topic id × 65536 + partition. */
export type Slot = number

/** One change of a durable batch. */
export interface Batch {
  put(slot: Slot, offset: number, bytes: Buffer): void
  remove(slot: Slot, offset: number): void
  /** Which offset holds the newest message of a key (compacted topics). */
  putKey(slot: Slot, key: string, offset: number): void
  removeKey(slot: Slot, key: string): void
  putMeta(key: string, bytes: Buffer): void
}

export interface StoredEntry {
  readonly offset: number
  readonly bytes: Buffer
}

/** Ordered bytes by slot and offset in one LMDB file: the only file that knows lmdb. */
export interface Storage {
  /** Applies the batch as one transaction; resolves when it is on the disk, rejects when none of it is. */
  write(fill: (batch: Batch) => void): Promise<void>
  /** Entries from an offset on, in order, until `max_bytes` are passed (at least one). Buffers are the caller's. */
  read(slot: Slot, options: { from: number; until: number; max_bytes: number; limit?: number }): StoredEntry[]
  /** Offsets only. */
  first(slot: Slot): number | undefined
  last(slot: Slot): number | undefined
  keyOffset(slot: Slot, key: string): number | undefined
  meta(prefix: string): { key: string; bytes: Buffer }[]
  /** Bytes of the pages messages use now. Pages that were freed are used again before the file grows. */
  usedBytes(): number
  close(): Promise<void>
}

const SLOT_BYTES = 4
const KEY_BYTES = SLOT_BYTES + 8

function messageKey(slot: Slot, offset: number): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES)
  key.writeUInt32BE(slot, 0)
  key.writeUInt32BE(Math.floor(offset / 2 ** 32), 4)
  key.writeUInt32BE(offset % 2 ** 32, 8)
  return key
}

function offsetOf(key: Uint8Array): number {
  const view = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
  return view.readUInt32BE(4) * 2 ** 32 + view.readUInt32BE(8)
}

function compactKey(slot: Slot, key: string): Buffer {
  const bytes = Buffer.allocUnsafe(SLOT_BYTES + Buffer.byteLength(key))
  bytes.writeUInt32BE(slot, 0)
  bytes.write(key, SLOT_BYTES)
  return bytes
}

const BINARY = { keyEncoding: 'binary', encoding: 'binary' } as const
const MAX_OFFSET = Number.MAX_SAFE_INTEGER

/**
 * Opens (or makes) the storage in the folder `path`. LMDB commits a transaction, then flushes it while the next one
 * fills, so a write waits for the flush, not only for the commit.
 */
export function openStorage(path: string): Storage {
  // With event turn batching a failed transaction also rejects a promise that nobody can catch, which ends the process.
  const root = open({ path, ...BINARY, maxDbs: 4, noSubdir: false, eventTurnBatching: false })
  const messages = root.openDB('messages', BINARY)
  const keys = root.openDB('keys', BINARY)
  const metas = root.openDB('meta', BINARY)

  const edge = (slot: Slot, reverse: boolean): number | undefined => {
    const low = messageKey(slot, 0)
    const high = messageKey(slot, MAX_OFFSET)
    const range = reverse ? { start: high, end: low, inclusiveEnd: true } : { start: low, end: high }
    for (const key of messages.getKeys({ ...range, reverse, limit: 1 })) return offsetOf(key as Uint8Array)
    return undefined
  }

  return {
    write: (fill) => write(root, { messages, keys, metas }, fill),
    read(slot, { from, until, max_bytes, limit }) {
      const entries: StoredEntry[] = []
      let bytes = 0
      const range = { start: messageKey(slot, from), end: messageKey(slot, until) }
      for (const { key, value } of messages.getRange(limit === undefined ? range : { ...range, limit })) {
        entries.push({ offset: offsetOf(key as Uint8Array), bytes: value as Buffer })
        bytes += (value as Buffer).length
        if (bytes >= max_bytes) break
      }
      return entries
    },
    first: (slot) => edge(slot, false),
    last: (slot) => edge(slot, true),
    keyOffset: (slot, key) => (keys.get(compactKey(slot, key)) as Buffer | undefined)?.readDoubleBE(0),
    meta(prefix) {
      const start = Buffer.from(prefix)
      const end = Buffer.concat([start, Buffer.from([0xff])])
      return Array.from(metas.getRange({ start, end }), ({ key, value }) => ({
        key: Buffer.from(key as Uint8Array).toString(),
        bytes: value as Buffer,
      }))
    },
    usedBytes() {
      const stats = messages.getStats() as PageStats
      const pages = stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages
      return pages * stats.pageSize
    },
    close: () => root.close(),
  }
}

interface PageStats {
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}

type Databases = Record<'messages' | 'keys' | 'metas', Database>

async function write(root: Database, to: Databases, fill: (batch: Batch) => void): Promise<void> {
  // Every put has its own promise, and when a transaction fails each of them rejects: one answer is enough.
  const quiet = (result: Promise<boolean>): void => void result.catch(() => undefined)
  const offsetBytes = (offset: number): Buffer => {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeDoubleBE(offset)
    return bytes
  }
  try {
    await root.batch(() =>
      fill({
        put: (slot, offset, bytes) => quiet(to.messages.put(messageKey(slot, offset), bytes)),
        remove: (slot, offset) => quiet(to.messages.remove(messageKey(slot, offset))),
        putKey: (slot, key, offset) => quiet(to.keys.put(compactKey(slot, key), offsetBytes(offset))),
        removeKey: (slot, key) => quiet(to.keys.remove(compactKey(slot, key))),
        putMeta: (key, bytes) => quiet(to.metas.put(Buffer.from(key), bytes)),
      }),
    )
    await root.flushed
  } catch (error) {
    throw await reasonOf(error)
  }
}

/** lmdb rejects with "see commitError", a promise that rejects with the reason. */
async function reasonOf(error: unknown): Promise<unknown> {
  const inner = (error as { commitError?: Promise<unknown> }).commitError
  if (inner === undefined) return error
  return Promise.resolve(inner).then(
    () => error,
    (reason: unknown) => reason,
  )
}
