import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { startTestCollector, type TestCollector } from '../../collector/testing.ts'
import {
  type Encoder,
  launchBrowser,
  type MediaServer,
  openPage,
  startHlsEncoder,
  startMediaServer,
  waitFor,
} from '../stream/index.ts'

let browser: Browser
let server: MediaServer
let encoder: Encoder
let collecting: TestCollector
let target: string
before(async () => {
  ;[browser, server, collecting] = await Promise.all([
    launchBrowser(),
    startMediaServer(),
    startTestCollector({ clock: Date.now }),
  ])
  encoder = await startHlsEncoder({ dir: join(server.mediaDir, 'show'), dash: {}, renditions: 2 })
  const origin = await collecting.collector.app.listen({ port: 0, host: '127.0.0.1' })
  target = `${origin}/v1/cmcd?key=demo&show=gala`
  const manifest = `${server.mediaUrl}/show/manifest.mpd`
  await waitFor(async () => (await fetch(manifest)).ok, { what: manifest, detail: encoder.log })
})
after(async () => {
  await browser?.close()
  await collecting?.close()
  await encoder?.stop()
  await server?.stop()
})

/** The players as their packages ship them, told only where to report: Firstframe's script is not in these pages. */
const PLAYERS = [
  {
    name: 'dash.js',
    library: 'dashjs',
    start: `(url, target) => {
      window.player = dashjs.MediaPlayer().create()
      player.clearDefaultUTCTimingSources()
      player.updateSettings({ streaming: { cmcd: { enabled: true, version: 2, sid: 'by-dash', cid: 'main', mode: 'query',
        eventTargets: [{ enabled: true, url: target, events: ['ps', 'e', 't', 'rr'], interval: 2, batchSize: 2,
          enabledKeys: ['br', 'bl', 'ltc', 'mtp', 'cid', 'sid', 'sf', 'st', 'sta', 'sn', 'e', 'ts', 'v', 'url', 'rc', 'ttfb', 'ttlb', 'msd', 'tb'] }] } } })
      player.initialize(video, url, true)
    }`,
  },
  {
    name: 'shaka',
    library: 'shaka',
    start: `async (url, target) => {
      window.player = new shaka.Player()
      await player.attach(video)
      player.configure({ cmcd: { enabled: true, version: 2, sessionId: 'by-shaka', contentId: 'main',
        eventTargets: [{ mode: 'event', enabled: true, url: target, events: ['ps', 'bc', 'e', 't', 'rr'], includeKeys: [], interval: 2, batchSize: 2 }] } })
      await player.load(url)
    }`,
  },
] as const

for (const player of PLAYERS) {
  test(`${player.name}, unmodified: its CMCD v2 reports are accepted and normalised`, async () => {
    const view = await openPage(browser, { libraries: [player.library] })
    try {
      const answers: number[] = []
      const bodies: string[] = []
      view.page.on('response', (response) => {
        const request = response.request()
        if (request.method() !== 'POST' || !request.url().startsWith(target)) return
        answers.push(response.status())
        bodies.push(request.postData() ?? '')
      })
      const url = `${server.mediaUrl}/show/manifest.mpd`
      await view.page.evaluate(`(${player.start})(${JSON.stringify(url)}, ${JSON.stringify(target)})`)
      const stated = () => JSON.stringify([view.errors, answers, bodies.at(-1)])
      await waitFor(() => answers.length >= 5 && bodies.some((body) => body.includes('e=t')), {
        what: 'five posts, an interval among them',
        detail: stated,
      })
      assert.deepEqual([...new Set(answers)], [204], stated())

      const session = `by-${player.library === 'dashjs' ? 'dash' : 'shaka'}`
      const all = await collecting.rows('heartbeat')
      const rows = all.filter((row) => row.session === session)
      assert.ok(rows.length >= 5, `${rows.length} rows`)
      for (const row of rows) {
        assert.deepEqual([row.tenant, row.show, row.stream, row.source], ['demo', 'gala', 'main', 'cmcd'])
        const ttfb = Number(row.ttfb_ms ?? 0)
        assert.ok(ttfb < 600_000, `a time to the first byte that cannot be true: ${ttfb}`)
        assert.ok(Math.abs(Number(row.event_time) - Date.now()) < 60_000, `event time ${row.event_time}`)
      }
      assert.ok(
        rows.some((row) => Number(row.bitrate_kbps) > 0),
        'bitrates',
      )
      assert.ok(
        rows.some((row) => Number(row.requests) > 0),
        'requests',
      )
      const refused = collecting.facts.filter((fact) => fact.type === 'events_refused')
      assert.deepEqual(refused, [])
    } finally {
      await view.close()
    }
  })
}
