import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  clockBarTime,
  endWith,
  launchBrowser,
  openPage,
  playable,
  published,
  READ_CLOCK_BAR,
  startEncoder,
  startHttpFlv,
  startMediaServer,
  startPackager,
  startShaper,
  waitFor,
} from './index.ts'

const PLAY_HLS = `${READ_CLOCK_BAR}
window.start = (url) => {
  window.hls = new Hls({ liveSyncDurationCount: 2 })
  hls.loadSource(url)
  hls.attachMedia(video)
}
window.look = () => ({ time: video.currentTime, bits: readClockBar(video), pdt: hls.playingDate?.getTime(), ready: video.readyState })`

test('hls.js plays encoder → RTMP → HLS, and the playlist dates its frames truly', async (t) => {
  const own = endWith(t)
  const server = own(await startMediaServer())
  const encoder = own(startEncoder({ rtmpUrl: server.rtmpUrl, stream: 'show', burnClock: true }))
  await published(server, 'show')
  const packager = own(
    await startPackager({ input: `${server.rtmpUrl}/show`, dir: join(server.mediaDir, 'show') }),
  )
  await playable(`${server.mediaUrl}/show/0/index.m3u8`, 2, () => encoder.log() + packager.log())
  const shaper = own(await startShaper({ target: server.httpUrl }))
  const browser = own(await launchBrowser())
  const view = own(await openPage(browser, { libraries: ['hls.js'], scripts: [PLAY_HLS] }))
  await view.page.evaluate(`start(${JSON.stringify(`${shaper.url}/media/show/master.m3u8`)})`)

  type Seen = { time: number; bits: number; pdt: number; ready: number }
  const look = async () => (await view.page.evaluate('look()')) as Seen
  const first = await waitFor(
    async () => {
      const seen = await look()
      return seen.ready >= 3 && seen.time > 0.5 && seen
    },
    { what: 'the picture', detail: () => JSON.stringify(view.errors) },
  )
  const later = await waitFor(
    async () => {
      const seen = await look()
      return seen.time > first.time + 2 && seen
    },
    { what: 'two seconds of play' },
  )
  const burnt = clockBarTime(later.bits, Date.now())
  assert.ok(Math.abs(later.pdt - burnt) < 250, `program date time is ${later.pdt - burnt} ms off`)
  assert.ok(Date.now() - burnt < 15_000, 'the picture is live')
  assert.deepEqual(view.errors, [])

  shaper.set({ outage: 'hang' })
  await waitFor(async () => (await look()).ready < 3, { what: 'the outage to stall the player' })
  shaper.set({ outage: false })
  await waitFor(async () => (await look()).ready >= 3, { what: 'the player to go on' })
  assert.ok(shaper.requests.length > 5)

  await encoder.kill('SIGKILL')
  assert.equal(encoder.running(), false)
})

test('mpegts.js plays HTTP-FLV', async (t) => {
  const own = endWith(t)
  const server = own(await startHttpFlv())
  own(startEncoder({ rtmpUrl: server.rtmpUrl, stream: 'show', gop: 12 }))
  const browser = own(await launchBrowser())
  const play = `window.start = (url) => {
    window.player = mpegts.createPlayer({ type: 'flv', isLive: true, url })
    player.attachMediaElement(video)
    player.load()
    player.play()
  }`
  const view = own(await openPage(browser, { libraries: ['mpegts.js'], scripts: [play] }))
  await view.page.evaluate(`start(${JSON.stringify(server.flvUrl('show'))})`)
  await waitFor(async () => ((await view.page.evaluate('video.currentTime')) as number) > 1, {
    what: 'the picture',
    detail: () => server.log() + JSON.stringify(view.errors),
  })
})
