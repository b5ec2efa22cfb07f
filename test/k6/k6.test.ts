import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { validateContext, validateEvent } from '../../schemas/derive/validate.ts'
import { type Recorder, startRecorder } from '../players/recorder.ts'
import { buildFiles } from '../players/stage.ts'
import {
  launchBrowser,
  type MediaServer,
  openPage,
  playable,
  startHlsEncoder,
  startMediaServer,
  startShaper,
  waitFor,
} from '../stream/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const undo: (() => Promise<unknown>)[] = []
after(async () => {
  for (const step of undo.reverse()) await step()
})
function later<T extends { stop: () => Promise<unknown> }>(thing: T): T {
  undo.push(thing.stop)
  return thing
}

interface Ended {
  readonly code: number
  readonly out: string
}
const run = (command: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(
      command,
      [...args],
      { cwd: root, env: { ...process.env, ...env }, timeout: 120_000 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), out: stdout + stderr })
      },
    )
  })

let k6: string
let server: MediaServer
let out: string
before(async () => {
  const found = await run('sh', ['k6/ensure.sh', '--install'])
  assert.equal(found.code, 0, found.out)
  k6 = found.out.trim().split('\n').at(-1) ?? ''
  out = await mkdtemp(join(tmpdir(), 'firstframe-k6-'))
  undo.push(() => rm(out, { recursive: true, force: true }))
  server = later(await startMediaServer())
  later(await startHlsEncoder({ dir: join(server.mediaDir, 'live') }))
  later(
    await startHlsEncoder({
      dir: join(server.mediaDir, 'long'),
      gop: 50,
      hls: { segment_s: 2, listSize: 24 },
    }),
  )
  await playable(`${server.mediaUrl}/live/0/index.m3u8`, 4)
})

/** A stream of one-second segments lives about three seconds behind; everything else is judged by the catalogue. */
const OBJECTIVES = JSON.stringify({ live_latency: ['avg<=6000'] })
const READ_JUNIT = /failures="(\d+)"/

test('the CI steps pass for fifty viewers of a healthy stream, and fail with 99 when the line breaks', {
  timeout: 180_000,
}, async () => {
  const shaper = later(await startShaper({ target: server.httpUrl }))
  const env = {
    URL: `${shaper.url}/media/live/master.m3u8`,
    OUT: out,
    OBJECTIVES,
    K6: k6,
    SECONDS_EACH: '10',
    RAMP_SECONDS: '3',
  }
  const healthy = await run('sh', ['k6/ci/run.sh'], { ...env, VIEWERS: '50' })
  assert.equal(healthy.code, 0, healthy.out)
  const report = await readFile(join(out, 'viewer.junit.xml'), 'utf8')
  assert.equal(READ_JUNIT.exec(report)?.[1], '0', report)
  const data = JSON.parse(await readFile(join(out, 'viewer.json'), 'utf8')) as {
    metrics: Record<string, { values: Record<string, number> }>
  }
  assert.equal(data.metrics.iterations?.values.count, 50)
  assert.equal(data.metrics.video_start_failure?.values.rate, 0)
  assert.ok((data.metrics.bitrate?.values.avg ?? 0) > 300)
  assert.match(await readFile(join(out, 'viewer.html'), 'utf8'), /All objectives are met/)

  const undoFault = shaper.fault({ path: /\.m4s/, delay_ms: 2_500 })
  const broken = await run('sh', ['k6/ci/run.sh'], { ...env, VIEWERS: '10' })
  undoFault()
  assert.equal(broken.code, 99, broken.out)
  const failed = await readFile(join(out, 'viewer.junit.xml'), 'utf8')
  assert.notEqual(READ_JUNIT.exec(failed)?.[1], '0')
  assert.match(failed, /<failure message="video_startup_time: avg = [\d.]+, but should be avg&lt;=1000"/)
})

type Values = Record<string, { values: Record<string, number> }>
const valuesOf = async (script: string): Promise<Values> =>
  (JSON.parse(await readFile(join(out, `${script}.json`), 'utf8')) as { metrics: Values }).metrics

test('what cannot work ends red: no report folder, a misspelt objective, no stream, a wrong key', {
  timeout: 120_000,
}, async () => {
  const env = { URL: `${server.mediaUrl}/live/master.m3u8`, OUT: out, SECONDS: '4', RAMP_SECONDS: '0' }
  const mistakes: [Record<string, string>, RegExp][] = [
    [{ OUT: join(out, 'missing') }, /the folder .*missing does not exist; make it first: mkdir -p/],
    [
      { OBJECTIVES: '{"live_latncy":["avg<=1"]}' },
      /this script has no metric "live_latncy"\. It has: video_startup/,
    ],
    [{ OBJECTIVES: 'avg<=1' }, /OBJECTIVES is not JSON/],
    [{ VIEWERS: 'ten' }, /VIEWERS=ten is not a number/],
    [{ URL: '' }, /URL is missing: the address of a live HLS playlist/],
  ]
  for (const [change, expected] of mistakes) {
    const { code, out: text } = await run(k6, ['run', '--quiet', 'k6/viewer.ts'], { ...env, ...change })
    assert.notEqual(code, 0, text)
    assert.match(text.replaceAll('\\"', '"'), expected)
  }
  const gone = await run(k6, ['run', '--quiet', 'k6/viewer.ts'], {
    ...env,
    URL: `${server.mediaUrl}/nothing/master.m3u8`,
    START_TIMEOUT_SECONDS: '2',
  })
  assert.equal(gone.code, 99, gone.out)
  assert.match(gone.out, /✗ video_startup_time .*no value was measured/)

  const refusing = createServer((request, response) => {
    request.resume()
    request.on('end', () => response.writeHead(401).end('{"error":{"code":"unknown_key"}}'))
  })
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve))
  undo.push(async () => refusing.close())
  const refused = await run(k6, ['run', '--quiet', 'k6/viewer.ts'], {
    ...env,
    COLLECTOR: `http://127.0.0.1:${(refusing.address() as { port: number }).port}`,
    KEY: 'wrong',
    OBJECTIVES,
  })
  assert.equal(refused.code, 99, refused.out)
  assert.match(refused.out.replaceAll('\\"', '"'), /answered 401: .*unknown_key/)
})

test('without k6 the script says how to get it and exits 2', async () => {
  const { code, out: reported } = await run(
    'sh',
    ['-c', 'cp k6/ensure.sh "$0/e.sh" && PATH=/usr/bin:/bin sh "$0/e.sh"', out],
    { K6: '/nowhere' },
  )
  assert.equal(code, 2)
  assert.match(reported, /ensure\.sh --install/)
})

const PLAY = `window.start = (url, collector, stay_ms) => {
  const hls = new Hls({ lowLatencyMode: false })
  window.session = Firstframe.monitor(video, { url: collector, key: 'demo', show: 'a', stream: 's', player: hls })
  hls.loadSource(url)
  hls.attachMedia(video)
  video.play()
  setTimeout(() => session.end(), stay_ms)
}`
const sum = (values: readonly (number | undefined)[]) =>
  values.reduce<number>((all, each) => all + (each ?? 0), 0)

/** What a session reported: its first screen, and how it spent its time. */
function toldBy(recorder: Recorder, session: string) {
  const beats = recorder.events('heartbeat', session)
  return {
    startup_ms: recorder.events('startup', session)[0]?.video_startup_time_ms ?? Number.NaN,
    stalled_ms: sum(beats.map((each) => each.stalled_ms)),
    played_ms: sum(beats.map((each) => each.played_ms)),
  }
}

test('k6 and the SDK in Chromium agree on startup and stall within 10 % on the same line', {
  timeout: 120_000,
}, async () => {
  const recorder = later(await startRecorder())
  await playable(`${server.mediaUrl}/long/0/index.m3u8`, 4)
  const browser = await launchBrowser()
  undo.push(() => browser.close())
  const files = await buildFiles()
  const body = String(files['/firstframe.js']?.body)
  // about 364 kbps over a line of 160: each segment of two seconds takes longer to come than to play
  const line = { kbps: 160, delay_ms: 40 }
  const shapers = [
    later(await startShaper({ target: server.httpUrl, line })),
    later(await startShaper({ target: server.httpUrl, line })),
  ]
  const [forK6, forChromium] = shapers.map((shaper) => `${shaper.url}/media/long/master.m3u8`)
  const view = await openPage(browser, { libraries: ['hls.js'], scripts: [body, PLAY] })
  undo.push(view.close)
  const seconds = 26
  // begin just behind a new segment, so that both begin with the same one
  const playlist = async () => (await fetch(`${server.mediaUrl}/long/0/index.m3u8`)).text()
  const before = await playlist()
  await waitFor(async () => (await playlist()) !== before, { what: 'the next segment', every_ms: 20 })
  const viewer = run(k6, ['run', '--quiet', 'k6/viewer.ts'], {
    URL: forK6 ?? '',
    COLLECTOR: recorder.url,
    SECONDS: String(seconds),
    RAMP_SECONDS: '0',
    OUT: out,
    OBJECTIVES,
  })
  // both begin at the same moment of the stream: the browser when k6 asks for its first playlist
  await waitFor(() => shapers[0]?.requests.length, { what: 'k6 to begin', every_ms: 5 })
  await view.page.evaluate(
    `void start(${JSON.stringify(forChromium)}, ${JSON.stringify(recorder.url)}, ${seconds * 1000})`,
  )
  const { code, out: reported } = await viewer
  assert.ok(code === 0 || code === 99, reported)
  const sdkSession = (await view.page.evaluate('session.id')) as string
  await waitFor(() => recorder.events('heartbeat', sdkSession).some((each) => each.reason === 'end'), {
    what: 'the last beat',
  })

  const k6Session = recorder.events('startup').find((each) => each.session !== sdkSession)?.session ?? ''
  const sdk = toldBy(recorder, sdkSession)
  const made = toldBy(recorder, k6Session)
  const both = JSON.stringify({ sdk, made })
  console.log(both)
  const ratio = (reported: { stalled_ms: number; played_ms: number }) =>
    reported.stalled_ms / (reported.stalled_ms + reported.played_ms)
  assert.ok(ratio(sdk) > 0.2, `the line stalls: ${both}`)
  assert.ok(Math.abs(made.startup_ms / sdk.startup_ms - 1) < 0.1, `startup: ${both}`)
  assert.ok(Math.abs(ratio(made) / ratio(sdk) - 1) < 0.1, `stall: ${both}`)
  for (const beacon of recorder.beacons.filter((each) => each.context?.session === k6Session)) {
    assert.equal(validateContext(beacon.context ?? {}), undefined)
    for (const event of beacon.events)
      assert.equal(validateEvent(event.kind, event), undefined, JSON.stringify(event))
  }
})

test('audience, collector load and browser run by stock k6', { timeout: 120_000 }, async () => {
  const recorder = later(await startRecorder())
  const hlsJs = await readFile(createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js'))
  const platform = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      if (request.url === '/hls.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(hlsJs)
      else response.writeHead(request.method === 'POST' ? 204 : 404).end()
    })
  })
  await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve))
  undo.push(async () => {
    platform.closeAllConnections()
    platform.close()
  })
  const origin = `http://127.0.0.1:${(platform.address() as { port: number }).port}`
  const common = { URL: `${server.mediaUrl}/live/master.m3u8`, COLLECTOR: recorder.url, OUT: out }
  const results = await Promise.all([
    run(k6, ['run', '--quiet', 'k6/audience.ts'], {
      ...common,
      VIEWERS: '10',
      SECONDS: '12',
      ARRIVE_SECONDS: '4',
      ROUND_EVERY_SECONDS: '6',
      ROUND_WINDOW_SECONDS: '3',
      TAKE_PART: '1',
      INTERACTION_URL: `${origin}/draw`,
    }),
    run(k6, ['run', '--quiet', 'k6/collectorLoad.ts'], {
      ...common,
      VIEWERS: '100',
      SECONDS: '8',
      PULSE_SECONDS: '2',
    }),
    run(k6, ['run', '--quiet', 'k6/browser.ts'], {
      ...common,
      HLS_JS: `${origin}/hls.js`,
      SECONDS: '6',
      // Three loads share the machine: what is tested is that the page plays and is measured.
      OBJECTIVES:
        '{"rebuffering_ratio":["rate<=0.5"],"dropped_frames":["rate<=0.5"],"video_startup_time":["avg<=5000"]}',
      K6_BROWSER_EXECUTABLE_PATH: '/usr/bin/chromium',
      K6_BROWSER_HEADLESS: 'true',
      K6_BROWSER_ARGS: 'no-sandbox,disable-gpu',
    }),
  ])
  for (const each of results) assert.equal(each.code, 0, each.out)
  const browser = await valuesOf('browser')
  assert.equal(browser.video_start_failure?.values.passes, 0, 'the picture came')
  assert.ok((browser.video_startup_time?.values.avg ?? 0) > 20, 'the first screen took its time')
  assert.ok((browser.dropped_frames?.values.fails ?? 0) > 60, 'frames were shown')
  const rounds = recorder.events('interaction').filter((each) => each.round?.startsWith('k6-'))
  assert.equal(rounds.length, 10, 'everybody took part in the one round')
  const began = Math.min(...rounds.map((each) => each.came_ms))
  const spread = Math.max(...rounds.map((each) => each.came_ms)) - began
  assert.ok(spread > 500 && spread < 4_000, `submissions are spread over the window: ${spread} ms`)
  const beats = recorder.events('heartbeat').length
  const pulse = recorder.events('interaction').filter((each) => each.round === 'k6').length
  assert.ok(beats >= 70, `${beats} heartbeats`)
  assert.ok(Math.abs(pulse - 180) <= 5, `nine times ten a second for two seconds: ${pulse}`)
})
