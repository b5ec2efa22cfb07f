import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tableFromIPC } from 'apache-arrow'
import Fastify, { type FastifyInstance } from 'fastify'
import { QueryError } from '../../console/query/consoleErrors.ts'
import { runQuery } from '../../console/query/runQuery.ts'
import { serveSql } from '../../console/server/sql.ts'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { HOW_TO_GET_PYTHON, preparePython } from '../clients/python.ts'
import { run } from '../clients/run.ts'
import { insertKnownShow } from './knownShow.ts'

let it: TestStore
let app: FastifyInstance
let url: string
let folder: string
before(async () => {
  it = await startTestStore()
  await insertKnownShow(it.store, Date.now())
  app = Fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  serveSql(app, { url: it.url, user: it.reader, password: '' })
  url = await app.listen({ host: '127.0.0.1', port: 0 })
  folder = await mkdtemp(join(tmpdir(), 'firstframe-query-'))
})
after(async () => {
  await app?.close()
  await it?.stop()
  if (folder) await rm(folder, { recursive: true })
})

function terminal({ isTTY = false } = {}) {
  const stream = Object.assign(new PassThrough(), { isTTY })
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { stream, bytes: () => Buffer.concat(chunks) }
}

async function ask(sql: string, more: Record<string, unknown> = {}, isTTY = false) {
  const [stdout, stderr] = [terminal({ isTTY }), terminal({ isTTY })]
  await runQuery({
    url,
    sql,
    stdout: stdout.stream,
    stderr: stderr.stream,
    clock: () => performance.now(),
    ...more,
  })
  return { out: stdout.bytes(), err: stderr.bytes().toString() }
}

const BY_CDN =
  'SELECT cdn, count() AS n FROM heartbeat WHERE tenant = {tenant:String} GROUP BY cdn ORDER BY cdn'
const params = { tenant: 'demo' }

test('a table, CSV and JSON on standard output', async () => {
  const table = (await ask(BY_CDN, { params })).out.toString()
  assert.match(table, /cdn.*n/)
  assert.match(table, /cdn-a.*18/)
  assert.equal(
    (await ask(BY_CDN, { params, format: 'csv' })).out.toString(),
    '"cdn","n"\n"cdn-a",18\n"cdn-b",12\n',
  )
  assert.deepEqual(JSON.parse((await ask(BY_CDN, { params, format: 'json' })).out.toString()).data, [
    { cdn: 'cdn-a', n: 18 },
    { cdn: 'cdn-b', n: 12 },
  ])
})

test('Arrow is read back by arrow-js; Parquet by its magic; the ending of the file says the format', async () => {
  const arrow = tableFromIPC((await ask(BY_CDN, { params, format: 'arrow' })).out)
  assert.deepEqual(
    arrow.toArray().map((row) => Number(row.n)),
    [18, 12],
  )
  const file = join(folder, 'answer.parquet')
  await ask(BY_CDN, { params, out: file })
  const bytes = await readFile(file)
  assert.equal(bytes.subarray(0, 4).toString(), 'PAR1')
  assert.equal(bytes.subarray(-4).toString(), 'PAR1')
})

test('errors are ClickHouse’s, with its code; a file is there whole or not at all', async () => {
  const out = join(folder, 'never.csv')
  const code = (wanted: number) => (error: unknown) => {
    assert.ok(error instanceof QueryError)
    assert.equal(error.code, wanted, error.message)
    assert.doesNotMatch(error.message, /Stack trace/)
    return true
  }
  await assert.rejects(ask('SELEC 1', { out }), code(62))
  await assert.rejects(ask('SELECT * FROM nowhere'), code(60))
  await assert.rejects(ask('DROP TABLE heartbeat'), code(164))
  await assert.rejects(
    ask('SELECT throwIf(number = 3000000) FROM numbers(4000000)', { out, format: 'csv' }),
    code(395),
  )
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('never')),
    [],
  )
  await assert.rejects(
    ask('SELECT 1', { url: 'http://127.0.0.1:9' }),
    /http:\/\/127\.0\.0\.1:9 does not answer.*--url/,
  )
})

test('a terminal sees a bar while it waits and no binary', async () => {
  const { out, err } = await ask('SELECT sleep(0.4) AS slept', {}, true)
  assert.match(out.toString(), /slept/)
  assert.match(err, /│.*█.*│ \d+\.\d s/)
  assert.ok(err.endsWith('\r\u001b[K'), 'the bar is cleared')
  await assert.rejects(ask('SELECT 1', { format: 'arrow' }, true), /not for a terminal/)
  assert.equal((await ask('SELECT 1', { format: 'csv' })).err, '', 'nothing beside the answer in a pipe')
})

test('the notebook example reads the same numbers by pyarrow', async () => {
  const python = await preparePython()
  const notebook = fileURLToPath(new URL('../../docs/data/notebook.py', import.meta.url))
  assert.equal(
    await run(python, [notebook, url, 'demo', 'gala'], { howToGet: HOW_TO_GET_PYTHON }),
    'cdn-b\t0.283333\t2.00\ncdn-a\t0.005556\t3.00\n',
  )
})
