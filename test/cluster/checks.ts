import assert from 'node:assert/strict'
import { partitionOf } from '../../collector/rows/partitionOf.ts'
import { readWorkedQueries } from '../../console/query/workedQueries.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { END_OF_STREAM, schemaMessage } from '../../schemas/arrow/schema.ts'
import { columnsOf, TABLE_NAMES } from '../../schemas/derive/columns.ts'
import { ROLLUPS } from '../../schemas/rollups.ts'
import type { Store } from '../../store/client.ts'
import type { Migrator } from '../../store/migrate.ts'
import { startTestStore } from '../../store/testing.ts'
import { insertKnownRows, insertKnownShow } from '../analysts/knownShow.ts'

export interface Proof {
  readonly store: Store
  readonly database: string
  /** Empty: one server. */
  readonly cluster: string
  readonly migrator: () => Migrator
  /** A table as every replica of every shard has it. */
  readonly everywhere: (table: string) => string
}

type Check = (proof: Proof) => Promise<string>

const PARTITIONS = 12
const ROWS = 2_000
const SESSIONS = 4_000
const NAMES = Array.from({ length: PARTITIONS }, (): string[] => [])
for (let session = 0; session < SESSIONS; session += 1)
  NAMES[partitionOf(`session-${session}`, PARTITIONS)]!.push(`session-${session}`)
/** More than this times the mean on one shard is no even spread. */
const UNEVEN = 1.3
const columns = columnsOf('heartbeat').map(({ name }) => name)

/** Heartbeats of one range of a partition, the same for the same partition and number. */
function range(partition: number, number: number): Uint8Array[] {
  const builder = createBuilder('heartbeat', { capacity: ROWS })
  const time = Math.floor(Date.now() / 3_600_000) * 3_600_000
  const names = NAMES[partition]!
  for (let row = 0; row < ROWS; row += 1) {
    builder.pushRow({
      tenant: 'proof',
      show: 'proof',
      stream: `stream-${row % 5}`,
      session: names[row % names.length],
      seq: number * ROWS + row + 1,
      source: 'sdk',
      cdn: row % 2 === 0 ? 'a' : 'b',
      weight: 1,
      interval_ms: 10_000,
      played_ms: 9_000,
      stalled_ms: row % 10 === 0 ? 1_000 : 0,
      received_time: time + number * 1_000 + row,
      event_time: time + number * 1_000 + row,
    })
  }
  return [schemaMessage('heartbeat'), builder.finish(), END_OF_STREAM]
}

const insert = (store: Store, partition: number, number: number) =>
  store.insertArrow({
    table: 'heartbeat',
    columns,
    chunks: range(partition, number),
    token: `firstframe.heartbeat:${partition}:${number * 10}:${number * 10 + 9}`,
    partition,
  })

async function number(store: Store, sql: string): Promise<number> {
  const [row] = await store.query<{ n: number | string }>(sql)
  return Number(row?.n ?? 0)
}

/** Raw rows and each rollup's count of them. */
async function counts(store: Store): Promise<Record<string, number>> {
  const found: Record<string, number> = {
    heartbeat: await number(store, `SELECT count() AS n FROM heartbeat WHERE show = 'proof'`),
  }
  for (const [name, { kind }] of Object.entries(ROLLUPS))
    if (kind === 'heartbeat' && name.startsWith('heartbeat'))
      found[name] = await number(store, `SELECT sum(heartbeats_count) AS n FROM ${name} WHERE show = 'proof'`)
  return found
}

/** What has to hold, in the order it is asked; each says what it saw, or throws. */
export const CHECKS: Readonly<Record<string, Check>> = {
  async tables({ store, cluster, everywhere, database, migrator }) {
    const done = await Promise.all([migrator().apply(), migrator().apply()])
    assert.deepEqual((await migrator().plan()).pending, [], 'everything is applied and recorded')
    const hosts = await store.query<{ host: string; n: string }>(
      `SELECT hostName() AS host, count() AS n FROM ${everywhere('system.tables')} WHERE database = '${database}' GROUP BY host`,
    )
    assert.equal(
      new Set(hosts.map(({ n }) => Number(n))).size,
      1,
      `not the same tables everywhere: ${JSON.stringify(hosts)}`,
    )
    const least = TABLE_NAMES.length + Object.keys(ROLLUPS).length
    assert.ok(Number(hosts[0]!.n) >= least * (cluster === '' ? 1 : 2), `only ${hosts[0]!.n} tables`)
    return `${hosts[0]!.n} on ${hosts.length} servers; two processes at once ran ${done.flat().length} migration`
  },

  async 'migrations known everywhere'({ store, everywhere }) {
    const known = await store.query<{ host: string; n: string }>(
      `SELECT hostName() AS host, uniqExact(version) AS n FROM ${everywhere('schema_migrations')} GROUP BY host`,
    )
    const servers = await number(store, `SELECT uniqExact(hostName()) AS n FROM ${everywhere('system.one')}`)
    assert.equal(known.length, servers, `${known.length} of ${servers} servers have the records`)
    return `${servers} servers`
  },

  async 'an insert again doubles nothing'({ store }) {
    for (let partition = 0; partition < PARTITIONS; partition += 1) await insert(store, partition, 0)
    const once = await counts(store)
    for (const [table, found] of Object.entries(once)) assert.equal(found, PARTITIONS * ROWS, table)
    for (let partition = 0; partition < PARTITIONS; partition += 1) await insert(store, partition, 0)
    assert.deepEqual(await counts(store), once, 'after every range again')
    return `${PARTITIONS * ROWS} rows and ${Object.keys(once).length - 1} rollups, each range twice`
  },

  async 'an insert at once from two writers doubles nothing'({ store }) {
    await Promise.all(Array.from({ length: 8 }, () => insert(store, 0, 1)))
    for (const [table, found] of Object.entries(await counts(store)))
      assert.equal(found, (PARTITIONS + 1) * ROWS, table)
    return 'eight times at once'
  },

  async 'a session is on one shard, and shards are even'({ store, cluster }) {
    if (cluster === '') return 'one server: nothing to spread'
    const shards = await store.query<{ shard: number; n: string; sessions: string }>(
      `SELECT _shard_num AS shard, count() AS n, uniqExact(session) AS sessions FROM heartbeat WHERE show = 'proof' GROUP BY shard`,
    )
    const sessions = shards.reduce((sum, each) => sum + Number(each.sessions), 0)
    const known = NAMES.reduce((sum, names) => sum + Math.min(names.length, ROWS), 0)
    assert.equal(sessions, known, 'a session has rows on two shards')
    const servers = await number(
      store,
      `SELECT max(shard_num) AS n FROM system.clusters WHERE cluster = '${cluster}'`,
    )
    assert.equal(shards.length, Math.min(servers, PARTITIONS), 'every shard has its partitions')
    const mean = sessions / shards.length
    // Partitions are whole: 12 over 5 shards are 3, 3, 2, 2, 2.
    const uneven = (Math.ceil(PARTITIONS / servers) / (PARTITIONS / servers)) * UNEVEN
    for (const each of shards) assert.ok(Number(each.sessions) <= uneven * mean, JSON.stringify(shards))
    return shards.map(({ shard, n }) => `shard ${shard}: ${n} rows`).join(', ')
  },

  async 'a row replaces its earlier version'({ store }) {
    const now = new Date().toISOString().slice(0, 19).replace('T', ' ')
    const row = (version: number) => ({
      tenant: 'proof',
      id: 'one',
      version,
      stream: 'stream-1',
      state: version === 1 ? 'open' : 'resolved',
      began_time: now,
      opened_time: now,
    })
    for (const version of [1, 2]) await store.insertRows({ table: 'incident', rows: [row(version)] })
    const rows = await store.query<{ state: string }>(
      `SELECT state FROM incident FINAL WHERE tenant = 'proof'`,
    )
    assert.deepEqual(rows, [{ state: 'resolved' }])
    return 'incident FINAL'
  },

  /** The same rows in an embedded store and here: every worked query gives the same table. */
  async 'every worked query says what it says on one machine'({ store }) {
    const now = Date.now()
    const single = await startTestStore()
    try {
      const show = await insertKnownShow(single.store, now)
      await insertKnownRows(store, now)
      const params = {
        tenant: show.tenant,
        show: show.show,
        from: show.from_ms / 1000,
        to: show.to_ms / 1000,
        price_per_gb: 0.02,
      }
      const queries = readWorkedQueries()
      // As the reader of deploy/clickhouse/users.yaml has it: a join of two Distributed tables is refused otherwise.
      const settings = { distributed_product_mode: 'global' }
      for (const { name, sql } of queries) {
        const wanted = await single.store.query(sql, { params })
        assert.deepEqual(await store.query(sql, { params, settings }), wanted, name)
      }
      return `${queries.length} queries`
    } finally {
      await single.stop()
    }
  },
}
