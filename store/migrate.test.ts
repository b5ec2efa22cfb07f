import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type Definition, definitions } from '../schemas/derive/ddl.ts'
import { difference, holdsAll } from '../schemas/derive/difference.ts'
import { createStore } from './client.ts'
import { asServerWrites, foundTables } from './foundTables.ts'
import { createMigrator, type MigrationError, type MigratorOptions } from './migrate.ts'
import { startTestStore, type TestStore } from './testing.ts'

const DDL = { database: 'firstframe' }
const ALL = definitions(DDL)
/** A kind, a rollup with its view, and a table whose rows replace each other. */
const NOW = ALL.filter(({ name }) =>
  ['heartbeat', 'heartbeat_10s', 'heartbeat_10s_view', 'incident'].includes(name),
)

let it: TestStore
before(async () => {
  it = await startTestStore()
})
after(() => it.stop())
const dropAll = async () => {
  for (const { name } of await it.store.query<{ name: string }>('SHOW TABLES'))
    await it.store.exec(`DROP TABLE ${name} SYNC`)
}
beforeEach(dropAll)

const migrator = (wanted: readonly Definition[], options: Partial<MigratorOptions> = {}) =>
  createMigrator({
    store: it.store,
    definitions: wanted,
    ddl: DDL,
    program: '1.0.0',
    clock: () => 1_000_000,
    pause: () => new Promise(setImmediate),
    whenRefused: 'Make a backup.',
    ...options,
  })

/** The same tables as an earlier catalogue would have made them. */
const earlier = (change: (create: string, name: string) => string): Definition[] =>
  NOW.map((each) => ({ ...each, create: change(each.create, each.name) }))

const without = (create: string, column: string): string =>
  create
    .replace(new RegExp(`^  ${column} .*\n`, 'm'), '')
    .replace(new RegExp(`^  ${column},\n`, 'm'), '')
    .replace(new RegExp(`^  .* AS ${column},?\n`, 'm'), '')
    .replace(`, ${column},`, ',')

/** What still lies between the store and the catalogue. */
const left = async (wanted: readonly Definition[]) =>
  difference(await asServerWrites(it.store, wanted), await foundTables(it.store, 'firstframe'), DDL)

const beat = (session: string, more = '') =>
  it.store.exec(
    `INSERT INTO heartbeat SETTINGS insert_deduplication_token = '${session}' SELECT * FROM (SELECT 'demo' AS tenant, 'main' AS stream, '${session}' AS session,
      now64(3) AS received_time, now64(3) AS event_time, 1 AS weight, 10000 AS interval_ms${more})`.replace(
      'INTO heartbeat',
      `INTO heartbeat (tenant, stream, session, received_time, event_time, weight, interval_ms${more.replace(/[^,]* AS /g, ' ')})`,
    ),
  )

test('a new store is made, and then nothing lies between it and the catalogue: types, codecs, keys, queries of views', async () => {
  const first = migrator(ALL)
  assert.deepEqual((await first.plan()).pending[0]!.statements.length, ALL.length)
  assert.equal((await it.store.query('SHOW TABLES')).length, 0, 'a plan changes nothing')
  assert.equal((await first.apply()).length, 1)
  assert.deepEqual(await left(ALL), { statements: [], refusals: [], kept: [], needed: [] })
  assert.deepEqual(await first.apply(), [])
  const { applied, pending } = await first.plan()
  assert.deepEqual(pending, [])
  assert.deepEqual(
    applied.map(({ version, applied_ms }) => [version, applied_ms]),
    [[1, 1_000_000]],
  )
})

test('a catalogue that grew: columns at their places, dimensions, measures, indices, codecs, wider types; rows stay and new ones count', async () => {
  const old = earlier((create, name) => {
    let text = create
    for (const column of ['peers', 'peers_sum', 'peers_count', 'delivery']) text = without(text, column)
    if (name === 'heartbeat')
      text = create
        .replace(/^ {2}peers .*\n/m, '')
        .replace(/,\n {2}INDEX received_range .*\n/, '\n')
        .replace('stall_count UInt16', 'stall_count UInt8')
        .replace('buffer_ms Nullable(UInt32) CODEC(T64, ZSTD(1))', 'buffer_ms UInt32 CODEC(ZSTD(3))')
        .replace('INTERVAL 14 DAY', 'INTERVAL 7 DAY')
        .replace('60000', '100')
    return text
  }).filter(({ name }) => name !== 'incident')
  await migrator(old).apply()
  await it.store.exec(
    'CREATE MATERIALIZED VIEW gone_10s_view TO heartbeat_10s AS SELECT toDateTime(received_time) AS time, tenant FROM heartbeat WHERE 0',
  )
  await beat('before')
  const [{ pending }] = [await migrator(NOW).plan()]
  const text = pending[0]!.statements.join(';\n')
  assert.match(text, /ADD COLUMN IF NOT EXISTS peers Nullable\(UInt16\) CODEC\(ZSTD\(1\)\) AFTER bytes_p2p/)
  assert.match(text, /MODIFY ORDER BY \(.*, source, delivery\)/)
  await migrator(NOW).apply()
  // Two processes may run the same statements, if a lock was lost.
  for (const statement of pending[0]!.statements) await it.store.exec(statement)
  const { statements, refusals, kept } = await left(NOW)
  assert.deepEqual([statements, refusals], [[], []])
  assert.deepEqual(kept, [], 'the key has the same columns, in another order')
  await beat('after', ", 3 AS peers, 'p2p' AS delivery")
  const raw = await it.store.query('SELECT session, peers, stall_count FROM heartbeat ORDER BY received_time')
  assert.deepEqual(raw, [
    { session: 'before', peers: null, stall_count: 0 },
    { session: 'after', peers: 3, stall_count: 0 },
  ])
  const sums = await it.store.query(
    'SELECT delivery, sum(heartbeats_count) AS n, sum(peers_sum) AS peers, uniqCombined64Merge(sessions_uniq) AS sessions FROM heartbeat_10s GROUP BY delivery ORDER BY delivery',
  )
  assert.deepEqual(sums, [
    { delivery: '', n: 1, peers: 0, sessions: 1 },
    { delivery: 'p2p', n: 1, peers: 3, sessions: 1 },
  ])
})

test('what would lose values is refused before anything runs, with what to do', async () => {
  const losses: [RegExp, (create: string, name: string) => string][] = [
    [
      /heartbeat\.interval_ms is UInt64 and becomes UInt32/,
      (sql) => sql.replace('interval_ms UInt32', 'interval_ms UInt64'),
    ],
    [
      /heartbeat\.played_ms is Nullable\(UInt32\)/,
      (sql) => sql.replace('played_ms UInt32', 'played_ms Nullable(UInt32)'),
    ],
    [
      /heartbeat\.cdn is String and becomes LowCardinality\(String\): it is part/,
      (sql, name) => (name === 'heartbeat' ? sql.replace('cdn LowCardinality(String)', 'cdn String') : sql),
    ],
    [
      /incident merges rows by \(tenant, id, stream\)/,
      (sql) => sql.replace('ORDER BY (tenant, id)', 'ORDER BY (tenant, id, stream)'),
    ],
    [/incident is MergeTree/, (sql) => sql.replace('ReplacingMergeTree(version)', 'MergeTree()')],
    [
      /incident is partitioned by toDate/,
      (sql) => sql.replace('toYYYYMM(opened_time)', 'toDate(opened_time)'),
    ],
  ]
  for (const [says, change] of losses) {
    await dropAll()
    for (const { create, select } of earlier(change)) if (select === undefined) await it.store.exec(create)
    await assert.rejects(migrator(NOW).apply(), (error: MigrationError) => {
      assert.equal(error.reason, 'loss')
      assert.match(error.message, says)
      assert.match(error.message, /Nothing was changed\. Make a backup\.$/)
      return true
    })
  }
})

test('what is more than this version needs stays: columns, longer retention, an order of rows', async () => {
  const more = earlier((create, name) =>
    name === 'heartbeat'
      ? create
          .replace('  peers ', '  old_field String,\n  peers ')
          .replace('INTERVAL 14 DAY', 'INTERVAL 90 DAY')
          .replace('cdn, session, event_time', 'session, event_time')
      : create,
  )
  for (const { create } of more) await it.store.exec(create)
  const { pending, kept } = await migrator(NOW).plan()
  assert.deepEqual(pending[0]!.statements, [])
  assert.equal(kept.length, 3, kept.join('\n'))
  assert.match(kept.join('\n'), /old_field of an earlier version, with their values[\s\S]*are kept 90 days/)
})

/** Tables as a later version might have them: another rollup with its view, a codec, a TTL, a setting, a wider type, a view's query. */
const LATER: Definition[] = ALL.filter(
  ({ name }) => NOW.some((each) => each.name === name) || /^heartbeat_1m(_view)?$/.test(name),
).map((each) =>
  each.name === 'heartbeat'
    ? {
        ...each,
        ttl: each.ttl!.replace('14 DAY', '30 DAY'),
        settings: { ...each.settings, non_replicated_deduplication_window: '70000' },
        columns: each.columns!.map((column) => {
          if (column.name === 'stall_count') return { ...column, type: 'UInt32' }
          return column.name === 'buffer_ms' ? { ...column, codec: 'ZSTD(3)' } : column
        }),
      }
    : {
        ...each,
        select: each.select?.replace(
          each.name === 'heartbeat_10s_view' ? 'WHERE weight > 0' : /$/,
          (found) => found && `${found} AND stalled_ms >= 0`,
        ),
      },
)

const asDescribed = () =>
  it.store.query(
    "SELECT name, create_table_query FROM system.tables WHERE database = 'firstframe' ORDER BY name",
  )

test('an older program takes nothing back of what a newer one changed, and goes on', async () => {
  await migrator(NOW, { program: '1.0.9' }).apply()
  await migrator(LATER, { program: '1.1.0' }).apply()
  assert.deepEqual((await left(LATER)).statements, [], 'the later version found what it changed')
  const { statements, refusals } = await left(NOW)
  const changes = statements.join(';\n')
  for (const change of [/DROP VIEW .*heartbeat_1m_view/, /buffer_ms CODEC/, /SETTING/, /MODIFY QUERY/])
    assert.match(changes, change, 'an older program’s tables do differ')
  assert.match(refusals.join(), /stall_count is UInt32 and becomes UInt16/)
  const then = await asDescribed()
  const { pending, kept } = await migrator(NOW, { program: '1.0.9' }).plan()
  assert.deepEqual(pending, [])
  assert.match(kept.join(), /heartbeat: rows are kept 30 days/)
  assert.deepEqual(await migrator(NOW, { program: '1.0.9' }).apply(), [])
  assert.deepEqual(await asDescribed(), then)
  await beat('after')
  assert.deepEqual(await it.store.query('SELECT sum(heartbeats_count) AS n FROM heartbeat_1m'), [{ n: 1 }])
})

test('an older program says what it cannot work without: a table, a view, a column, room for its values', async () => {
  const losses: [RegExp, string][] = [
    [/ incident is missing\./, 'DROP TABLE incident SYNC'],
    [/ heartbeat_10s_view is missing\./, 'DROP VIEW heartbeat_10s_view SYNC'],
    [/ incident\.reopened is missing\./, 'ALTER TABLE incident DROP COLUMN reopened'],
    [
      / heartbeat\.interval_ms is UInt16, which does not hold every UInt32\./,
      'ALTER TABLE heartbeat MODIFY COLUMN interval_ms UInt16',
    ],
  ]
  for (const [says, change] of losses) {
    await dropAll()
    await migrator(LATER, { program: '1.1.0' }).apply()
    await it.store.exec(change)
    await assert.rejects(migrator(NOW, { program: '1.0.9' }).apply(), (error: MigrationError) => {
      assert.equal(error.reason, 'newer')
      assert.match(error.message, says)
      assert.match(error.message, /Start version 1\.1\.0 or later\.$/)
      return true
    })
  }
})

test('a table that becomes a view is refused: it would be replaced with its rows', async () => {
  await migrator(NOW).apply()
  await beat('kept')
  const select = 'SELECT * FROM firstframe.heartbeat'
  const view = {
    name: 'heartbeat_10s',
    engine: 'View',
    create: `CREATE VIEW heartbeat_10s AS ${select}`,
    select,
  } as const
  const changed = NOW.map((each) => (each.name === view.name ? view : each))
  await assert.rejects(migrator(changed).apply(), /heartbeat_10s is AggregatingMergeTree and becomes View/)
})

test('records of the first form of 0.1.0, without a program, are read', async () => {
  for (const { create } of NOW) await it.store.exec(create)
  await it.store.exec(
    'CREATE TABLE schema_migrations (version UInt32, name String, checksum String, applied_ms UInt64) ENGINE = ReplacingMergeTree(applied_ms) ORDER BY version',
  )
  await it.store.exec(
    "INSERT INTO schema_migrations SETTINGS insert_deduplication_token = 'x' SELECT 1, 'tables', 'abc', 5",
  )
  const [own] = await migrator(NOW).apply()
  assert.equal(own!.version, 2)
  assert.deepEqual((await migrator(NOW).plan()).pending, [])
})

test('several processes at once: everything is there once', async () => {
  const stores = [1, 2, 3, 4].map(() => createStore({ url: it.url, user: it.user, password: it.password }))
  const ran = await Promise.all(
    stores.map((store) =>
      migrator(NOW, {
        store,
        clock: () => performance.now(),
        pause: () => new Promise((r) => setTimeout(r, 5)),
      }).apply(),
    ),
  )
  assert.equal(ran.flat().length, 1, 'one of them did it')
  assert.equal((await it.store.query("SHOW TABLES LIKE '%lock%'")).length, 0)
  await Promise.all(stores.map((store) => store.close()))
})

test('a database that is not there yet is made first, by a connection that does not name it', async () => {
  const of = (database: string) =>
    createStore({ url: it.url, user: it.user, password: it.password, database })
  const [fresh, standard] = [of('fresh'), of('default')]
  const ddl = { database: 'fresh' }
  const wanted = definitions(ddl).filter(({ name }) => name === 'incident')
  const createDatabase = () => standard.exec('CREATE DATABASE IF NOT EXISTS fresh ENGINE = Atomic')
  const entry = migrator(wanted, { store: fresh, ddl, createDatabase })
  assert.equal((await entry.plan()).pending.length, 1)
  assert.equal((await entry.apply()).length, 1)
  assert.deepEqual((await entry.plan()).pending, [])
  assert.equal((await fresh.query('SHOW TABLES')).length, 2)
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
  assert.equal((await migrator(NOW, { clock: () => now, pause }).apply()).length, 1)
  assert.equal(waits.length, 2, 'not before its time')
})

test('a run that broke off goes on where it stopped', async () => {
  const broken = [
    ...NOW,
    { name: 'x', engine: 'View', create: 'SELECT throwIf(1)', select: 'SELECT 1' } as const,
  ]
  await assert.rejects(migrator(broken).apply(), /FUNCTION_THROW_IF/)
  assert.deepEqual((await left(NOW)).statements, [])
  assert.equal((await migrator(NOW).apply()).length, 1, 'only the record was missing')
})

test('a column may change to a type that holds all its values, and to no other', () => {
  const pairs: [string, string, boolean][] = [
    ['UInt16', 'UInt32', true],
    ['UInt16', 'Nullable(UInt32)', true],
    ['Nullable(UInt16)', 'Nullable(Float64)', true],
    ['Nullable(UInt16)', 'UInt16', false],
    ['UInt32', 'UInt16', false],
    ['UInt64', 'Float64', false],
    ['UInt32', 'Float32', false],
    ['Int32', 'UInt32', false],
    ['String', 'LowCardinality(String)', true],
    ['Float64', 'Float32', false],
    ['AggregateFunction(uniqCombined64, String)', 'AggregateFunction(uniq, String)', false],
  ]
  for (const [from, to, holds] of pairs) assert.equal(holdsAll(from, to), holds, `${from} → ${to}`)
})
