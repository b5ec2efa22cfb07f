import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { kafkaJars } from '../kafka/jars.ts'
import { run } from './run.ts'
import { createTypedTable } from './typedTable.ts'

/** The official JDBC driver with its defaults (LZ4 blocks, RowBinary, its own metadata queries), as BI tools bundle it. */

const at = (name: string) => fileURLToPath(new URL(name, import.meta.url))

let it: TestStore
let jars: string
before(async () => {
  jars = await kafkaJars({ cache: at('../../.cache/jdbc'), pom: at('java/pom.xml') })
  it = await startTestStore()
  await createTypedTable(it.store)
})
after(() => it?.stop())

async function report(user: string, password: string, more: string[] = []): Promise<Record<string, string>> {
  const url = `jdbc:clickhouse://${new URL(it.url).host}/firstframe`
  const text = await run('java', ['-cp', `${jars}/*`, at('java/Client.java'), url, user, password, ...more], {
    howToGet: 'Java 17 or newer with its compiler: apt-get install default-jdk-headless',
  })
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split('\t') as [string, string]),
  )
}

test('a reader: connection, metadata, rows, prepared statements, errors', async () => {
  const found = await report(it.reader, '')
  const { refused, schemas, columns, ...rest } = found
  assert.match(refused ?? '', /^FAILED Code: 60\./)
  assert.ok(schemas?.split(',').includes('firstframe'), schemas)
  assert.equal(columns?.split(',').length, 23)
  assert.deepEqual(rest, {
    valid: 'true',
    product: 'ClickHouse 26',
    tables: 'typed,written',
    types: 'true',
    keys: 'n',
    functions: 'quantile',
    sum: '100000 4999950000 300',
    rows: '0cdn0 1cdn1 2cdn2 23',
    prepared: "it's \\ here 42",
  })
})

test('who writes: a batch of prepared inserts', async () => {
  assert.equal((await report(it.user, it.password, ['insert'])).inserted, '100')
  assert.deepEqual(await it.store.query('SELECT count() AS rows, uniqExact(cdn) AS cdns FROM written'), [
    { rows: 100, cdns: 7 },
  ])
})
