import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { FLAGS } from '../../schemas/envelope.ts'
import { NOW, startTestCollector, type TestCollector } from '../testing.ts'

let it: TestCollector
before(async () => {
  it = await startTestCollector()
})
after(() => it.close())

const report = (body: string, url = '/v1/cmcd?key=demo&show=gala') =>
  it.post(body, { url, headers: { 'content-type': 'application/cmcd' } })
const of = async (table: 'heartbeat' | 'startup', session: string) =>
  (await it.rows(table)).filter((row) => row.session === session)
const at = (seconds: number) => NOW - 60_000 + seconds * 1_000

test('hls.js in event mode: a session from its start over a stall to its end', async () => {
  const line = (seconds: number, sn: number, rest: string) =>
    `br=(998),cid="live-demo",${rest},sf=h,sid="hls-1",sn=${sn},st=l,ts=${at(seconds)},v=2`
  const body = [
    line(0, 1, 'e=ps,sta=s'),
    line(1, 2, 'bl=(1000),e=ps,msd=940,mtp=(2200),sta=p'),
    line(11, 3, 'bl=(3900),e=t,ltc=4100,mtp=(2200),pr=1,sta=p'),
    line(15, 5, 'bl=(0),bs,e=ps,sta=r'),
    line(18, 6, 'bl=(900),e=ps,sta=p'),
    line(20, 7, 'e=rr,rc=404,sta=p,ttfb=25,ttlb=30,url="https://edge-7.cdn.example/live/chunk-1.m4s"'),
    line(21, 8, 'e=e,ec=("levelLoadError" "x"),sta=f'),
  ].join('\n')
  // All three players end the body with a line feed.
  assert.equal((await report(`${body}\n`)).status, 204)
  const startups = await of('startup', 'hls-1')
  assert.deepEqual(
    startups.map(({ outcome, video_startup_time_ms, stream }) => [outcome, video_startup_time_ms, stream]),
    [['started', 940, 'live-demo']],
  )
  const beats = await of('heartbeat', 'hls-1')
  assert.deepEqual(
    beats.map(({ interval_ms, played_ms, stalled_ms, stall_count, state, reason }) => [
      interval_ms,
      played_ms,
      stalled_ms,
      stall_count,
      state,
      reason,
    ]),
    [
      [0, 0, 0, 0, 'starting', 'start'],
      [1000, 0, 0, 0, 'playing', 'start'],
      [10_000, 10_000, 0, 0, 'playing', 'interval'],
      [4000, 4000, 0, 1, 'stalled', 'stall_start'],
      [3000, 0, 3000, 0, 'playing', 'stall_end'],
      [2000, 2000, 0, 0, 'playing', 'interval'],
      [1000, 1000, 0, 0, 'failed', 'error'],
    ],
  )
  assert.deepEqual(
    beats.map(({ reports_expected }) => reports_expected),
    [1, 1, 1, 2, 1, 1, 1],
  )
  const [, , third, , , rr, error] = beats
  assert.deepEqual(
    [
      third!.buffer_ms,
      third!.live_latency_ms,
      third!.bandwidth_kbps,
      third!.bitrate_kbps,
      third!.protocol,
      third!.show,
      third!.source,
      third!.event_time,
    ],
    [3900, 4100, 2200, 998, 'hls', 'gala', 'cmcd', at(11)],
  )
  assert.deepEqual(
    [rr!.requests, rr!.requests_failed, rr!.ttfb_ms, rr!.edge],
    [1, 1, 25, 'edge-7.cdn.example'],
  )
  assert.deepEqual([error!.error_code, error!.error_fatal], ['levelLoadError', true])
})

test('dash.js: lists by type, an epoch where ttfb should be, a bogus first msd', async () => {
  const body = [
    `bl=(700;a 900;v),br=(900;v 96;a),cid="live-demo",e=ps,ltc=2200,msd=2,sf=d,sid="dash-1",sn=1,st=l,sta=p,tb=(900;v 96;a),ts=${at(1)},v=2`,
    `br=(900;v 96;a),cid="live-demo",e=rr,rc=200,sf=d,sid="dash-1",sn=2,sta=p,ts=${at(2)},ttfb=1795169302567,ttlb=31,v=2`,
  ].join('\n')
  assert.equal((await report(body)).status, 204)
  assert.deepEqual(await of('startup', 'dash-1'), [])
  const [first, second] = await of('heartbeat', 'dash-1')
  assert.deepEqual(
    [first!.buffer_ms, first!.bitrate_kbps, first!.live_latency_ms, first!.flags],
    [900, 900, 2200, FLAGS.value_dropped.bit],
  )
  assert.deepEqual([second!.requests, second!.ttfb_ms, second!.flags], [1, null, FLAGS.value_dropped.bit])
})

test('Shaka never says its state: it plays, less what it says the buffer was empty', async () => {
  const line = (seconds: number, sn: number, rest: string) =>
    `br=(996),cid="c",e=rr,${rest}rc=200,sid="shaka-1",sn=${sn},st=v,ts=${at(seconds)},ttfb=4,ttlb=6,v=2`
  await report([line(0, 1, 'msd=291,'), line(5, 2, ''), line(10, 3, 'bs,bsd=(1500),')].join('\n'))
  assert.deepEqual(
    (await of('startup', 'shaka-1')).map((row) => row.video_startup_time_ms),
    [291],
  )
  assert.deepEqual(
    (await of('heartbeat', 'shaka-1')).map(({ played_ms, stalled_ms, stall_count }) => [
      played_ms,
      stalled_ms,
      stall_count,
    ]),
    [
      [0, 0, 0],
      [5000, 0, 0],
      [3500, 1500, 1],
    ],
  )
})

test('request mode: query and headers (headers win), version 1 and 2, without a key', async () => {
  const v1 = 'bl=21300,br=3200,bs,cid="faec",d=4004,mtp=25400,ot=v,sf=h,sid="v1",st=l,tb=6000'
  const url = `/v1/cmcd?CMCD=${encodeURIComponent(v1)}`
  const get = await it.collector.app.inject({ method: 'GET', url })
  assert.equal(get.statusCode, 204)
  const [beat] = await of('heartbeat', 'v1')
  assert.deepEqual(
    [
      beat!.tenant,
      beat!.stream,
      beat!.buffer_ms,
      beat!.bitrate_kbps,
      beat!.bandwidth_kbps,
      beat!.stall_count,
    ],
    ['demo', 'faec', 21_300, 3200, 25_400, 1],
  )
  const headers = {
    'cmcd-object': 'br=(998),d=2000',
    'cmcd-request': 'bl=(1900),mtp=(1200)',
    'cmcd-session': 'cid="c",sf=d,sid="head",v=2',
    'cmcd-status': 'bs,sn=6',
  }
  assert.equal((await it.collector.app.inject({ method: 'POST', url, headers })).statusCode, 204)
  const [head] = await of('heartbeat', 'head')
  assert.deepEqual([head!.bitrate_kbps, head!.buffer_ms, head!.protocol, head!.seq], [998, 1900, 'dash', 12])
  assert.equal((await of('heartbeat', 'v1')).length, 1)
})

test('gaps in sn are reports lost; one that comes late fills its gap', async () => {
  const send = (sn: number) => report(`e=t,sid="gaps",sn=${sn},sta=p,ts=${at(sn)},v=2`)
  for (const sn of [1, 2, 6, 4, 7]) await send(sn)
  const sums = (await of('heartbeat', 'gaps')).map(({ reports_expected, reports_received }) => [
    reports_expected,
    reports_received,
  ])
  assert.deepEqual(sums, [
    [1, 1],
    [1, 1],
    [4, 1],
    [0, 1],
    [1, 1],
  ])
})

test('a wrong clock of a batch is put right; custom keys are kept', async () => {
  const day = 86_400_000
  await report(
    [
      `com.shop-room="7",e=t,sid="skew",sn=1,ts=${NOW - day - 3_000}`,
      `e=t,sid="skew",sn=2,ts=${NOW - day}`,
    ].join('\n'),
  )
  const rows = await of('heartbeat', 'skew')
  assert.deepEqual(
    rows.map(({ event_time }) => event_time),
    [NOW - 3_000, NOW],
  )
  assert.equal(rows[0]!.custom, '{"com.shop-room":"7"}')
})

test('bad lines are set apart, their neighbours taken; nothing but bad lines is a 400', async () => {
  const answer = await report(`e=t,sid="mixed",sn=1\n=broken(\ne=t,sid="mixed",sn=2\n`)
  assert.equal(answer.status, 200)
  assert.deepEqual(JSON.parse(answer.body), {
    accepted: 2,
    refused: [{ index: 1, code: 'bad_cmcd', detail: 'no key at 0' }],
  })
  assert.equal((await of('heartbeat', 'mixed')).length, 2)
  assert.equal((await report('"')).status, 400)
  assert.equal((await report('e=t', '/v1/cmcd?key=nobody')).status, 401)
  assert.equal((await report('e=t', '/v1/cmcd?weight=many')).status, 400)
  assert.equal((await report('e=t\n'.repeat(501))).status, 413)
})

test('whatever comes as CMCD never makes a 5xx', async () => {
  const pair = fc.tuple(
    fc.constantFrom('bl', 'br', 'e', 'sta', 'sn', 'ts', 'sid', 'cid', 'msd', 'ttfb', 'bsd', 'a-b', 'url'),
    fc.oneof(
      fc.integer().map(String),
      fc.double().map(String),
      fc.string().map((s) => JSON.stringify(s)),
      fc.constantFrom('p', '(1;v 2)', '?0', '()', '"'),
    ),
  )
  const line = fc
    .array(pair, { maxLength: 6 })
    .map((pairs) => pairs.map(([key, value]) => `${key}=${value}`).join(','))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(line, fc.string()), { maxLength: 4 }), async (lines) => {
      const answer = await report(lines.join('\n'))
      assert.ok(answer.status < 500, answer.body)
    }),
    { numRuns: 150 },
  )
  assert.deepEqual(
    it.facts.filter(({ type }) => type === 'route_failed'),
    [],
  )
})
