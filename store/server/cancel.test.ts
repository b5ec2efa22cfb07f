import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { askStore, startTestStore, type TestStore } from '../testing.ts'

let it: TestStore
before(async () => {
  it = await startTestStore({
    server: {
      guests: { limit: 3, queue: 2, wait_ms: 3_000 },
      users: [{ name: 'other', password: '', access: 'read' }],
    },
  })
})
after(() => it.stop())

const ENDLESS = 'SELECT sum(cityHash64(number)) FROM numbers(1000000000000) SETTINGS max_threads = 1'
const READ_ENDLESS = 'SELECT sum(cityHash64(number)) FROM numbers(1000000000000)'
const writer = () => it
const reader = (user = 'reader') => ({ url: it.url, user })
const code = ({ headers }: { headers: Headers }) => headers.get('x-clickhouse-exception-code')

const quoted = (text: string) => `'${text}'`

/** How many of ours the engine is working on: it explains a statement first, which is not the query yet. */
async function running(): Promise<number> {
  const body =
    "SELECT count() FROM system.processes WHERE query LIKE '%cityHash64%' AND query NOT LIKE '%processes%' AND query NOT LIKE 'EXPLAIN%'"
  return Number((await askStore({ ...writer() }, { body, args: { wait_end_of_query: '1' } })).text)
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!(await condition())) {
    if (performance.now() > deadline) assert.fail(`not within a minute: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('KILL QUERY by the id the client gave ends it, and the client is told', async () => {
  const requested = askStore(reader(), { body: READ_ENDLESS, args: { query_id: 'mine' } })
  await until(async () => (await running()) === 1, 'the query runs')
  const twin = await askStore(reader(), { body: 'SELECT 1', args: { query_id: 'mine' } })
  assert.equal(code(twin), '216', 'an id is in use once')
  const foreign = await askStore(reader('other'), { body: "KILL QUERY WHERE query_id = 'mine'" })
  assert.equal(foreign.text, '', 'nobody kills what others asked')
  const killed = await askStore(reader(), { body: "KILL QUERY WHERE query_id = 'mine'" })
  assert.match(killed.text, /^waiting\tmine\treader/)
  assert.equal(code(await requested), '394')
  await until(async () => (await running()) === 0, 'the engine is idle')
})

test('who may write kills by any condition, on our ids', async () => {
  const requested = askStore(writer(), { body: ENDLESS, args: { query_id: "it's-1" } })
  await until(async () => (await running()) === 1, 'the query runs')
  await askStore(writer(), { body: "KILL QUERY WHERE query_id IN ('it\\'s-1', 'x') SYNC" })
  assert.equal(code(await requested), '394')
})

test('a client that goes away takes its query with it, whole or streamed', async () => {
  for (const body of [READ_ENDLESS, 'SELECT cityHash64(number) FROM numbers(1000000000000)']) {
    for (const wait_end_of_query of ['0', '1']) {
      const client = new AbortController()
      const requested = askStore(reader(), { body, args: { wait_end_of_query }, signal: client.signal })
      await until(async () => (await running()) === 1, 'the query runs')
      client.abort()
      await assert.rejects(requested)
      await until(async () => (await running()) === 0, `the engine stopped: ${body}`)
    }
  }
})

test('the client’s signal ends a query', async () => {
  const client = new AbortController()
  const requested = it.store.query(ENDLESS, { signal: client.signal })
  await until(async () => (await running()) === 1, 'the query runs')
  client.abort()
  await assert.rejects(requested)
  await until(async () => (await running()) === 0, 'the engine stopped')
})

test('too many at once wait in line, and beyond the line are refused at once', async () => {
  const stop = new AbortController()
  const holders = [1, 2, 3].map(() =>
    askStore(reader(), { body: READ_ENDLESS, signal: stop.signal }).catch(() => undefined),
  )
  await until(held, 'every place is taken')
  assert.equal((await it.store.query('SELECT 1')).length, 1, 'the pipeline has places of its own')
  const waiting = [1, 2].map(() => askStore(reader(), { body: 'SELECT 1' }))
  await until(async () => (await refused()) === '202', 'the line is full')
  const both = await Promise.all(waiting)
  for (const answer of both) {
    assert.deepEqual([answer.status, code(answer), answer.headers.get('retry-after')], [503, '202', '1'])
    assert.match(answer.text, /waited 3000 ms/)
  }
  const place = askStore(reader(), { body: 'SELECT 1' })
  stop.abort()
  await Promise.all(holders)
  assert.equal((await place).text, '1\n', 'a place that is given back goes to the next in line')

  async function refused() {
    return code(
      await askStore(reader(), { body: 'SELECT 1', signal: AbortSignal.timeout(500) }).catch(() => ({
        headers: new Headers(),
      })),
    )
  }
  /** An insert looks, for it needs no place for reading. */
  async function held() {
    const three = `SELECT throwIf(count() != 3) AS n FROM system.processes WHERE query = ${quoted(READ_ENDLESS)}`
    return (
      (await askStore(writer(), { body: `CREATE OR REPLACE TABLE seen ENGINE = Memory AS ${three}` }))
        .status === 200
    )
  }
})
