import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { run } from './run.ts'
import { createTypedTable, TYPED_ROWS } from './typedTable.ts'

const HERE = fileURLToPath(new URL('./go', import.meta.url))
const PROGRAM = fileURLToPath(new URL('../../.cache/clients/go-client', import.meta.url))
const HOW = 'Go 1.26 or newer, from https://go.dev/dl (its modules come from GOPROXY)'

let it: TestStore
before(async () => {
  await run('go', ['build', '-buildvcs=false', '-o', PROGRAM, '.'], { cwd: HERE, howToGet: HOW })
  it = await startTestStore()
  await createTypedTable(it.store)
})
after(() => it?.stop())

async function report(user: string, password: string, compression: string) {
  const url = new URL(it.url)
  url.username = user
  url.password = password
  url.pathname = '/firstframe'
  return JSON.parse(await run(PROGRAM, [String(url), compression], { howToGet: HOW }))
}

/** Each row once, its number, and the letters of its columns: what the client must have counted. */
function expectedRows(): string {
  let sum = 0
  let letters = 0
  for (let n = 0; n < TYPED_ROWS; n++) {
    sum += n
    letters += `cdn${n % 300}`.length + (n % 3 === 0 ? 0 : 1)
  }
  return `${TYPED_ROWS} ${sum} ${letters}`
}

for (const compression of ['none', 'gzip', 'lz4']) {
  test(`clickhouse-go over HTTP reads every type, compression ${compression}`, async () => {
    const found = await report(it.reader, '', compression)
    assert.match(found.version, /26\./)
    assert.deepEqual(found.types, {
      n: 'UInt64 0',
      cdn: 'LowCardinality(String) "cdn0"',
      note: 'Nullable(String) null',
      dim: 'LowCardinality(Nullable(String)) null',
      took: 'Float64 0',
      small: 'Int8 -7',
      wide: 'UInt16 300',
      half: 'Float32 0.5',
      at: `DateTime64(3, 'UTC') "2026-11-20T12:00:00.123Z"`,
      second: `DateTime "2026-11-20T12:00:00Z"`,
      day: 'Date "2026-11-20T00:00:00Z"',
      tags: 'Array(String) ["a","bc"]',
      labels: 'Array(LowCardinality(String)) ["p","p","q"]',
      attrs: 'Map(LowCardinality(String), String) {"k":"v"}',
      pair: 'Tuple(a UInt8, b String) {"a":7,"b":"seven"}',
      id: 'UUID "00112233-4455-6677-8899-aabbccddeeff"',
      address: 'IPv6 "2001:db8::1"',
      kind: `Enum8('vod' = 1, 'live' = 2) "live"`,
      price: 'Decimal(18, 3) "12.345"',
      yes: 'Bool true',
      fixed: 'FixedString(4) "abcd"',
      nested: 'Array(Array(UInt32)) [[1,2],[],[3]]',
      total: 'SimpleAggregateFunction(sum, UInt64) 42',
    })
    assert.equal(found.rows, expectedRows())
    assert.equal(found.parameter, "it's \\ here")
    assert.equal(found.missing, '60')
    assert.equal(found.inserted, '164', 'a reader writes nothing')
    assert.equal(found.cancelled, true)
  })
}

test('a batch of clickhouse-go arrives, in blocks compressed by lz4', async () => {
  const found = await report(it.user, it.password, 'lz4')
  assert.equal(found.inserted, '1000')
  const [row] = await it.store.query<{ rows: number; cdns: number }>(
    'SELECT count() AS rows, uniqExact(cdn) AS cdns FROM written',
  )
  assert.deepEqual(row, { rows: 1000, cdns: 7 })
})
