import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defaultFloor_bytes } from '../../log/diskSpace.ts'
import { AUDIT_DAYS, type DdlOptions, databaseDdl, definitions } from '../../schemas/derive/ddl.ts'
import { KINDS } from '../../schemas/kinds/kinds.ts'
import { isView, ROLLUP_NAMES, ROLLUPS } from '../../schemas/rollups.ts'
import { SYSTEM_TABLES } from '../../schemas/system.ts'
import { checkStore } from '../../store/checkStore.ts'
import { createStore, type Store } from '../../store/client.ts'
import { createMigrator, type Migrator } from '../../store/migrate.ts'
import { type RetentionRule, startRetention } from '../../store/retention.ts'
import { type StoreSupervisor, superviseStore } from '../../store/supervisor.ts'
import type { Context, Role } from '../context.ts'
import { expectedError } from '../expectedError.ts'
import { keptSecret } from '../keptSecret.ts'
import { VERSION } from '../version.ts'

/** The read-only user of the store. */
export const READER = 'reader'

export interface StoreAccess {
  readonly url: string
  /** Reads and writes. */
  readonly store: Store
  /** Who reads only: for the console's SQL and analysts. */
  readonly reader: { readonly user: string; readonly password: string }
}

/** What the configuration says about tables: database, cluster and storage policy. */
export const ddlOptions = ({ config }: Context): DdlOptions => ({
  database: config.store.database,
  ...(config.store.cluster === '' ? {} : { cluster: config.store.cluster }),
  // The store of this process has no clock that anybody watches: what is old goes by `retentionRules`.
  expires: config.store.url !== '',
  ...(config.store.storage_policy === '' ? {} : { storage_policy: config.store.storage_policy }),
})

/** Dead letters may take this share of the store's bound: whoever sends nonsense must not drive history out. */
const DEAD_LETTERS = 0.02

/** Which tables give way first when the disk is full: raw heartbeats before anything, incidents last. */
const retentionRules = (max_bytes: number): RetentionRule[] => [
  ...Object.entries(KINDS).map(([table, { retention_days }], index) => ({
    table,
    days: retention_days,
    priority: table === 'heartbeat' ? 0 : 1 + index,
  })),
  ...ROLLUP_NAMES.filter((name) => !isView(name)).map((table) => ({
    table,
    days: ROLLUPS[table].retention_days,
    priority: ROLLUPS[table].step_s < 60 ? 20 : 30,
  })),
  ...Object.entries(SYSTEM_TABLES).map(([table, { retention_days }]) => ({
    table,
    days: retention_days,
    priority: table === 'dead_letter' ? 0 : 40,
    max_bytes: table === 'dead_letter' ? max_bytes * DEAD_LETTERS : undefined,
  })),
  { table: 'audit', days: AUDIT_DAYS, priority: 50 },
]

/** Every server has the database `default`, so the one of the configuration is made through it. */
async function createDatabase(context: Context): Promise<void> {
  const { url, user, password } = context.config.store
  const store = createStore({ url, user, password, database: 'default' })
  try {
    await store.exec(databaseDdl(ddlOptions(context)))
  } finally {
    await store.close()
  }
}

/** Brings a store's tables to this version. */
export function migratorOf(context: Context, store: Store): Migrator {
  const { url, cluster, database } = context.config.store
  const ddl = ddlOptions(context)
  return createMigrator({
    store,
    definitions: definitions(ddl),
    ddl,
    program: VERSION,
    clock: context.clock,
    whenRefused:
      url === ''
        ? 'Go on with the version that wrote the folder, or: `firstframe backup`, and with this version `firstframe restore --from-log`, which builds the store anew from what the log still has.'
        : 'Go on with the version that made the tables, or: back the database up, RENAME the tables that are named here, run `firstframe migrate --apply`, which makes them anew, and copy their rows by INSERT … SELECT.',
    createDatabase: url === '' ? undefined : () => createDatabase(context),
    // Every server of every shard has the same records: the path leaves the shard out, and names differ by it.
    recordsEngine:
      cluster === ''
        ? undefined
        : `ReplicatedReplacingMergeTree('/clickhouse/tables/${cluster}/${database}/schema_migrations', '{shard}-{replica}', applied_ms)`,
  })
}

/** How often a ClickHouse that is elsewhere is asked whether it still answers. */
const ASK_MS = 5_000

/**
 * Connects to the ClickHouse the configuration names.
 * @param options.reads the role answers queries as the read-only user, whose login is checked, too
 * @throws an expected error when it refuses the login or is too old; one that is away is waited for, and the role is not ready
 */
export async function connectStore(
  { config }: Context,
  { reads = false }: { readonly reads?: boolean } = {},
): Promise<Role & StoreAccess> {
  const { url, user, password, database, cluster, reader_password } = config.store
  const check = async () =>
    (await checkStore({ url, user, password, settings: 'store.user and store.password' })) ??
    (reads
      ? await checkStore({
          url,
          user: READER,
          password: reader_password,
          settings: 'store.reader_password, and that there is such a user',
        })
      : undefined)
  let problem = await check()
  if (problem?.kind === 'login' || problem?.kind === 'version') throw expectedError(problem.message)
  const timer = setInterval(() => void check().then((found) => (problem = found)), ASK_MS)
  timer.unref()
  const store = createStore({ url, user, password, database, cluster })
  return {
    name: 'store',
    url,
    store,
    reader: { user: READER, password: reader_password },
    readiness: () => problem?.message,
    async close() {
      clearInterval(timer)
      await store.close()
    },
  }
}

/** Runs the embedded store in a child process, brings its tables up to date, and keeps it within its bound of disk. */
export async function startStore(
  context: Context,
): Promise<Role & StoreAccess & { readonly supervisor: StoreSupervisor }> {
  const { config, data, emit, clock } = context
  const user = config.store.user
  const loss = 'nothing is lost'
  const password = config.store.password || keptSecret(data, 'store-password', loss)
  const reader = {
    user: READER,
    password: config.store.reader_password || keptSecret(data, 'reader-password', loss),
  }
  const dir = join(data, 'store')
  const supervisor = await superviseStore({
    command: [
      process.execPath,
      fileURLToPath(new URL('../firstframe.mjs', import.meta.url)),
      'store-process',
    ],
    env: process.env,
    store: {
      dir,
      host: config.store.host,
      port: config.store.port,
      database: config.store.database,
      names: config.store.names,
      maxMemory_bytes: config.store.memory_bytes,
      users: [
        { name: user, password, access: 'write' },
        { name: reader.user, password: reader.password, access: 'read' },
      ],
    },
    emit,
    clock: () => performance.now(),
  }).catch((cause: Error) => {
    throw expectedError(
      `${cause.message}. If its folder ${dir} is damaged, \`firstframe restore\` brings a backup back, and \`firstframe restore --from-log\` builds the store anew from the log; both keep the folder aside.`,
      { cause },
    )
  })
  const store = createStore({ url: supervisor.url, user, password, database: config.store.database })
  await migratorOf(context, store).apply()
  const retention = startRetention({
    store,
    rules: retentionRules(config.store.max_bytes),
    max_bytes: config.store.max_bytes,
    // The log refuses beacons below its floor: what is old goes before that.
    minFree_bytes: 2 * defaultFloor_bytes(data),
    clock,
    clockConfirmed: context.houseClock.confirmed,
    emit,
  })
  return {
    name: 'store',
    url: supervisor.url,
    store,
    reader,
    supervisor,
    readiness: () => (supervisor.ready ? undefined : 'the store is starting'),
    async close() {
      await retention.stop()
      await store.close()
      await supervisor.stop()
    },
  }
}

const LOOK_EVERY_MS = 10_000
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Compares the clock with that of a store on another machine, as long as the process runs. */
export function compareClocks({ config, houseClock }: Context, { store }: StoreAccess): Role {
  const { hostname } = new URL(config.store.url)
  const look = async (): Promise<void> => {
    const began = performance.now()
    const [row] = await store.query<{ now_ms: number }>(
      'SELECT toFloat64(toUnixTimestamp64Milli(now64(3))) AS now_ms',
    )
    const took_ms = performance.now() - began
    if (took_ms < 1_000) houseClock.witness(`the store ${hostname}`, row!.now_ms + took_ms / 2)
  }
  // One machine has one clock: its word counts once.
  const timer = LOOPBACK.has(hostname)
    ? undefined
    : setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS)
  timer?.unref()
  return {
    name: 'clocks',
    readiness: () => undefined,
    close: async () => clearInterval(timer),
  }
}
