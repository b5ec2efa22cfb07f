import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { STARTUP_PHASES } from '../../schemas/kinds/startup.ts'
import {
  clockBarTime,
  endWith,
  freePort,
  launchBrowser,
  openPage,
  playable,
  published,
  READ_CLOCK_BAR,
  startEncoder,
  startMediaServer,
  startPackager,
  waitFor,
} from '../stream/index.ts'
import { startFirstframe } from './firstframe.ts'
import { sqlOf } from './sql.ts'

/** A real live stream from glass to SQL: ffmpeg → RTMP → nginx → HLS → hls.js with the SDK and with its own CMCD v2. */

const PLAY = `${READ_CLOCK_BAR}
window.start = ({ url, media }) => {
  const sessionId = crypto.randomUUID()
  window.hls = new Hls({
    liveSyncDurationCount: 2,
    cmcd: { version: 2, sessionId, contentId: 'show-cmcd', eventTargets: [{ url: url + '/v1/cmcd?key=demo&show=spine', events: ['ps', 'bc', 'e', 't', 'rr'], interval: 2, batchSize: 1 }] },
  })
  window.session = Firstframe.monitor(video, { url, key: 'demo', show: 'spine', stream: 'show', player: hls, app: 'web', cdn: 'local', heartbeat_ms: 2000 })
  hls.loadSource(media)
  hls.attachMedia(video)
}
window.look = () => ({ bits: readClockBar(video), ready: video.readyState, time: video.currentTime })`

test('a real stream shows up in SQL, pages when its encoder is cut, and resolves when it is back', {
  timeout: 240_000,
}, async (t) => {
  const own = endWith(t)
  const progressPort = await freePort()
  const server = own(await startMediaServer())
  const config = join(tmpdir(), `firstframe-spine-${process.pid}.yaml`)
  await writeFile(
    config,
    `sources:\n  - { type: nginx-rtmp, url: "${server.statUrl}", node: ingest-1, show: spine, tap: "${server.rtmpUrl}" }\n  - { type: ffmpeg, port: ${progressPort}, show: spine }\n`,
  )
  const firstframe = own({ ...(await startFirstframe({ args: ['--config', config] })) })
  own(() => firstframe.dispose())
  const query = sqlOf(firstframe)
  const encode = () =>
    startEncoder({
      rtmpUrl: server.rtmpUrl,
      stream: 'show',
      burnClock: true,
      progressUrl: `http://127.0.0.1:${progressPort}/show?node=encoder-1`,
    })
  const encoder = own(encode())
  await published(server, 'show')
  const packager = own(
    await startPackager({ input: `${server.rtmpUrl}/show`, dir: join(server.mediaDir, 'show') }),
  )
  await playable(`${server.mediaUrl}/show/0/index.m3u8`, 2, () => encoder.log() + packager.log())

  const sdk = await (await fetch(`${firstframe.url}/firstframe.js`)).text()
  const browser = own(await launchBrowser())
  const view = own(await openPage(browser, { libraries: ['hls.js'], scripts: [sdk, PLAY] }))
  await view.page.evaluate(
    `start(${JSON.stringify({ url: firstframe.url, media: `${server.mediaUrl}/show/master.m3u8` })})`,
  )

  await t.test(
    'startup with its phases, heartbeats, and latency within 300 ms of the burnt-in clock',
    async (t) => {
      const startup = await waitFor(
        async () =>
          (
            await query<Record<string, number | string>>(
              `SELECT * FROM firstframe.startup WHERE source = 'sdk' AND show = 'spine'`,
            )
          )[0],
        { what: 'the startup event in SQL' },
      )
      t.diagnostic(JSON.stringify(Object.fromEntries(STARTUP_PHASES.map((p) => [p, startup[p]]))))
      assert.equal(startup.outcome, 'started')
      assert.ok(Number(startup.video_startup_time_ms) > 0)
      // Plain HTTP on loopback, unprotected: no name is looked up, no TLS spoken, no licence; every other phase took time or is 0.
      for (const phase of STARTUP_PHASES) {
        if (phase === 'handshake_ms' || phase === 'licence_ms') continue
        assert.ok(startup[phase] !== null, `${phase} was measured`)
      }
      const truth = await view.page.evaluate(async () => {
        const globals = window as unknown as { look(): { bits: number } }
        return { bits: globals.look().bits, now: Date.now() }
      })
      const latency = truth.now - clockBarTime(truth.bits, truth.now)
      const heartbeat = await waitFor(
        async () =>
          (
            await query<{ live_latency_ms: number; at: string }>(
              `SELECT live_latency_ms, toUnixTimestamp64Milli(event_time) AS at FROM firstframe.heartbeat WHERE source = 'sdk' AND show = 'spine' AND live_latency_ms IS NOT NULL AND event_time >= fromUnixTimestamp64Milli(${truth.now}) ORDER BY event_time LIMIT 1`,
            )
          )[0],
        { what: 'a heartbeat with a latency' },
      )
      t.diagnostic(`live latency: SDK ${heartbeat.live_latency_ms} ms, burnt-in clock ${latency} ms`)
      assert.ok(
        Math.abs(heartbeat.live_latency_ms - latency) < 300,
        `SDK says ${heartbeat.live_latency_ms}, the picture ${latency}`,
      )
    },
  )

  await t.test('the same playback by hls.js’s own CMCD v2', async () => {
    const [cmcd] = await waitFor(
      async () => {
        const rows = await query<{ n: string; bitrate: number | null; player: string }>(
          `SELECT count() AS n, max(bitrate_kbps) AS bitrate, any(player) AS player FROM firstframe.heartbeat WHERE source = 'cmcd' AND stream = 'show-cmcd' HAVING n > 1`,
        )
        return rows.length > 0 && rows
      },
      { what: 'CMCD reports in SQL' },
    )
    assert.ok(cmcd !== undefined && Number(cmcd.bitrate) > 0, 'with the bitrate')
  })

  await t.test(
    'SIGKILL of the encoder pages the encoder hop within 5 s, and its return resolves it',
    async (t) => {
      const seen = await query<{ hop: string; n: string }>(
        `SELECT hop, count() AS n FROM firstframe.hop WHERE stream = 'show' GROUP BY hop`,
      )
      assert.ok(
        seen.some(({ hop, n }) => hop === 'encoder' && Number(n) > 3),
        `the encoder reported: ${JSON.stringify(seen)}`,
      )
      assert.ok(
        seen.some(({ hop }) => hop === 'ingest'),
        'the ingest reported',
      )
      const incidents = () =>
        query<{
          hop: string
          state: string
          summary_en: string
          opened: string
          resolved: string
          rule: string
        }>(
          `SELECT hop, state, rule, summary_en, toUnixTimestamp64Milli(opened_time) AS opened, toUnixTimestamp64Milli(resolved_time) AS resolved FROM firstframe.incident FINAL WHERE stream = 'show' ORDER BY opened_time`,
        )
      assert.deepEqual(await incidents(), [], 'quiet until then')
      const cut = Date.now()
      await encoder.kill('SIGKILL')
      const incident = await waitFor(async () => (await incidents())[0], {
        what: 'an incident',
      })
      const seconds = (Number(incident.opened) - cut) / 1000
      t.diagnostic(`found ${seconds} s after the cut: ${incident.summary_en}`)
      assert.equal(incident.hop, 'encoder')
      assert.ok(seconds <= 5, `${seconds} s`)

      own(encode())
      await published(server, 'show')
      const back = Date.now()
      const resolved = await waitFor(
        async () => (await incidents()).find(({ state }) => state === 'resolved'),
        { what: 'the incident to resolve', timeout_ms: 90_000 },
      )
      t.diagnostic(`resolved ${(Number(resolved.resolved) - back) / 1000} s after the encoder was back`)
      assert.equal((await incidents()).length, 1, 'one incident for one cause')
    },
  )
})
