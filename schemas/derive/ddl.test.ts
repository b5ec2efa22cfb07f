import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { TABLE_NAMES } from './columns.ts'
import { ddl, definitions } from './ddl.ts'
import { difference } from './difference.ts'

let it: TestStore
before(async () => {
  it = await startTestStore()
})
after(() => it?.stop())

const CLUSTER = { database: 'firstframe', cluster: 'big' }

test('every statement for a cluster is one the engine’s own parser takes', async () => {
  for (const options of [CLUSTER, { ...CLUSTER, storage_policy: 'tiered' }])
    for (const sql of ddl(options))
      await it.store.query('SELECT formatQuery({sql:String}) AS ok', { params: { sql } })
  await assert.rejects(
    it.store.query('SELECT formatQuery({sql:String}) AS ok', { params: { sql: 'CREATE TABLE t (' } }),
  )
})

test('on a cluster every table is replicated under a Distributed one, a session on one shard, and repeats are known', () => {
  const statements = ddl(CLUSTER)
  for (const sql of statements) assert.ok(sql.includes(" ON CLUSTER 'big'"), sql.split('\n')[0])
  const tables = statements.filter(
    (sql) => sql.startsWith('CREATE TABLE') && !sql.includes('ENGINE = Distributed'),
  )
  for (const sql of tables) {
    assert.match(sql, /ENGINE = Replicated\w*MergeTree\(/)
    assert.match(sql, /replicated_deduplication_window = \d{5}/)
    assert.match(sql, /\nTTL /)
  }
  const distributed = statements.filter((sql) => sql.includes('ENGINE = Distributed'))
  assert.equal(distributed.length, tables.length)
  for (const kind of ['heartbeat', 'startup', 'interaction'])
    assert.ok(
      distributed.some((sql) => sql.includes(`'${kind}_local', cityHash64(session)`)),
      kind,
    )
  assert.ok(distributed.length > TABLE_NAMES.length)
})

test('on a cluster the local table and the Distributed one gain a column, and a view its query, on every server', async () => {
  const wanted = definitions(CLUSTER).filter(({ name }) => /^heartbeat(_10s)?(_view)?(_local)?$/.test(name))
  const found = wanted.map((each) => ({
    name: each.name,
    engine: /MergeTree/.test(each.engine) ? `Replicated${each.engine}` : each.engine,
    engine_full: ` TTL ${each.ttl}`,
    partition_key: each.partition_by ?? '',
    sorting_key: each.order_by?.filter((part) => part !== 'delivery').join(', ') ?? '',
    columns: each.columns?.filter(({ name }) => name !== 'peers' && name !== 'delivery') ?? [],
    indices: [],
    select: 'SELECT 1',
  }))
  const { statements, refusals } = difference(wanted, found, CLUSTER)
  assert.deepEqual(refusals, [])
  const start = (name: string) =>
    statements.filter((sql) => sql.startsWith(`ALTER TABLE firstframe.${name} ON CLUSTER 'big'`)).join('\n')
  assert.match(start('heartbeat_local'), /ADD COLUMN IF NOT EXISTS peers .* AFTER bytes_p2p/)
  assert.match(start('heartbeat'), /ADD COLUMN IF NOT EXISTS peers Nullable\(UInt16\) AFTER bytes_p2p/)
  assert.match(start('heartbeat_10s_local'), /MODIFY ORDER BY \(.*, source, delivery\)/)
  assert.match(start('heartbeat_10s_view_local'), /MODIFY QUERY/)
  for (const sql of statements)
    await it.store.query('SELECT formatQuery({sql:String}) AS ok', { params: { sql } })
})

test('the tables of the embedded store do not expire by the engine’s clock; ones that did are mended', async () => {
  const options = { database: 'firstframe', expires: false }
  assert.doesNotMatch(ddl(options).join('\n'), /\bTTL\b/)
  const wanted = definitions(options).filter(({ name }) => name === 'heartbeat')
  const found = wanted.map((each) => ({
    name: each.name,
    engine: each.engine,
    engine_full: ' TTL toDateTime(received_time) + toIntervalDay(14) SETTINGS index_granularity = 8192',
    partition_key: each.partition_by ?? '',
    sorting_key: each.order_by!.join(', '),
    columns: each.columns!,
    indices: Object.keys(each.indices!),
    select: '',
  }))
  const { statements, kept } = difference(wanted, found, options)
  assert.match(statements.join(';'), /^ALTER TABLE firstframe\.heartbeat\s+REMOVE TTL/)
  assert.deepEqual(kept, [])
})

test('with a storage policy older days move to its cold volume, and without one nothing does', () => {
  const tiered = ddl({ ...CLUSTER, storage_policy: 'tiered' }).join('\n')
  assert.match(
    tiered,
    /TTL toDateTime\(received_time\) \+ INTERVAL 3 DAY TO VOLUME 'cold', toDateTime\(received_time\) \+ INTERVAL 14 DAY\n/,
  )
  assert.match(tiered, /storage_policy = 'tiered'/)
  assert.doesNotMatch(ddl(CLUSTER).join('\n'), /TO VOLUME|storage_policy/)
})
