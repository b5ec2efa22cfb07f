import { setTimeout as pause } from 'node:timers/promises'
import type { Assignment, Log, LogBatch, Subscription } from '../../log/log.ts'
import { TABLE_NAMES, type Table } from '../../schemas/derive/columns.ts'
import type { Emit } from '../../schemas/facts.ts'
import { isKind } from '../../schemas/kinds/kinds.ts'
import { topicOf } from '../../schemas/topics.ts'
import { Dedupe } from '../dedupe/dedupe.ts'
import { remember } from '../dedupe/remember.ts'
import { SchemaRegistry } from '../schemaRegistry.ts'
import { intentOf, PartitionWriter, Stopped } from './partitionWriter.ts'
import type { InsertPort } from './storePort.ts'

export interface WriterOptions {
  readonly log: Log
  readonly store: InsertPort
  readonly emit: Emit
  /** ms since the epoch. */
  readonly clock: () => number
  /** ms that never jump, for how long things take and wait (default: `performance.now`). */
  readonly elapsed?: () => number
  readonly group?: string
  readonly tables?: readonly Table[]
  /** How often what has come is inserted, ms, by a store that is not busy (default 1000); up to three times as long by one that is. */
  readonly every_ms?: number
  readonly max_rows?: number
  /** Messages held while the store is away, bytes; beyond it the writer stops reading. Default 128 MiB. */
  readonly max_pending_bytes?: number
}

export interface Writer {
  /** Rows and bytes read but not yet inserted, and how long the oldest of them has waited, ms. */
  pending(): { readonly rows: number; readonly bytes: number; readonly waited_ms: number }
  /** Inserts what has been read, commits, and leaves the group. */
  close(): Promise<void>
}

/** Partitions written side by side: a store answers several inserts at a time, and the commits around them wait on Kafka. */
export const PARALLEL = 4
/** A writer keeps the store busy for no more of the time than this … */
const SHARE = 0.25
/** … unless what waits would be older than so many rounds. */
const MOST_ROUNDS = 3
const LEAST_WAIT_MS = 20

/** Larger inserts cost the store less: the longer a round kept it busy, the longer what comes is gathered before the next, ms. */
export const waitAfter = (busy_ms: number, every_ms: number): number =>
  Math.max(LEAST_WAIT_MS, Math.min(Math.max(every_ms, busy_ms / SHARE), MOST_ROUNDS * every_ms) - busy_ms)

const tableOf = new Map<string, Table>(TABLE_NAMES.map((table) => [topicOf(table), table]))

/**
 * Copies the log into the store with the effect of exactly once: repeats of clients are dropped by the dedupe step,
 * repeats of writers by the insert's token.
 */
export async function startWriter(options: WriterOptions): Promise<Writer> {
  const {
    log,
    store,
    emit,
    clock,
    elapsed = () => performance.now(),
    group = 'write',
    tables = TABLE_NAMES,
    every_ms = 1000,
    max_rows = 100_000,
  } = options
  const { max_pending_bytes = 128 << 20 } = options
  const writers = new Map<string, PartitionWriter>()
  const registry = new SchemaRegistry()
  await registry.refresh(log)
  const stop = new AbortController()
  let subscription: Subscription | undefined
  /** Handlers that wait for room: each partition may have one. */
  const waiting = new Set<() => void>()
  const roomFreed = (): void => {
    for (const go of waiting) go()
    waiting.clear()
  }

  const pendingBytes = (): number => [...writers.values()].reduce((sum, each) => sum + each.pendingBytes, 0)
  const wait = (ms: number) => pause(ms, undefined, { signal: stop.signal }).catch(() => undefined)

  async function rebuild(
    table: Table,
    { topic, partition, begin }: Assignment,
    from: number,
  ): Promise<Dedupe | undefined> {
    if (!isKind(table)) return undefined
    const dedupe = new Dedupe()
    if (from <= begin) return dedupe
    const began = elapsed()
    const rows = await remember({
      log,
      registry,
      kind: table,
      partition: { topic, partition },
      dedupe,
      until: from,
      now_ms: clock(),
    })
    emit({ type: 'dedupe_rebuilt', table, rows, seconds: (elapsed() - began) / 1000 })
    return dedupe
  }

  async function assigned(assignment: Assignment): Promise<number> {
    const { topic, partition, committed, begin } = assignment
    const table = tableOf.get(topic)!
    const from = Math.max(committed?.offset ?? begin, begin)
    const writer = new PartitionWriter({
      partition: { topic, partition },
      table,
      log,
      store,
      registry,
      dedupe: await rebuild(table, assignment, from),
      subscription: () => subscription!,
      emit,
      clock,
      elapsed,
      wait,
      closing: () => stop.signal.aborted,
      max_rows,
      from,
      intent: intentOf(committed?.metadata, from),
    })
    writers.set(`${topic}/${partition}`, writer)
    return from
  }

  async function handler({ topic, partition, records, end }: LogBatch): Promise<void> {
    const writer = writers.get(`${topic}/${partition}`)
    if (writer === undefined) return
    writer.add(records)
    emit({ type: 'write_read', topic, lag: end - 1 - records.at(-1)!.offset })
    while (pendingBytes() > max_pending_bytes && !stop.signal.aborted) {
      await new Promise<void>((resolve) => waiting.add(resolve))
    }
  }

  async function flush(writer: PartitionWriter): Promise<void> {
    try {
      await writer.flush()
    } catch (error) {
      if (!(error instanceof Stopped)) emit({ type: 'write_interrupted', error })
    }
    roomFreed()
  }

  async function loop(): Promise<void> {
    while (!stop.signal.aborted) {
      const began = elapsed()
      const queue = [...writers.values()]
      const next = async (): Promise<void> => {
        for (let writer = queue.shift(); writer !== undefined; writer = queue.shift()) await flush(writer)
      }
      await Promise.all(Array.from({ length: PARALLEL }, next))
      // Who has much to catch up on does not wait for more.
      const hurry = pendingBytes() > max_pending_bytes / 2
      await wait(hurry ? LEAST_WAIT_MS : waitAfter(elapsed() - began, every_ms))
    }
  }

  subscription = await log.subscribe({
    group,
    topics: tables.map(topicOf),
    autoCommit: false,
    assigned,
    revoked: async ({ topic, partition }) => {
      const writer = writers.get(`${topic}/${partition}`)
      writers.delete(`${topic}/${partition}`)
      roomFreed()
      await writer?.stop().catch(() => undefined)
    },
    handler,
  })
  const running = loop()
  emit({ type: 'started', role: 'write' })

  return {
    pending: () => ({
      bytes: pendingBytes(),
      rows: [...writers.values()].reduce((sum, each) => sum + each.pendingRows, 0),
      waited_ms: Math.max(
        0,
        ...[...writers.values()].map(({ oldest_ms }) =>
          oldest_ms === undefined ? 0 : elapsed() - oldest_ms,
        ),
      ),
    }),
    async close() {
      stop.abort()
      roomFreed()
      await running
      for (const writer of writers.values()) await Promise.race([flush(writer), pause(5_000)])
      await subscription?.close()
      emit({ type: 'stopped', role: 'write' })
    },
  }
}
