import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Beacon, BeaconEvent } from '../../schemas/beacon.ts'
import type { Kind } from '../../schemas/kinds/kinds.ts'
import { createVirtualTime } from '../testing/virtualTime.ts'
import { createSession, type Sample } from './session.ts'

const EPOCH = 1_795_000_000_000

function setup() {
  const time = createVirtualTime()
  const events: BeaconEvent[] = []
  const beacons: Beacon[] = []
  let sample: Sample = {}
  let advice: string | undefined
  let seq = 0
  const session = createSession(
    { key: 'demo', context: { session: 'x', show: 's' }, heartbeat_ms: 10_000, number: () => ++seq },
    {
      now: time.now,
      epoch_ms: EPOCH,
      random: () => 0.5,
      later: time.later,
      post: async (body) => {
        beacons.push(JSON.parse(body))
        return { status: 204, advice }
      },
      time: async () => ({ received_ms: EPOCH + time.now() + 5_000, sent_ms: EPOCH + time.now() + 5_000 }),
      timing: () => undefined,
      sample: () => sample,
      cdnOf: (url) => (url.includes('//b.') ? 'b' : undefined),
    },
    (news) => {
      if (news.type === 'event') events.push(news.event)
    },
  )
  const start = () => {
    session.request_play()
    session.playback.event('play', time.now())
    session.mark('frame')
    session.playback.frame(time.now(), 0)
    session.playback.event('playing', time.now())
  }
  let frames = 0
  /** Plays, frame by frame, letting timers run. */
  const play = async (ms: number) => {
    for (let gone = 0; gone < ms; gone += 40) {
      await time.pass(40)
      session.playback.frame(time.now(), ++frames)
    }
  }
  const stall = async (ms: number) => {
    for (let gone = 0; gone < ms; gone += 100) {
      await time.pass(100)
      session.playback.look(time.now(), { time_s: frames, ahead_ms: 0, ready: 2, decoded: 0, framed: true })
    }
  }
  const of = <K extends Kind>(kind: K) =>
    events.filter((each) => each.kind === kind) as unknown as BeaconEvent<K>[]
  const beats = () => of('heartbeat')
  return {
    ...{ time, session, start, play, stall, events, beats, of, beacons },
    advise: (value: string | undefined) => {
      advice = value
    },
    set: (next: Sample) => {
      sample = next
    },
  }
}

test('a start: startup and a first heartbeat, numbered from 1, then one each 10 s', async () => {
  const { start, play, events, beats, of } = setup()
  start()
  await play(25_000)
  assert.deepEqual(
    events.map((each) => each.seq),
    events.map((_, index) => index + 1),
  )
  assert.equal(of('startup')[0]!.outcome, 'started')
  assert.deepEqual(
    beats().map((each) => [each.reason, each.interval_ms]),
    [
      ['start', 0],
      ['interval', 10_000],
      ['interval', 10_000],
    ],
  )
  assert.equal(beats()[1]!.played_ms, 10_000)
})

const LOST = { code: 'levelLoadError', category: 'manifest', fatal: true } as const

test('a fatal error that the page mends while the buffer plays ends nothing', async () => {
  const { session, start, play, beats, of } = setup()
  start()
  await play(2_000)
  session.error(LOST)
  await play(3_000)
  session.request({ bytes: 1_000 })
  await play(29_000)
  assert.deepEqual(
    of('startup').map(({ outcome }) => outcome),
    ['started'],
  )
  assert.equal(beats().filter(({ reason }) => reason === 'interval').length, 3)
  assert.ok(beats().every(({ error_fatal, state }) => error_fatal === undefined && state === 'playing'))
  assert.equal(beats().find(({ reason }) => reason === 'error')?.error_code, 'levelLoadError')
})

test('a fatal error that nobody mends counts when the picture has stood still for 5 s', async () => {
  const { session, start, play, stall, beats } = setup()
  start()
  await play(2_000)
  session.error(LOST)
  await play(8_000)
  await stall(4_000)
  assert.ok(beats().every(({ error_fatal }) => error_fatal === undefined))
  await stall(3_000)
  assert.deepEqual([beats().at(-1)!.state, beats().at(-1)!.error_fatal], ['failed', true])
  await play(1_000)
  assert.equal(beats().at(-1)!.state, 'playing', 'and a picture that moves again is believed')
})

test('a page that waits for the show has one start, and it started', async () => {
  const { session, start, time, of } = setup()
  session.request_play()
  for (let second = 0; second < 9; second++) {
    session.source('manifest', 'https://a.example/live.m3u8')
    session.error({ ...LOST, code: 'manifestLoadError' })
    await time.pass(1_000)
  }
  start()
  assert.deepEqual(
    of('startup').map(({ outcome, video_startup_time_ms }) => [outcome, video_startup_time_ms]),
    [['started', 9_000]],
  )
})

test('a start that is tried for 30 s has failed; a later one is a new attempt', async () => {
  const { session, start, time, of } = setup()
  session.request_play()
  for (let second = 0; second < 31; second++) {
    session.source('manifest', 'https://a.example/live.m3u8')
    session.error({ ...LOST, code: 'manifestLoadError' })
    await time.pass(1_000)
  }
  session.source('manifest', 'https://a.example/live.m3u8')
  await time.pass(400)
  start()
  const starts = of('startup').map(({ outcome, video_startup_time_ms }) => [outcome, video_startup_time_ms])
  assert.deepEqual(starts, [
    ['failed', undefined],
    ['started', 1_400],
  ])
})

test('leaving while an error stands is a failed start', async () => {
  const { session, of } = setup()
  session.request_play()
  session.error(LOST)
  session.end()
  assert.deepEqual(
    of('startup').map(({ outcome, error_code }) => [outcome, error_code]),
    [['failed', 'levelLoadError']],
  )
})

test('a stall is told within 250 ms, each second at first, then each five, and when it is over', async () => {
  const { start, play, stall, beats, time } = setup()
  start()
  await play(4_000)
  const began = time.now()
  await stall(12_500)
  await play(400)
  const reported = beats().slice(1)
  assert.equal(reported[0]!.reason, 'stall_start')
  assert.ok(reported[0]!.time_ms! - EPOCH - began <= 250, `${reported[0]!.time_ms! - EPOCH - began} ms`)
  assert.deepEqual(
    reported.map((each) => each.reason),
    ['stall_start', ...Array(6).fill('interval'), 'stall_end'],
  )
  assert.deepEqual(
    reported.slice(1, 7).map((each) => each.stalled_ms),
    [1_000, 1_000, 1_000, 1_000, 1_000, 5_000],
  )
  const stalled = reported.reduce((sum, each) => sum + (each.stalled_ms ?? 0), 0)
  assert.ok(Math.abs(stalled - 12_500) <= 40, `${stalled} ms`)
  assert.equal(
    reported.reduce((sum, each) => sum + (each.stall_count ?? 0), 0),
    1,
  )
})

test('a fatal error before the first frame is a failed start; leaving before it, an abandoned one', async () => {
  const failed = setup()
  failed.session.request_play()
  failed.session.error({ code: 'manifestLoadError', category: 'manifest', fatal: true, message: 'no' })
  assert.equal(failed.of('startup').length, 0, 'the page may try again')
  await failed.time.pass(6_000)
  assert.deepEqual(
    failed.of('startup').map((each) => [each.outcome, each.error_code, each.error_category]),
    [['failed', 'manifestLoadError', 'manifest']],
  )
  const beats = failed.beats().map((each) => [each.state, each.error_fatal])
  assert.deepEqual(beats, [
    ['starting', undefined],
    ['failed', true],
  ])
  await failed.time.pass(60_000)
  assert.equal(failed.beats().length, 2, 'a failed playback sends no more heartbeats')

  const left = setup()
  left.session.request_play()
  await left.time.pass(800)
  left.session.hide(true)
  assert.deepEqual(
    left.events.map((each) =>
      each.kind === 'startup' ? each.outcome : each.kind === 'heartbeat' && each.reason,
    ),
    ['abandoned', 'hide'],
  )
})

test('a switch closes the interval of the old rendition', async () => {
  const { start, play, session, beats, beacons, time } = setup()
  session.rendition({ name: '360p', bitrate_kbps: 400, codec: 'avc1.64001f' })
  start()
  await play(2_000)
  session.rendition({ name: '720p', bitrate_kbps: 1_500, codec: 'hvc1.1.6.L93' })
  session.rendition({ name: '720p', bitrate_kbps: 1_500, codec: 'hvc1.1.6.L93' })
  await play(10_040)
  assert.deepEqual(
    beats().map((each) => [each.reason, each.bitrate_kbps, each.switches]),
    [
      ['start', 400, 0],
      ['switch', 400, 1],
      ['interval', 1_500, 0],
    ],
  )
  await time.pass(10)
  assert.deepEqual([beacons.at(-1)!.context!.rendition, beacons.at(-1)!.context!.codec], ['720p', 'h265'])
})

test('a single playlist names no bitrate: it is unknown, not 0', async () => {
  const { start, play, session, beats } = setup()
  session.rendition({ name: 'only', bitrate_kbps: 0 })
  start()
  await play(10_040)
  assert.equal(beats().at(-1)!.bitrate_kbps, undefined)
})

test('live latency is corrected by the collector’s clock', async () => {
  const { start, play, session, beats, set, time } = setup()
  start()
  await play(1_000)
  assert.deepEqual(session.clock(), { offset_ms: 5_000, error_ms: 0 })
  set({ filmed_ms: EPOCH + time.now() + 5_000 - 2_500 })
  session.playback.event('pause', time.now())
  assert.equal(beats().at(-1)!.live_latency_ms, 2_500)
})

test('a catch-up is counted with the latency it gained, and its time as fast', async () => {
  const it = setup()
  it.start()
  await it.play(2_000)
  it.set({ live_latency_ms: 4_000 })
  it.session.rate(1.3)
  await it.play(3_000)
  it.session.rate(1.1)
  it.set({ live_latency_ms: 1_500 })
  await it.play(1_000)
  it.session.rate(1)
  it.session.rate(0.9)
  await it.play(5_000)
  const beat = it.beats().at(-1)!
  assert.deepEqual([beat.catch_ups, beat.caught_up_ms, beat.fast_ms], [1, 2_500, 4_000])
  assert.ok(beat.slow_ms! > 3_000)
  await it.play(10_000)
  assert.deepEqual([it.beats().at(-1)!.catch_ups, it.beats().at(-1)!.caught_up_ms], [0, undefined])
})

test('messages of the room are counted by channel and go with the next heartbeat', async () => {
  const it = setup()
  it.start()
  await it.play(2_000)
  const corrected = EPOCH + it.time.now() + 5_000
  for (const id of [1, 2, 4, 4]) it.session.message({ channel: 'csn', id, sent_ms: corrected - 400 })
  assert.equal(it.of('interaction').length, 0)
  await it.play(9_000)
  const [counted, ...more] = it.of('interaction')
  assert.deepEqual(more, [])
  assert.deepEqual(
    [counted!.channel, counted!.messages_expected, counted!.messages_received, counted!.messages_duplicated],
    ['csn', 4, 3, 1],
  )
  assert.equal(counted!.message_delay_ms, 400)
})

test('frames: what was shown, and how many a second while playing', async () => {
  const { start, play, beats, set } = setup()
  start()
  set({ frames_decoded: 260, frames_dropped: 10 })
  await play(10_000)
  const beat = beats().at(-1)!
  assert.deepEqual([beat.frames_rendered, beat.frames_dropped, beat.fps_rendered], [250, 10, 25])
  set({ frames_decoded: 20, frames_dropped: 0 })
  await play(10_000)
  assert.equal(beats().at(-1)!.frames_rendered, 20, 'a player that began anew counts from zero')
})

test('requests name the CDN they went to, and an unknown H.264 price saves nothing', async () => {
  const { start, play, session, beats, beacons, time } = setup()
  start()
  session.request({ url: 'https://b.example/1.m4s', bytes: 1_000, bytes_reference: 1_400, ttfb_ms: 20 })
  session.request({ url: 'https://b.example/2.m4s', bytes: 500, ttfb_ms: 40 })
  session.request({ failed: true })
  await play(10_000)
  const { bytes, bytes_reference, requests, requests_failed, ttfb_ms } = beats().at(-1)!
  assert.deepEqual([bytes, bytes_reference, requests, requests_failed, ttfb_ms], [1_500, 1_900, 3, 1, 30])
  await time.pass(1)
  assert.equal(beacons.at(-1)!.context!.cdn, 'b')
})

test('the same error again within ten seconds is not told again', async () => {
  const { start, play, session, beats } = setup()
  start()
  for (let index = 0; index < 5; index++) session.error({ code: 'fragLoadError', category: 'network' })
  await play(40)
  assert.equal(beats().filter((each) => each.reason === 'error').length, 1)
})

test('an end is the last word', async () => {
  const { start, play, session, beats, beacons, time } = setup()
  start()
  await play(3_000)
  session.end()
  session.end()
  session.report('interaction', { action: 'like', outcome: 'success' })
  await time.pass(60_000)
  assert.equal(beats().at(-1)!.reason, 'end')
  assert.equal(beacons.flatMap((each) => each.events).length, beats().length + 1)
})

test('while the machine slept nothing was played, nor stalled', async () => {
  const { start, play, session, beats, time } = setup()
  start()
  await play(1_000)
  // No timer runs while a machine sleeps: they are all late.
  time.sleep(3_600_000)
  session.alive()
  await play(2_000)
  session.end()
  const whole = beats().reduce((sum, each) => sum + each.interval_ms, 0)
  assert.ok(whole <= 3_100, `${whole} ms`)
  assert.equal(
    beats().reduce((sum, each) => sum + (each.stalled_ms ?? 0), 0),
    0,
  )
})

test('a start whose autoplay was blocked begins with the viewer’s tap', async () => {
  const { session, time, of } = setup()
  session.request_play()
  await time.pass(400)
  session.mark('ready')
  session.mark('frame')
  session.playback.frame(time.now(), 0)
  await time.pass(30_000)
  session.request_play()
  session.playback.event('play', time.now())
  await time.pass(30)
  session.playback.event('playing', time.now())
  assert.deepEqual([of('startup')[0]!.outcome, of('startup')[0]!.video_startup_time_ms], ['started', 30])
})

test('advice lengthens the interval and ends with the advice; a stall is reported at once all the same', async () => {
  const { start, play, stall, beats, advise } = setup()
  const undisturbed = () => beats().filter(({ reason }) => reason === 'interval').length
  advise('interval_ms=30000, sample=0.1')
  start()
  await play(15_000)
  const before = undisturbed()
  await play(60_000)
  assert.equal(undisturbed() - before, 2)
  advise(undefined)
  await stall(2_500)
  assert.equal(beats().filter(({ reason }) => reason === 'stall_start').length, 1)
  await play(12_000)
  const after = undisturbed()
  await play(30_000)
  assert.equal(undisturbed() - after, 3)
})
