import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import Fastify, { type FastifyInstance } from 'fastify'
import { serveSql } from '../../console/server/sql.ts'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { PROGRAM } from '../program.ts'
import { insertKnownShow, type KnownShow } from './knownShow.ts'

/** `firstframe query` and `firstframe report` as an analyst runs them: the program, its exit code, its two outputs. */

const QUERIES = fileURLToPath(new URL('../../docs/data/queries/', import.meta.url))

let it: TestStore
let app: FastifyInstance
let url: string
let folder: string
let show: KnownShow
before(async () => {
  it = await startTestStore({ server: { readerLimits: { max_execution_time: 20, max_result_rows: 1_000 } } })
  show = await insertKnownShow(it.store, Date.now())
  app = Fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  serveSql(app, { url: it.url, user: it.reader, password: '' })
  url = await app.listen({ host: '127.0.0.1', port: 0 })
  folder = await mkdtemp(join(tmpdir(), 'firstframe-line-'))
})
after(async () => {
  await app?.close()
  await it?.stop()
  if (folder) await rm(folder, { recursive: true })
})

const firstframe = (...args: string[]) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { cwd: folder }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })

test('--help says formats, files and parameters', async () => {
  const { code, out } = await firstframe('query', '--help')
  assert.equal(code, 0)
  for (const word of ['table', 'csv', 'json', 'arrow', 'parquet', '--out', '--file', '--param', '--url'])
    assert.ok(out.includes(word), word)
})

test('a worked query from its file, with parameters, as CSV', async () => {
  const stamp = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
  const { code, out, err } = await firstframe(
    'query',
    ...['--file', join(QUERIES, '08-stall-ratio-by-cdn.sql'), '--format', 'csv', '--url', url],
    ...['--param', `tenant=${show.tenant}`, '--param', `show=${show.show}`],
    ...['--param', `from=${stamp(show.from_ms)}`, '--param', `to=${stamp(show.to_ms)}`],
  )
  assert.equal(code, 0, err)
  assert.equal(err, '', 'nothing beside the answer')
  assert.match(out, /"cdn-a",0\.00555/)
  assert.match(out, /"cdn-b",0\.28333/)
})

test('--out writes a file and nothing to the terminal', async () => {
  const file = join(folder, 'by-cdn.csv')
  const { code, out } = await firstframe(
    ...[
      'query',
      'SELECT cdn, count() AS n FROM heartbeat GROUP BY cdn ORDER BY cdn',
      '--out',
      file,
      '--url',
      url,
    ],
  )
  assert.deepEqual([code, out], [0, ''])
  assert.equal(await readFile(file, 'utf8'), '"cdn","n"\n"cdn-a",18\n"cdn-b",12\n')
})

test('what is wrong is one message of ClickHouse’s, with its code, and no stack', async () => {
  for (const [sql, wanted] of [
    ['SELEC 1', /Code 62: Syntax error/],
    ['SELECT stalled FROM heartbeat', /Code 47: .*stalled/],
    ['SELECT {cdn:String}', /Code 456: .*cdn/],
    ['DROP TABLE heartbeat', /Code 164/],
    ['SELECT number FROM numbers(100000)', /Code 396: .*1\.00 thousand/],
  ] as const) {
    const { code, out, err } = await firstframe('query', sql, '--url', url)
    assert.equal(code, 2, sql)
    assert.equal(out, '', sql)
    assert.match(err, wanted)
    assert.doesNotMatch(err, /\n {4}at |node:internal/, sql)
  }
  const { code, err } = await firstframe('query', 'SELECT 1', '--url', 'http://127.0.0.1:9')
  assert.equal(code, 2)
  assert.match(err, /http:\/\/127\.0\.0\.1:9 does not answer.*Name its console with --url/)
})

test('firstframe report writes the page and says where', async () => {
  const { code, out, err } = await firstframe('report', show.show, '--url', url, '--lang', 'zh')
  assert.equal(code, 0, err)
  assert.match(out + err, /report-gala\.html/)
  assert.match(await readFile(join(folder, 'report-gala.html'), 'utf8'), /活动报告/)
})
