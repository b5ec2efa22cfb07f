import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { numberReader } from '../schemas/readNumber.ts'
import { startChild } from '../test/stream/childProcess.ts'
import { endWith, freePort, startEncoder, waitFor } from '../test/stream/index.ts'
import { findProgram, RTMP_MODULE } from '../test/stream/programs.ts'
import { mediamtxMetrics } from './mediamtx/metrics.ts'
import { nginxRtmpStat } from './nginx-rtmp/stat.ts'
import { startPoller } from './poller.ts'
import { srsStreams } from './srs/api.ts'
import { checked, NOW } from './testing/callRoute.ts'
import { srsStream } from './testing/standIns.ts'

const emit = () => undefined

/** A list as SRS gives it: ordered by id, `count` of them from `start`; 10 where `count` is not said. */
const srsPage = (ids: readonly string[], search: string, obeys: { start: boolean; count: boolean }) => {
  const query = new URLSearchParams(search)
  const start = obeys.start ? Number(query.get('start') ?? 0) : 0
  const count = obeys.count ? Math.max(10, Number(query.get('count') ?? 10)) : 10
  const streams = [...ids].sort().slice(start, start + count)
  return JSON.stringify({
    code: 0,
    server: 'vid-s',
    streams: streams.map((id) => ({ ...srsStream(1, 1), id, name: `s-${id}` })),
  })
}

for (const obeys of [
  { start: true, count: true },
  { start: true, count: false },
  { start: false, count: true },
  { start: false, count: false },
])
  test(`SRS that heeds ${JSON.stringify(obeys)}: a stream that a list leaves out is not down`, async (t) => {
    let ids = Array.from({ length: 10 }, (_, index) => `vid-${10 + index}`)
    const server = createServer((request, response) =>
      response.end(srsPage(ids, request.url!.split('?')[1] ?? '', obeys)),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const own = endWith(t)
    own(
      () =>
        new Promise((resolve) => {
          server.closeAllConnections()
          server.close(resolve)
        }),
    )
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/streams`
    const heard: Record<string, unknown>[] = []
    let now = NOW
    const poller = startPoller({
      source: 'srs',
      url,
      ...srsStreams({ url, node: 'n', emit }),
      interval_ms: 3_600_000,
      send: (groups) => void heard.push(...checked(groups)),
      emit,
      clock: () => (now += 1000),
    })
    own(() => poller.stop())
    await poller.poll()
    ids = ['vid-00', ...ids]
    await poller.poll()
    await poller.poll()
    assert.deepEqual(
      heard.filter(({ status }) => status === 'down'),
      [],
    )
    const all = new Set(heard.map(({ stream }) => stream))
    assert.equal(all.size, 11)
    ids = ids.slice(0, 5)
    await poller.poll()
    await poller.poll()
    const down = heard.filter(({ status }) => status === 'down').map(({ stream }) => stream)
    assert.equal(new Set(down).size, down.length, 'once each')
    assert.equal(down.length, 6)
  })

test('SRS with 2,300 streams is read page by page', () => {
  const ids = Array.from({ length: 2_300 }, (_, index) => `vid-${String(index).padStart(5, '0')}`)
  const { next, read } = srsStreams({ url: 'http://srs/api/v1/streams?x=1', node: 'n', emit })
  const bodies: string[] = []
  for (let url = next!(bodies); url !== undefined; url = next!(bodies))
    bodies.push(srsPage(ids, new URL(url).search, { start: true, count: true }))
  assert.equal(bodies.length, 3)
  assert.equal(read(bodies, NOW).length, 2_300)
  assert.throws(() => read(['{"code":1061}'], NOW), /code 1061/)
})

const statPage = (pid: number | '', names: readonly string[]) =>
  `<rtmp>${pid === '' ? '' : `<pid>${pid}</pid>`}<server><application><name>live</name><live>${names
    .map(
      (name) =>
        `<stream><name>${name}</name><time>1000</time><bytes_in>1000</bytes_in><nclients>2</nclients><client><publishing/><avsync>3</avsync></client><publishing/></stream>`,
    )
    .join('')}</live></application></server></rtmp>`

test('two streams of one name in two applications: the same one counts each time, whatever the list’s order', () => {
  const at = (app: string, bytes: number, active = true) => ({
    ...srsStream(1, bytes),
    id: `vid-${app}`,
    vhost: 'v',
    app,
    name: 'main',
    recv_bytes: bytes,
    frames: 1,
    publish: { active },
  })
  const page = (...streams: object[]) => [JSON.stringify({ code: 0, server: 's', streams })]
  const { read } = srsStreams({ url: 'http://127.0.0.1:1985/api/v1/streams', node: 'n', emit })
  const rates: unknown[] = []
  const step = (...args: [bodies: string[], at_ms: number]) =>
    rates.push(checked(read(...args)).map(({ bytes_in, status }) => [bytes_in, status]))
  step(page(at('live', 1_000), at('backup', 900_000)), NOW)
  step(page(at('backup', 910_000), at('live', 3_000)), NOW + 1_000)
  step(page(at('live', 5_000), at('backup', 920_000, false)), NOW + 2_000)
  step(page(at('live', 7_000), at('backup', 920_000, false)), NOW + 3_000)
  assert.deepEqual(rates, [[[undefined, 'up']], [[10_000, 'up']], [[undefined, 'up']], [[2_000, 'up']]])
})

test('nginx-rtmp: a page is one worker’s, and says nothing of another worker’s streams', () => {
  const read = nginxRtmpStat({ node: 'n', emit })
  let now = NOW
  const page = (pid: number | '', ...names: string[]) =>
    checked(read([statPage(pid, names)], (now += 1000))).map(({ stream, status, event }) => [
      stream,
      status,
      event,
    ])
  assert.deepEqual(page(1, 'a', 'b'), [
    ['a', 'up', 'publish'],
    ['b', 'up', 'publish'],
  ])
  assert.deepEqual(page(2), [])
  assert.deepEqual(page(2, 'c'), [['c', 'up', 'publish']])
  assert.deepEqual(page(1, 'a'), [
    ['a', 'up', undefined],
    ['b', 'down', 'unpublish'],
  ])
  // The encoder of a came back to the new worker: it is not down when the old one ends its list.
  assert.deepEqual(page(2, 'a', 'c'), [
    ['a', 'up', undefined],
    ['c', 'up', undefined],
  ])
  assert.deepEqual(page(1), [])
  now += 60_000
  assert.deepEqual(page(2, 'c'), [
    ['c', 'up', undefined],
    ['a', 'down', 'unpublish'],
  ])
  assert.throws(() => read([statPage(2, ['c', 'd']).slice(0, -30)], now + 1), /cut off/)
  assert.deepEqual(page('', 'd'), [['d', 'up', 'publish']])
  assert.deepEqual(page(''), [], 'a page without a pid may be any worker’s')
})

test('nginx-rtmp: a real reload leaves a running stream up', async (t) => {
  const own = endWith(t)
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-workers-'))
  own(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const [rtmp, http] = [await freePort(), await freePort()]
  const config = (await readFile(new URL('./fixtures/nginx-two-workers.conf', import.meta.url), 'utf8'))
    .replaceAll('RUN', folder)
    .replace('18635', String(rtmp))
    .replace('18636', String(http))
    .replace(/load_module [^;]+/, `load_module ${RTMP_MODULE}`)
    .replace(`${folder}/logs/error.log`, `${folder}/error.log`)
  await writeFile(join(folder, 'nginx.conf'), `daemon off;\n${config}`)
  const server = own(
    startChild({
      command: findProgram('nginx'),
      args: ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')],
    }),
  )
  const heard: Record<string, unknown>[] = []
  const url = `http://127.0.0.1:${http}/stat`
  await waitFor(
    () =>
      fetch(url).then(
        (answer) => answer.ok,
        () => false,
      ),
    { what: 'nginx' },
  )
  const encoder = own(startEncoder({ rtmpUrl: `rtmp://127.0.0.1:${rtmp}/live`, stream: 'show' }))
  const read = nginxRtmpStat({ node: 'n', emit })
  const pids = new Set<string>()
  const poller = own(
    startPoller({
      source: 'nginx-rtmp',
      url,
      read: (bodies, at_ms) => {
        pids.add(/<pid>(\d+)/.exec(bodies[0]!)![1]!)
        return read(bodies, at_ms)
      },
      interval_ms: 100,
      send: (groups) => void heard.push(...checked(groups)),
      emit,
      clock: Date.now,
    }),
  )
  await waitFor(() => heard.some(({ status }) => status === 'up'), {
    what: 'the stream',
    detail: encoder.log,
  })
  const before = new Set(pids)
  process.kill(server.pid!, 'SIGHUP')
  await waitFor(() => [...pids].some((pid) => !before.has(pid)), { what: 'a page of a new worker' })
  await poller.poll()
  await poller.poll()
  assert.deepEqual(
    heard.filter(({ status }) => status === 'down'),
    [],
  )
})

test('MediaMTX: readers of all protocols are added, in old and new names', async () => {
  const page = await readFile(new URL('./fixtures/mediamtx-metrics.txt', import.meta.url), 'utf8')
  const read = (text: string) => checked(mediamtxMetrics({ node: 'n', emit })([text], NOW))
  const [first] = read(page)
  assert.deepEqual([first!.stream, first!.clients], ['live/cam1', 38])
  const total = `${page}paths_readers{name="live/cam1",state="ready"} 38\n`
  assert.equal(read(total)[0]!.clients, 38)
  assert.equal(read(page.replaceAll('"ready"', '"readyOnline"'))[0]!.clients, 38)
  assert.deepEqual(read(page.replaceAll('"ready"', '"notReady"')), [])
  assert.deepEqual(read('paths 0\n'), [])
  const two = mediamtxMetrics({ node: 'n', emit })
  const names = (text: string) => checked(two([text], NOW)).map(({ stream, status }) => [stream, status])
  const whole = 'paths{name="a",state="ready"} 1\npaths{name="b",state="ready"} 1\n'
  assert.equal(names(whole).length, 2)
  assert.deepEqual(
    names(whole.slice(0, 34)),
    [['a', 'up']],
    'a page that was cut off says nothing of what it lacks',
  )
  assert.deepEqual(names(whole.slice(0, 32)).at(-1), ['b', 'down'])
  assert.throws(() => read('up 1\n'), /MediaMTX/)
})

test('numbers: text, units, lists and words for unknown are read; what cannot be right is missing and counted', () => {
  const unread: unknown[] = []
  const number = numberReader('test', (fact) => void unread.push(fact.field))
  const read = (value: unknown, bounds?: object) => number('f', value, bounds)
  for (const [value, expected] of [
    [5, 5],
    ['5', 5],
    [' 5.5 fps', 5.5],
    ['1.02x', 1.02],
    ['1e3', 1000],
    ['0.010, 0.020', 0.03],
    ['0.010 : -', 0.01],
    [[1, '2'], 3],
    [5n, 5],
    ['-', undefined],
    ['N/A', undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
    [Number.NaN, undefined],
    ['-9223372036854775807', undefined],
    [4294967295, undefined],
    [[], undefined],
    ['1,234,567', 1_234_567],
    ['25 FPS', 25],
  ] as const)
    assert.equal(read(value), expected, String(value))
  assert.deepEqual(unread, [])
  const wrong = [
    'soon',
    {},
    true,
    -1,
    '5 apples',
    ['x'],
    Number.POSITIVE_INFINITY,
    '00:01:02',
    '1,5',
    '1.2.3',
    -5n,
  ]
  for (const value of wrong) assert.equal(read(value), undefined, String(value))
  assert.equal(unread.length, wrong.length)
  assert.equal(read(2_000, { max: 1_000 }), undefined)
  // A unit is converted to the field's own; one of another measure is no number for it.
  for (const [value, unit, expected] of [
    ['12ms', 's', 0.012],
    ['1.5s', 'ms', 1500],
    ['250 µs', 'ms', 0.25],
    ['1.5 MB', 'bytes', 1_500_000],
    ['2 KiB', 'bytes', 2048],
    ['2.5 Mbps', 'kbps', 2500],
    ['1139.1kbits/s', 'kbps', 1139.1],
    ['5', 'ms', 5],
  ] as const)
    assert.ok(Math.abs(read(value, { unit })! - expected) < 1e-9, value)
  assert.equal(read('5 ms', { unit: 'bytes' }), undefined)
  assert.equal(unread.length, wrong.length + 2)
})
