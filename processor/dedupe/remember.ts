import type { Log, LogRecord, Partition } from '../../log/log.ts'
import { readBatch } from '../../schemas/arrow/reader.ts'
import type { Kind } from '../../schemas/kinds/kinds.ts'
import { HEADERS } from '../../schemas/topics.ts'
import { type SchemaRegistry, UnknownSchema } from '../schemaRegistry.ts'
import { DEDUPE_COLUMNS, type Dedupe, HORIZON_MS } from './dedupe.ts'

export interface RememberOptions {
  readonly log: Log
  readonly registry: SchemaRegistry
  readonly kind: Kind
  readonly partition: Partition
  readonly dedupe: Dedupe
  /** The offset reading begins at: what stands before it is remembered. */
  readonly until: number
  readonly now_ms: number
}

/**
 * Rebuilds a partition's dedupe step from the log; returns the rows seen. The horizon is counted from the message at
 * `until`, not from now: who begins to read an hour-old message needs the half hour before it. A batch that cannot be
 * read is left out: it was set apart.
 */
export async function remember(options: RememberOptions): Promise<number> {
  const { log, registry, kind, partition, dedupe, until, now_ms } = options
  let newest_ms = now_ms
  for await (const { appended_ms } of log.replay({ ...partition, from: { offset: until } })) {
    newest_ms = Math.min(newest_ms, appended_ms)
    break
  }
  let refreshed = false
  let rows = 0
  const take = (record: LogRecord): void => {
    const batch = readBatch(kind, registry.source(kind, record), DEDUPE_COLUMNS)
    dedupe.check(batch)
    rows += batch.rows
  }
  const from = { time_ms: newest_ms - HORIZON_MS }
  for await (const record of log.replay({ ...partition, from, until })) {
    if (record.headers[HEADERS.type] !== 'rows') continue
    try {
      take(record)
    } catch (error) {
      if (!(error instanceof UnknownSchema) || refreshed) continue
      refreshed = true
      await registry.refresh(log)
      try {
        take(record)
      } catch {
        // Nobody published its schema.
      }
    }
  }
  return rows
}
