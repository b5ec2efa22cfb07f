import assert from 'node:assert/strict'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { check, NotCheckable, protocolOf } from '../../probe/check.ts'
import { EXIT, runCheck } from '../../probe/command.ts'
import { testCertificate } from '../../probe/testing/certificate.ts'
import { startLowLatency } from '../../probe/testing/lowLatency.ts'
import { timeSwitch } from '../../probe/timeSwitch.ts'
import {
  published,
  startEncoder,
  startHlsEncoder,
  startHttpFlv,
  startMediaServer,
  waitFor,
} from '../stream/index.ts'

const clock = () => performance.timeOrigin + performance.now()
const DAY_MS = 86_400_000
const undo: (() => Promise<unknown>)[] = []
after(async () => {
  for (const step of undo.reverse()) await step()
})
function later<T extends { stop: () => Promise<unknown> }>(thing: T): T {
  undo.push(thing.stop)
  return thing
}
const phasesOf = (result: Awaited<ReturnType<typeof check>>) => result.seen.phases.map((span) => span.phase)

test('RTMP from a real nginx-rtmp: C0–C2, connect, play, first key frame; then faults of its own', async () => {
  const server = later(await startMediaServer())
  const encoder = later(startEncoder({ rtmpUrl: server.rtmpUrl, stream: 'show' }))
  await published(server, 'show')
  const result = await check(`${server.rtmpUrl}/show`, { clock, duration_ms: 3_000 })
  assert.deepEqual(result.findings, [])
  assert.deepEqual(phasesOf(result), ['tcp_ms', 'handshake_ms', 'first_byte_ms', 'first_key_frame_ms'])
  const { measures } = result
  assert.match(measures.videoCodec ?? '', /^avc1\./)
  assert.equal(measures.audioCodec, 'mp4a.40.2')
  assert.equal(`${measures.width}×${measures.height}`, '320×180')
  assert.ok(Math.abs((measures.keyFrameInterval_ms ?? 0) - 1_000) < 50)
  assert.ok(Math.abs((measures.fps ?? 0) - 25) < 1)
  assert.ok(Math.abs(measures.avOffset_ms ?? 1_000) < 100)

  const waiting = await check(`${server.rtmpUrl}/nobody`, { clock, timeout_ms: 1_500 })
  assert.equal(waiting.reason, 'no_media')
  assert.equal(waiting.stage, 'first_byte')

  const cut = check(`${server.rtmpUrl}/show`, { clock, duration_ms: 60_000 })
  const sent = async () => Number(/<bytes_out>(\d+)/.exec(await (await fetch(server.statUrl)).text())?.[1])
  const before = await sent()
  await waitFor(async () => (await sent()) > before + 60_000, { what: 'the probe to be playing' })
  await encoder.kill('SIGKILL')
  const { reason } = await cut
  assert.ok(['media_stopped', 'stream_ended', 'connection_cut'].includes(reason), reason)
})

test('a switch is timed: the encoder is killed, the standby publishes, the first key frame counts', async () => {
  const server = later(await startMediaServer())
  const primary = later(startEncoder({ rtmpUrl: server.rtmpUrl, stream: 'show' }))
  await published(server, 'show')
  const url = `${server.rtmpUrl}/show`
  const command = async () => {
    await primary.kill('SIGKILL')
    // The server refuses a second publisher while it has not yet seen the first one go.
    await waitFor(async () => !(await (await fetch(server.statUrl)).text()).includes('<publishing/>'), {
      what: 'the server to lose the primary',
    })
    later(startEncoder({ rtmpUrl: server.rtmpUrl, stream: 'show' }))
  }
  const result = await timeSwitch({ url, command, within_s: 20, clock })
  assert.equal(result?.outcome, 'switched', JSON.stringify(result))
  assert.ok(result.first_frame_ms! > 0 && result.first_frame_ms! < 20_000 && result.within)
  const nobody = { url: 'rtmp://127.0.0.1:1/live/show', within_s: 5, clock }
  assert.equal(await timeSwitch({ ...nobody, command: () => assert.fail('switched') }), undefined)
})

test('HTTP-FLV from a real server: headers, first tag, key frame; a missing stream is told', async () => {
  const server = later(await startHttpFlv())
  later(startEncoder({ rtmpUrl: server.rtmpUrl, stream: 'show' }))
  await waitFor(
    async () => {
      const first = await check(server.flvUrl('show'), { clock, duration_ms: 200, timeout_ms: 1_000 })
      return first.measures.startup_ms !== undefined
    },
    { what: 'the stream', detail: server.log },
  )
  const result = await check(server.flvUrl('show'), { clock, duration_ms: 3_000 })
  assert.deepEqual(result.findings, [])
  assert.deepEqual(phasesOf(result), ['tcp_ms', 'manifest_ms', 'first_byte_ms', 'first_key_frame_ms'])
  assert.equal(`${result.measures.width}×${result.measures.height}`, '320×180')
  const missing = await check(server.flvUrl('nobody'), { clock, duration_ms: 1_000, timeout_ms: 1_500 })
  assert.notEqual(missing.verdict, 'healthy')
  assert.ok(['manifest', 'first_byte'].includes(missing.stage), missing.reason)
})

test('DASH and HLS over MPEG-TS are healthy, measured alike', async () => {
  const server = later(await startMediaServer())
  later(await startHlsEncoder({ dir: join(server.mediaDir, 'dash'), dash: {} }))
  later(await startHlsEncoder({ dir: join(server.mediaDir, 'ts'), hls: { segments: 'mpegts' } }))
  const urls = [`${server.mediaUrl}/dash/manifest.mpd`, `${server.mediaUrl}/ts/master.m3u8`]
  for (const url of urls) {
    await waitFor(
      async () => {
        const result = await check(url, { clock, duration_ms: 100 })
        return result.seen.failure === undefined && (result.measures.liveLatency_ms ?? 0) > 2_000
      },
      { what: url, every_ms: 500 },
    )
  }
  const results = await Promise.all(urls.map((url) => check(url, { clock })))
  for (const result of results) {
    assert.deepEqual(result.findings, [], result.seen.url)
    assert.match(result.measures.videoCodec ?? '', /^avc1\./)
    assert.ok(Math.abs((result.measures.segmentDuration_ms ?? 0) - 1_000) < 100)
    assert.ok(Math.abs((result.measures.fps ?? 0) - 25) < 1)
  }
})

test('low-latency HLS is followed part by part, and a frozen one is stale', async () => {
  const origin = later(await startLowLatency(clock))
  await waitFor(async () => (await (await fetch(origin.url)).text()).split('#EXTINF').length > 4, {
    what: 'low-latency segments',
    detail: origin.log,
  })
  const result = await check(origin.url, { clock })
  assert.deepEqual(result.findings, [])
  assert.equal(result.seen.protocol, 'll-hls')
  assert.ok(result.seen.pieces.filter((piece) => piece.part !== undefined).length > 10, 'parts were fetched')
  assert.ok((result.measures.liveLatency_ms ?? 9_999) < 2_500, `latency ${result.measures.liveLatency_ms}`)
  origin.freeze()
  const frozen = await check(origin.url, { clock, duration_ms: 4_500 })
  assert.equal(frozen.reason, 'playlist_stale', JSON.stringify(frozen.findings))
})

test('what hinders a connection is named by its stage', async () => {
  const silent = createTcpServer((socket) => socket.on('error', () => {}).resume())
  const closing = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.destroy())
  })
  const wrong = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n')
  })
  const now = clock()
  const good = testCertificate(now - DAY_MS, now + 60 * DAY_MS)
  const early = testCertificate(now + DAY_MS, now + 60 * DAY_MS)
  const secureOf = (certificate: typeof good) =>
    createSecureServer(certificate, (_, response) => void response.writeHead(404).end())
  const trusted = secureOf(good)
  const future = secureOf(early)
  const port = async (server: typeof silent): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    undo.push(() => new Promise((resolve) => server.close(resolve)))
    return (server.address() as { port: number }).port
  }
  const [mute, shut, http, tls, soon] = await Promise.all([silent, closing, wrong, trusted, future].map(port))
  const free = await port(createTcpServer())
  await undo.pop()?.()
  const cases: [url: string, reason: string, ca?: string][] = [
    [`http://127.0.0.1:${free}/a.m3u8`, 'connection_refused'],
    [`rtmp://127.0.0.1:${free}/live/a`, 'connection_refused'],
    ['rtmp://live.firstframe.invalid/live/a', 'dns_name_not_found'],
    [`http://127.0.0.1:${mute}/a.m3u8`, 'manifest_timed_out'],
    [`rtmp://127.0.0.1:${mute}/live/a`, 'rtmp_handshake_failed'],
    [`rtmp://127.0.0.1:${shut}/live/a`, 'rtmp_handshake_failed'],
    [`rtmp://127.0.0.1:${http}/live/a`, 'rtmp_handshake_failed'],
    [`https://127.0.0.1:${mute}/a.m3u8`, 'tls_failed'],
    [`https://127.0.0.1:${tls}/a.m3u8`, 'certificate_untrusted'],
    [`https://127.0.0.1:${tls}/a.m3u8`, 'manifest_not_found', good.cert],
    [`https://localhost:${tls}/a.flv`, 'manifest_not_found', good.cert],
    [`https://127.0.0.1:${soon}/a.m3u8`, 'certificate_not_yet_valid', early.cert],
  ]
  await Promise.all(
    cases.map(async ([url, reason, ca]) => {
      // Only what never answers is given little time; the others answer, however busy the machine is.
      const timeout_ms = url.includes(`:${mute}/`) ? 700 : 20_000
      const result = await check(url, { clock, timeout_ms, ca })
      assert.equal(result.reason, reason, `${url}: ${JSON.stringify(result.findings)}`)
      assert.equal(result.verdict, 'failed')
    }),
  )
  trusted.closeAllConnections()
  future.closeAllConnections()
})

test('the command prints a waterfall or JSON and exits 0, 1 or 2', async () => {
  const server = later(await startMediaServer())
  later(await startHlsEncoder({ dir: join(server.mediaDir, 's') }))
  const url = `${server.mediaUrl}/s/master.m3u8`
  await waitFor(
    async () => (await (await fetch(`${server.mediaUrl}/s/0/index.m3u8`)).text()).split('#EXTINF').length > 4,
    {
      what: 'segments',
    },
  )
  const run = async (options: Parameters<typeof runCheck>[0]) => {
    let out = ''
    let problems = ''
    const code = await runCheck(options, {
      clock,
      colour: false,
      write: (text) => {
        out += text
      },
      writeError: (text) => {
        problems += text
      },
    })
    return { code, out, problems }
  }
  const healthy = await run({ url, duration: 2 })
  assert.equal(healthy.code, EXIT.healthy, healthy.out)
  for (const word of [
    'TCP',
    'manifest',
    'first byte',
    'key frame',
    '█',
    'bitrate',
    'live latency',
    'healthy',
  ]) {
    assert.ok(healthy.out.includes(word), `${word} is missing:\n${healthy.out}`)
  }
  const json = await run({ url, duration: 2, json: true, declared: 3_000 })
  assert.equal(json.code, EXIT.unhealthy)
  const reported = JSON.parse(json.out) as {
    verdict: string
    reason: string
    measures: { declared_kbps: number }
  }
  assert.equal(reported.reason, 'bitrate_below_declared')
  assert.equal(reported.measures.declared_kbps, 3_000)
  const missing = await run({ url: `${server.mediaUrl}/none/master.m3u8` })
  assert.equal(missing.code, EXIT.unhealthy)
  assert.ok(missing.out.includes('failed at manifest: manifest_not_found'))
  assert.equal((await run({ url: 'ftp://example/a' })).code, EXIT.notChecked)
  assert.match((await run({ url: 'nonsense' })).problems, /not an address/)
  assert.equal((await run({ url, browser: true, chromium: '/nowhere/chromium' })).code, EXIT.notChecked)
})

test('protocols are told from addresses', () => {
  assert.equal(protocolOf('https://x/a.m3u8?token=1'), 'hls')
  assert.equal(protocolOf('https://x/a.mpd'), 'dash')
  assert.equal(protocolOf('https://x/live/a.flv?x=.m3u8'), 'http-flv')
  assert.equal(protocolOf('rtmps://x/live/a'), 'rtmp')
  assert.throws(() => protocolOf('srt://x'), NotCheckable)
})
