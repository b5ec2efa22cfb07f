import type { Log, LogBatch } from '../../log/log.ts'
import { tickOf } from '../../log/ticks.ts'
import type { Emit } from '../../schemas/facts.ts'
import type { Kind } from '../../schemas/kinds/kinds.ts'
import { HEADERS } from '../../schemas/topics.ts'
import type { SchemaRegistry } from '../schemaRegistry.ts'
import type { WatchCore } from './watchCore.ts'
import type { Watermark } from './watermark.ts'

/** Where the reading of a partition has got to. */
export interface ReadPlace {
  readonly kind: Kind
  /** The offset that is read next. */
  next: number
  /** What stands before this offset was there when reading began. */
  readonly live_from?: number
}

/**
 * Reads a batch of the log into watermark and windows. A batch that comes again, since its handler failed after this,
 * does not count twice: not every row has a number that would tell. What cannot be read is left out, told by a fact.
 */
export async function readBatchInto(
  options: {
    readonly log: Log
    readonly registry: SchemaRegistry
    readonly core: WatchCore
    readonly watermark: Watermark
    readonly emit: Emit
  },
  { topic, partition, records }: LogBatch,
  place: ReadPlace,
): Promise<void> {
  const { log, registry, core, watermark, emit } = options
  const { kind } = place
  for (const record of records) {
    if (record.offset < place.next) continue
    const { headers, appended_ms } = record
    if (headers[HEADERS.type] === 'rows') {
      if (!registry.knows(kind, record)) await registry.refresh(log)
      place.next = record.offset + 1
      try {
        core.ingest({ kind, partition, bytes: registry.source(kind, record) })
      } catch (error) {
        emit({ type: 'watch_skipped', topic, error })
      }
    }
    const tick = tickOf(headers)
    if (tick !== undefined) {
      const live = record.offset >= (place.live_from ?? 0)
      watermark.tick(`${topic}/${partition}`, tick.sender, tick.time_ms, appended_ms, tick.held, live)
    }
    place.next = record.offset + 1
  }
}
