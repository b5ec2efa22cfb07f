import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { TABLE_NAMES } from './columns.ts'
import { ddl } from './ddl.ts'

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

test('with a storage policy older days move to its cold volume, and without one nothing does', () => {
  const tiered = ddl({ ...CLUSTER, storage_policy: 'tiered' }).join('\n')
  assert.match(
    tiered,
    /TTL toDateTime\(received_time\) \+ INTERVAL 3 DAY TO VOLUME 'cold', toDateTime\(received_time\) \+ INTERVAL 14 DAY\n/,
  )
  assert.match(tiered, /storage_policy = 'tiered'/)
  assert.doesNotMatch(ddl(CLUSTER).join('\n'), /TO VOLUME|storage_policy/)
})
