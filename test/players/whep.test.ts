import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endWith, launchBrowser, openPage, waitFor } from '../stream/index.ts'
import { startWhepServer } from '../stream/whepServer.ts'
import { startRecorder } from './recorder.ts'
import { buildFiles } from './stage.ts'

const PLAY = `window.video = document.querySelector('video')
window.start = async (whep, url) => {
  const pc = new RTCPeerConnection()
  window.session = Firstframe.monitor(video, { url, key: 'demo', show: 'gala', stream: 'main', player: pc })
  Firstframe.watchPeerConnection(session, pc, { peer: 'whep', interval_ms: 1000 })
  pc.addTransceiver('video', { direction: 'recvonly' })
  pc.ontrack = ({ track }) => { video.srcObject = new MediaStream([track]) }
  await pc.setLocalDescription()
  const answer = await fetch(whep, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: pc.localDescription.sdp })
  await pc.setRemoteDescription({ type: 'answer', sdp: await answer.text() })
  window.pc = pc
}`

test('WHEP: the start, frames, jitter buffer, latency and codec of a real WebRTC server’s stream, and its freeze as a stall', async (t) => {
  const own = endWith(t)
  const server = await startWhepServer()
  own(() => server.stop())
  const recorder = await startRecorder()
  own(() => recorder.stop())
  const [browser, files] = await Promise.all([launchBrowser(), buildFiles()])
  own(() => browser.close())
  const script = (name: string) => files[name]!.body.toString()
  const view = await openPage(browser, {
    scripts: [
      script('/firstframe.js'),
      script('/firstframe-webrtc.js'),
      script('/firstframe-cohost.js'),
      PLAY,
    ],
  })
  own(() => view.close())
  const ask = <T>(code: string) => view.page.evaluate(code) as Promise<T>
  await ask(`start(${JSON.stringify(server.url)}, ${JSON.stringify(recorder.url)})`)
  const detail = () =>
    JSON.stringify([view.errors, server.log().slice(-500), recorder.beacons]).slice(0, 3_000)
  const [startup] = await waitFor(
    () => {
      const found = recorder.events('startup')
      return found.length > 0 && found
    },
    { what: 'the start', detail, timeout_ms: 30_000 },
  )
  assert.deepEqual([startup!.outcome, startup!.player, startup!.protocol], ['started', 'webrtc', 'webrtc'])
  const leg = () => recorder.events('cohost').filter((each) => each.direction === 'in' && (each.fps ?? 0) > 0)
  await waitFor(() => leg().length >= 2, {
    what: 'two intervals of the connection',
    detail,
    timeout_ms: 30_000,
  })
  server.pause(true)
  await waitFor(() => recorder.events('heartbeat').some((each) => each.state === 'stalled'), {
    what: 'a stall',
    detail,
    timeout_ms: 30_000,
  })
  server.pause(false)
  await waitFor(() => leg().some((each) => (each.freeze_count ?? 0) > 0), {
    what: 'a freeze by the browser’s own count',
    detail,
    timeout_ms: 30_000,
  })
  await ask('session.end()')
  const end = await waitFor(() => recorder.events('heartbeat').find((each) => each.reason === 'end'), {
    what: 'the end',
    detail,
    timeout_ms: 30_000,
  })
  const beats = recorder.events('heartbeat')
  const sum = (name: 'stalled_ms' | 'frames_rendered' | 'bytes' | 'stall_count') =>
    beats.reduce((total, each) => total + (each[name] ?? 0), 0)
  assert.ok(sum('stall_count') >= 1 && sum('stalled_ms') > 0, JSON.stringify(beats))
  assert.ok(sum('frames_rendered') > 10 && sum('bytes') > 10_000, JSON.stringify(beats))
  assert.deepEqual([end.codec, end.rendition], ['h264', '180p'])
  assert.ok(
    beats.some((each) => each.buffer_ms !== undefined && each.live_latency_ms !== undefined),
    JSON.stringify(beats),
  )
  assert.ok(
    leg().some((each) => each.rtt_ms !== undefined && each.rtt_ms < 1_000),
    JSON.stringify(leg()),
  )
  const beat = beats.findLast((each) => each.buffer_ms !== undefined)
  t.diagnostic(
    `start ${startup!.video_startup_time_ms} ms, stalled ${sum('stalled_ms')} ms, latency ${beat?.live_latency_ms} ms, jitter buffer ${beat?.buffer_ms} ms, round trip ${leg().at(-1)?.rtt_ms} ms`,
  )
  assert.deepEqual(recorder.problems, [])
})
