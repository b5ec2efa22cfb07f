import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventGroup } from '../schemas/eventRoute.ts'
import { endWith, waitFor } from '../test/stream/index.ts'
import { readSources, startSources } from './sources.ts'
import { streamKey } from './streamKey.ts'
import { callRoute, checked, NOW } from './testing/callRoute.ts'
import { answering, mediamtxPage, srsStream, startObsStandIn } from './testing/standIns.ts'

const emit = () => undefined

const srsHook = (action: string, more: object = {}) =>
  Buffer.from(
    JSON.stringify({
      action,
      client_id: '9308h583',
      ip: '192.168.1.10',
      vhost: '__defaultVhost__',
      app: 'live',
      stream: 'show',
      param: '?show=gala',
      server_id: 'vid-0xk989d',
      stream_url: '/live/show',
      stream_id: 'vid-124q9y3',
      ...more,
    }),
  )

test('SRS: hooks are answered with the body 0, or refused', async () => {
  const path = '/v1/ingest/srs'
  const published = await callRoute({}, path, { body: srsHook('on_publish') })
  assert.deepEqual([published.status, published.body], [200, '0'])
  assert.deepEqual(checked(published.events), [
    {
      show: 'gala',
      stream: 'show',
      source: 'srs',
      kind: 'hop',
      hop: 'ingest',
      node: 'vid-0xk989d',
      event: 'publish',
      status: 'up',
    },
  ])
  const segment = await callRoute({}, path, {
    body: srsHook('on_hls', { duration: 9.36, seq_no: 100, url: 'a.ts', m3u8_url: 'a.m3u8' }),
  })
  assert.equal(checked(segment.events)[0]?.segment_duration_ms, 9360)
  assert.equal(segment.body, '0')
  const play = await callRoute({}, path, { body: srsHook('on_play') })
  assert.deepEqual([play.status, play.body, play.events], [200, '0', undefined])
  const gone = await callRoute({}, path, { body: srsHook('on_unpublish') })
  assert.equal(checked(gone.events)[0]?.status, 'down')

  const publishSecrets = () => ['secret']
  const unsigned = await callRoute({ publishSecrets }, path, { body: srsHook('on_publish') })
  assert.notEqual(unsigned.body, '0')
  const [refusal] = checked(unsigned.events)
  assert.deepEqual(
    [refusal?.hop, refusal?.event, refusal?.reason, refusal?.stream, refusal?.show],
    ['publish', 'refused', 'unsigned', '~other', undefined],
    'whoever was refused names neither the stream nor the show',
  )
  const param = `?${streamKey({ secret: 'secret', app: 'live', stream: 'show', expires_ms: NOW + 1 }).split('?')[1]}`
  const signed = await callRoute({ publishSecrets }, path, { body: srsHook('on_publish', { param }) })
  assert.equal(signed.body, '0')
})

test('SRS: its API is asked, and rates are differences', async (t) => {
  const own = endWith(t)
  const { state, url } = await answering('/api/v1/streams', own)
  const page = (...streams: object[]) => JSON.stringify({ code: 0, server: 'vid-0xk989d', streams })
  const heard: Record<string, unknown>[] = []
  let now = NOW
  const facts: string[] = []
  let seconds = 0
  state.body = () => {
    now = NOW + ++seconds * 1000
    return page(srsStream(1_000_000 + seconds * 50_000, 1000 + seconds * 25))
  }
  const read = readSources([{ type: 'srs', url, interval_ms: 200, node: 'srs-1', show: 'gala' }])
  assert.ok(read.ok)
  own(
    await startSources({
      sources: read.sources,
      send: (groups) => void heard.push(...checked(groups)),
      emit: (fact) => facts.push(fact.type),
      clock: () => now,
    }),
  )
  await waitFor(() => heard.length > 0, { what: 'the first reading' })
  assert.equal(heard[0]?.event, 'publish')
  assert.equal(heard[0]?.bitrate_in_kbps, 402)
  await waitFor(() => heard.some((each) => each.fps_in === 25 && each.bitrate_in_kbps === 400), {
    what: 'rates',
  })
  const rated = heard.find((each) => each.bitrate_in_kbps === 400)!
  assert.deepEqual([rated.clients, rated.width, rated.show, rated.node], [2, 1280, 'gala', 'srs-1'])

  state.status = 500
  await waitFor(() => facts.includes('ingest_poll_failed'), { what: 'the failure' })
  const before = heard.length
  state.status = 200
  state.body = () => page(srsStream(10, 1, false))
  await waitFor(() => heard.length > before, { what: 'the end' })
  assert.deepEqual([heard.at(-1)?.event, heard.at(-1)?.status], ['unpublish', 'down'])
  assert.deepEqual(facts, ['ingest_poll_failed', 'ingest_poll_recovered'])
})

test('MediaMTX: its metrics page, its commands and its authentication', async (t) => {
  const own = endWith(t)
  const { state, url } = await answering('/metrics', own)
  const heard: Record<string, unknown>[] = []
  let now = NOW
  let seconds = 0
  state.body = () => {
    now = NOW + ++seconds * 1000
    return mediamtxPage(1_000_000 + seconds * 50_000, seconds * 10)
  }
  const read = readSources([{ type: 'mediamtx', url, interval_ms: 200 }])
  assert.ok(read.ok)
  const send = (groups: readonly EventGroup[]) => void heard.push(...checked(groups))
  own(await startSources({ sources: read.sources, send, emit, clock: () => now }))
  await waitFor(() => heard.length > 0, { what: 'the first reading' })
  assert.deepEqual([heard[0]?.stream, heard[0]?.rtt_ms, heard[0]?.clients], ['show', 42.5, 4])
  await waitFor(() => heard.some((each) => each.bitrate_in_kbps === 400), { what: 'rates' })
  const rated = heard.find((each) => each.bitrate_in_kbps === 400)!
  assert.equal(rated.frames_dropped, 30)
  assert.equal(rated.packet_loss_ratio, 10 / 60)
  assert.ok(!heard.some((each) => each.stream === 'idle'))

  const path = '/v1/ingest/mediamtx'
  const ready = await callRoute({}, path, {
    query: { key: 'demo', event: 'ready', path: 'show', node: 'mtx' },
  })
  assert.deepEqual(
    checked(ready.events).map((each) => each.status),
    ['up'],
  )

  const auth = (body: object) =>
    callRoute({ publishSecrets: () => ['s'] }, `${path}/auth`, { body: Buffer.from(JSON.stringify(body)) })
  const query = streamKey({ secret: 's', app: 'live', stream: 'show', expires_ms: NOW + 1 }).split('?')[1]
  assert.equal((await auth({ action: 'publish', path: 'live/show', protocol: 'rtmp', query })).status, 204)
  assert.equal(
    (await auth({ action: 'publish', path: 'live/show', protocol: 'rtmp', query: '' })).status,
    401,
  )
  assert.equal((await auth({ action: 'read', path: 'live/show', protocol: 'hls', query: '' })).status, 204)
})

test('OBS: an agent logs in, reads both answers, leaves out a stopped output, and tells a crash', async (t) => {
  const own = endWith(t)
  let now = NOW
  const { url, state, drop } = await startObsStandIn(own, () => (now += 1000))
  const heard: Record<string, unknown>[] = []
  const read = readSources([
    { type: 'obs', url, password: 'password', stream: 'show', node: 'studio', interval_ms: 200 },
  ])
  assert.ok(read.ok)
  const send = (groups: readonly EventGroup[]) => void heard.push(...checked(groups))
  own(await startSources({ sources: read.sources, send, emit, clock: () => now }))
  await waitFor(() => heard.length > 0, { what: 'the first look' })
  assert.equal(heard[0]?.event, 'publish')
  assert.equal(heard[0]?.memory_bytes, 256 * 1024 * 1024)
  await waitFor(() => heard.some((each) => each.bitrate_out_kbps === 1000), { what: 'rates' })
  const rated = heard.find((each) => each.bitrate_out_kbps === 1000)!
  assert.deepEqual(
    [rated.frames, rated.frames_dropped, rated.fps_out, rated.congestion_ratio, rated.cpu_ratio],
    [30, 3, 29.97, 0.25, 0.125],
  )
  state.reconnecting = true
  await waitFor(() => heard.at(-1)?.status === 'reconnecting', { what: 'the reconnecting' })
  state.active = false
  await waitFor(() => heard.at(-1)?.event === 'end', { what: 'the end' })
  state.active = true
  await waitFor(() => heard.at(-1)?.status === 'reconnecting', { what: 'a new start' })
  drop()
  await waitFor(() => heard.some((each) => each.event === 'lost'), { what: 'the loss' })
  const publishes = () => heard.filter((each) => each.event === 'publish').length
  const before = publishes()
  await waitFor(() => publishes() > before, { what: 'the agent to come back' })
})

test('nginx-rtmp: the first of each field counts', async () => {
  const path = '/v1/ingest/nginx-rtmp'
  const body = (call: string, args = '') =>
    Buffer.from(
      `app=live&flashver=FMLE/3.0%20(compatible%3B%20Lavf59.27&swfurl=&tcurl=rtmp://ingest.example:1935/live&pageurl=&addr=127.0.0.1&clientid=1&call=${call}&name=show&type=live${args}`,
    )
  const answer = await callRoute({}, path, {
    body: body('publish', '&show=gala&name=evil&call=publish_done&app=other'),
  })
  assert.deepEqual(checked(answer.events), [
    {
      show: 'gala',
      stream: 'show',
      source: 'nginx-rtmp',
      kind: 'hop',
      hop: 'ingest',
      node: 'ingest.example',
      event: 'publish',
      status: 'up',
    },
  ])
  assert.equal((await callRoute({}, path, { body: body('play') })).events, undefined)
})

test('ffmpeg: N/A is missing and not zero, and out_time_ms is not read', async () => {
  const report = `frame=10\nfps=0.00\nbitrate=N/A\ntotal_size=N/A\nout_time_us=N/A\nout_time_ms=N/A\nspeed=N/A\nprogress=continue
frame=35\nfps=25.0\nbitrate=1139.1kbits/s\ntotal_size=2048\nout_time_us=1400000\nout_time_ms=1400000\ndup_frames=1\ndrop_frames=2\nspeed=0.915x\nprogress=end`
  const answer = await callRoute({}, '/v1/ingest/ffmpeg', {
    query: { key: 'demo', stream: 'show', node: 'enc' },
    body: Buffer.from(report),
  })
  assert.deepEqual(
    checked(answer.events).map(({ stream: _, source: __, kind: ___, ...fields }) => fields),
    [
      { hop: 'encoder', node: 'enc', interval_ms: 0, status: 'up', event: 'publish' },
      { hop: 'encoder', node: 'enc', interval_ms: 0, status: 'down', event: 'end', frames: 25 },
    ],
  )
  assert.equal((await callRoute({}, '/v1/ingest/ffmpeg', { body: Buffer.from(report) })).status, 400)
})

test('a wrong source in the configuration is named', () => {
  const error = (each: object) => {
    const read = readSources([each])
    return read.ok ? undefined : read.error
  }
  assert.match(error({ type: 'nginx-rtmp' })!, /sources\[0\]\.url: is missing/)
  assert.match(error({ type: 'rtsp' })!, /sources\[0\]\.type is "rtsp"/)
  assert.match(
    error({ type: 'srs', url: 'http://x', password: 'x' })!,
    /sources\[0\]\.password: no such setting/,
  )
  assert.equal(error({ type: 'ffmpeg', port: 8090 }), undefined)
})
