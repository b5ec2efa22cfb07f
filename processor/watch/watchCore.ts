import { readBatch } from '../../schemas/arrow/reader.ts'
import { columnsOf } from '../../schemas/derive/columns.ts'
import type { Emit } from '../../schemas/facts.ts'
import { KIND_NAMES, type Kind } from '../../schemas/kinds/kinds.ts'
import { DEDUPE_COLUMNS, Dedupe } from '../dedupe/dedupe.ts'
import { SLICE_MS } from './windows/view.ts'
import { columnsToWatch, Windows } from './windows/windows.ts'

/** How far back windows go: the longest baseline of a rule and its own window. */
export const KEEP_MS = 15 * 60_000

const COLUMNS = Object.fromEntries(
  KIND_NAMES.map((kind) => {
    const has = new Set(columnsOf(kind).map(({ name }) => name))
    return [kind, [...new Set([...DEDUPE_COLUMNS, ...columnsToWatch(kind)])].filter((name) => has.has(name))]
  }),
) as Record<Kind, string[]>

export interface WatchBatch {
  readonly kind: Kind
  readonly partition: number
  /** One Arrow message, or with the schema message of the older version it was written under. */
  readonly bytes: Parameters<typeof readBatch>[1]
}

export interface WatchCore {
  readonly windows: Windows
  /** Adds a batch to the windows, repeats left out. */
  ingest(batch: WatchBatch): void
  /** The dedupe step of a partition, for rebuilding it from the log. */
  dedupeOf(kind: Kind, partition: number): Dedupe
  /** A partition leaves this watcher. */
  forget(kind: Kind, partition: number): void
  /** Moves the watermark to the last full slice before `watermark_ms`; true if it moved. */
  advance(watermark_ms: number): boolean
}

/** Dedupe and windows, without a log, a clock or a judge: fed with the log's messages, or with a rehearsal's. */
export function createWatchCore({
  emit,
  keep_ms = KEEP_MS,
}: {
  readonly emit: Emit
  readonly keep_ms?: number
}): WatchCore {
  const windows = new Windows({ keep_ms })
  const dedupes = new Map<string, Dedupe>()

  function dedupeOf(kind: Kind, partition: number): Dedupe {
    const key = `${kind}/${partition}`
    let dedupe = dedupes.get(key)
    if (dedupe === undefined) dedupes.set(key, (dedupe = new Dedupe()))
    return dedupe
  }

  return {
    windows,
    ingest({ kind, partition, bytes }) {
      const batch = readBatch(kind, bytes, COLUMNS[kind])
      const { repeats, muted } = dedupeOf(kind, partition).check(batch)
      const skip = repeats ?? muted
      if (repeats !== undefined && muted !== undefined)
        for (let row = 0; row < batch.rows; row += 1) repeats[row]! |= muted[row]!
      const received = batch.number('received_time').values
      let late = 0
      for (let row = 0; row < batch.rows; row += 1) if (received[row]! < windows.watermark_ms) late += 1
      if (late > 0) emit({ type: 'window_late', rows: late })
      windows.add(kind, batch, partition, skip)
    },
    dedupeOf,
    forget(kind, partition) {
      dedupes.delete(`${kind}/${partition}`)
    },
    advance(watermark_ms) {
      const to = Math.floor(watermark_ms / SLICE_MS) * SLICE_MS
      if (to <= windows.watermark_ms) return false
      windows.advance(to)
      return true
    },
  }
}
