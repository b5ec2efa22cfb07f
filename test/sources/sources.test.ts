import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { parse, stringify } from 'yaml'
import { sampleLines } from '../../collector/edge/testing/sampleLines.ts'
import { answering, mediamtxPage, srsStream, startObsStandIn } from '../../ingest/testing/standIns.ts'
import { startFirstframe } from '../pipeline/firstframe.ts'
import { postPatiently } from '../pipeline/postPatiently.ts'
import { freePort } from '../stream/freePort.ts'
import { endWith, startEncoder, startMediaServer, waitFor } from '../stream/index.ts'
import { configOf, readSourcePage } from './page.ts'

const run = promisify(execFile)
const shell = (script: string, cwd: string, environment: Record<string, string> = {}) =>
  run('sh', ['-ec', script], { cwd, env: { ...process.env, ...environment } })

/** Every block of docs/sources.md is copied as it stands, but for addresses, and what it turns on is waited for in SQL. */
test('each source of docs/sources.md comes into SQL by the lines that its section gives', {
  timeout: 120_000,
}, async (t) => {
  const own = endWith(t)
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-sources-'))
  own(() => rm(folder, { recursive: true, force: true }))
  const sections = readSourcePage()
  const block = (title: string, kind: string): string => {
    const found = sections.find((section) => section.title === title)?.blocks.get(kind)
    assert.ok(found, `docs/sources.md has no block ${kind} under ${title}`)
    return found
  }

  // Servers that behave like those that are not on this machine; what they count moves with each question.
  let requested = 0
  const srs = await answering('/api/v1/streams', own)
  srs.state.body = () => {
    requested += 1
    const streams = [srsStream(requested * 50_000, requested * 25)]
    return JSON.stringify({ code: 0, server: 'vid-0xk989d', streams })
  }
  const mediamtx = await answering('/metrics', own)
  mediamtx.state.body = () => mediamtxPage(++requested * 50_000, requested)
  const exporter = await answering('/metrics', own)
  const exported = await readFile(
    new URL('../../ingest/fixtures/node-exporter-1.txt', import.meta.url),
    'utf8',
  )
  exporter.state.body = () =>
    exported.replace(/(receive_bytes_total\{device="eth0"\}) .*/, `$1 ${++requested * 50_000}`)
  const obs = await startObsStandIn(own)
  const [httpPort, rtmpPort, progressPort] = [await freePort(), await freePort(), await freePort()]
  const recordings = join(folder, 'recordings')
  await mkdir(recordings)
  await chmod(recordings, 0o777)
  const config = configOf(sections, (text) =>
    text
      .replace('http://127.0.0.1:80/stat', `http://127.0.0.1:${httpPort}/stat`)
      .replace('127.0.0.1:1935', `127.0.0.1:${rtmpPort}`)
      .replace('8090', String(progressPort))
      .replace('http://127.0.0.1:1985/api/v1/streams', srs.url)
      .replace('http://127.0.0.1:9998/metrics', mediamtx.url)
      .replace('http://127.0.0.1:9100/metrics', exporter.url)
      .replace('ws://127.0.0.1:4455', obs.url)
      .replace('STREAM', 'obs-stream')
      .replace('/var/recordings', recordings)
      .replace('http://origin.example', `http://127.0.0.1:${httpPort}/media`),
  )
  const file = join(folder, 'firstframe.yaml')
  await writeFile(file, stringify(config))
  const firstframe = await startFirstframe({ args: ['--config', file] })
  own(() => firstframe.dispose())
  const here = (text: string) =>
    text
      .replaceAll('COLLECTOR:8080', new URL(firstframe.url).host)
      .replaceAll('SERVER_KEY', firstframe.serverKey())
      .replaceAll('8090', String(progressPort))

  const server = await startMediaServer({
    dir: folder,
    httpPort,
    rtmpPort,
    rtmpLines:
      here(block('nginx-rtmp, hooks', 'nginx rtmp')) +
      here(block('Recordings', 'nginx rtmp')).replace('/var/recordings', recordings),
    httpLines: block('nginx as an edge', 'nginx http'),
  })
  own(() => server.stop())
  const [, period, url] = /^-stats_period (\d+) -progress "([^"]+)"$/m.exec(
    here(block('ffmpeg', 'sh ffmpeg')).replace('STREAM', 'ffmpeg-stream'),
  )!
  const encoder = startEncoder({
    rtmpUrl: server.rtmpUrl,
    stream: 'rtmp-stream',
    progressUrl: url!,
    progress_s: Number(period),
  })
  own(() => encoder.stop())

  // What CDNs and hooks send by themselves is sent here as they do.
  const now = Math.floor(Date.now() / 1000) * 1000
  const lines = sampleLines(now)
  await writeFile(join(folder, 'lines'), lines.cloudfront[0])
  await shell(here(block('CloudFront, real-time logs', 'sh edge')), folder)
  await shell(here(block('Levels: prize pools, gateways, message channels', 'sh level')), folder)
  await shell(here(block('The ledger: rewards, orders and sales', 'sh ledger')), folder)
  await shell(here(block('The host’s phone', 'sh phone')), folder)
  await shell(here(block('On-site screens', 'sh screen')), folder)
  await shell(here(block('Changes: releases, configurations, templates', 'sh change')), folder)
  const action = here(block('Changes: releases, configurations, templates', 'yaml github'))
  const [step] = parse(action) as [{ run: string }]
  const values: Record<string, string> = { 'github.ref_name': 'v7.1', 'github.actor': 'ci' }
  const script = step.run.replace(/\$\{\{ (\S+) \}\}/g, (_, name: string) => values[name] ?? 'web-player')
  await shell(script, folder, { KEY: firstframe.serverKey() })
  for (const { name, format, secret } of config.edge as { name: string; format: string; secret: string }[]) {
    if (!['fastly', 'akamai', 'alibaba', 'cloudflare', 'gcp'].includes(format)) continue
    const answer = await postPatiently(`${firstframe.url}/v1/edge?source=${name}`, {
      headers: { authorization: `Bearer ${secret}` },
      body: lines[format as 'fastly'][0],
    })
    assert.ok(answer.ok, `${name}: ${answer.status} ${await answer.text()}`)
  }
  const ladder = join(server.mediaDir, 'live/main')
  await mkdir(ladder, { recursive: true })
  const variant = (height: number) =>
    `#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x${height}\n${height}.m3u8\n`
  await writeFile(join(ladder, 'master.m3u8'), `#EXTM3U\n${variant(720)}${variant(360)}`)
  await writeFile(join(ladder, '720.m3u8'), '#EXTM3U\n#EXT-X-TARGETDURATION:60\n')
  await fetch(`${server.mediaUrl}/live/main/seg-1.ts`)
  const edgeLog = join(folder, 'access-firstframe.log')
  await waitFor(async () => (await readFile(edgeLog, 'utf8')).includes('seg-1'), { what: 'nginx’s log' })
  const own_edge = here(block('nginx as an edge', 'sh edge')).replace(
    'nginx -s reopen',
    `kill -USR1 ${server.pid}`,
  )
  await shell(own_edge, folder)
  for (const [, command] of block('MediaMTX, hooks', 'yaml mediamtx').matchAll(/^runOnReady: (.+)$/gm))
    await shell(here(command!), folder, { MTX_PATH: 'mtx-hook' })
  const srsHook = /on_publish (\S+);/.exec(here(block('SRS, hooks', 'srs')))![1]!
  const hooked = await postPatiently(srsHook, {
    body: JSON.stringify({ action: 'on_publish', app: 'live', stream: 'srs-hook', server_id: 'vid-1' }),
  })
  assert.equal(await hooked.text(), '0')
  const otlp = Object.fromEntries(
    here(block('OpenTelemetry', 'sh otlp'))
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  const [otlpHeader = '', otlpKey = ''] = otlp.OTEL_EXPORTER_OTLP_HEADERS!.split('=')
  const span = {
    kind: 2,
    name: 'GET /likes',
    startTimeUnixNano: `${now}000000`,
    endTimeUnixNano: `${now + 20}000000`,
    attributes: [{ key: 'http.route', value: { stringValue: '/likes' } }],
  }
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'room-api' } }] }
  const traced = await fetch(`${otlp.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [otlpHeader]: otlpKey },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
  })
  assert.equal(traced.status, 200, await traced.text())
  const livekit = config.livekit as Record<string, { secret: string }>
  const room = JSON.stringify({
    event: 'participant_joined',
    id: 'EV_1',
    created_at: String(now / 1000),
    room: { sid: 'RM_1', name: 'cohost-stream' },
    participant: { sid: 'PA_1', identity: 'guest' },
  })
  const webhook = await postPatiently(`${firstframe.url}/v1/ingest/livekit`, {
    headers: { authorization: livekitToken(room, 'APIkey', livekit.APIkey!.secret, now) },
    body: room,
  })
  assert.ok(webhook.ok, `LiveKit: ${webhook.status} ${await webhook.text()}`)
  const cmcd = here(block('CMCD of any player', 'url')).trim()
  const report = `e=ps,sta=p,ts=${now},sid="cmcd-session",cid="cmcd-stream",v=2,bl=(2000)`
  assert.equal((await postPatiently(cmcd, { body: report })).status, 204)

  const hop = (where: string) => `SELECT count() > 0 FROM hop WHERE ${where}`
  /** What each section's source looks like when it has come. */
  const proofs: Record<string, string> = {
    'CMCD of any player': `SELECT count() > 0 FROM heartbeat WHERE source = 'cmcd' AND stream = 'cmcd-stream' AND show = 'gala'`,
    'nginx-rtmp, hooks': hop(`node = 'ingest-1' AND event = 'publish' AND show = 'gala'`),
    'nginx-rtmp, counters': `SELECT countIf(fps_in > 0) > 0 AND countIf(bitrate_in_kbps > 0) > 0 AND (SELECT count() FROM hop WHERE hop = 'push' AND node = 'live.example:1935/app' AND status = 'down') > 0 FROM hop WHERE node = 'ingest-2'`,
    ffmpeg: hop(`source = 'ffmpeg' AND stream = 'ffmpeg-stream' AND node = 'encoder-1' AND fps_out > 0`),
    Recordings: `SELECT countIf(source = 'recordings' AND bitrate_out_kbps > 0) > 0 AND countIf(source = 'nginx-rtmp' AND event = 'record') > 0 FROM hop WHERE hop = 'record' AND node = 'recorder-1' AND show = 'gala'`,
    'The ladder: promised against delivered': hop(
      `hop = 'ladder' AND node = 'origin-1' AND renditions_promised = 2 AND renditions_delivered = 1 AND reason = 'missing 360'`,
    ),
    'SRS, hooks': hop(`source = 'srs' AND stream = 'srs-hook' AND status = 'up'`),
    'SRS, counters': hop(`source = 'srs' AND node = 'srs-1' AND bitrate_in_kbps > 0`),
    'MediaMTX, hooks': hop(`source = 'mediamtx' AND stream = 'mtx-hook' AND status = 'up'`),
    'MediaMTX, counters': hop(`source = 'mediamtx' AND node = 'mtx-1' AND bitrate_in_kbps > 0`),
    'Prometheus exporters': hop(`source = 'prometheus' AND node = 'edge-9' AND bitrate_in_kbps > 0`),
    'OBS Studio': hop(`source = 'obs' AND stream = 'obs-stream' AND bitrate_out_kbps > 0 AND render_ms = 3`),
    'The host’s phone': hop(`node = 'host-phone' AND encoder = 'hardware' AND render_ms = 9.5`),
    OpenTelemetry: hop(
      `source = 'otlp' AND node = 'room-api /likes' AND hop = 'interaction' AND ttfb_ms = 20`,
    ),
    LiveKit: `SELECT count() > 0 FROM cohost WHERE stream = 'cohost-stream' AND event = 'joined'`,
    'Levels: prize pools, gateways, message channels': `SELECT count() > 0 FROM resource WHERE node = 'pool-1' AND level = 940000`,
    'The ledger: rewards, orders and sales': `SELECT sum(count) = 1004 FROM ledger WHERE round = 'r7'`,
    'On-site screens': hop(`hop = 'screen' AND node = 'hall-2-left' AND rtt_ms = 180`),
    'Changes: releases, configurations, templates': `SELECT countIf(show = 'gala' AND version = 'gop-2s') > 0 AND countIf(show = '' AND changed = 'player' AND version = 'v7.1') > 0 FROM change`,
    'CloudFront, real-time logs': hop(`cdn = 'cloudfront-main' AND requests > 0`),
    Fastly: hop(`cdn = 'fastly-main' AND requests > 0`),
    'Akamai DataStream 2': hop(`cdn = 'akamai-main' AND requests > 0`),
    'Cloudflare Logpush': hop(`cdn = 'cloudflare-main' AND requests > 0`),
    'Google Cloud CDN': hop(`cdn = 'google-main' AND requests > 0`),
    'Alibaba Cloud CDN': hop(`cdn = 'alibaba-main' AND requests > 0`),
    'nginx as an edge': hop(`cdn = 'own-edge' AND requests > 0`),
  }
  assert.deepEqual(
    Object.keys(proofs),
    sections.map(({ title }) => title),
  )
  const left = new Set(Object.keys(proofs))
  await waitFor(
    async () => {
      for (const title of left) {
        const answer = await fetch(`${firstframe.consoleUrl}/clickhouse/`, {
          method: 'POST',
          body: proofs[title]!,
        })
        const text = await answer.text()
        assert.equal(answer.status, 200, `${title}: ${text}`)
        if (text.trim() === '1') left.delete(title)
      }
      return left.size === 0
    },
    { what: 'all sources', detail: () => [...left].join(', ') },
  )
})

/** The token LiveKit signs its webhooks with: HS256, and the body's digest as a claim. */
function livekitToken(body: string, issuer: string, secret: string, now_ms: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const sha256 = createHash('sha256').update(body).digest('base64')
  const claims = { iss: issuer, nbf: now_ms / 1000 - 1, exp: now_ms / 1000 + 300, sha256 }
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}
