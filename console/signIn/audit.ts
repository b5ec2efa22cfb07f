import type { Store } from '../../store/client.ts'

/** One line of the audit trail: who did what, and whether it was allowed. */
export interface AuditEntry {
  readonly time_ms: number
  readonly who: string
  readonly how: string
  readonly action: 'looked' | 'asked' | 'changed' | 'signed_in' | 'signed_out'
  readonly detail: string
  readonly tenant: string
  readonly address: string
  readonly status: number
}

export interface Audit {
  note(entry: AuditEntry): void
  /** Newest first. */
  list(limit: number): Promise<AuditEntry[]>
  close(): Promise<void>
}

const FLUSH_MS = 1_000
/** Kept while the store is away; beyond it the oldest are dropped and `lost` counts them. */
const WAITING = 50_000

/**
 * Writes the trail as rows of the table `audit`, once a second.
 * @param onLost told how many entries had no room while the store was away
 */
export function createAudit(store: Store, onLost: (count: number) => void): Audit {
  let waiting: AuditEntry[] = []
  let busy: Promise<void> = Promise.resolve()
  const flush = async () => {
    if (waiting.length === 0) return
    const rows = waiting
    waiting = []
    try {
      await store.insertRows({
        table: 'audit',
        rows: rows.map(({ time_ms, ...row }) => ({
          time: new Date(time_ms).toISOString().replace('T', ' ').replace('Z', ''),
          ...row,
        })),
      })
    } catch {
      waiting = [...rows, ...waiting]
    }
    if (waiting.length > WAITING) {
      onLost(waiting.length - WAITING)
      waiting = waiting.slice(-WAITING)
    }
  }
  const timer = setInterval(() => {
    busy = busy.then(flush)
  }, FLUSH_MS)
  timer.unref()
  return {
    note: (entry) => void waiting.push({ ...entry, detail: entry.detail.slice(0, 8192) }),
    async list(limit) {
      busy = busy.then(flush)
      await busy
      return store.query<AuditEntry>(
        `SELECT toUnixTimestamp64Milli(time) AS time_ms, who, how, action, detail, tenant, address, status FROM audit ORDER BY time DESC LIMIT ${Math.floor(limit)}`,
      )
    },
    async close() {
      clearInterval(timer)
      await busy.then(flush)
    },
  }
}
