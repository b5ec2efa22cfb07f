import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { NOW, startTestCollector, type TestCollector } from '../testing.ts'
import { FIELD_MAPS } from './edgeEndpoint.ts'
import type { LogFormat } from './edgeSource.ts'
import { readLogLine } from './readLogLine.ts'

const seconds = NOW / 1000
const CMCD = 'bl%3D1900%2Cbr%3D400%2Ccid%3D%22main%22%2Csid%3D%22viewer-1%22%2Csn%3D6'

/** A line as each CDN writes it, and what is counted of it. */
const LINES: Record<LogFormat, [string, Record<string, unknown>]> = {
  cloudfront: [
    [
      `${seconds}.123`,
      '203.0.113.7',
      '0.042',
      '200',
      '125000',
      'GET',
      'https',
      'd1.cloudfront.net',
      '/live/main/seg-1.m4s',
      '80',
      'FRA56-P4',
      'abc==',
      'live.example',
      '0.050',
      'HTTP/2.0',
      'IPv4',
      'Mozilla/5.0',
      '-',
      '-',
      `CMCD=${CMCD}`,
      'Hit',
    ].join('\t'),
    {
      time_ms: NOW + 123,
      edge: 'FRA56-P4',
      path: '/live/main/seg-1.m4s',
      status: 200,
      bytes: 125_000,
      ttfb_ms: 42,
      hit: true,
    },
  ],
  fastly: [
    JSON.stringify({
      timestamp: '2026-11-20T12:00:00Z',
      pop: 'NRT',
      url: `/live/main/seg-1.m4s?CMCD=${CMCD}`,
      status: 206,
      bytes: 9,
      ttfb: 0.0015,
      cache: 'MISS',
    }),
    {
      time_ms: NOW,
      edge: 'NRT',
      path: '/live/main/seg-1.m4s',
      status: 206,
      bytes: 9,
      ttfb_ms: 1.5,
      hit: false,
    },
  ],
  akamai: [
    JSON.stringify({
      version: 1,
      cp: '123',
      reqTimeSec: `${seconds}.500`,
      statusCode: '404',
      totalBytes: '300',
      edgeIP: '198.51.100.9',
      cliIP: '203.0.113.7',
      reqPath: 'live/main/seg-1.m4s',
      queryStr: '-',
      turnAroundTimeMSec: '11',
      cacheStatus: '0',
      CMCD: `//1.0@V/${decodeURIComponent(CMCD)}`,
    }),
    {
      time_ms: NOW + 500,
      edge: '198.51.100.9',
      path: 'live/main/seg-1.m4s',
      status: 404,
      bytes: 300,
      ttfb_ms: 11,
      hit: false,
    },
  ],
  alibaba: [
    JSON.stringify({
      unixtime: String(seconds),
      uri: '/live/main/seg-1.m4s',
      uri_param: `CMCD=${encodeURIComponent(CMCD)}`,
      return_code: '200',
      response_size: '5000',
      hit_info: 'HIT',
      server_addr: '192.0.2.1',
      request_time: '7',
    }),
    {
      time_ms: NOW,
      edge: '192.0.2.1',
      path: '/live/main/seg-1.m4s',
      status: 200,
      bytes: 5000,
      ttfb_ms: undefined,
      hit: true,
    },
  ],
  nginx: [
    JSON.stringify({
      time: `${seconds}.001`,
      node: 'edge-3',
      uri: '/live/main/seg-1.m4s',
      args: `CMCD=${CMCD}`,
      status: '502',
      bytes: '150',
      ttfb: '-',
      cache: 'STALE',
    }),
    {
      time_ms: NOW + 1,
      edge: 'edge-3',
      path: '/live/main/seg-1.m4s',
      status: 502,
      bytes: 150,
      ttfb_ms: undefined,
      hit: true,
    },
  ],
}

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
