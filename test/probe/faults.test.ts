import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { browserPicture } from '../../probe/browser/browserPicture.ts'
import { launchChromium } from '../../probe/browser/launch.ts'
import { type CheckResult, check } from '../../probe/check.ts'
import { probeEvent } from '../../probe/event.ts'
import { judgePicture } from '../../probe/judgePicture.ts'
import { testCertificate } from '../../probe/testing/certificate.ts'
import { FAULTS, type FaultName, type FaultServer, startFaultServer } from '../../probe/testing/faults.ts'
import {
  ENCODINGS,
  type EncodingName,
  type LiveEncoding,
  startEncoding,
} from '../../probe/testing/streams.ts'
import { validateEvent } from '../../schemas/derive/validate.ts'
import { PROBE_LIMITS, PROBE_REASONS } from '../../schemas/probeReasons.ts'
import { startRecorder } from '../players/recorder.ts'
import { buildFiles } from '../players/stage.ts'
import { type MediaServer, playable, startMediaServer, waitFor } from '../stream/index.ts'

const clock = () => performance.timeOrigin + performance.now()
const DAY_MS = 86_400_000
const undo: (() => Promise<unknown>)[] = []
after(async () => {
  for (const step of undo.reverse()) await step()
})

let server: MediaServer
let faults: FaultServer
let browser: Browser
let expired: ReturnType<typeof testCertificate>

before(async () => {
  server = await startMediaServer()
  undo.push(server.stop)
  const names = Object.keys(ENCODINGS) as EncodingName[]
  const encodings: LiveEncoding[] = await Promise.all(
    names.map((name) => startEncoding(name, join(server.mediaDir, name))),
  )
  undo.push(() => Promise.all(encodings.map((encoding) => encoding.stop())))
  browser = await launchChromium()
  undo.push(() => browser.close())
  const now = clock()
  expired = testCertificate(now - 90 * DAY_MS, now - DAY_MS)
  faults = await startFaultServer({
    healthy: `${server.mediaUrl}/healthy`,
    alternates: Object.fromEntries(names.map((name) => [name, `${server.mediaUrl}/${name}`])),
    expired,
  })
  undo.push(faults.stop)
  await Promise.all(
    encodings.map((encoding) =>
      playable(
        `${server.mediaUrl}/${encoding.name}/1/index.m3u8`,
        encoding.name === 'gop' ? 2 : 8,
        encoding.log,
      ),
    ),
  )
})

/** Checks once and, where nothing was found, a second time with what the first one learnt. */
async function twoChecks(fault: FaultName): Promise<CheckResult> {
  const url = faults.url(fault)
  const options = {
    clock,
    duration_ms: 4_800,
    ...('decoding' in FAULTS[fault] ? { picture: browserPicture({ clock, browser, look_ms: 4_500 }) } : {}),
    ca: expired.cert,
  }
  const first = await check(url, options)
  if (first.verdict !== 'healthy') return first
  return check(url, { ...options, memory: first.memory })
}

test('each of fifteen faults is named with its stage and reason', {
  timeout: 120_000,
  concurrency: true,
}, async (t) => {
  const names = Object.keys(FAULTS) as FaultName[]
  assert.equal(names.length, 15)
  await Promise.all(
    names.map((fault) =>
      t.test(fault, async () => {
        const { reason } = FAULTS[fault]
        const result = await twoChecks(fault)
        const reported = JSON.stringify(result.findings)
        assert.equal(result.reason, reason, reported)
        assert.equal(result.stage, PROBE_REASONS[reason].stage, reported)
        assert.notEqual(result.verdict, 'healthy')
      }),
    ),
  )
})

test('fifty checks of the healthy stream raise no alarm', { timeout: 120_000 }, async () => {
  const url = faults.url()
  const results = await Promise.all(Array.from({ length: 50 }, () => check(url, { clock })))
  const alarms = results.filter((result) => result.verdict !== 'healthy')
  assert.deepEqual(
    alarms.map((result) => result.findings),
    [],
  )
  for (const result of results) {
    assert.ok((result.measures.bitrate_kbps ?? 0) > 150, 'the bitrate was measured')
    assert.equal(result.measures.variants, 2)
  }
})

test('real decoding finds nothing wrong with the healthy picture and its sound', {
  timeout: 60_000,
}, async () => {
  const result = await check(faults.url(), { clock, picture: browserPicture({ clock, browser }) })
  assert.deepEqual(result.findings, [])
  assert.ok((result.seen.picture?.frames.length ?? 0) > 20)
  const event = probeEvent(result, { name: 'main', url: faults.url() }, 1)
  assert.match(event.frame ?? '', /^\/9j\//, 'the picture goes with it')
  assert.equal(validateEvent('probe', event), undefined)
  assert.ok(Math.max(...(result.seen.picture?.loudnessDbfs ?? [])) > -40, 'the tone was heard')
})

/** Files of eight seconds as HLS below the media server. */
async function writeHls(name: string, ...args: readonly string[]): Promise<string> {
  const dir = join(server.mediaDir, name)
  await mkdir(dir, { recursive: true })
  const hls = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', '0', 'index.m3u8']
  const options = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y']
  await promisify(execFile)('ffmpeg', [...options, ...args, '-t', '8', ...hls], { cwd: dir })
  return `${server.mediaUrl}/${name}/index.m3u8`
}
const MOVING = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=20']
const LOGO = ['-f', 'lavfi', '-i', 'smptebars=size=48x36:rate=20']
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '20', '-pix_fmt', 'yuv420p']

test('a logo that is missing is found, and the one that is there is not', { timeout: 60_000 }, async () => {
  const file = join(server.mediaDir, 'logo.png')
  await promisify(execFile)('ffmpeg', ['-loglevel', 'error', '-y', ...LOGO, '-frames:v', '1', file])
  const logo = { x: 256 / 320, y: 8 / 180, width: 48 / 320, height: 36 / 180, file }
  const picture = browserPicture({ clock, browser, look_ms: 2_000 })
  const overlay = ['-filter_complex', 'overlay=256:8']
  const found = async (url: string) => {
    const seen = await picture(url, 'hls', { logo })
    assert.ok(
      seen.shot && Buffer.from(seen.shot, 'base64').subarray(0, 2).toString('hex') === 'ffd8',
      'a JPEG',
    )
    return judgePicture(seen, PROBE_LIMITS).map(({ reason }) => reason)
  }
  assert.deepEqual(await found(await writeHls('logo', ...MOVING, ...LOGO, ...overlay, ...H264)), [])
  assert.deepEqual(await found(await writeHls('no-logo', ...MOVING, ...H264)), ['logo_missing'])
})

test('a stream of sound alone: nothing of a picture is missed, and silence is still heard', {
  timeout: 60_000,
}, async () => {
  const url = await writeHls('sound', '-f', 'lavfi', '-i', 'sine=440', '-c:a', 'aac')
  const picture = browserPicture({ clock, browser, look_ms: 1_500 })
  const result = await check(url, { clock, duration_ms: 2_000, picture })
  // It is a file and no live stream: that is all there is to say.
  assert.deepEqual(
    result.findings.map(({ reason }) => reason),
    ['stream_ended'],
  )
  assert.equal(result.seen.picture?.soundOnly, true)
  assert.equal(result.seen.picture?.shot, undefined)
  const silent = await writeHls('silence', '-f', 'lavfi', '-i', 'anullsrc', '-c:a', 'aac')
  const heard = judgePicture(await picture(silent, 'hls', {}), PROBE_LIMITS)
  assert.deepEqual(
    heard.map(({ reason }) => reason),
    ['sound_silent'],
  )
})

test('with the SDK on the page the decoding probe reports as a viewer, marked synthetic', {
  timeout: 60_000,
}, async () => {
  const recorder = await startRecorder()
  undo.push(recorder.stop)
  const script = String((await buildFiles())['/firstframe.js']?.body)
  const sdk = { script, collector: recorder.url, key: 'demo', region: 'eu' }
  const picture = browserPicture({ clock, browser, sdk, look_ms: 2_000 })
  const seen = await picture(faults.url(), 'hls', { show: 'spring', stream: 'main', cdn: 'a' })
  assert.equal(seen.error, undefined)
  const started = await waitFor(() => recorder.events('startup')[0], { what: 'the first screen' })
  assert.equal(started.outcome, 'started')
  assert.equal(started.synthetic, true)
  assert.equal(`${started.show} ${started.stream} ${started.cdn} ${started.region}`, 'spring main a eu')
  await waitFor(() => recorder.events('heartbeat').some((beat) => (beat.played_ms ?? 0) > 500), {
    what: 'its heartbeat',
  })
})

test('a Referer opens what anti-hotlinking had closed', async () => {
  const headers = { Referer: 'https://shop.example/' }
  const result = await check(faults.url('hotlink_403'), { clock, headers, duration_ms: 2_000 })
  assert.deepEqual(result.findings, [])
})
