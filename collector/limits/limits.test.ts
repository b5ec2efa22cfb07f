import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { NOW, SERVER_KEY, startTestCollector } from '../testing.ts'
import { createBuckets } from './buckets.ts'
import { networkOf } from './networkOf.ts'

const beat = { kind: 'heartbeat', interval_ms: 1_000 }
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))

test('a bucket gives a second’s worth at once, refills at its rate, and may be overdrawn once', () => {
  const buckets = createBuckets({ rate: 10 })
  assert.equal(buckets.take('a', 25, NOW), 0, 'a large request passes')
  assert.ok(buckets.take('a', 1, NOW) > 0)
  assert.ok(buckets.take('a', 1, NOW + 1_500) > 0)
  assert.equal(buckets.take('a', 1, NOW + 1_700), 0)
  assert.equal(buckets.take('b', 1, NOW), 0, 'another name has its own')
  assert.equal(buckets.take('a', 1, NOW), 0)
  assert.ok(buckets.take('a', 1, NOW - 60_000) > 0, 'a clock that is set back refills nothing')
})

test('networks: /24, /48, private ones, and what is no address', () => {
  assert.equal(networkOf('203.0.113.7').prefix, networkOf('203.0.113.200').prefix)
  assert.notEqual(networkOf('203.0.113.7').prefix, networkOf('203.0.114.7').prefix)
  assert.equal(networkOf('2001:db8:1::5').prefix, networkOf('2001:db8:1:ffff::9').prefix)
  for (const address of ['127.0.0.1', '10.9.8.7', '172.31.0.1', '192.168.1.1', '::1', 'fd00::1', 'fe80::1'])
    assert.ok(networkOf(address).isPrivate, address)
  for (const address of ['8.8.8.8', '172.32.0.1', '2001:4860:4860::8888'])
    assert.ok(!networkOf(address).isPrivate, address)
  assert.equal(networkOf('nowhere').prefix, '')
})

test('what a key may send counts events and bytes, not only requests; hooks and CMCD count, servers have their own share', async () => {
  const it = await startTestCollector({
    keys: { pub: { tenant: 't' }, 'server-key-of-t': { tenant: 't', role: 'server' } },
    limits: { t: { events_per_s: 100, bytes_per_s: 100_000 } },
    routes: [
      {
        method: 'POST',
        path: '/hook',
        handle: async () => ({
          status: 200,
          events: times(60, () => ({
            tenant: 't',
            context: { stream: 's' },
            events: [{ kind: 'hop', hop: 'ingest' }],
          })),
        }),
      },
    ],
  })
  const send = async (count: number, key = 'pub', more: object = {}) => {
    const answer = await it.post({ key, events: times(count, () => ({ ...beat, ...more })) })
    if (answer.status === 429) assert.ok(Number(answer.headers['retry-after']) >= 1)
    return answer.status
  }
  assert.deepEqual([await send(99), await send(2), await send(1)], [204, 204, 429])
  assert.equal((await it.post('sid="a",bl=1', { url: '/v1/cmcd?key=pub' })).status, 429)
  assert.deepEqual([await send(100, 'server-key-of-t'), await send(1, 'server-key-of-t')], [204, 429])
  assert.equal((await it.post('', { url: '/hook' })).status, 429)
  await it.close()
  assert.ok(it.facts.some(({ type, tenant }) => type === 'requests_limited' && tenant === 't'))
})

test('pairs of show and stream: ~other beyond the budget, never for what a server named', async () => {
  const it = await startTestCollector({ limits: { demo: { streams_per_hour: 5 } } })
  const send = (key: string, names: readonly string[]) =>
    it.post({ key, events: names.map((stream) => ({ ...beat, session: stream, show: 'x', stream })) })
  await send(
    'demo',
    times(8, (at) => `evil${at}`),
  )
  await send(SERVER_KEY, ['honest'])
  await send('demo', ['honest', 'evil0', 'evil9'])
  const rows = await it.rows('heartbeat')
  const kept = rows.map(({ session, stream }) => [session, stream])
  assert.deepEqual(kept.slice(4, 9), [
    ['evil4', 'evil4'],
    ...['evil5', 'evil6', 'evil7'].map((name) => [name, '~other']),
    ['honest', 'honest'],
  ])
  assert.deepEqual(kept.slice(9), [
    ['honest', 'honest'],
    ['evil0', 'evil0'],
    ['evil9', '~other'],
  ])
  await it.close()
  const reported = it.facts.filter(({ type }) => type === 'streams_over_budget')
  assert.deepEqual(reported, [{ type: 'streams_over_budget', tenant: 'demo', streams: 5, budget: 5 }])
})

test('one network brings at most 256 new pairs in an hour, so a tenant’s budget is left for others', async () => {
  const it = await startTestCollector({ trustedProxies: ['127.0.0.1'] })
  const send = (address: string, name: string, count: number) =>
    it.post(
      { key: 'demo', events: times(count, (at) => ({ ...beat, show: name, stream: `${at}` })) },
      { headers: { 'content-type': 'text/plain', 'x-forwarded-for': address } },
    )
  await send('203.0.113.7', 'a', 300)
  await send('203.0.113.8', 'b', 1)
  await send('198.51.100.7', 'c', 1)
  const shows = (await it.rows('heartbeat')).map(({ show }) => show)
  assert.equal(shows.filter((show) => show === 'a').length, 256)
  assert.deepEqual(shows.slice(-2), ['~other', 'c'])
  await it.close()
})

test('a network’s flood of sessions that are not believed is refused event by event, and costs no row', async () => {
  const it = await startTestCollector({ trustedProxies: ['127.0.0.1'] })
  const send = (address: string, events: object[]) =>
    it.post(
      { key: 'demo', events },
      {
        headers: {
          'content-type': 'text/plain',
          'x-forwarded-for': address,
          'user-agent': 'Mozilla/5.0 (iPhone)',
        },
      },
    )
  const flood = (name: string) => times(500, (at) => ({ ...beat, seq: 1, session: `${name}-${at}` }))
  const answers: string[] = []
  for (let round = 0; round < 20; round += 1)
    answers.push((await send('203.0.113.7', flood(`f${round}`))).body)
  assert.deepEqual([answers[0], answers[9]], ['', ''])
  const { accepted, refused } = JSON.parse(answers[19]!)
  assert.deepEqual([accepted, refused.length, refused[0]], [0, 500, { index: 0, code: 'not_believed' }])
  assert.equal((await send('203.0.113.8', [{ ...beat, seq: 1, session: 'new' }])).status, 204, 'a neighbour')
  assert.equal((await send('198.51.100.7', [{ ...beat, seq: 1, session: 'honest' }])).status, 204)
  const rows = await it.rows('heartbeat')
  assert.ok(rows.length <= 5_003, String(rows.length))
  assert.equal(rows.find(({ session }) => session === 'honest')!.weight, 1)
  assert.equal((await it.rows('dead_letter')).length, 0)
  await it.close()
})

test('dead letters: a sample of nobody’s, a bounded amount of a tenant’s, and one tenant’s do not displace another’s', async () => {
  const it = await startTestCollector({ keys: { pub: { tenant: 't' } } })
  const broken = `{"broken ${'x'.repeat(15_000)}`
  for (let round = 0; round < 100; round += 1) {
    await it.post(broken, { url: '/v1/beacons' })
    await it.post(broken, { url: '/v1/beacons?key=demo' })
  }
  await it.post(broken, { url: '/v1/beacons?key=pub' })
  const letters = await it.rows('dead_letter')
  const bytesOf = (tenant: string) =>
    letters
      .filter((letter) => letter.tenant === tenant)
      .reduce((sum, { body }) => sum + String(body).length, 0)
  assert.ok(bytesOf('') <= 70_000, String(bytesOf('')))
  assert.ok(bytesOf('demo') <= (1 << 20) + 16_384, String(bytesOf('demo')))
  assert.ok(bytesOf('t') > 15_000)
  await it.close()
})

test('what senders vary at length leaves no memory behind', async () => {
  const it = await startTestCollector({ trustedProxies: ['127.0.0.1'] })
  const long = (at: number) => `${at}`.padEnd(12_000, 'x')
  const send = async (at: number) => {
    await it.collector.app.inject({
      method: 'GET',
      url: `/v1/cmcd?CMCD=${encodeURIComponent(`sid="${long(at)}",bl=1`)}`,
      headers: {
        'user-agent': long(at),
        'x-forwarded-for': `${long(at)}, fe80::${at % 9999}%${'z'.repeat(8_000)}`,
      },
    })
    await it.post(`sid="s${at}-padded-to-be-long",cid="c${at % 300}",bl=1,x-pad="${long(at)}"`, {
      url: '/v1/cmcd',
    })
  }
  // An answer waits for the disk: ten share it.
  const flood = async (count: number) => {
    for (let at = 0; at < count; at += 10)
      await Promise.all(Array.from({ length: 10 }, (_, index) => send(at + index)))
  }
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  await flood(200)
  collect()
  const before = process.memoryUsage().heapUsed
  await flood(1_500)
  collect()
  const grown = process.memoryUsage().heapUsed - before
  // 1,500 × 4 texts of 8 to 12 KB would be 60 MB.
  assert.ok(grown < 25e6, `${(grown / 1e6).toFixed(0)} MB`)
  await it.close()
})
