import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { numberReader } from '../../schemas/readNumber.ts'
import { NOW, startTestCollector, type TestCollector } from '../testing.ts'
import { countRequests } from './countRequests.ts'
import { FIELD_MAPS, fastlyChallenge } from './edgeEndpoint.ts'
import type { LogFormat } from './edgeSource.ts'
import { logTime_ms, readLogLine } from './readLogLine.ts'
import { CMCD, sampleLines } from './testing/sampleLines.ts'

const seconds = NOW / 1000
const LINES = sampleLines(NOW)
const unread: unknown[] = []
const number = numberReader('test', ({ field }) => void unread.push(field))

for (const [format, [line, expected]] of Object.entries(LINES) as [
  LogFormat,
  [string, Record<string, unknown>],
][]) {
  test(`${format}: a line is read by its field map, with the CMCD of its address`, () => {
    const read = readLogLine(line, FIELD_MAPS[format], number)
    assert.ok(!('code' in read), JSON.stringify(read))
    const { cmcd, referer, ...rest } = read
    assert.ok(referer === undefined || /^[a-z0-9.-]+$/.test(referer), referer)
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
      const read = readLogLine(bad, FIELD_MAPS[format], number)
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
      cloudfront: { format: 'cloudfront', secret: 'aws-secret', tenant: 'acme' },
      cloudflare: { format: 'cloudflare', secret: 'cf-secret', tenant: 'acme' },
      gcp: { format: 'gcp', secret: 'gcp-secret', tenant: 'acme' },
      shield: { format: 'nginx', secret: 's3cret', tenant: 'acme', hop: 'origin' },
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

const send = async (source: string, body: string | Buffer, headers: Record<string, string>) => {
  const before = (await it.rows('hop')).length
  const answer = await it.post(body, { url: `/v1/edge?source=${source}`, headers })
  return { ...answer, rows: (await it.rows('hop')).slice(before) }
}

test('Amazon Data Firehose: its key, its records, its answer; a repeat counts once', async () => {
  const body = readFileSync(new URL('./fixtures/firehose.json', import.meta.url))
  const { requestId, timestamp } = JSON.parse(body.toString()) as { requestId: string; timestamp: number }
  const headers = { 'x-amz-firehose-access-key': 'aws-secret', 'x-amz-firehose-request-id': requestId }
  const first = await send('cloudfront', body, headers)
  assert.deepEqual([first.status, JSON.parse(first.body)], [200, { requestId, timestamp }])
  assert.deepEqual(
    [first.rows[0]!.edge, first.rows[0]!.requests, first.rows[0]!.cache_hits],
    ['FRA56-P1', 1, 1],
  )
  const later = JSON.stringify({ ...JSON.parse(body.toString()), timestamp: timestamp + 5 })
  const zipped = await send('cloudfront', gzipSync(later), { ...headers, 'content-encoding': 'gzip' })
  assert.equal(zipped.status, 200)
  assert.deepEqual(
    [zipped.rows[0]!.session, zipped.rows[0]!.seq],
    [first.rows[0]!.session, first.rows[0]!.seq],
  )
  const broken = { requestId, timestamp, records: [{ data: Buffer.from('no line').toString('base64') }, {}] }
  const refused = await send('cloudfront', JSON.stringify(broken), headers)
  assert.deepEqual(
    [refused.status, JSON.parse(refused.body)],
    [200, { requestId, timestamp }],
    'it would send the same for a day',
  )
  assert.equal((await send('cloudfront', body, { 'x-amz-firehose-access-key': 'wrong' })).status, 403)
})

test('CloudFront: fewer and more columns, standard logs, JSON', async () => {
  const headers = { authorization: 'Bearer aws-secret' }
  const [line] = LINES.cloudfront
  assert.equal((await send('cloudfront', `${line}\t-\tTLSv1.3\tX`, headers)).rows.length, 1)
  const standard = `#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs-uri-query x-edge-result-type time-to-first-byte\n2026-11-20\t12:00:00\tFRA2\t100\t192.0.2.1\tGET\th\t/live/a/1.ts\t200\t-\tHit\t0.001\n`
  const [w3c] = (await send('cloudfront', gzipSync(standard), headers)).rows
  assert.deepEqual(
    [w3c!.edge, w3c!.stream, w3c!.cache_hits, Math.round(w3c!.ttfb_ms as number)],
    ['FRA2', 'a', 1, 1],
  )
  const json = {
    date: '2026-11-20',
    time: '12:00:01',
    'x-edge-location': 'FRA3',
    'sc-status': '000',
    'cs-uri-stem': '/live/a/1.ts',
    'sc-bytes': '0',
  }
  assert.equal((await send('cloudfront', JSON.stringify([json, json]), headers)).rows[0]!.requests, 2)
})

test('Cloudflare, Google, Akamai: trial requests, gzip that does not say so, pushes, lists; secrets as each can show them', async () => {
  const trial = await send('cloudflare', gzipSync('{"content":"test"}'), {
    authorization: 'cf-secret',
    'content-encoding': 'gzip',
  })
  assert.equal(trial.status, 204)
  const [line] = LINES.cloudflare
  const lines = await send('cloudflare', gzipSync(`${line}\n${line}\n`), {
    authorization: `Basic ${btoa('user:cf-secret')}`,
  })
  assert.deepEqual(
    lines.rows.map(({ hop, node, requests, status_2xx, status_5xx }) => [
      hop,
      node,
      requests,
      status_2xx,
      status_5xx,
    ]),
    [
      ['edge', 'LHR', 2, 2, 0],
      ['origin', '192.0.2.9', 2, 0, 2],
    ],
  )
  const push = {
    message: { data: Buffer.from(LINES.gcp[0]).toString('base64'), messageId: '1' },
    subscription: 's',
  }
  const pushed = await it.post(JSON.stringify(push), { url: '/v1/edge?source=gcp&token=gcp-secret' })
  assert.equal(pushed.status, 204)
  assert.equal((await it.rows('hop')).at(-1)!.edge, 'fra')
  const bomb = await send('cloudflare', gzipSync(Buffer.alloc(64 << 20)), { authorization: 'cf-secret' })
  assert.equal(bomb.status, 415)
})

test('a shield’s log counts as the origin; lists of times are added, the last status counts', async () => {
  const headers = { authorization: 'Bearer s3cret' }
  const retried = nginx({
    node: 'sh',
    ttfb: '0.010, 0.020',
    cache: 'MISS',
    upstream: '10.0.0.1:80, 10.0.0.2:80',
    upstream_status: '502, 200',
  })
  const { rows } = await send('shield', retried, headers)
  assert.deepEqual(
    rows.map(({ hop, node, ttfb_ms, status_2xx }) => [hop, node, Math.round(ttfb_ms as number), status_2xx]),
    [
      ['origin', 'sh', 30, 1],
      ['origin', '10.0.0.2:80', 30, 1],
    ],
  )
  unread.length = 0
  const read = readLogLine(nginx({ bytes: 'many', ttfb: '-' }), FIELD_MAPS.nginx, number)
  assert.ok(!('code' in read) && read.bytes === 0 && read.ttfb_ms === undefined)
  assert.deepEqual(unread, ['bytes'])
})

test('records as shippers wrap them: a syslog header, nothing between objects, a control message, two secrets', async () => {
  const [line] = LINES.fastly
  const headers = { authorization: 'Splunk other' }
  for (const wrapped of [
    `<134>2026-11-20T12:00:00Z cache-fra19144 live-log[271838]: ${line}`,
    `83 <40>1 2026-11-20T12:00:00+00:00 host app web.3 - ${line}`,
    `${line}${line}`,
    `${line}  ${line}`,
    `${line},\n${line},`,
    `[${line},${line}]`,
  ])
    assert.ok((await send('fastly', wrapped, headers)).rows.length > 0, wrapped.slice(0, 60))
  const [aws] = LINES.cloudfront
  const message = (messageType: string, text: string) =>
    gzipSync(
      JSON.stringify({ messageType, logEvents: [{ id: '1', timestamp: NOW, message: text }] }),
    ).toString('base64')
  const firehose = { requestId: 'r', timestamp: NOW, records: [] as { data: string }[] }
  const key = { 'x-amz-firehose-access-key': 'aws-secret', 'x-amz-firehose-request-id': 'r' }
  const before = (await it.rows('hop')).length
  firehose.records = [
    { data: message('CONTROL_MESSAGE', 'CWL CONTROL MESSAGE: Checking health of destination') },
  ]
  const facts = it.facts.length
  assert.equal((await send('cloudfront', JSON.stringify(firehose), key)).status, 200)
  assert.equal((await it.rows('hop')).length, before)
  assert.equal(it.facts.slice(facts).filter(({ type }) => /refus/.test(type)).length, 0)
  firehose.records = [{ data: message('DATA_MESSAGE', aws) }, { data: message('DATA_MESSAGE', aws) }]
  assert.equal((await send('cloudfront', JSON.stringify(firehose), key)).rows[0]!.requests, 2)
  // Pub/Sub shows a token of its own in the header.
  const push = JSON.stringify({
    message: { data: Buffer.from(LINES.gcp[0]).toString('base64') },
    subscription: 's',
  })
  const pushed = await it.post(push, {
    url: '/v1/edge?source=gcp&token=gcp-secret',
    headers: { authorization: 'Bearer eyJ.eyJ.x' },
  })
  assert.equal(pushed.status, 204)
  assert.equal((await post(line, 'fastly', 'wrong')).status, 403)
})

test('records inside a shipper’s own: Filebeat, Fluent Bit, Splunk, Loki, Elasticsearch, lists under a name', async () => {
  const line = nginx({ node: 'n7' })
  const record = JSON.parse(line) as Record<string, unknown>
  const headers = { authorization: 'Bearer s3cret' }
  for (const wrapped of [
    { '@timestamp': 'x', message: line, agent: { type: 'filebeat' } },
    { log: `${line}\n`, stream: 'stdout', time: '2026-11-20T12:00:00Z' },
    { time: record.time, event: { ...record, time: undefined } },
    { message: JSON.stringify({ log: line }) },
    { records: [record] },
    { logs: [line] },
    { streams: [{ stream: { job: 'nginx' }, values: [['1795749922123000000', line]] }] },
  ]) {
    const { rows, status } = await send('shield', JSON.stringify(wrapped), headers)
    assert.deepEqual([status, rows[0]?.node], [204, 'n7'], JSON.stringify(wrapped).slice(0, 80))
  }
  const bulk = `{"index":{"_index":"cdn"}}\n${line}\n{"create":{}}\n${line}\n`
  assert.equal((await send('shield', bulk, headers)).rows[0]!.requests, 2)
  assert.equal((await send('shield', `\u001e${line}\n\u001e${line}\n`, headers)).rows[0]!.requests, 2)
  const trial = [
    { eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent', data: { validationCode: '5c' } },
  ]
  const answer = await it.post(JSON.stringify(trial), { url: '/v1/edge?source=shield', headers })
  assert.deepEqual([answer.status, answer.body], [200, '{"validationResponse":"5c"}'])
})

test('times in every form that logs have; one without a zone is UTC wherever the collector stands', () => {
  const zone = process.env.TZ
  process.env.TZ = 'Asia/Shanghai'
  try {
    const noon = Date.UTC(2026, 10, 20, 12)
    for (const text of [
      '2026-11-20T12:00:00Z',
      '2026-11-20 12:00:00',
      '2026-11-20t12:00:00,000z',
      '2026-11-20T20:00:00+0800',
      '2026-11-20 20:00:00 +08',
      '2026-11-20 12:00:00.000 UTC',
      '20/Nov/2026:12:00:00 +0000',
      '[20/Nov/2026:20:00:00 +0800]',
      'Fri, 20 Nov 2026 12:00:00 GMT',
      '20261120T120000Z',
      '20261120120000',
      String(noon / 1000),
      String(noon),
      `${noon}000`,
      `${noon}000000`,
      noon.toExponential(),
    ])
      assert.equal(logTime_ms(text), noon, text)
    for (const text of ['0', '-', 'noon', '1795749922,123', '2026-13-40'])
      assert.ok(!(logTime_ms(text) > 0) || text === '0', text)
  } finally {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  }
})

test('statuses with words and lists are read; what is none is refused, never cut down to digits', () => {
  const status = (value: unknown) => {
    const read = readLogLine(nginx({ status: value }), FIELD_MAPS.nginx, number)
    return 'code' in read ? read.code : read.status
  }
  for (const [value, expected] of [
    [200, 200],
    ['200 OK', 200],
    ['HTTP/1.1 404 Not Found', 404],
    ['502, 200', 200],
    ['502, 504 : 200', 200],
    ['200.0', 200],
    ['000', 0],
    ['2000', 'bad_log_line'],
    ['9', 9],
    [true, 'bad_log_line'],
  ] as const)
    assert.equal(status(value), expected, String(value))
  const timed = (ttfb: unknown, bytes: unknown) => {
    const read = readLogLine(nginx({ ttfb, bytes }), FIELD_MAPS.nginx, number)
    return 'code' in read ? read.code : [Math.round(read.ttfb_ms ?? -1), read.bytes]
  }
  assert.deepEqual(timed('12ms', '1.5 KB'), [12, 1500])
  assert.deepEqual(timed('0.010, 0.020 : 0.030', '1,234,567'), [60, 1_234_567])
  assert.deepEqual(timed('1e-2', '12kbps'), [10, 0])
})

test('Fastly’s challenge is answered, by the services that are named', () => {
  const answer = (service_ids?: string[]) =>
    (
      fastlyChallenge({ f: { format: 'fastly', secret: 's', tenant: 't', service_ids } }).handle(
        {} as never,
      ) as { body: string }
    ).body
  assert.equal(answer(), '*\n')
  assert.equal(answer(['abc']), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n')
})

test('viewers refused are apart from hotlinks; without the hosts of the own pages every refusal is a viewer’s', () => {
  const line = (status: number, referer: string) =>
    JSON.stringify({
      time: seconds,
      node: 'e1',
      uri: '/live/main.flv',
      status,
      bytes: 1,
      ttfb: '',
      cache: 'HIT',
      referer,
    })
  const read = [
    line(200, 'https://leech.example/watch'),
    line(403, 'https://leech.example/watch'),
    line(403, 'HTTPS://M.Shop.example:8443/room?x=leech.example'),
    line(410, '-'),
    line(401, 'https://shop.example.leech.example/'),
    line(404, ''),
  ].map((each) => {
    const request = readLogLine(each, FIELD_MAPS.nginx, number)
    assert.ok(!('code' in request))
    return { ...request, stream: 'main' }
  })
  const counted = (referers?: string[]) => {
    const [event] = countRequests(read, 'edge', referers)
    return [event!.requests, event!.status_4xx, event!.requests_refused, event!.requests_hotlinked]
  }
  assert.deepEqual(counted(['shop.example', '.shop.example']), [6, 5, 2, 2])
  assert.deepEqual(counted(), [6, 5, 4, 0])
})
