import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { createStore } from './client.ts'
import { checkMigrations, createMigrator, type Migration, MigrationError } from './migrate.ts'
import { startTestStore, type TestStore } from './testing.ts'

let it: TestStore
before(async () => {
  it = await startTestStore()
})
after(() => it.stop())
beforeEach(async () => {
  for (const { name } of await it.store.query<{ name: string }>('SHOW TABLES')) {
    await it.store.exec(`DROP TABLE ${name} SYNC`)
  }
})

const FIRST: Migration = {
  version: 1,
  name: 'events',
  statements: [
    'CREATE TABLE IF NOT EXISTS events (n UInt32) ENGINE = MergeTree ORDER BY n',
    'CREATE TABLE IF NOT EXISTS seen (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100',
  ],
}
const SECOND: Migration = {
  version: 2,
  name: 'a column',
  statements: [
    'ALTER TABLE events ADD COLUMN IF NOT EXISTS cdn String',
    "INSERT INTO seen SETTINGS insert_deduplication_token = 'second' SELECT 2",
  ],
}

const migrator = (migrations: readonly Migration[], now = 1_000_000) =>
  createMigrator({ store: it.store, migrations, clock: () => now, pause: () => new Promise(setImmediate) })

test('plan shows what apply will run, and afterwards nothing', async () => {
  const first = migrator([FIRST])
  assert.deepEqual((await first.plan()).pending, [FIRST])
  assert.equal((await it.store.query('SHOW TABLES')).length, 0, 'a plan changes nothing')
  assert.deepEqual(await first.apply(), [FIRST])
  assert.deepEqual(await first.apply(), [])
  const both = migrator([SECOND, FIRST])
  assert.deepEqual((await both.plan()).pending, [SECOND])
  assert.deepEqual(await both.apply(), [SECOND])
  const { applied, pending } = await both.plan()
  assert.deepEqual(
    [applied, pending],
    [
      [
        { version: 1, name: 'events', applied_ms: 1_000_000 },
        { version: 2, name: 'a column', applied_ms: 1_000_000 },
      ],
      [],
    ],
  )
})

test('several processes at once: everything is there once', async () => {
  const stores = [1, 2, 3, 4].map(() => createStore({ url: it.url, user: it.user, password: it.password }))
  const ran = await Promise.all(
    stores.map((store) =>
      createMigrator({
        store,
        migrations: [FIRST, SECOND],
        clock: () => performance.now(),
        pause: () => new Promise((r) => setTimeout(r, 5)),
      }).apply(),
    ),
  )
  assert.deepEqual(
    ran.flat().map(({ version }) => version),
    [1, 2],
    'one of them did it',
  )
  assert.equal((await it.store.query('SELECT * FROM seen')).length, 1)
  assert.equal((await it.store.query("SHOW TABLES LIKE '%lock%'")).length, 0)
  await Promise.all(stores.map((store) => store.close()))
})

test('a database that is not there yet is made first, by a connection that does not name it', async () => {
  const of = (database: string) =>
    createStore({ url: it.url, user: it.user, password: it.password, database })
  const [fresh, standard] = [of('fresh'), of('default')]
  const entry = createMigrator({
    store: fresh,
    migrations: [FIRST],
    clock: () => 1,
    createDatabase: () => standard.exec('CREATE DATABASE IF NOT EXISTS fresh ENGINE = Atomic'),
  })
  assert.deepEqual((await entry.plan()).pending, [FIRST])
  assert.deepEqual(await entry.apply(), [FIRST])
  assert.deepEqual((await entry.plan()).pending, [])
  assert.equal((await fresh.query('SHOW TABLES')).length, 3)
  await standard.exec('DROP DATABASE fresh SYNC')
  await Promise.all([fresh.close(), standard.close()])
})

test('a lock left by a process that died is taken over once its time is up', async () => {
  await it.store.exec(
    "CREATE TABLE schema_migrations_lock (held UInt8) ENGINE = MergeTree ORDER BY held COMMENT 'gone 5000'",
  )
  let now = 4_000
  const waits: number[] = []
  const pause = async (ms: number) => {
    waits.push(ms)
    now += 600
  }
  const late = createMigrator({ store: it.store, migrations: [FIRST], clock: () => now, pause })
  assert.deepEqual(await late.apply(), [FIRST])
  assert.equal(waits.length, 2, 'not before its time')
})

test('a run that broke off goes on where it stopped, and its statements may run twice', async () => {
  const broken = { ...SECOND, statements: [...SECOND.statements, 'SELECT throwIf(1)'] }
  await assert.rejects(migrator([FIRST, broken]).apply(), /FUNCTION_THROW_IF/)
  assert.deepEqual((await migrator([FIRST, SECOND]).plan()).pending, [SECOND])
  assert.deepEqual(await migrator([FIRST, SECOND]).apply(), [SECOND])
  assert.equal((await it.store.query('SELECT * FROM seen')).length, 1)
})

test('an edited, a missing and a late migration are refused', async () => {
  await migrator([FIRST, SECOND]).apply()
  const reason = async (migrations: readonly Migration[]) => {
    const error: unknown = await migrator(migrations)
      .apply()
      .then(
        () => undefined,
        (why: unknown) => why,
      )
    assert.ok(error instanceof MigrationError, String(error))
    return error.reason
  }
  assert.equal(await reason([FIRST, { ...SECOND, statements: ['SELECT 1'] }]), 'edited')
  assert.equal(await reason([FIRST, { ...SECOND, name: 'renamed' }]), 'edited')
  assert.equal(await reason([FIRST]), 'newer')
})

test('a version before the last applied one is refused', async () => {
  await migrator([SECOND].map((migration) => ({ ...migration, statements: ['SELECT 1'] }))).apply()
  const early = migrator([FIRST, { ...SECOND, statements: ['SELECT 1'] }])
  await assert.rejects(early.plan(), (error: MigrationError) => error.reason === 'out_of_order')
})

test('statements that cannot run twice are refused before anything runs', () => {
  const check = (statement: string) => () =>
    checkMigrations([{ version: 1, name: 'x', statements: [statement] }])
  const bad = [
    'CREATE TABLE t (a UInt8) ENGINE = Memory',
    'CREATE MATERIALIZED VIEW v TO t AS SELECT 1',
    'DROP TABLE t',
    'RENAME TABLE a TO b',
    'ALTER TABLE t ADD COLUMN a String',
    'ALTER TABLE t ADD COLUMN IF NOT EXISTS a String, DROP COLUMN b',
    'INSERT INTO t SELECT 1',
  ]
  for (const statement of bad) assert.throws(check(statement), /cannot run twice/, statement)
  const good = [
    'CREATE TABLE IF NOT EXISTS t ON CLUSTER c (a UInt8) ENGINE = Memory',
    'CREATE OR REPLACE VIEW v AS SELECT 1',
    'CREATE MATERIALIZED VIEW IF NOT EXISTS v TO t AS SELECT 1',
    'DROP TABLE IF EXISTS t',
    'ALTER TABLE t MODIFY COLUMN a String',
    'ALTER TABLE t ADD COLUMN IF NOT EXISTS a String, DROP COLUMN IF EXISTS b',
  ]
  for (const statement of good) assert.doesNotThrow(check(statement), statement)
  const twice = { version: 1, name: 'x', statements: [] }
  assert.throws(() => checkMigrations([twice, twice]), /each once/)
})
