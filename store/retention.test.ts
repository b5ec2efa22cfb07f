import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { Fact } from '../schemas/facts.ts'
import { decideRetention, type Partition, type RetentionRule, retainOnce } from './retention.ts'
import { startTestStore, type TestStore } from './testing.ts'

const TODAY = new Date('2026-11-20T13:00:00Z')
const RULES: readonly RetentionRule[] = [
  { table: 'heartbeat', days: 7, priority: 0, keepDays: 2 },
  { table: 'startup', days: 30, priority: 1 },
  { table: 'rollup', days: 400, priority: 9 },
]
const part = (table: string, name: string, bytes = 100): Partition => ({
  table,
  id: name.replaceAll('-', ''),
  name,
  bytes,
})
const drops = (partitions: Partition[], max_bytes = 1e9) =>
  decideRetention({ partitions, rules: RULES, today: TODAY, max_bytes }).drops.map(
    ({ table, name, reason }) => `${table} ${name} ${reason}`,
  )

test('a day goes when it is past its table’s days, not a day earlier', () => {
  assert.deepEqual(drops([part('heartbeat', '2026-11-14'), part('heartbeat', '2026-11-13')]), [
    'heartbeat 2026-11-13 age',
  ])
  assert.deepEqual(drops([part('startup', '20261022'), part('startup', '20261021')]), [
    'startup 20261021 age',
  ])
  assert.deepEqual(drops([part('rollup', '202510')]), [], 'a month counts from its last day')
  assert.deepEqual(drops([part('rollup', '202509')]), ['rollup 202509 age'])
})

test('a clock that is not sure drops nothing for its age, and never the newest day for space', () => {
  const partitions = [part('heartbeat', '2025-10-01'), part('heartbeat', '2025-10-02')]
  const unsure = decideRetention({ partitions, rules: RULES, today: TODAY, max_bytes: 10, byAge: false })
  assert.deepEqual(
    unsure.drops.map(({ name, reason }) => `${name} ${reason}`),
    ['2025-10-01 space'],
  )
  assert.deepEqual(
    decideRetention({ partitions, rules: RULES, today: TODAY, max_bytes: 1e9, byAge: false }).drops,
    [],
  )
})

test('a table with a bound of its own loses its oldest partitions first, today’s at last, and no other table’s', () => {
  const rules = [...RULES, { table: 'dead_letter', days: 7, priority: 0, max_bytes: 150 }]
  const names = (partitions: Partition[]) =>
    decideRetention({ partitions, rules, today: TODAY, max_bytes: 1e9 }).drops.map(
      ({ table, name }) => `${table} ${name}`,
    )
  const history = part('heartbeat', '2026-11-19', 10_000)
  assert.deepEqual(names([history, part('dead_letter', '2026-11-19'), part('dead_letter', '2026-11-20')]), [
    'dead_letter 2026-11-19',
  ])
  assert.deepEqual(names([history, part('dead_letter', '2026-11-20', 151)]), ['dead_letter 2026-11-20'])
  assert.deepEqual(names([history, part('dead_letter', '2026-11-20', 150)]), [])
})

test('when space is short, the oldest of the least needed goes first, and only as much as needed', () => {
  const partitions = [
    part('heartbeat', '2026-11-20'),
    part('heartbeat', '2026-11-19'),
    part('heartbeat', '2026-11-18'),
    part('heartbeat', '2026-11-17'),
    part('startup', '2026-11-10'),
    part('rollup', '2026-11-01'),
  ]
  assert.deepEqual(drops(partitions, 600), [])
  assert.deepEqual(drops(partitions, 599), ['heartbeat 2026-11-17 space'])
  assert.deepEqual(drops(partitions, 400), ['heartbeat 2026-11-17 space', 'heartbeat 2026-11-18 space'])
  assert.deepEqual(
    drops(partitions, 200),
    [
      'heartbeat 2026-11-17 space',
      'heartbeat 2026-11-18 space',
      'startup 2026-11-10 space',
      'rollup 2026-11-01 space',
    ],
    'yesterday’s heartbeats are kept as long as others can give',
  )
  const all = decideRetention({ partitions, rules: RULES, today: TODAY, max_bytes: 10 })
  assert.deepEqual([all.drops.length, all.over_bytes], [5, 90], 'today stays, and the lack is said')
})

test('what no rule names and what is no date is never dropped', () => {
  assert.deepEqual(
    drops([part('incidents', '2020-01-01'), part('heartbeat', 'all'), part('heartbeat', 'tuple()')], 0),
    [],
  )
})

test('whatever there is: today stays, each goes once, and the bound holds or the lack is said', () => {
  const partition = fc.record({
    table: fc.constantFrom('heartbeat', 'startup', 'rollup', 'other'),
    back: fc.integer({ min: 0, max: 500 }),
    bytes: fc.integer({ min: 0, max: 1000 }),
  })
  fc.assert(
    fc.property(
      fc.array(partition, { maxLength: 40 }),
      fc.integer({ min: 0, max: 10_000 }),
      (found, max_bytes) => {
        const partitions = found.map(({ table, back, bytes }) =>
          part(table, new Date(TODAY.getTime() - back * 86_400_000).toISOString().slice(0, 10), bytes),
        )
        const { drops, over_bytes } = decideRetention({ partitions, rules: RULES, today: TODAY, max_bytes })
        const sum = (list: readonly Partition[]) => list.reduce((total, { bytes }) => total + bytes, 0)
        assert.ok(drops.every(({ name, table }) => name !== '2026-11-20' && table !== 'other'))
        assert.ok(drops.length <= partitions.length)
        assert.equal(over_bytes, Math.max(0, sum(partitions) - sum(drops) - max_bytes))
      },
    ),
  )
})

let it: TestStore
before(async () => {
  it = await startTestStore()
})
after(() => it.stop())

test('on the engine: days past their time go, and the store keeps within its bound', async () => {
  for (const table of ['heartbeat', 'startup']) {
    await it.store.exec(
      `CREATE TABLE ${table} (day Date, data String) ENGINE = MergeTree PARTITION BY day ORDER BY tuple()`,
    )
    await it.store.exec(
      `INSERT INTO ${table} SELECT toDate('2026-11-20') - number % 10, randomString(1000) FROM numbers(1000)`,
    )
  }
  const days = async (table: string) =>
    (await it.store.query<{ day: string }>(`SELECT DISTINCT day FROM ${table} ORDER BY day`)).map(({ day }) =>
      day.slice(5),
    )
  const facts: Fact[] = []
  const options = {
    store: it.store,
    rules: RULES,
    clock: () => TODAY.getTime(),
    emit: (fact: Fact) => facts.push(fact),
  }
  await retainOnce({ ...options, max_bytes: 1e9 })
  assert.deepEqual(await days('heartbeat'), ['11-14', '11-15', '11-16', '11-17', '11-18', '11-19', '11-20'])
  assert.equal((await days('startup')).length, 10)
  const size = async () => {
    const [row] = await it.store.query<{ bytes: number }>(
      "SELECT toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts WHERE active AND database = 'firstframe'",
    )
    return row?.bytes ?? 0
  }
  const bound = (await size()) * 0.75
  const { over_bytes } = await retainOnce({ ...options, max_bytes: bound })
  assert.ok((await size()) <= bound && over_bytes === 0)
  assert.deepEqual(await days('heartbeat'), ['11-19', '11-20'])
  assert.equal((await days('startup')).length, 10, 'the less needed gave first')
  assert.ok(facts.some(({ type, reason }) => type === 'store_partition_dropped' && reason === 'space'))
  const full = await retainOnce({ ...options, max_bytes: 1e12, minFree_bytes: 1e18 })
  assert.ok(full.over_bytes > 0, 'a disk without room counts as a bound, too')
  assert.deepEqual(await days('startup'), ['11-20'])
})
