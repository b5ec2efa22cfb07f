import { createHash, randomUUID } from 'node:crypto'
import type { DdlOptions, Definition } from '../schemas/derive/ddl.ts'
import { difference } from '../schemas/derive/difference.ts'
import type { Store } from './client.ts'
import { asServerWrites, foundTables, rowsIfAny } from './foundTables.ts'
import { StoreError } from './storeError.ts'

/** What brings the store's tables to this version's catalogue: generated from what lies between the two. */
export interface Migration {
  /** Counts the changes of this store from 1. */
  readonly version: number
  readonly name: string
  readonly statements: readonly string[]
}

export interface MigrationPlan {
  readonly applied: readonly {
    readonly version: number
    readonly name: string
    readonly applied_ms: number
  }[]
  /** None when the tables are this version's. */
  readonly pending: readonly Migration[]
  /** What stays in the store though this version would make it otherwise. Sentences. */
  readonly kept: readonly string[]
}

/** Why the tables cannot be brought on. `loss`: values would be lost; `newer`: a later version made them. */
export class MigrationError extends Error {
  readonly expected = true
  readonly reason: 'loss' | 'newer' | 'locked'

  constructor(reason: MigrationError['reason'], message: string) {
    super(message)
    this.name = 'MigrationError'
    this.reason = reason
  }
}

export interface Migrator {
  /** What is there and what would be run; changes nothing. Throws a MigrationError. */
  plan(): Promise<MigrationPlan>
  /** Runs what is pending and says what that was. Safe to call twice, or by two processes at once. */
  apply(): Promise<readonly Migration[]>
}

export interface MigratorOptions {
  readonly store: Store
  /** The tables and views of this version. */
  readonly definitions: readonly Definition[]
  readonly ddl: DdlOptions
  /** This program's version, `1.2.3`: an older program does not take a newer one's views back. */
  readonly program: string
  /** Wall clock, milliseconds. */
  readonly clock: () => number
  /** Resolves after so many milliseconds; given so that tests need not wait. */
  readonly pause?: (ms: number) => Promise<void>
  /** For a cluster: a replicated engine for the table of records. */
  readonly recordsEngine?: string
  /** What to do when this version cannot keep what the store has. A sentence. */
  readonly whenRefused: string
  /** Makes the database, by a connection that does not name it: a server refuses every query that names one it has not. */
  readonly createDatabase?: () => Promise<void>
}

/** How long a lock counts: a process that died holding it delays the next one by no more than this. */
const LEASE_MS = 60_000
const POLL_MS = 250

/** Brings a store’s tables to the catalogue; see `Migrator`. */
export function createMigrator(options: MigratorOptions): Migrator {
  const { store, clock, definitions, ddl, program } = options
  const clause = ddl.cluster ? ` ON CLUSTER '${ddl.cluster}'` : ''
  const engine = options.recordsEngine ?? 'ReplacingMergeTree(applied_ms)'
  const pause = options.pause ?? ((ms: number) => new Promise((resolve) => setTimeout(resolve, ms)))
  const checksum = checksumOf(definitions)

  const plan = async (): Promise<MigrationPlan> => {
    const applied = await readRecords(store)
    const last = applied.at(-1)
    if (last?.checksum === checksum) return { applied, pending: [], kept: [] }
    const tables = await foundTables(store, ddl.database)
    const wanted = tables.length === 0 ? definitions : await asServerWrites(store, definitions)
    const found = difference(wanted, tables, ddl)
    const made = applied.reduce((newest, each) => (isNewer(each.program, newest) ? each.program : newest), '')
    const isOlder = isNewer(made, program)
    if (isOlder && found.needed.length > 0)
      throw new MigrationError(
        'newer',
        `The tables were made by version ${made}, and this program, ${program}, cannot work with them: ${found.needed.slice(0, 3).join(' ')} Start version ${made} or later.`,
      )
    // An older program changes nothing.
    if (isOlder) return { applied, pending: [], kept: found.kept }
    if (found.refusals.length > 0)
      throw new MigrationError(
        'loss',
        [...found.refusals, 'Nothing was changed.', options.whenRefused].join(' '),
      )
    const name = `${program}: ${found.statements.length} statements`
    const next = { version: (last?.version ?? 0) + 1, name, statements: found.statements }
    return { applied, pending: [next], kept: found.kept }
  }

  return {
    plan,
    async apply() {
      if ((await plan()).pending.length === 0) return []
      await options.createDatabase?.()
      await store.exec(
        `CREATE TABLE IF NOT EXISTS schema_migrations${clause} (version UInt32, name String, checksum String, applied_ms UInt64, program String)
        ENGINE = ${engine} ORDER BY version`,
      )
      // Tables of 0.1.0 had no such column.
      await store.exec(`ALTER TABLE schema_migrations${clause} ADD COLUMN IF NOT EXISTS program String`)
      const lock = await takeLock({ store, clock, pause, clause })
      try {
        // Another process may have been faster.
        const { pending } = await plan()
        for (const { version, name, statements } of pending) {
          for (const statement of statements) {
            await lock.renew()
            await store.exec(statement)
          }
          const row = { version, name, checksum, applied_ms: Math.round(clock()), program }
          await store.insertRows({ table: 'schema_migrations', rows: [row] })
        }
        return pending
      } finally {
        await lock.release()
      }
    },
  }
}

interface RecordRow {
  readonly version: number
  readonly name: string
  readonly checksum: string
  readonly applied_ms: number
  readonly program: string
}

/** What was applied, oldest first. */
async function readRecords(store: Store): Promise<RecordRow[]> {
  type Row = Omit<RecordRow, 'program'> & { readonly program?: string }
  const rows = await rowsIfAny<Row>(store, 'SELECT * FROM schema_migrations ORDER BY version, applied_ms')
  return rows.map((row) => ({ ...row, applied_ms: Number(row.applied_ms), program: row.program ?? '' }))
}

/** Whether a version, `1.2.3`, is later than another; what comes after a `-` does not count. */
function isNewer(version: string, than: string): boolean {
  const parts = (text: string) => text.split('-')[0]!.split('.').map(Number)
  const [a, b] = [parts(version || '0'), parts(than || '0')]
  const at = a.findIndex((part, index) => part !== (b[index] ?? 0))
  return at >= 0 && a[at]! > (b[at] ?? 0)
}

/** A checksum of definitions: equal ones have the same. */
export function checksumOf(definitions: readonly Definition[]): string {
  const hash = createHash('sha256')
  for (const { create } of definitions) hash.update(`${create}\0`)
  return hash.digest('hex')
}

interface Lock {
  renew(): Promise<void>
  release(): Promise<void>
}

interface LockOptions {
  readonly store: Store
  readonly clock: () => number
  readonly pause: (ms: number) => Promise<void>
  readonly clause: string
}

/**
 * ClickHouse has no locks, but of two CREATE TABLE one fails. The table's comment says who holds it until when. It
 * spares the second process the work; that the statements may run twice is what makes a lost lock harmless.
 */
async function takeLock({ store, clock, pause, clause }: LockOptions): Promise<Lock> {
  const table = 'schema_migrations_lock'
  const owner = randomUUID()
  const until = () => `${owner} ${Math.round(clock() + LEASE_MS)}`
  const giveUp = clock() + 5 * LEASE_MS
  for (;;) {
    try {
      await store.exec(
        `CREATE TABLE ${table}${clause} (held UInt8) ENGINE = MergeTree ORDER BY held COMMENT '${until()}'`,
      )
      break
    } catch (error) {
      if (!(error instanceof StoreError) || error.type !== 'TABLE_ALREADY_EXISTS') throw error
    }
    const [held] = await store.query<{ comment: string }>(
      `SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = '${table}'`,
    )
    if (held && Number(held.comment.split(' ')[1]) < clock()) {
      await store.exec(`DROP TABLE IF EXISTS ${table}${clause} SYNC`)
    } else if (clock() > giveUp) {
      throw new MigrationError('locked', `another process holds ${table}: ${held?.comment}`)
    } else await pause(POLL_MS)
  }
  let renewed = clock()
  return {
    async renew() {
      if (clock() - renewed < LEASE_MS / 4) return
      renewed = clock()
      await store.exec(`ALTER TABLE ${table}${clause} MODIFY COMMENT '${until()}'`)
    },
    release: () => store.exec(`DROP TABLE IF EXISTS ${table}${clause} SYNC`),
  }
}
