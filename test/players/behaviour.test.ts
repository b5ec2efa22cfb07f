import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { type OpenPage, openPage, startShaper, waitFor } from '../stream/index.ts'
import { PLAYERS, pageScripts } from './players.ts'
import { type Stage, startStage } from './stage.ts'
import { TRUTH } from './truth.ts'

const json = JSON.stringify

describe('what a page can count on', () => {
  let stage: Stage
  before(async () => {
    stage = await startStage()
  })
  after(() => stage?.stop())
  const undo: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  /** A page with one of the players; `said` is what it wrote to console.warn. */
  const open = async (name: string, more: readonly string[] = []) => {
    const player = PLAYERS.find((each) => each.name === name)!
    const stated: string[] = []
    const view: OpenPage = await openPage(stage.browser, {
      ...(player.library && { libraries: [player.library] }),
      scripts: [TRUTH, ...more, ...pageScripts(stage, player)],
    })
    undo.push(view.close)
    view.page.on('console', (message) => message.type() === 'warning' && stated.push(message.text()))
    const ask = <T>(code: string) => view.page.evaluate(code) as Promise<T>
    const source = stage[player.source]
    const start = (options: object = {}, url = source.origin + source.path) =>
      ask(`start(${json(url)}, ${json({ url: stage.recorder.url, ...options })}).catch(() => {})`)
    const frames = (count: number) =>
      waitFor(() => ask<boolean>(`truth.frames.length >= ${count}`), {
        what: `${count} frames`,
        detail: () => json(view.errors),
      })
    const session = () => ask<string>('session.id')
    return { ...view, ask, start, frames, session, said: stated }
  }

  test('without consent nothing is collected or sent; a withdrawn one ends it', async () => {
    // Counted in the page itself: what the browser reports of its requests may come later than an answer of the page.
    const count = `window.requests = []
      for (const [of, name] of [[window, 'fetch'], [Navigator.prototype, 'sendBeacon']]) {
        const real = of[name]
        of[name] = function (url, ...more) {
          requests.push(String(url.url ?? url))
          return real.call(this, url, ...more)
        }
      }`
    const { ask, start, frames } = await open('native', [count])
    const requests = () =>
      ask<string[]>(`requests.filter((url) => url.startsWith(${json(stage.recorder.url)}))`)
    await start({ consent: false })
    await frames(30)
    await ask(`session.track('like')`)
    await ask('video.pause()')
    assert.deepEqual(await requests(), [])
    await ask('session.consent(true)')
    await ask('video.play()')
    const id = await ask<string>('session.id')
    await waitFor(() => stage.recorder.events('heartbeat', id).length > 0, { what: 'a heartbeat' })
    await ask(`session.consent(false)`)
    const before = await requests()
    assert.ok(before.length > 0)
    await ask(`session.track('like')`)
    await ask('new Promise((done) => setTimeout(done, 1200))')
    assert.deepEqual(await requests(), before)
    assert.deepEqual(stage.recorder.events('interaction', id), [])
  })

  test('sampling: who is not chosen sends nothing, and who is stands for the others', async () => {
    const { start, frames, ask } = await open('native', ['Math.random = () => 0.3'])
    await start({ sample: 0.2 })
    await frames(20)
    assert.deepEqual(await ask('session.stats()'), { queued: 0, sent: 0, refused: 0, dropped: 0 })
    await ask(
      `window.second = Firstframe.monitor(video, ${json({ url: stage.recorder.url, key: 'demo', show: 'gala', stream: 'main', sample: 0.5 })})`,
    )
    const id = await ask<string>('second.id')
    await ask('second.end()')
    const beat = await waitFor(() => stage.recorder.events('heartbeat', id)[0], { what: 'a heartbeat' })
    assert.equal(beat.weight, 2)
  })

  test('an interaction and a changed context arrive as they were', async () => {
    const { start, frames, ask, session } = await open('native')
    await start({ app: 'one', viewer: 'v-1', context: { region: 'zj' } })
    await frames(5)
    await ask(`session.track('red_packet', { round: 'r7', outcome: 'refused', rtt_ms: 84.5 })`)
    await ask(`session.setContext({ cdn: 'b' })`)
    await ask(`session.track('like')`)
    const id = await session()
    const events = () => stage.recorder.events('interaction', id)
    await waitFor(() => events().length === 2, { what: 'two interactions' })
    const [first, second] = events()
    assert.deepEqual(
      [
        first!.action,
        first!.round,
        first!.outcome,
        first!.rtt_ms,
        first!.cdn ?? '',
        first!.app,
        first!.region,
      ],
      ['red_packet', 'r7', 'refused', 84.5, '', 'one', 'zj'],
    )
    assert.deepEqual([second!.action, second!.outcome, second!.cdn], ['like', 'success', 'b'])
  })

  test('a player of an unknown version still plays and is watched; it is said once', async () => {
    const fake = `window.fake = new (class { static version = '99.1.0'; levels = []; loadLevel = 0; on() {} off() {} })()`
    const { start, frames, ask, said: stated, errors, session } = await open('native', [fake])
    await start()
    const options = json({ url: stage.recorder.url, key: 'demo', show: 'gala', stream: 'main' })
    await ask(`window.session = Firstframe.monitor(video, { ...${options}, player: fake })`)
    await ask(`Firstframe.monitor(video, { ...${options}, player: fake }).end()`)
    await frames(30)
    const id = await session()
    const beat = await waitFor(
      () => stage.recorder.events('heartbeat', id).find((each) => each.reason === 'start'),
      {
        what: 'its start',
      },
    )
    assert.deepEqual([beat.player, beat.player_version], ['hls.js', '99.1.0'])
    assert.equal(stated.filter((each) => each.includes('99.1.0')).length, 1, json(stated))
    assert.deepEqual(errors, [])
  })

  test('it never throws into the page: a hostile player, a bad address, a collector that is away', async () => {
    const hostile = `window.hostile = new Proxy({ levels: [], loadLevel: 0 }, { get() { throw new Error('mine') } })`
    const { start, frames, ask, errors, page } = await open('native', [hostile])
    await start()
    const uncaught: string[] = []
    page.on('pageerror', (error) => uncaught.push(String(error)))
    await ask(`for (const options of [{ player: hostile }, { url: 'not a url' }, { url: 'http://127.0.0.1:9' }, {}]) {
      const second = Firstframe.monitor(video, options)
      second.track('like', { rtt_ms: {} })
      second.setContext(null)
      second.error({})
      second.consent(false)
      second.consent(true)
      second.onCue(null)
      second.shown()
      second.end()
      second.end()
    }`)
    await ask(`Firstframe.monitor(null, {}).track('like')`)
    await frames(20)
    assert.deepEqual(uncaught, [])
    assert.deepEqual(
      errors.filter((each) => !each.includes('ERR_') && !each.includes('Failed to load')),
      [],
    )
  })

  test('a collector that is away: the same events come when it is back, each once', async () => {
    const { start, frames, ask, session } = await open('native')
    stage.recorder.script(
      ...Array.from({ length: 2 }, () => ({ status: 503, headers: { 'retry-after': '1' } })),
    )
    await start()
    await frames(10)
    await ask(`session.track('like')`)
    const id = await session()
    await waitFor(() => stage.recorder.events('interaction', id).length === 1, {
      what: 'the like',
    })
    const stats = await ask<{ dropped: number; refused: number }>('session.stats()')
    assert.deepEqual([stats.dropped, stats.refused], [0, 0])
    const seqs = ['startup', 'heartbeat', 'interaction'] as const
    const numbers = seqs
      .flatMap((kind) => stage.recorder.events(kind, id).map((each) => each.seq!))
      .sort((a, b) => a - b)
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
      'none is missing',
    )
  })

  test('a start that fails and one that is abandoned', async () => {
    const failed = await open('hls.js')
    await failed.start({}, `${stage.hls.origin}/media/nothing.m3u8`)
    const id = await failed.session()
    const startup = await waitFor(() => stage.recorder.events('startup', id)[0], { what: 'the failure' })
    assert.deepEqual(
      [startup.outcome, startup.error_code, startup.error_category],
      ['failed', 'manifestLoadError', 'manifest'],
    )
    assert.equal(startup.video_startup_time_ms, undefined)

    const left = await open('hls.js')
    const shaper = await startShaper({ target: stage.hls.origin, line: { delay_ms: 3_000 } })
    undo.push(shaper.stop)
    await left.start({}, shaper.url + stage.hls.path)
    const leaver = await left.session()
    await left.page.goto('about:blank')
    const outcome = await waitFor(() => stage.recorder.events('startup', leaver)[0]?.outcome, {
      what: 'the leaving',
    })
    assert.equal(outcome, 'abandoned')
  })

  const SWITCHES = [
    ['hls.js', `player.currentLevel = player.levels.length - 1 - player.currentLevel`],
    [
      'dash.js',
      `player.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: false } }, buffer: { fastSwitchEnabled: true } } })
      const now = player.getCurrentRepresentationForType('video')
      const other = player.getRepresentationsByType('video').find((each) => each.id !== now.id)
      player.setRepresentationForTypeById('video', other.id, true)`,
    ],
    [
      'shaka',
      `player.configure({ abr: { enabled: false } })
      player.selectVariantTrack(player.getVariantTracks().find((each) => !each.active), true)`,
    ],
  ] as const
  for (const [name, change] of SWITCHES) {
    test(`${name}: a switch of rendition closes the interval of the old one`, async () => {
      const { start, frames, ask, session, errors } = await open(name)
      await start()
      await frames(30)
      const id = await session()
      await ask(`(() => { ${change} })()`)
      const beats = () => stage.recorder.events('heartbeat', id)
      const at = await waitFor(() => beats().find((each) => each.reason === 'switch'), {
        what: 'the switch',
        detail: () => json([errors, beats().at(-1)]),
      })
      assert.equal(at.switches, 1)
      await frames(60)
      await ask('session.end()')
      const last = await waitFor(() => beats().find((each) => each.reason === 'end'), { what: 'the end' })
      assert.notEqual(last.bitrate_kbps, at.bitrate_kbps)
      assert.notEqual(last.rendition, at.rendition)
    })
  }

  test('time played faster than 1× to drain the buffer is told apart', async () => {
    const { start, frames, ask, session } = await open('native')
    await start()
    await frames(10)
    const true_ms = await ask<number>(`new Promise((done) => {
      const from = performance.now()
      video.playbackRate = 1.5
      setTimeout(() => done((session.end(), performance.now() - from)), 1000)
    })`)
    const id = await session()
    const beats = () => stage.recorder.events('heartbeat', id)
    const last = await waitFor(() => beats().find((each) => each.reason === 'end'), { what: 'the end' })
    const fast_ms = beats().reduce((sum, each) => sum + (each.fast_ms ?? 0), 0)
    assert.ok(Math.abs(fast_ms - true_ms) <= 100, `told ${fast_ms} ms, true ${true_ms} ms`)
    assert.deepEqual([last.playback_rate, last.slow_ms], [1.5, 0])
  })

  test('a co-hosting leg: both ways, with its round trip, frames and latency', async () => {
    const cohost = stage.files['/firstframe-cohost.js']!.body.toString()
    const { start, frames, ask, session, errors } = await open('native')
    await start()
    await frames(5)
    await ask(`new Promise((done) => {
      const script = document.createElement('script')
      script.textContent = ${json(cohost)}
      document.head.append(script)
      done()
    })`)
    await ask(`(async () => {
      const canvas = document.createElement('canvas')
      canvas.width = 320
      canvas.height = 180
      const paint = canvas.getContext('2d')
      let turn = 0
      setInterval(() => { paint.fillStyle = 'hsl(' + (turn += 7) + ' 90% 50%)'; paint.fillRect(0, 0, 320, 180) }, 40)
      const [here, there] = [new RTCPeerConnection(), new RTCPeerConnection()]
      here.onicecandidate = ({ candidate }) => candidate && there.addIceCandidate(candidate)
      there.onicecandidate = ({ candidate }) => candidate && here.addIceCandidate(candidate)
      window.far = document.createElement('video')
      far.muted = far.autoplay = true
      document.body.append(far)
      there.ontrack = ({ streams }) => { far.srcObject = streams[0] }
      const media = canvas.captureStream(25)
      here.addTrack(media.getTracks()[0], media)
      window.legs = [here, there]
      Firstframe.watchPeerConnection(session, here, { peer: 'guest', interval_ms: 1000 })
      Firstframe.watchPeerConnection(session, there, { peer: 'host', interval_ms: 1000 })
      await here.setLocalDescription()
      await there.setRemoteDescription(here.localDescription)
      await there.setLocalDescription()
      await here.setRemoteDescription(there.localDescription)
    })()`)
    const id = await session()
    const events = (peer: string) => stage.recorder.events('cohost', id).filter((each) => each.peer === peer)
    const heard = () => events('host').filter((each) => each.direction === 'in' && each.fps! > 0)
    await waitFor(() => heard().length >= 4, {
      what: 'four intervals',
      detail: () => json([errors, events('host')]),
    })
    assert.equal(events('guest')[0]!.event, 'joined')
    const legs = heard()
    // A timer of a busy machine is late: an interval is as long as the time from the report before it.
    for (const [at, leg] of legs.slice(1).entries()) {
      const true_ms = leg.time_ms! - legs[at]!.time_ms!
      assert.ok(Math.abs(leg.interval_ms - true_ms) < 50, `interval told ${leg.interval_ms}, true ${true_ms}`)
    }
    // The best of them is the connection's own: others may have waited for a processor.
    const best = (of: 'rtt_ms' | 'end_to_end_latency_ms') => Math.min(...legs.flatMap((leg) => leg[of] ?? []))
    assert.ok(Math.max(...legs.map(({ fps }) => fps!)) > 10 && legs.every(({ fps }) => fps! < 40), json(legs))
    assert.ok(best('rtt_ms') >= 0 && best('rtt_ms') < 200, `rtt ${best('rtt_ms')}`)
    const latency_ms = best('end_to_end_latency_ms')
    assert.ok(latency_ms >= 0 && latency_ms < 1_000, `${latency_ms}`)
    assert.ok(events('guest').some((each) => each.direction === 'out' && each.bitrate_kbps! > 0))
    await ask('legs.forEach((leg) => leg.close())')
    await waitFor(() => events('host').some((each) => each.event === 'left'), { what: 'the leaving' })
    assert.deepEqual(stage.recorder.problems, [])
  })
})
