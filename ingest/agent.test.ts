import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { Beacon } from '../schemas/beacon.ts'
import { endWith, freePort, startEncoder, startMediaServer, waitFor } from '../test/stream/index.ts'
import { startAgent } from './agent.ts'

test('an agent carries hooks and reports to a collector elsewhere, in order, also over its bad minute', async (t) => {
  const own = endWith(t)
  const beacons: Beacon[] = []
  let away = true
  let refused = ''
  const collector = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    if (away) {
      refused += body
      response.writeHead(503, { 'retry-after': '1' }).end()
      return
    }
    assert.equal(request.url, '/v1/beacons')
    beacons.push(JSON.parse(body))
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  own(() => {
    collector.closeAllConnections()
    return new Promise((resolve) => collector.close(resolve))
  })
  const port = await freePort()
  const agent = own(
    await startAgent({
      url: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      key: 'demo',
      sources: [{ type: 'ffmpeg', port }],
      hooks: { port: 0 },
      emit: () => undefined,
      clock: Date.now,
    }),
  )
  const hook = `${agent.hooksUrl}/v1/ingest/nginx-rtmp?node=ingest-1`
  const server = own(await startMediaServer({ on_publish: hook, on_publish_done: hook }))
  const progressUrl = `http://127.0.0.1:${port}/show?node=encoder-1`
  const encoder = own(startEncoder({ rtmpUrl: server.rtmpUrl, stream: 'show', progressUrl, progress_s: 0.5 }))
  await waitFor(() => refused.includes('"ffmpeg"') && refused.includes('"nginx-rtmp"'), {
    what: 'both to be tried',
    detail: encoder.log,
  })
  await encoder.kill('SIGKILL')
  away = false
  const stated = () =>
    beacons.flatMap(({ events, key }) =>
      events.map((each) => `${key} ${each.source} ${each.stream} ${'event' in each ? each.event : ''}`),
    )
  await waitFor(
    () =>
      stated().some((each) => each.includes('lost')) && stated().some((each) => each.includes('unpublish')),
    {
      what: 'the beacons',
      detail: () => stated().join('\n'),
    },
  )
  assert.ok(stated().includes('demo nginx-rtmp show publish'))
  assert.ok(stated().includes('demo ffmpeg show publish'))
  const times = beacons.flatMap(({ events }) => events.map((each) => each.time_ms ?? 0))
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
    'in the order they happened',
  )
})
