import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { askStore, startTestStore, type TestStore } from '../testing.ts'

let it: TestStore
before(async () => {
  it = await startTestStore({ server: { readerLimits: { max_execution_time: 20, max_result_rows: 1000 } } })
  await it.store.exec('CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n')
  await it.store.exec('INSERT INTO t SELECT number FROM numbers(3)')
})
after(() => it.stop())

const read = (body: string, args: Record<string, string> = {}) =>
  askStore({ url: it.url, user: it.reader }, { body, args })
const codeOf = async (body: string, args: Record<string, string> = {}) => {
  const { headers, text } = await read(body, args)
  return headers.get('x-clickhouse-exception-code') ?? text
}

test('a reader cannot write, change, kill or set anything', async () => {
  const statements = [
    'INSERT INTO t VALUES (9)',
    'INSERT INTO t SELECT 9',
    'INSERT INTO t FORMAT JSONEachRow {"n":9}',
    'CREATE TABLE x (a UInt8) ENGINE = Memory',
    'CREATE TEMPORARY TABLE x (a UInt8)',
    'ALTER TABLE t DELETE WHERE 1',
    'DROP TABLE t',
    'TRUNCATE TABLE t',
    'OPTIMIZE TABLE t',
    'SYSTEM STOP MERGES',
    'CREATE DATABASE x',
    'SET max_threads = 1',
    'SET readonly = 0',
    'USE system',
    'CREATE FUNCTION f AS x -> x',
  ]
  for (const statement of statements) assert.equal(await codeOf(statement), '164', statement)
  assert.equal(await codeOf('KILL QUERY WHERE 1'), '497')
  assert.equal(await codeOf('SELECT 1', { readonly: '0' }), '1\n', 'accepted, and without effect')
  assert.equal(await codeOf('SELECT 1 SETTINGS readonly = 0'), '1\n', 'accepted, and without effect')
  assert.equal(await codeOf('INSERT INTO t VALUES (9)', { readonly: '0' }), '164')
  assert.equal(await codeOf('SELECT count() FROM t'), '3\n')
})

test('a reader reaches no file, no other host and no program', async () => {
  const secret = join(it.dir, 'secret.csv')
  await writeFile(secret, 'secret\n')
  for (const source of [
    `file('${secret}', CSV)`,
    `file('${secret}', CSV, 'a String')`,
    "url('http://127.0.0.1:1/x', CSV, 'a String')",
    "remote('127.0.0.1:9000', system.one)",
    "s3('http://127.0.0.1:1/x', CSV, 'a String')",
    "executable('id', TSV, 'a String')",
    `sqlite('${join(it.dir, 'made.db')}', 't')`,
    `\`SQLite\` ('${join(it.dir, 'made.db')}', 't')`,
    `(SELECT * FROM SQLite/**/('${join(it.dir, 'made.db')}', 't'))`,
    `(SELECT * FROM file('${secret}', CSV))`,
  ]) {
    const { status, text } = await read(`SELECT * FROM ${source}`)
    assert.ok(status >= 400 && !text.includes('secret\n'), `${source}: ${status} ${text}`)
  }
  assert.ok(!existsSync(join(it.dir, 'made.db')), 'nor makes one')
  assert.equal((await read("SELECT 'sqlite(1)', 1 AS sqlite")).status, 200, 'the word alone is no harm')
  const inline = await read(`WITH (SELECT a FROM file('${secret}', CSV, 'a String')) AS x SELECT x`)
  assert.ok(inline.status >= 400, inline.text)
})

test('nobody makes the store write or read a file of the disk, however it is written', async () => {
  const target = join(it.dir, 'stolen.csv')
  for (const ask of [read, (body: string) => askStore(it, { body })]) {
    for (const query of [
      `SELECT 1 INTO OUTFILE '${target}'`,
      `SELECT 1 INTO/**/OUTFILE'${target}'`,
      `SELECT 1 into -- x\n outfile '${target}' APPEND FORMAT CSV`,
      `EXPLAIN SELECT 1 INTO OUTFILE '${target}'`,
      `SELECT * FROM (SELECT 1) INTO OUTFILE '${target}' AND STDOUT`,
      `SHOW TABLES INTO OUTFILE '${target}'`,
    ]) {
      const { headers, text } = await ask(query)
      assert.equal(headers.get('x-clickhouse-exception-code'), '358', `${query}: ${text}`)
    }
    const { headers } = await ask(`INSERT INTO t FROM INFILE '${it.dir}/secret.csv' FORMAT CSV`)
    assert.equal(headers.get('x-clickhouse-exception-code'), '48')
  }
  assert.ok(!existsSync(target))
  assert.equal((await read("SELECT 'INTO OUTFILE', 1 AS outfile")).status, 200, 'the words alone are no harm')
})

test('GET changes nothing, even for who may write', async () => {
  const { status, headers, text } = await askStore(it, { method: 'GET', args: { query: 'DROP TABLE t' } })
  assert.deepEqual([status, headers.get('x-clickhouse-exception-code')], [500, '164'])
  assert.match(text, /method GET implies readonly/)
})

test('a reader has limits of time and rows, and may only lower them', async () => {
  assert.equal(await codeOf('SELECT number FROM numbers(1001)'), '396')
  assert.equal(await codeOf('SELECT number FROM numbers(11)', { max_result_rows: '10' }), '396')
  assert.equal(
    await codeOf('SELECT number FROM numbers(1001)', { max_result_rows: '2000' }),
    '396',
    'held to ours',
  )
  assert.equal(
    await codeOf('SELECT count() FROM numbers(100000000000)', { max_execution_time: '0.3' }),
    '159',
  )
  assert.equal(await codeOf('SELECT 1', { max_insert_threads: '4' }), '1\n', 'accepted, and without effect')
  assert.equal(
    await codeOf('SELECT 1 AS a, NULL AS b FORMAT TSV', { format_tsv_null_representation: 'none' }),
    '1\tnone\n',
  )
})
