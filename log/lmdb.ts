import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Database, open } from 'lmdb'
import { type DiskSpace, defaultFloor_bytes, openDiskSpace } from './diskSpace.ts'
import { LogError } from './log.ts'

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
  removeMeta(key: string): void
}

export interface StoredEntry {
  readonly offset: number
  readonly bytes: Buffer
}

/** Ordered bytes by slot and offset in one LMDB file: the only file that knows lmdb. */
export interface Storage {
  /**
   * Applies the batch as one transaction; resolves when it is on the disk, rejects when none of it is.
   * @param bytes what the values take together; small writes (commits, removals) pass none
   * @throws LogError `full` when the file system has no room for it
   */
  write(fill: (batch: Batch) => void, bytes?: number): Promise<void>
  /** Why events must be refused for want of disk space, or undefined. */
  short(): string | undefined
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

/** What a transaction takes beside its values: copies of tree pages and the list of free pages. */
const OVERHEAD_BYTES = 1 << 20
/** Writes with values leave so much allocated, so that commits and removals go through on a full disk. */
const RESERVE_BYTES = 4 << 20

export interface StorageOptions {
  /** The folder. */
  readonly path: string
  /** Whether the last process closed the file in order: a file that it did not close is checked first. */
  readonly closedInOrder: boolean
  /** Free bytes of the file system that appends of events leave. Default: `defaultFloor_bytes`. */
  readonly floor_bytes?: number
  /** Free bytes of the file system; a test passes its own. */
  readonly free_bytes?: () => number
}

/**
 * Opens (or makes) the storage in the folder `path`. LMDB commits a transaction, then flushes it while the next one
 * fills, so a write waits for the flush, not only for the commit.
 * @throws LogError `damaged` when the file cannot be read, `full` when the disk has no room to begin with
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { path } = options
  const file = join(path, 'data.mdb')
  if (!options.closedInOrder && existsSync(file)) await checkStorage(path)
  // With event turn batching a failed transaction also rejects a promise that nobody can catch, which ends the process.
  const root = open({ path, ...BINARY, maxDbs: 4, noSubdir: false, eventTurnBatching: false })
  const messages = root.openDB('messages', BINARY)
  const keys = root.openDB('keys', BINARY)
  const metas = root.openDB('meta', BINARY)
  const usedEnd_bytes = (): number => {
    const { lastPageNumber, pageSize } = root.getStats() as EnvironmentStats
    return (lastPageNumber + 1) * pageSize
  }
  const space = await openDiskSpace({
    file,
    usedEnd_bytes,
    floor_bytes: options.floor_bytes ?? defaultFloor_bytes(path),
    free_bytes: options.free_bytes,
  })
  const allocate = allocateOnce(space)

  const edge = (slot: Slot, reverse: boolean): number | undefined => {
    const low = messageKey(slot, 0)
    const high = messageKey(slot, MAX_OFFSET)
    const range = reverse ? { start: high, end: low, inclusiveEnd: true } : { start: low, end: high }
    for (const key of messages.getKeys({ ...range, reverse, limit: 1 })) return offsetOf(key as Uint8Array)
    return undefined
  }

  return {
    async write(fill, bytes = 0) {
      const release = await allocate(bytes === 0 ? OVERHEAD_BYTES : bytes + OVERHEAD_BYTES + RESERVE_BYTES)
      try {
        await write(root, { messages, keys, metas }, fill)
      } finally {
        release()
      }
    },
    short: () => space.short(),
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
    async close() {
      await root.close()
      await space.close()
    },
  }
}

/** Several transactions may be under way: each needs its bytes beside those of the others. */
function allocateOnce(space: DiskSpace): (bytes: number) => Promise<() => void> {
  let outstanding_bytes = 0
  let last = Promise.resolve()
  return async (bytes) => {
    outstanding_bytes += bytes
    const allocated = last.then(() => space.allocate(outstanding_bytes))
    last = allocated.catch(() => undefined)
    const release = (): void => {
      outstanding_bytes -= bytes
    }
    try {
      await allocated
    } catch (error) {
      release()
      throw error
    }
    return release
  }
}

/** Walks every page of the trees: run in a process of its own, because LMDB ends the process on some kinds of damage. */
const CHECK = `
const { open } = require(process.argv[1])
const fs = require('node:fs')
const binary = { keyEncoding: 'binary', encoding: 'binary' }
const root = open({ path: process.argv[2], ...binary, maxDbs: 4, noSubdir: false, readOnly: true })
const { lastPageNumber, pageSize } = root.getStats()
const size = fs.statSync(process.argv[2] + '/data.mdb').size
if (size < (lastPageNumber + 1) * pageSize) throw new Error('it is cut short: ' + size + ' of ' + (lastPageNumber + 1) * pageSize + ' bytes')
for (const name of ['messages', 'keys', 'meta']) {
  const db = root.openDB(name, binary)
  if (db === undefined) continue
  let entries = 0
  for (const { value } of db.getRange()) { value[0]; value[value.length - 1]; entries += 1 }
  const { entryCount } = db.getStats()
  if (entries !== entryCount) throw new Error(name + ' holds ' + entries + ' of ' + entryCount + ' entries')
}
console.log('whole')
process.exit(0)
`

/**
 * Reads all of a storage that no process has open.
 * @throws LogError `damaged` with what is wrong and how to mend it
 */
export async function checkStorage(path: string): Promise<void> {
  const lmdb = createRequire(import.meta.url).resolve('lmdb')
  const child = spawn(process.execPath, ['-e', CHECK, lmdb, path], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let problem = ''
  child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)))
  child.stderr.on('data', (chunk: Buffer) => (problem += String(chunk)))
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('close', (code, signal) => resolve([code, signal])),
  )
  if (code === 0 && output.includes('whole')) return
  const error = /^(?:\w*Error|[\w/.-]+\.c:\d+): .*$/m.exec(problem)?.[0] ?? signal ?? `exit code ${code}`
  const file = join(path, 'data.mdb')
  throw new LogError(
    'damaged',
    `${file} (${statSync(file).size} bytes) is damaged: ${error}. Move the folder ${path} away and start again: the log begins empty, and what the store has is kept. \`firstframe restore\` brings a backup back.`,
    { retriable: false },
  )
}

interface EnvironmentStats {
  readonly lastPageNumber: number
  readonly pageSize: number
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
        removeMeta: (key) => quiet(to.metas.remove(Buffer.from(key))),
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
