import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, beforeEach, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { compress } from '@mongodb-js/zstd'
import { tableFromArrays, tableToIPC } from 'apache-arrow'
import { createStore } from '../client.ts'
import { StoreError } from '../storeError.ts'
import { askStore, startTestStore, type TestStore } from '../testing.ts'

let it: TestStore
before(async () => {
  it = await startTestStore()
  for (const table of ['events', 'by_cdn']) {
    const columns =
      table === 'events'
        ? "n UInt32, cdn LowCardinality(String), note String DEFAULT concat(cdn, '!')"
        : 'cdn String, rows SimpleAggregateFunction(sum, UInt64)'
    const engine = table === 'events' ? 'MergeTree ORDER BY n' : 'AggregatingMergeTree ORDER BY cdn'
    await it.store.exec(
      `CREATE TABLE ${table} (${columns}) ENGINE = ${engine} SETTINGS non_replicated_deduplication_window = 1000`,
    )
  }
  await it.store.exec(
    'CREATE MATERIALIZED VIEW events_by_cdn TO by_cdn AS SELECT cdn, count() AS rows FROM events GROUP BY cdn',
  )
})
after(() => it.stop())
beforeEach(async () => {
  await it.store.exec('TRUNCATE TABLE events')
  await it.store.exec('TRUNCATE TABLE by_cdn')
})

const arrow = (rows: number) =>
  tableToIPC(
    tableFromArrays({
      n: Uint32Array.from({ length: rows }, (_, i) => i),
      cdn: Array.from({ length: rows }, (_, i) => `cdn${i % 3}`),
    }),
    'stream',
  )
const count = async () => {
  const [row] = await it.store.query<{ raw: number; rolled: number }>(
    'SELECT (SELECT count() FROM events) AS raw, (SELECT sum(rows) FROM by_cdn) AS rolled',
  )
  return [row?.raw, row?.rolled]
}
const insert = (
  body: string | Uint8Array,
  args: Record<string, string> = {},
  headers: Record<string, string> = {},
) => askStore(it, { body, args, headers })

test('Arrow bytes in pieces become rows, in the table and in its view', async () => {
  const bytes = arrow(10_000)
  const chunks = [bytes.subarray(0, 100), bytes.subarray(100, 5000), bytes.subarray(5000)]
  await it.store.insertArrow({ table: 'events', columns: ['n', 'cdn'], chunks, token: 'heartbeat:0:0:10000' })
  assert.deepEqual(await count(), [10_000, 10_000])
  const [row] = await it.store.query<{ note: string }>('SELECT note FROM events WHERE n = 7')
  assert.equal(row?.note, 'cdn1!', 'the column left out has its default')
})

test('the same token again inserts nothing, neither into the view’s target; another token does', async () => {
  const bytes = arrow(100)
  for (const token of ['a', 'a', "it's \\ a", "it's \\ a", 'a']) {
    await it.store.insertArrow({ table: 'events', columns: ['n', 'cdn'], chunks: [bytes], token })
  }
  assert.deepEqual(await count(), [200, 200])
})

test('a view over a view’s target that failed is completed by the same token again, and nothing counts twice', async () => {
  const { store } = it
  const table = 'ENGINE = MergeTree ORDER BY tuple() SETTINGS non_replicated_deduplication_window = 1000'
  await store.exec(`CREATE TABLE total (rows UInt64) ${table}`)
  await store.exec(`CREATE TABLE fault (on UInt8) ${table}`)
  await store.exec(
    `CREATE MATERIALIZED VIEW by_cdn_total TO total AS
    SELECT sum(source.rows) AS rows FROM by_cdn AS source WHERE throwIf((SELECT max(on) FROM fault) = 1) = 0`,
  )
  try {
    const again = () =>
      store.insertArrow({ table: 'events', columns: ['n', 'cdn'], chunks: [arrow(300)], token: 'a:0:0:300' })
    const total = async () =>
      (await store.query<{ rows: number }>('SELECT sum(rows) AS rows FROM total'))[0]?.rows
    await store.exec('INSERT INTO fault VALUES (1)')
    await assert.rejects(again())
    assert.equal(await total(), 0)
    await store.exec('TRUNCATE TABLE fault')
    for (let time = 0; time < 2; time += 1) {
      await again()
      assert.deepEqual([...(await count()), await total()], [300, 300, 300])
    }
  } finally {
    for (const name of ['by_cdn_total', 'total', 'fault']) await store.exec(`DROP TABLE ${name}`)
  }
})

test('a token holds for its own insert only', async () => {
  const bytes = arrow(10)
  await it.store.insertArrow({ table: 'events', columns: ['n', 'cdn'], chunks: [bytes], token: 'once' })
  const query = 'INSERT INTO events (n, cdn) FORMAT CSV'
  for (let i = 0; i < 3; i++) await insert(`${i},x\n`, { query })
  assert.deepEqual(await count(), [13, 13])
})

test('every usual format is taken, in the URL’s query or behind the statement in the body', async () => {
  await insert('{"n":1,"cdn":"a"}\n{"n":2,"cdn":"b"}\n', { query: 'INSERT INTO events FORMAT JSONEachRow' })
  await insert('INSERT INTO events (n, cdn) FORMAT CSV\n3,"c, d"\n')
  await insert('INSERT INTO events (n, cdn) FORMAT TSV\n4\te\\tf\n')
  await insert("INSERT INTO events (n, cdn) VALUES (5, 'it''s'), (6, upper('g'))")
  await insert(
    gzipSync('7,h\n'),
    { query: 'INSERT INTO events (n, cdn) FORMAT CSV' },
    { 'content-encoding': 'gzip' },
  )
  const native = await askStore(it, {
    body: "SELECT toUInt32(8) AS n, toLowCardinality('i') AS cdn FORMAT Native",
  })
  await insert(Buffer.concat([Buffer.from('INSERT INTO events (n, cdn) FORMAT Native\n'), native.bytes]))
  const parquet = await askStore(it, { body: "SELECT toUInt32(9) AS n, 'j' AS cdn FORMAT Parquet" })
  const { headers } = await insert(parquet.bytes, { query: 'INSERT INTO events (n, cdn) FORMAT Parquet' })
  assert.equal(JSON.parse(headers.get('x-clickhouse-summary') ?? '').written_rows, '1')
  const rows = await it.store.query<{ n: number; cdn: string }>('SELECT n, cdn FROM events ORDER BY n')
  assert.deepEqual(
    rows.map(({ n, cdn }) => `${n} ${cdn}`),
    ['1 a', '2 b', '3 c, d', '4 e\tf', "5 it's", '6 G', '7 h', '8 i', '9 j'],
  )
})

test('whatever stands in the data, none of it is run', async () => {
  const attacks = [
    '1,x\n\nDROP TABLE events\n',
    '1,x\n\n\n; DROP TABLE events;\n',
    '1,x\r\n\r\nDROP TABLE events',
    "1,x\n\nINSERT INTO events (n, cdn) VALUES (666, 'evil')\n",
    "');DROP TABLE events;--",
  ]
  for (const attack of attacks) {
    await insert(attack, { query: 'INSERT INTO events (n, cdn) FORMAT CSV' })
    await insert(`INSERT INTO events (n, cdn) FORMAT CSV\n${attack}`)
    await insert(`INSERT INTO events (n, cdn) FORMAT JSONEachRow ${attack}`)
    await insert(`INSERT INTO events (n, cdn) VALUES (1, 'x')\n\n; DROP TABLE events`)
    await insert(`INSERT INTO events (n, cdn) VALUES ${attack}`)
  }
  assert.equal((await it.store.query('SELECT 1 FROM events WHERE n = 666')).length, 0)
})

test('one bad row refuses the batch: nothing of it stays, and the error names no file of ours', async () => {
  const { status, headers, text } = await insert('{"n":1,"cdn":"a"}\n{"n":"x","cdn":"b"}\n', {
    query: 'INSERT INTO events FORMAT JSONEachRow',
  })
  assert.deepEqual([status, headers.get('x-clickhouse-exception-code')], [400, '27'])
  assert.doesNotMatch(text, /shm|firstframe-store/)
  assert.deepEqual(await count(), [0, 0])
})

test('broken Arrow is the data’s fault, an unknown table the query’s, an engine in distress the store’s', async () => {
  const bytes = arrow(1000)
  const fault = async (change: Partial<{ table: string; columns: string[]; chunks: Uint8Array[] }>) => {
    const whole = { table: 'events', columns: ['n', 'cdn'], chunks: [bytes], token: 'f', ...change }
    const error = await it.store.insertArrow(whole).then(
      () => assert.fail('inserted'),
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof StoreError)
    assert.equal(error.retriable, error.fault !== 'data', 'rows are given up only for what is their fault')
    return error.fault
  }
  assert.equal(await fault({ chunks: [bytes.subarray(0, 900)] }), 'data')
  assert.equal(await fault({ chunks: [Buffer.from('no arrow at all')] }), 'data')
  const flipped = Buffer.from(bytes)
  flipped.fill(0xff, 40, 400)
  assert.equal(await fault({ chunks: [flipped] }), 'data')
  assert.equal(await fault({ table: 'nowhere' }), 'query')
  assert.equal(await fault({ columns: ['n', 'nope'] }), 'query')
  assert.deepEqual(await count(), [0, 0])
})

test('the files that carried the data are gone', async () => {
  await it.store.insertArrow({ table: 'events', columns: ['n', 'cdn'], chunks: [arrow(10)], token: 'files' })
  const spools = readdirSync('/dev/shm').filter((name) =>
    name.startsWith(`firstframe-store-${it.supervisor.pid}-`),
  )
  assert.equal(spools.length, 1)
  assert.deepEqual(readdirSync(`/dev/shm/${spools[0]}`), [])
})

test('a body beyond the bound is refused', async () => {
  const small = await startTestStore({ server: { maxBody_bytes: 1000 } })
  try {
    const { status, headers } = await askStore(small, { body: 'x'.repeat(2000) })
    assert.deepEqual([status, headers.get('x-clickhouse-exception-code')], [413, '65'])
    const bomb = await askStore(small, {
      body: gzipSync(Buffer.alloc(1 << 20)),
      headers: { 'content-encoding': 'gzip' },
    })
    assert.equal(bomb.status, 413)
    const zeros = { body: await compress(Buffer.alloc(8 << 20)), headers: { 'content-encoding': 'zstd' } }
    assert.equal((await askStore(small, zeros)).status, 413)
    const broken = await askStore(small, { body: 'not lz4', headers: { 'content-encoding': 'lz4' } })
    assert.deepEqual([broken.status, broken.headers.get('x-clickhouse-exception-code')], [500, '381'])
  } finally {
    await small.stop()
  }
})

test('a cluster that is not there refuses the insert, not the rows; the setting that names a shard is one the engine has', async () => {
  const [setting] = await it.store.query(`SELECT name FROM system.settings WHERE name = 'insert_shard_id'`)
  assert.ok(setting)
  const store = createStore({ url: it.url, user: it.user, password: it.password, cluster: 'nowhere' })
  const chunks = [await it.store.queryBytes('SELECT toUInt32(7) AS n', { format: 'ArrowStream' })]
  const insert = store.insertArrow({ table: 'events', columns: ['n'], chunks, token: 'one', partition: 5 })
  await assert.rejects(
    insert,
    (error: StoreError) => error.retriable && /no cluster nowhere/.test(error.message),
  )
  await store.close()
})
