import type { Log, LogBatch } from '../../log/log.ts'
import { readBatch } from '../../schemas/arrow/reader.ts'
import { CHANGE_CAUSE_MS, type Change, SCOPES } from '../../schemas/change.ts'
import type { Emit } from '../../schemas/facts.ts'
import { HEADERS, topicOf } from '../../schemas/topics.ts'
import { SchemaRegistry } from '../schemaRegistry.ts'
import { offsetAt } from './sourceTopics.ts'

/** What was changed lately, by tenant; the newest last. */
export type Changes = ReadonlyMap<string, readonly Change[]>

/** A tenant's changes are kept so long: an incident may be dated back, and a pipeline may report late. */
const KEEP_MS = 2 * CHANGE_CAUSE_MS
/** So many of a tenant are kept: a pipeline that floods costs no memory. */
const MOST = 500

const COLUMNS = ['tenant', 'event_time', 'changed', 'version', 'detail', 'by', ...SCOPES]

/**
 * Follows what people and pipelines change, so that an incident can name what was changed before it began.
 * @param group a name of this reader's own: every process reads everything
 */
export async function followChanges({
  log,
  group,
  emit,
  clock,
}: {
  readonly log: Log
  readonly group: string
  readonly emit: Emit
  /** ms since the epoch. */
  readonly clock: () => number
}): Promise<{ readonly changes: Changes; close(): Promise<void> }> {
  const topic = topicOf('change')
  const changes = new Map<string, Change[]>()
  const registry = new SchemaRegistry()
  await registry.refresh(log)

  function keep(tenant: string, change: Change): void {
    const kept = (changes.get(tenant) ?? []).filter(({ at_ms }) => at_ms > clock() - KEEP_MS)
    changes.set(tenant, [...kept, change].slice(-MOST))
  }

  async function handler({ records }: LogBatch): Promise<void> {
    for (const record of records) {
      if (record.headers[HEADERS.type] !== 'rows') continue
      if (!registry.knows('change', record)) await registry.refresh(log)
      try {
        for (const { tenant, ...change } of rowsOf(registry.source('change', record))) keep(tenant, change)
      } catch (error) {
        emit({ type: 'watch_skipped', topic, error })
      }
    }
  }

  const subscription = await log.subscribe({
    group,
    topics: [topic],
    assigned: (assignment) => offsetAt(log, assignment, clock() - KEEP_MS),
    handler,
    autoCommit: false,
  })
  return { changes, close: () => subscription.close() }
}

function rowsOf(bytes: Parameters<typeof readBatch>[1]): (Change & { readonly tenant: string })[] {
  const batch = readBatch('change', bytes, COLUMNS)
  const text = (name: string, row: number): string => String(batch.column(name).at(row) ?? '')
  return Array.from({ length: batch.rows }, (_, row) => ({
    tenant: text('tenant', row),
    at_ms: batch.number('event_time').at(row)!,
    changed: text('changed', row),
    version: text('version', row),
    detail: text('detail', row),
    by: text('by', row),
    scope: Object.fromEntries(
      SCOPES.flatMap((name) => {
        const value = text(name, row)
        return value === '' ? [] : [[name, value] as const]
      }),
    ),
  }))
}
