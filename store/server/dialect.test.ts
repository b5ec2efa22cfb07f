import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { tableFromIPC } from 'apache-arrow'
import { askStore, startTestStore, type TestStore } from '../testing.ts'

let it: TestStore
before(async () => {
  it = await startTestStore()
  await it.store.exec('CREATE TABLE numbers_of_ours (n UInt32, s String) ENGINE = MergeTree ORDER BY n')
  await it.store.exec(
    "INSERT INTO numbers_of_ours SELECT number, concat('s', toString(number)) FROM numbers(5)",
  )
})
after(() => it.stop())

const get = (args: Record<string, string>, headers?: Record<string, string>) =>
  askStore({ url: it.url, user: it.reader }, { method: 'GET', args, ...(headers && { headers }) })

test('ping, the root and unknown paths answer as ClickHouse does', async () => {
  for (const path of ['/ping', '/', '/replicas_status']) {
    const response = await fetch(it.url + path, { headers: { 'x-clickhouse-user': 'reader' } })
    assert.equal(await response.text(), 'Ok.\n')
  }
  assert.equal((await fetch(`${it.url}/nowhere`)).status, 404)
  assert.equal((await fetch(it.url, { method: 'DELETE' })).status, 405)
})

test('the query stands in the URL, in the body, or in both', async () => {
  assert.equal((await get({ query: 'SELECT 1' })).text, '1\n')
  const reader = { url: it.url, user: it.reader }
  assert.equal((await askStore(reader, { body: 'SELECT 2;' })).text, '2\n')
  assert.equal((await askStore(reader, { args: { query: 'SELECT' }, body: '3 -- three' })).text, '3\n')
  assert.equal(
    (await askStore(reader, { body: gzipSync('SELECT 4'), headers: { 'content-encoding': 'gzip' } })).text,
    '4\n',
  )
})

test('formats: the FORMAT clause, default_format, the header, and TabSeparated otherwise', async () => {
  const query = 'SELECT n, s FROM numbers_of_ours ORDER BY n LIMIT 2'
  assert.equal((await get({ query })).text, '0\ts0\n1\ts1\n')
  assert.equal((await get({ query, default_format: 'CSV' })).text, '0,"s0"\n1,"s1"\n')
  assert.equal(
    (await get({ query: `${query} FORMAT JSONEachRow`, default_format: 'CSV' })).text,
    '{"n":0,"s":"s0"}\n{"n":1,"s":"s1"}\n',
  )
  assert.equal(
    (await get({ query }, { 'x-clickhouse-format': 'CSVWithNames' })).text,
    '"n","s"\n0,"s0"\n1,"s1"\n',
  )
  const json = JSON.parse((await get({ query: `${query} FORMAT JSON` })).text)
  assert.deepEqual(json.data, [
    { n: 0, s: 's0' },
    { n: 1, s: 's1' },
  ])
  assert.equal(json.statistics.rows_read, 5)
  for (const format of ['ArrowStream', 'Arrow']) {
    const { bytes, headers } = await get({ query: `${query} FORMAT ${format}` })
    assert.equal(headers.get('x-clickhouse-format'), format)
    assert.deepEqual(
      tableFromIPC(bytes)
        .toArray()
        .map((row) => row?.toJSON().n),
      [0, 1],
      'arrow-js reads it: uncompressed',
    )
  }
  const parquet = await get({ query: `${query} FORMAT Parquet` })
  assert.equal(parquet.bytes.subarray(0, 4).toString() + parquet.bytes.subarray(-4).toString(), 'PAR1PAR1')
  const native = await get({ query: 'SELECT 1 AS one FORMAT Native' })
  assert.equal(native.bytes.toString('latin1'), '\x01\x01\x03one\x05UInt8\x01')
})

test('headers name the query, format, zone, server and what was done', async () => {
  const { headers } = await get({ query: 'SELECT 1 FORMAT JSON', query_id: 'my-own' })
  assert.equal(headers.get('x-clickhouse-query-id'), 'my-own')
  assert.equal(headers.get('x-clickhouse-timezone'), 'UTC')
  assert.equal(headers.get('x-clickhouse-server-display-name'), 'firstframe')
  assert.match(headers.get('content-type') ?? '', /^application\/json/)
  const summary = JSON.parse(headers.get('x-clickhouse-summary') ?? '')
  assert.equal(summary.result_rows, '1')
  assert.ok(Number(summary.elapsed_ns) > 0)
})

test('answers are gzipped on request, whole ones and streamed ones', async () => {
  for (const wait of ['0', '1']) {
    const url = new URL(it.url)
    url.search = String(
      new URLSearchParams({
        query: 'SELECT number FROM numbers(100000)',
        enable_http_compression: '1',
        wait_end_of_query: wait,
        user: 'reader',
      }),
    )
    const { request } = await import('node:http')
    const body = await new Promise<Buffer>((resolve, reject) => {
      request(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
        assert.equal(response.headers['content-encoding'], 'gzip')
        const chunks: Buffer[] = []
        response
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('end', () => resolve(Buffer.concat(chunks)))
      })
        .on('error', reject)
        .end()
    })
    assert.equal(gunzipSync(body).toString().split('\n').length, 100_001)
  }
})

test('parameters reach the query as values, whatever stands in them', async () => {
  for (const value of ["it's", "'; DROP TABLE numbers_of_ours; --", 'a\\\\b', '中文 {x:String}', '']) {
    const { text } = await get({ query: 'SELECT {v:String} AS v FORMAT JSONEachRow', param_v: value })
    assert.equal(JSON.parse(text).v, value.replace('\\\\', '\\'))
  }
  const { text } = await get({
    query: 'SELECT sum(n) FROM {t:Identifier} WHERE n IN {ids:Array(UInt32)}',
    param_t: 'numbers_of_ours',
    param_ids: '[1,2]',
  })
  assert.equal(text, '3\n')
  assert.equal((await get({ query: 'SELECT {v:Nullable(String)} IS NULL', param_v: '\\N' })).text, '1\n')
  const missing = await get({ query: 'SELECT {v:String}' })
  assert.deepEqual([missing.status, missing.headers.get('x-clickhouse-exception-code')], [400, '456'])
  const name = await get({ query: 'SELECT 1', "param_a='1'; SELECT ": '1' })
  assert.equal(name.headers.get('x-clickhouse-exception-code'), '457')
})

test('many queries with parameters run side by side without mixing them up', async () => {
  const requested = Array.from({ length: 60 }, (_, i) =>
    get({ query: 'SELECT {v:UInt32} + sleepEachRow(0.01)', param_v: String(i) }),
  )
  assert.deepEqual(
    (await Promise.all(requested)).map(({ text }) => text.trim()),
    Array.from({ length: 60 }, (_, i) => String(i)),
  )
})

test('settings hold for one request only', async () => {
  const query = "SELECT getSetting('max_block_size')"
  const before = (await get({ query })).text
  assert.equal((await get({ query, max_block_size: '17' })).text, '17\n')
  assert.equal((await get({ query })).text, before)
  const unknown = await get({ query, no_such_setting: '1' })
  assert.equal(unknown.headers.get('x-clickhouse-exception-code'), '115')
  const writer = await askStore(it, { args: { no_such_setting: '1' }, body: 'SELECT 1' })
  assert.deepEqual([writer.status, writer.headers.get('x-clickhouse-exception-code')], [404, '115'])
})

test('the database is the one named, else ours', async () => {
  assert.equal((await get({ query: 'SELECT currentDatabase()' })).text, 'firstframe\n')
  assert.equal((await get({ query: 'SELECT currentDatabase()', database: 'system' })).text, 'system\n')
  const none = await get({ query: 'SELECT 1', database: 'none`; SELECT 2' })
  assert.deepEqual([none.status, none.headers.get('x-clickhouse-exception-code')], [404, '81'])
})

test('errors have ClickHouse’s code, name, text and status', async () => {
  const cases: [string, number, number, string][] = [
    ['SELEC 1', 62, 400, 'SYNTAX_ERROR'],
    ['SELECT nope', 47, 404, 'UNKNOWN_IDENTIFIER'],
    ['SELECT * FROM nope', 60, 404, 'UNKNOWN_TABLE'],
    ['SELECT nope(1)', 46, 404, 'UNKNOWN_FUNCTION'],
    ['SELECT 1 FORMAT Nope', 73, 404, 'UNKNOWN_FORMAT'],
    ["SELECT toUInt8('x')", 6, 400, 'CANNOT_PARSE_TEXT'],
    ['SELECT 1; SELECT 2', 62, 400, 'SYNTAX_ERROR'],
    ['SELECT throwIf(number = 3) FROM numbers(5)', 395, 500, 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'],
  ]
  for (const [query, code, status, type] of cases) {
    const { headers, text, ...answer } = await get({ query })
    assert.deepEqual(
      [answer.status, headers.get('x-clickhouse-exception-code')],
      [status, String(code)],
      text,
    )
    assert.match(
      text,
      new RegExp(`^Code: ${code}\\. DB::Exception: [^]*\\(${type}\\) \\(version [\\d.]+\\)\\n$`),
      query,
    )
    assert.equal(text.split('DB::Exception').length, 2, `said once: ${text}`)
  }
})

test('an error after the first rows cuts the answer off and says why', async () => {
  const response = await fetch(
    `${it.url}/?${new URLSearchParams({
      query: 'SELECT throwIf(number = 5000000) FROM numbers(6000000) SETTINGS max_threads = 1',
      user: it.user,
      password: it.password,
    })}`,
  )
  assert.equal(response.status, 200)
  assert.ok(response.headers.get('x-clickhouse-exception-tag'))
  let text = ''
  await assert.rejects(async () => {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
      text = (text + Buffer.from(chunk).toString()).slice(-2000)
  })
  assert.match(text, /__exception__\r\n[0-9a-f]{16}\r\nCode: 395\. DB::Exception/)
})

test('users: by header, Basic or URL; a wrong password or name is 516', async () => {
  const ask = async (init: { search?: string; headers?: Record<string, string> }) => {
    const response = await fetch(
      `${it.url}/?query=SELECT+1${init.search ?? ''}`,
      init.headers ? { headers: init.headers } : {},
    )
    return [response.status, response.headers.get('x-clickhouse-exception-code')]
  }
  const basic = (text: string) => ({
    headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` },
  })
  assert.deepEqual(await ask(basic(`${it.user}:${it.password}`)), [200, null])
  assert.deepEqual(await ask(basic('reader:')), [200, null])
  assert.deepEqual(await ask({ search: '&user=reader' }), [200, null])
  assert.deepEqual(
    await ask({ headers: { 'x-clickhouse-user': it.user, 'x-clickhouse-key': it.password } }),
    [200, null],
  )
  for (const wrong of [basic(`${it.user}:no`), basic('nobody:'), {}, { search: `&user=${it.user}` }]) {
    assert.deepEqual(await ask(wrong), [403, '516'])
  }
})

test('what is not spoken is refused by name', async () => {
  const unspoken: Record<string, string>[] = [{ role: 'x' }]
  for (const args of unspoken) {
    const { status, headers, text } = await get({ query: 'SELECT 1', ...args })
    assert.deepEqual([status, headers.get('x-clickhouse-exception-code')], [501, '48'], text)
  }
  const snappy = await askStore(
    { url: it.url, user: it.reader },
    { body: 'x', headers: { 'content-encoding': 'compress' } },
  )
  assert.equal(snappy.headers.get('x-clickhouse-exception-code'), '48')
})

test('what HTTP clients send along is accepted', async () => {
  const { text } = await get({
    query: "SELECT version() != '' FORMAT CSV",
    session_id: 'abc',
    wait_end_of_query: '1',
    send_progress_in_http_headers: '1',
    http_headers_progress_interval_ms: '100',
    cancel_http_readonly_queries_on_client_close: '1',
    quota_key: 'x',
  })
  assert.equal(text, '1\n')
})
