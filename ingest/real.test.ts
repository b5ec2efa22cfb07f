import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { BeaconEvent } from '../schemas/beacon.ts'
import { validatorOf } from '../schemas/derive/validate.ts'
import type { EventGroup } from '../schemas/eventRoute.ts'
import { endWith, freePort, startEncoder, startMediaServer, waitFor } from '../test/stream/index.ts'
import { fileBytes } from './recording.ts'
import { ingestRoutes } from './routes.ts'
import { serveRoutes } from './serveRoutes.ts'
import { readSources, startSources } from './sources.ts'
import { streamKey } from './streamKey.ts'

type Hop = BeaconEvent<'hop'>

/** Collects what sources say, and holds every event to the catalogue. */
function listener() {
  const heard: (Hop & { stream?: string; source?: string; at: number })[] = []
  const send = (groups: readonly EventGroup[]) => {
    for (const { tenant, source, context, events } of groups) {
      assert.equal(tenant, 'demo')
      for (const event of events) {
        const { kind, ...fields } = event as Hop
        const wrong = validatorOf(kind)(fields)
        assert.equal(wrong, undefined, JSON.stringify({ wrong, event }))
        heard.push({ ...(event as Hop), ...context, ...(source ? { source } : {}), at: performance.now() })
      }
    }
  }
  return {
    heard,
    send,
    of: (hop: string, source: string) => heard.filter((e) => e.hop === hop && e.source === source),
  }
}

const near = (value: number | undefined, expected: number, part: number, what: string) =>
  assert.ok(
    value !== undefined && Math.abs(value - expected) <= expected * part,
    `${what} is ${value}, expected ${expected} ± ${part * 100} %`,
  )
const mean = (values: readonly (number | undefined)[]) => {
  const known = values.filter((value) => value !== undefined)
  return known.reduce((sum, value) => sum + value, 0) / known.length
}

test('ffmpeg and nginx-rtmp: signed publishing, true rates, and a killed encoder is told within a second', async (t) => {
  const own = endWith(t)
  const facts: { type: string }[] = []
  const emit = (fact: { type: string }) => facts.push(fact)
  const clock = () => Date.now()
  const { heard, send, of } = listener()
  const routes = ingestRoutes({
    tenantOf: (key) => (key === 'demo' ? 'demo' : undefined),
    publishSecrets: () => ['new secret', 'secret'],
    emit,
    clock,
  })
  const hooks = own(await serveRoutes({ routes, send, emit, port: 0 }))
  const hook = `${hooks.url}/v1/ingest/nginx-rtmp?key=demo&node=ingest-1`
  const server = own(await startMediaServer({ on_publish: hook, on_update: hook, on_publish_done: hook }))
  const progressPort = await freePort()
  const read = readSources([
    { type: 'nginx-rtmp', url: server.statUrl, node: 'ingest-1', show: 'gala', tap: server.rtmpUrl },
    { type: 'ffmpeg', port: progressPort },
  ])
  assert.ok(read.ok)
  own(await startSources({ sources: read.sources, tenant: 'demo', send, emit, clock }))

  const unsigned = own(startEncoder({ rtmpUrl: server.rtmpUrl, stream: 'show?name=other' }))
  const stale = streamKey({ secret: 'secret', app: 'live', stream: 'show', expires_ms: clock() - 5_000 })
  const late = own(startEncoder({ rtmpUrl: server.rtmpUrl, stream: stale }))
  const moved = streamKey({ secret: 'secret', app: 'live', stream: 'other', expires_ms: clock() + 60_000 })
  const forged = own(
    startEncoder({ rtmpUrl: server.rtmpUrl, stream: moved.replace('other?', 'show?name=other&') }),
  )
  await Promise.all([unsigned.exited, late.exited, forged.exited])
  assert.deepEqual(
    heard.map(({ hop, event, reason, stream }) => `${hop} ${event} ${reason} ${stream}`).sort(),
    [
      'publish refused bad_signature ~other',
      'publish refused expired show',
      'publish refused unsigned ~other',
    ],
    'a refused publisher leaves why, under a name that it did not choose',
  )
  heard.length = 0
  const codes = facts.flatMap((fact) => ('code' in fact ? [fact.code] : [])).sort()
  assert.deepEqual(codes, ['bad_signature', 'expired', 'unsigned'])

  const key = streamKey({ secret: 'secret', app: 'live', stream: 'show', expires_ms: clock() + 60_000 })
  const encoder = own(
    startEncoder({
      rtmpUrl: server.rtmpUrl,
      stream: `${key}&show=gala`,
      fps: 20,
      gop: 30,
      bitrate: 300,
      progressUrl: `http://127.0.0.1:${progressPort}/show?node=encoder-1&show=gala`,
    }),
  )
  const measured = (event: Hop) => event.key_frame_interval_ms !== undefined
  await waitFor(
    () => of('ingest', 'nginx-rtmp').filter(measured).length >= 2 && of('encoder', 'ffmpeg').length >= 6,
    { what: 'readings', detail: () => JSON.stringify({ heard, facts, log: encoder.log() }, null, 1) },
  )
  const ingest = of('ingest', 'nginx-rtmp')
  const encoding = of('encoder', 'ffmpeg')
  assert.ok(heard.every((event) => event.stream === 'show'))
  assert.ok(ingest.some((event) => event.event === 'publish' && event.status === 'up'))
  assert.ok(ingest.some((event) => event.event === 'update'))
  near(mean(ingest.map((event) => event.key_frame_interval_ms)), 1500, 0.02, 'key-frame interval')
  near(mean(ingest.map((event) => event.fps_in)), 20, 0.1, 'fps in')
  near(mean(encoding.map((event) => event.fps_out)), 20, 0.1, 'fps out')
  near(mean(encoding.map((event) => event.speed_ratio)), 1, 0.1, 'speed')
  const bitrate_in = mean(ingest.map((event) => event.bitrate_in_kbps))
  near(bitrate_in, mean(encoding.map((event) => event.bitrate_out_kbps)), 0.25, 'bitrate in against out')
  assert.ok(ingest.some((event) => event.width === 320 && event.height === 180))

  await encoder.kill('SIGKILL')
  // From the moment it is gone: how long the system takes to end a process is not ours.
  const killed = performance.now()
  const down = (hop: string, event: string) =>
    heard.find((e) => e.hop === hop && e.event === event && e.status === 'down')
  await waitFor(() => down('encoder', 'lost') && down('ingest', 'unpublish'), {
    what: 'the loss to be told',
    detail: () => JSON.stringify(heard.slice(-5)),
  })
  assert.ok(down('encoder', 'lost')!.at - killed < 1_000)
  assert.ok(down('ingest', 'unpublish')!.at - killed < 1_000)
  t.diagnostic(
    `bitrate in ${bitrate_in.toFixed(0)} kbps; a killed encoder was told after ${(down('encoder', 'lost')!.at - killed).toFixed(0)} ms, ` +
      `by its media server after ${(down('ingest', 'unpublish')!.at - killed).toFixed(0)} ms`,
  )
})

test('an encoder that ends in good order says so', async (t) => {
  const own = endWith(t)
  const { heard, send } = listener()
  const emit = () => undefined
  const port = await freePort()
  own(
    await startSources({ sources: [{ type: 'ffmpeg', port }], tenant: 'demo', send, emit, clock: Date.now }),
  )
  const server = own(await startMediaServer())
  const encoder = own(
    startEncoder({
      rtmpUrl: server.rtmpUrl,
      stream: 'show',
      progressUrl: `http://127.0.0.1:${port}/show`,
      progress_s: 0.5,
    }),
  )
  await waitFor(() => heard.length >= 2, { what: 'readings', detail: encoder.log })
  await encoder.stop()
  await waitFor(() => heard.some((event) => event.event === 'end' && event.status === 'down'), {
    what: 'the end',
  })
  assert.ok(!heard.some((event) => event.event === 'lost'))
})

test('nginx-rtmp: recordings and pushes are rows beside the link; a file that is gone is a recording lost', async (t) => {
  const own = endWith(t)
  const { heard, send } = listener()
  const emit = () => undefined
  const clock = () => Date.now()
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-recordings-'))
  own(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o777)
  const routes = ingestRoutes({ tenantOf: () => 'demo', fileBytes, emit, clock })
  const hooks = own(await serveRoutes({ routes, send, emit, port: 0 }))
  const other = own(await startMediaServer())
  const target = other.rtmpUrl.slice('rtmp://'.length)
  const progressPort = await freePort()
  const dead = `127.0.0.1:${await freePort()}/live`
  const server = own(
    await startMediaServer({
      rtmpLines: `
      push ${other.rtmpUrl};
      push rtmp://${dead};
      recorder all { record all; record_path ${folder}; record_unique on; record_interval 2s;
        on_record_done ${hooks.url}/v1/ingest/nginx-rtmp?node=recorder-1; }`,
    }),
  )
  const read = readSources([
    { type: 'nginx-rtmp', url: server.statUrl, node: 'ingest-1', pushes: [target, dead], interval_ms: 500 },
    { type: 'recordings', folder, node: 'recorder-1', interval_ms: 500 },
    { type: 'ffmpeg', port: progressPort },
  ])
  assert.ok(read.ok)
  own(await startSources({ sources: read.sources, tenant: 'demo', send, emit, clock }))
  own(startEncoder({ rtmpUrl: server.rtmpUrl, stream: 'show', fps: 20, gop: 10, bitrate: 300 }))
  own(
    startEncoder({
      rtmpUrl: other.rtmpUrl,
      stream: 'copy',
      progressUrl: `http://127.0.0.1:${progressPort}/show?node=partner&hop=push`,
      progress_s: 0.5,
    }),
  )
  const of = (hop: string) => heard.filter((event) => event.hop === hop)
  const written = () =>
    of('record').filter(({ source, status }) => source === 'recordings' && status === 'up')
  await waitFor(
    () =>
      of('push').some(
        ({ node, status, lag_ms }) => node === target && status === 'up' && lag_ms !== undefined,
      ) &&
      of('record').some(({ event, bytes_out = 0 }) => event === 'record' && bytes_out > 10_000) &&
      of('push').some(
        ({ node, bitrate_out_kbps = 0, lag_ms }) =>
          node === 'partner' && bitrate_out_kbps > 0 && lag_ms !== undefined,
      ) &&
      written().length >= 3,
    { what: 'the recording and the push', detail: () => JSON.stringify(heard.slice(-8)) },
  )
  assert.ok(of('push').some(({ node, status }) => node === dead && status === 'down'))
  assert.ok(of('push').every(({ lag_ms = 0 }) => lag_ms < 5_000))
  assert.ok(heard.every(({ stream }) => stream === 'show'))
  near(mean(written().map((event) => event.bitrate_out_kbps)), 350, 0.5, 'bitrate written')

  for (const name of await readdir(folder)) await rm(join(folder, name))
  await waitFor(() => of('record').some(({ event, reason }) => event === 'lost' && reason === 'missing'), {
    what: 'the loss of a recording',
    detail: () => JSON.stringify(of('record').slice(-5)),
  })
  await other.stop()
  const before = of('push').length
  await waitFor(
    () =>
      of('push')
        .slice(before)
        .some(({ node, status }) => node === target && status === 'down'),
    {
      what: 'the end of a push',
    },
  )
})
