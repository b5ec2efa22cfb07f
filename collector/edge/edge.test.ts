import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { NOW, startTestCollector, type TestCollector } from '../testing.ts'
import { FIELD_MAPS } from './edgeEndpoint.ts'
import type { LogFormat } from './edgeSource.ts'
import { readLogLine } from './readLogLine.ts'
import { CMCD, sampleLines } from './sampleLines.ts'

const seconds = NOW / 1000
const LINES = sampleLines(NOW)

for (const [format, [line, expected]] of Object.entries(LINES) as [
  LogFormat,
  [string, Record<string, unknown>],
][]) {
  test(`${format}: a line is read by its field map, with the CMCD of its address`, () => {
    const read = readLogLine(line, FIELD_MAPS[format])
    assert.ok(!('code' in read), JSON.stringify(read))
    const { cmcd, ...rest } = read
    assert.deepEqual(rest, expected)
    assert.equal(cmcd, 'bl=1900,br=400,cid="main",sid="viewer-1",sn=6')
  })
  test(`${format}: what is no such line is refused with the field that is wrong`, () => {
    for (const bad of [
      '',
      'x',
      '[]',
      'null',
      '{}',
      line.replace(String(seconds), 'noon').replace('2026-11-20T', 'noon'),
      `${line.slice(0, 30)}`,
    ]) {
      const read = readLogLine(bad, FIELD_MAPS[format])
      assert.equal('code' in read && read.code, 'bad_log_line', bad)
    }
  })
}

let it: TestCollector
before(async () => {
  it = await startTestCollector({
    edge: {
      paris: { format: 'nginx', secret: 's3cret', tenant: 'acme', cdn: 'own', show: 'gala' },
      fastly: { format: 'fastly', secret: 'other', tenant: 'acme', stream: '^/(\\w+)/' },
    },
  })
})
after(() => it.close())

const post = (body: string, source = 'paris', secret = 's3cret') =>
  it.post(body, { url: `/v1/edge?source=${source}`, headers: { authorization: `Bearer ${secret}` } })
const nginx = (more: object) =>
  JSON.stringify({
    time: String(seconds),
    node: 'e1',
    uri: '/live/main/1.m4s',
    args: '',
    status: '200',
    bytes: '100',
    ttfb: '0.010',
    cache: 'HIT',
    ...more,
  })

test('lines become one hop event for each edge, stream and second, and CMCD heartbeats', async () => {
  const body = [
    nginx({}),
    nginx({ cache: 'MISS', ttfb: '0.030', bytes: '50' }),
    nginx({ status: '404' }),
    nginx({ node: 'e2', status: '503' }),
    nginx({ time: String(seconds - 5), uri: '/live/other/1.m4s', status: '301' }),
    nginx({ args: `CMCD=${CMCD}` }),
    'no line',
  ].join('\n')
  const answer = await post(body)
  assert.equal(answer.status, 200)
  assert.deepEqual(JSON.parse(answer.body), {
    accepted: 6,
    refused: [{ index: 6, code: 'bad_log_line', detail: 'no JSON' }],
  })
  const hops = (await it.rows('hop')).map((row) => [
    row.edge,
    row.stream,
    (row.event_time as number) - NOW,
    row.requests,
    row.cache_hits,
    row.bytes_out,
    row.ttfb_ms,
    row.status_2xx,
    row.status_3xx,
    row.status_4xx,
    row.status_5xx,
  ])
  assert.deepEqual(hops, [
    ['e1', 'main', 0, 4, 3, 350, 15, 3, 0, 1, 0],
    ['e2', 'main', 0, 1, 1, 100, 10, 0, 0, 0, 1],
    ['e1', 'other', -5000, 1, 1, 100, 10, 0, 1, 0, 0],
  ])
  const [hop] = await it.rows('hop')
  assert.deepEqual(
    [hop!.hop, hop!.node, hop!.cdn, hop!.show, hop!.tenant, hop!.source, hop!.seq, hop!.interval_ms],
    ['edge', 'e1', 'own', 'gala', 'acme', 'cdn-log', 1, 1000],
  )
  const [beat] = await it.rows('heartbeat')
  assert.deepEqual(
    [beat!.session, beat!.stream, beat!.buffer_ms, beat!.edge, beat!.source, beat!.cdn],
    ['viewer-1', 'main', 1900, 'e1', 'cmcd', 'own'],
  )
})

test('a body sent again has the same session and numbers, so that it counts once', async () => {
  const body = nginx({ node: 'again' })
  assert.equal((await post(body)).status, 204)
  assert.equal((await post(body)).status, 204)
  const rows = (await it.rows('hop')).filter(({ node }) => node === 'again')
  assert.equal(rows.length, 2)
  assert.deepEqual([rows[0]!.session, rows[0]!.seq], [rows[1]!.session, rows[1]!.seq])
})

test('sources, secrets and streams', async () => {
  assert.equal((await post('x', 'nobody')).status, 404)
  assert.equal((await post('x', '__proto__')).status, 404)
  assert.equal((await post('x', 'paris', 'wrong')).status, 403)
  assert.equal((await post('x')).status, 400)
  assert.equal((await post('')).status, 204)
  const [line] = LINES.fastly
  assert.equal((await post(line, 'fastly', 'other')).status, 204)
  const hop = (await it.rows('hop')).at(-1)!
  assert.equal(hop.stream, 'main', 'CMCD names the stream before the pattern does')
  assert.equal((await post(line.replace(/\?CMCD=[^"]*/, ''), 'fastly', 'other')).status, 204)
  assert.equal((await it.rows('hop')).at(-1)!.stream, 'live')
})
