import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { findProgram, launchBrowser, openPage, type PlayerLibrary, waitFor } from '../stream/index.ts'
import { protectSegment } from './protect.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import { buildFiles } from './stage.ts'

/** Protected, sound alone, and AV1: real files of ffmpeg, played by real players in Chromium. */

const KEY = '76a6c65c5ea762046bd749a2e632ccbb'
const KID = 'a7e61c373e219033c21091fa607bf3b8'
const LICENCE_MS = 400
const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')

const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25']
const sound = ['-f', 'lavfi', '-i', 'sine=440']
const h264 = ['libx264', '-preset', 'ultrafast', '-g', '25', '-pix_fmt', 'yuv420p']

/** The forms of a test, by the folder that ffmpeg writes them to. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  clear: [...picture, '-c:v', ...h264, '-f', 'dash', '-seg_duration', '1', 'index.mpd'],
  drm: [
    ...[...picture, '-c:v', ...h264, '-f', 'dash', '-seg_duration', '1', '-format_options'],
    `encryption_scheme=cenc-aes-ctr:encryption_key=${KEY}:encryption_kid=${KID}`,
    'index.mpd',
  ],
  av1: [
    ...[...picture, '-map', '0', '-map', '0', '-c:v:0', 'libx264', '-preset:v:0', 'ultrafast'],
    ...['-b:v:0', '600k', '-c:v:1', 'libsvtav1', '-preset:v:1', '12', '-b:v:1', '250k', '-g', '25'],
    ...['-pix_fmt', 'yuv420p', '-f', 'dash', '-seg_duration', '1'],
    ...['-adaptation_sets', 'id=0,streams=0 id=1,streams=1', 'index.mpd'],
  ],
  sound: [
    ...sound,
    '-c:a',
    'aac',
    '-b:a',
    '96k',
    '-f',
    'hls',
    '-hls_time',
    '1',
    '-hls_list_size',
    '0',
    'index.m3u8',
  ],
}

/** ClearKey by a licence server, as the DASH-IF says it in a manifest. */
const protection = (licence: string) => `
<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc" xmlns:cenc="urn:mpeg:cenc:2013" cenc:default_KID="${KID.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}"/>
<ContentProtection schemeIdUri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e" value="ClearKey1.0" xmlns:dashif="https://dashif.org/CPS">
<dashif:Laurl licenseType="EME-1.0">${licence}</dashif:Laurl></ContentProtection>`

describe('streams that are not a clear H.264 picture', () => {
  const undo: (() => unknown)[] = []
  let browser: Browser
  let recorder: Recorder
  let files: Awaited<ReturnType<typeof buildFiles>>
  let origin: string
  let licences = { asked: 0, status: 200 }

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'firstframe-kinds-'))
    undo.push(() => rm(folder, { recursive: true, force: true }))
    for (const [name, args] of Object.entries(FORMS)) {
      await mkdir(join(folder, name))
      const options = ['-hide_banner', '-loglevel', 'error', '-nostdin']
      await promisify(execFile)(
        findProgram('ffmpeg'),
        [...options, ...args.slice(0, -1), '-t', '8', args.at(-1)!],
        {
          cwd: join(folder, name),
        },
      )
    }
    const send = async (path: string): Promise<string | Buffer> => {
      const chunk = /^\/drm\/(chunk-stream0-(\d+)\.m4s)$/.exec(path)
      if (chunk)
        return protectSegment(
          await readFile(join(folder, 'clear', chunk[1]!)),
          Buffer.from(KEY, 'hex'),
          Number(chunk[2]),
        )
      const body = await readFile(join(folder, path))
      return path === '/drm/index.mpd'
        ? body.toString().replace(/<AdaptationSet[^>]*>/, `$&${protection(`${origin}/licence`)}`)
        : body
    }
    const server = createServer((request, response) => {
      response.setHeader('access-control-allow-origin', '*')
      response.setHeader('access-control-allow-headers', '*')
      const path = (request.url ?? '').split('?')[0]!
      if (request.method === 'OPTIONS') response.end()
      else if (path === '/licence') {
        licences.asked += 1
        const keys = [{ kty: 'oct', k: base64url(KEY), kid: base64url(KID) }]
        setTimeout(
          () => response.writeHead(licences.status).end(JSON.stringify({ keys, type: 'temporary' })),
          LICENCE_MS,
        )
      } else
        send(path).then(
          (body) => response.end(body),
          () => response.writeHead(404).end(),
        )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    undo.push(() => server.close())
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    recorder = await startRecorder()
    undo.push(recorder.stop)
    ;[browser, files] = await Promise.all([launchBrowser(), buildFiles()])
    undo.push(() => browser.close())
  })
  after(async () => {
    for (const step of undo.reverse()) await step()
  })

  /** A page that plays; the session's id and its events. */
  const play = async ({
    library,
    scripts,
    start,
    options = {},
  }: {
    library: PlayerLibrary
    scripts: readonly string[]
    start: string
    options?: object
  }) => {
    const view = await openPage(browser, {
      libraries: [library],
      scripts: ['/firstframe.js', ...scripts].map((name) => files[name]!.body.toString()),
    })
    undo.push(view.close)
    const given = {
      url: recorder.url,
      key: 'demo',
      show: 'gala',
      stream: 'main',
      heartbeat_ms: 1500,
      ...options,
    }
    await view.page.evaluate(`(async () => {
      const video = document.querySelector('video')
      const watch = (player) => (window.session = Firstframe.monitor(video, { player, ...${JSON.stringify(given)} }))
      ${start}
    })()`)
    const id = await view.page.evaluate<string>('session.id')
    const beats = () => recorder.events('heartbeat', id)
    const startup = () =>
      waitFor(() => recorder.events('startup', id)[0], {
        what: 'the start',
        detail: () => JSON.stringify([view.errors, beats().slice(-2)]),
      })
    return { view, id, beats, startup }
  }
  const DRM_PLAYERS = {
    'dash.js': {
      library: 'dashjs',
      script: '/firstframe-dash.js',
      start: `const player = dashjs.MediaPlayer().create()
        watch(player)
        Firstframe.watchDrm(session, video)
        player.initialize(video, '/drm/index.mpd', true)`,
    },
    shaka: {
      library: 'shaka',
      script: '/firstframe-shaka.js',
      start: `const player = new shaka.Player()
        await player.attach(video)
        watch(player)
        Firstframe.watchDrm(session, video)
        player.load('/drm/index.mpd').catch(() => {})`,
    },
  } as const

  for (const [name, { library, script, start }] of Object.entries(DRM_PLAYERS)) {
    const protectedBy = () => ({
      library,
      scripts: [script, '/firstframe-drm.js'],
      start: start.replace('/drm/', `${origin}/drm/`),
    })
    test(`${name}: the licence is a phase of the start`, async () => {
      licences = { asked: 0, status: 200 }
      const { startup, beats } = await play(protectedBy())
      const start = await startup()
      assert.equal(start.outcome, 'started')
      assert.equal(start.drm_system, 'clearkey')
      assert.ok(licences.asked > 0)
      const { licence_ms = 0, video_startup_time_ms: whole = 0 } = start
      assert.ok(licence_ms >= LICENCE_MS - 20 && licence_ms <= whole, `${licence_ms} of ${whole}`)
      const { manifest_ms = 0, first_byte_ms = 0, demux_ms = 0, decode_ms = 0, render_ms = 0 } = start
      const sum = manifest_ms + first_byte_ms + licence_ms + demux_ms + decode_ms + render_ms
      assert.ok(sum <= whole + 1, `the phases follow one another: ${sum} of ${whole}`)
      await waitFor(() => beats().some(({ played_ms = 0 }) => played_ms > 500), { what: 'play' })
    })

    test(`${name}: a licence server that refuses is a failed start of the category drm`, async () => {
      licences = { asked: 0, status: 403 }
      const { view, startup, beats } = await play(protectedBy())
      await waitFor(() => beats().some(({ error_category }) => error_category === 'drm'), {
        what: 'the error',
      })
      await view.page.evaluate('session.end()')
      const start = await startup()
      assert.deepEqual([start.outcome, start.error_category], ['failed', 'drm'], JSON.stringify(start))
      assert.ok(start.error_code)
    })
  }

  test('dash.js: what AV1 saves is held against the H.264 track of the manifest', async () => {
    const { beats } = await play({
      library: 'dashjs',
      scripts: ['/firstframe-dash.js'],
      start: `const player = dashjs.MediaPlayer().create()
        player.setCustomInitialTrackSelectionFunction((tracks) => tracks.filter(({ codec }) => /av01/.test(codec)))
        watch(player)
        player.initialize(video, '${origin}/av1/index.mpd', true)`,
    })
    const bytes = () => beats().reduce((sum, each) => sum + (each.bytes ?? 0), 0)
    await waitFor(() => bytes() > 50_000 && beats().at(-1)!.codec === 'av1', { what: 'AV1 bytes' })
    const reference = beats().reduce((sum, each) => sum + (each.bytes_reference ?? 0), 0)
    assert.ok(Math.abs(reference / bytes() - 600 / 250) < 0.05, `${reference / bytes()}`)
  })

  test('shaka drops the tracks of other codecs: the declared H.264 ladder is what AV1 is held against', async () => {
    const { beats } = await play({
      library: 'shaka',
      scripts: ['/firstframe-shaka.js'],
      options: { h264_kbps: { 180: 500 } },
      start: `const player = new shaka.Player()
        await player.attach(video)
        player.configure({ preferredVideoCodecs: ['av01'] })
        watch(player)
        player.load('${origin}/av1/index.mpd')`,
    })
    const bytes = () => beats().reduce((sum, each) => sum + (each.bytes ?? 0), 0)
    await waitFor(() => bytes() > 50_000 && beats().at(-1)!.codec === 'av1', { what: 'AV1 bytes' })
    const reference = beats().reduce((sum, each) => sum + (each.bytes_reference ?? 0), 0)
    assert.ok(Math.abs(reference / bytes() - 500 / 250) < 0.05, `${reference / bytes()}`)
  })

  test('sound alone: it starts when it is heard, and says nothing of a picture', async () => {
    const { beats, startup } = await play({
      library: 'hls.js',
      scripts: [],
      start: `const player = new Hls()
        watch(player)
        window.heard = new Promise((done) => video.addEventListener('playing', () => done(performance.now()), { once: true }))
        player.loadSource('${origin}/sound/index.m3u8')
        player.attachMedia(video)`,
    })
    const start = await startup()
    assert.equal(start.outcome, 'started')
    const played = await waitFor(() => beats().find(({ played_ms = 0 }) => played_ms > 1000), {
      what: 'play',
    })
    assert.deepEqual(
      [
        played.fps_rendered,
        played.frames_rendered ?? 0,
        played.frames_dropped ?? 0,
        played.width,
        played.height,
      ],
      [undefined, 0, 0, undefined, undefined],
    )
    assert.deepEqual([played.codec, played.rendition], ['aac', 'audio'])
    assert.ok(!beats().some(({ stall_count = 0 }) => stall_count > 0), 'no stall for want of frames')
    assert.deepEqual(recorder.problems, [])
  })
})
