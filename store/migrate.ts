import { createHash, randomUUID } from 'node:crypto'
import type { Store } from './client.ts'
import { StoreError } from './storeError.ts'

/** One step of the schema. Appended, never edited; each statement may run twice (IF NOT EXISTS and the like). */
export interface Migration {
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
  readonly pending: readonly Migration[]
}

/** Why the schema cannot be brought on: what is recorded and what is given do not belong together. */
export class MigrationError extends Error {
  readonly reason: 'edited' | 'newer' | 'out_of_order' | 'invalid' | 'locked'

  constructor(reason: MigrationError['reason'], message: string) {
    super(message)
    this.name = 'MigrationError'
    this.reason = reason
  }
}

export interface Migrator {
  /** What is there and what would be run; changes nothing. */
  plan(): Promise<MigrationPlan>
  /** Runs what is pending and says what that was. Safe to call twice, or by two processes at once. */
  apply(): Promise<readonly Migration[]>
}

export interface MigratorOptions {
  readonly store: Store
  readonly migrations: readonly Migration[]
  /** Wall clock, milliseconds. */
  readonly clock: () => number
  /** Resolves after so many milliseconds; given so that tests need not wait. */
  readonly pause?: (ms: number) => Promise<void>
  /** For a cluster: ` ON CLUSTER name` and a replicated engine for the table of records. */
  readonly onCluster?: { readonly clause: string; readonly engine: string }
  /** Makes the database, by a connection that does not name it: a server refuses every query that names one it has not. */
  readonly createDatabase?: () => Promise<void>
}

/** How long a lock counts: a process that died holding it delays the next one by no more than this. */
const LEASE_MS = 60_000
const POLL_MS = 250
const NOTHING_YET = new Set(['UNKNOWN_TABLE', 'UNKNOWN_DATABASE'])

export function createMigrator(options: MigratorOptions): Migrator {
  const { store, clock } = options
  const migrations = [...options.migrations].sort((a, b) => a.version - b.version)
  checkMigrations(migrations)
  const clause = options.onCluster?.clause ?? ''
  const engine = options.onCluster?.engine ?? 'ReplacingMergeTree(applied_ms)'
  const pause = options.pause ?? ((ms: number) => new Promise((resolve) => setTimeout(resolve, ms)))

  const records = async () => {
    try {
      const sql = `SELECT version, any(name) AS migration, groupUniqArray(checksum) AS checksums,
        toFloat64(min(applied_ms)) AS applied_ms FROM schema_migrations GROUP BY version ORDER BY version`
      type Row = { version: number; migration: string; checksums: string[]; applied_ms: number }
      return await store.query<Row>(sql)
    } catch (error) {
      if (error instanceof StoreError && NOTHING_YET.has(error.type)) return []
      throw error
    }
  }

  const plan = async (): Promise<MigrationPlan> => {
    const rows = await records()
    const last = rows.at(-1)?.version ?? 0
    for (const row of rows) {
      const ours = migrations.find(({ version }) => version === row.version)
      if (!ours) {
        throw new MigrationError(
          'newer',
          `the store has migration ${row.version} (${row.migration}), which this program does not know: it is older than the store`,
        )
      }
      if (row.checksums.some((checksum) => checksum !== checksumOf(ours))) {
        throw new MigrationError(
          'edited',
          `migration ${row.version} (${row.migration}) was edited after it had been applied: append a new one instead`,
        )
      }
    }
    const done = new Set(rows.map(({ version }) => version))
    const pending = migrations.filter(({ version }) => !done.has(version))
    const behind = pending.find(({ version }) => version < last)
    if (behind) {
      throw new MigrationError(
        'out_of_order',
        `migration ${behind.version} (${behind.name}) comes before ${last}, which is applied already`,
      )
    }
    const applied = rows.map(({ version, migration, applied_ms }) => ({
      version,
      name: migration,
      applied_ms,
    }))
    return { applied, pending }
  }

  const record = (migration: Migration) =>
    store.insertRows({
      table: 'schema_migrations',
      rows: [
        {
          version: migration.version,
          name: migration.name,
          checksum: checksumOf(migration),
          applied_ms: Math.round(clock()),
        },
      ],
    })

  return {
    plan,
    async apply() {
      if ((await plan()).pending.length === 0) return []
      await options.createDatabase?.()
      await store.exec(
        `CREATE TABLE IF NOT EXISTS schema_migrations${clause} (version UInt32, name String, checksum String, applied_ms UInt64)
        ENGINE = ${engine} ORDER BY version`,
      )
      const lock = await takeLock({ store, clock, pause, clause })
      const run: Migration[] = []
      try {
        // somebody else may have been faster
        for (const migration of (await plan()).pending) {
          for (const statement of migration.statements) {
            await lock.renew()
            await store.exec(statement)
          }
          await record(migration)
          run.push(migration)
        }
      } finally {
        await lock.release()
      }
      return run
    },
  }
}

export function checksumOf(migration: Migration): string {
  const hash = createHash('sha256').update(`${migration.version}\0${migration.name}`)
  for (const statement of migration.statements) hash.update(`\0${statement}`)
  return hash.digest('hex')
}

/**
 * A crash may fall between a statement and its record, and a lock may outlive its owner: so every statement has to be
 * one that can run twice.
 */
export function checkMigrations(migrations: readonly Migration[]): void {
  const seen = new Set<number>()
  for (const { version, name, statements } of migrations) {
    if (!Number.isInteger(version) || version < 1 || seen.has(version)) {
      throw new MigrationError(
        'invalid',
        `migration ${version} (${name}): versions are whole numbers, each once`,
      )
    }
    seen.add(version)
    for (const statement of statements) {
      const why = cannotRepeat(statement)
      if (why) throw new MigrationError('invalid', `migration ${version} (${name}) cannot run twice: ${why}`)
    }
  }
}

function cannotRepeat(statement: string): string | undefined {
  const text = statement.trim().replace(/\s+/g, ' ')
  const start = text.slice(0, 60)
  if (/^CREATE /i.test(text) && !/^CREATE (OR REPLACE )?[A-Z ]*?(IF NOT EXISTS )/i.test(text)) {
    if (!/^CREATE OR REPLACE /i.test(text)) return `CREATE without IF NOT EXISTS: ${start}`
  }
  if (/^DROP /i.test(text) && !/^DROP [A-Z ]*?IF EXISTS /i.test(text))
    return `DROP without IF EXISTS: ${start}`
  if (/^(RENAME|EXCHANGE|ATTACH|DETACH) /i.test(text))
    return `it names things that are gone afterwards: ${start}`
  if (/^ALTER /i.test(text)) {
    for (const [, what, how] of text.matchAll(
      /\b(ADD|DROP) (?:COLUMN|INDEX|PROJECTION|CONSTRAINT) (IF)?/gi,
    )) {
      if (!how)
        return `ALTER … ${what} without IF ${what?.toUpperCase() === 'ADD' ? 'NOT ' : ''}EXISTS: ${start}`
    }
    if (/\bRENAME COLUMN (?!IF EXISTS)/i.test(text)) return `RENAME COLUMN without IF EXISTS: ${start}`
  }
  if (/^INSERT /i.test(text) && !/insert_deduplication_token/i.test(text)) {
    return `INSERT without insert_deduplication_token: ${start}`
  }
  return undefined
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
