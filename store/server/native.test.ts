import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { askStore, startTestStore, type TestStore } from '../testing.ts'
import { frameNative } from './native.ts'
import { nativeLayout } from './nativeType.ts'

let it: TestStore
before(async () => {
  it = await startTestStore()
})
after(() => it.stop())

const native = async (query: string, version?: number) => {
  const args: Record<string, string> =
    version === undefined ? {} : { client_protocol_version: String(version) }
  return askStore({ url: it.url, user: it.reader }, { body: `${query} FORMAT Native`, args })
}
const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
const INFO = '\x01\x00\x02\xff\xff\xff\xff\x00'

test('each protocol version has its framing', async () => {
  const query = "SELECT 1 AS one, 'ab' AS text"
  const plain = '\x02\x01\x03one\x05UInt8\x01\x04text\x06String\x02ab'
  assert.equal(latin((await native(query)).bytes), plain)
  assert.equal(latin((await native(query, 54_405)).bytes), INFO + plain)
  assert.equal(
    latin((await native(query, 54_460)).bytes),
    `${INFO}\x02\x01\x03one\x05UInt8\x00\x01\x04text\x06String\x00\x02ab`,
  )
  assert.equal(
    (await native('SELECT 1 AS one WHERE 0', 54_460)).bytes.length,
    0,
    'no rows, no block, as without it',
  )
})

test('several blocks are framed one by one, streamed or whole', async () => {
  const query = 'SELECT number AS n, [toLowCardinality(toString(number % 9))] AS tags FROM numbers(200000)'
  const { bytes } = await native(query)
  const framed = frameNative(bytes, 54_460)
  const blocks = latin(framed).split(INFO).length - 1
  assert.ok(blocks >= 2)
  assert.equal(
    framed.length,
    bytes.length + blocks * (INFO.length + 2),
    'the info a block and a byte a column',
  )
  const { bytes: streamed } = await native(query, 54_460)
  assert.ok(latin(streamed).startsWith(INFO))
})

test('a type whose end cannot be found is refused by name, not guessed', async () => {
  for (const expression of ["'x'::Variant(String, UInt8)", '1::Dynamic', "'{}'::JSON", 'sumState(1)']) {
    const plain = await native(`SELECT ${expression} AS odd`)
    assert.equal(plain.status, 200, 'without a protocol version nothing has to be found')
    const { status, headers, text } = await native(`SELECT ${expression} AS odd`, 54_460)
    assert.deepEqual([status, headers.get('x-clickhouse-exception-code')], [501, '48'], text)
    assert.match(text, /no layout known for type (Variant|Dynamic|JSON|AggregateFunction)/)
  }
})

test('bytes that end early or make no sense are an error, not a crash', () => {
  const good = Buffer.from('\x01\x02\x01a\x06String\x02ab\x01c', 'latin1')
  assert.doesNotThrow(() => frameNative(good, 54_460))
  for (let length = 1; length < good.length; length++) {
    assert.throws(() => frameNative(good.subarray(0, length), 54_460), /Cannot read Native data/)
  }
})

test('layouts follow the type’s name however deep it goes', () => {
  const fixed = (width: number) => ({ kind: 'fixed', width })
  assert.deepEqual(nativeLayout("Tuple(a UInt8, `b (,` Enum8('x, )' = 1, 'it\\'s' = 2))"), {
    kind: 'tuple',
    of: [fixed(1), fixed(1)],
  })
  assert.deepEqual(nativeLayout('Map(LowCardinality(Nullable(String)), Array(Decimal(18, 3)))'), {
    kind: 'array',
    of: {
      kind: 'tuple',
      of: [
        { kind: 'dictionary', of: { kind: 'string' } },
        { kind: 'array', of: fixed(8) },
      ],
    },
  })
  assert.deepEqual(nativeLayout("SimpleAggregateFunction(anyLast, DateTime64(3, 'Asia/Shanghai'))"), fixed(8))
})
