import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Beacon, BeaconEvent } from '../../schemas/beacon.ts'
import { validateContext, validateEvent } from '../../schemas/derive/validate.ts'
import { createVirtualTime } from '../testing/virtualTime.ts'
import { monitorLivePlayer, monitorVideoComponent } from './livePlayer.ts'
import { type MiniProgramApi, storedViewer } from './miniProgramHost.ts'
import { monitorPlain, type PlainHost, type PlainSession } from './monitorPlain.ts'
import { monitorReactNativeVideo } from './reactNativeVideo.ts'

const EPOCH_MS = 1_795_000_000_000
const ABOUT = {
  url: 'https://c.example',
  key: 'demo',
  show: 's',
  stream: 'm',
  session: 'x',
  heartbeat_ms: 10_000,
}

/** The script that every container plays: what the viewer sees, ms after the request to play. */
interface Player {
  readonly request: () => void
  readonly load: () => void
  readonly firstFrame: () => void
  /** The picture goes on; called every 40 ms while it moves. */
  readonly moves: (media_s: number) => void
  readonly stalls: () => void
  readonly goesOn: () => void
  readonly pauses: () => void
  readonly resumes: () => void
  readonly session: PlainSession
}

/** 600 ms to the first frame, 10 s of play, a stall of 2 s, 5 s of play, a pause of 3 s, 4 s of play, the end. */
async function play(time: ReturnType<typeof createVirtualTime>, player: Player): Promise<void> {
  let media_s = 0
  const run = async (ms: number) => {
    for (let gone = 0; gone < ms; gone += 40) {
      await time.pass(40)
      media_s += 0.04
      player.moves(media_s)
    }
  }
  player.request()
  await time.pass(200)
  player.load()
  await time.pass(400)
  player.firstFrame()
  await run(10_000)
  player.stalls()
  await time.pass(2_000)
  player.goesOn()
  await run(5_000)
  player.pauses()
  await time.pass(3_000)
  player.resumes()
  await run(4_000)
  player.session.end()
  await time.pass(100)
}

/** What a report says, without what only some containers know. */
function rowsOf(beacons: readonly Beacon[]) {
  const events = beacons.flatMap(({ events, context }) => events.map((event) => ({ ...context, ...event })))
  return events.map((event) => {
    const {
      kind,
      seq,
      outcome,
      reason,
      state,
      video_startup_time_ms,
      stall_count,
      played_ms,
      stalled_ms,
      paused_ms,
    } = event as unknown as Record<string, number | string | undefined>
    return {
      kind,
      seq,
      outcome,
      reason,
      state,
      video_startup_time_ms,
      stall_count,
      played_ms,
      stalled_ms,
      paused_ms,
    }
  })
}

function setup(
  make: (host: PlainHost, api: MiniProgramApi, time: ReturnType<typeof createVirtualTime>) => Player,
) {
  const time = createVirtualTime()
  const beacons: Beacon[] = []
  const host: PlainHost = {
    now: time.now,
    wall: () => EPOCH_MS + time.now(),
    later: time.later,
    random: () => 0.5,
    post: async (_, body) => {
      beacons.push(JSON.parse(body))
      return { status: 204 }
    },
    time: async () => undefined,
  }
  return { time, beacons, host, player: (api: MiniProgramApi) => make(host, api, time) }
}

const PLAYERS: Record<string, (host: PlainHost) => Player> = {
  'a player that draws its own frames': (host) => {
    const session = monitorPlain({ ...ABOUT, host, player: 'canvas', declares: false })
    return {
      session,
      request: () => session.request(),
      load: () => session.mark('media'),
      firstFrame: () => session.frame(0),
      moves: (media_s) => session.frame(media_s),
      stalls: () => session.waiting(),
      goesOn: () => {},
      pauses: () => session.paused(),
      resumes: () => session.resumed(),
    }
  },
  'a player that declares its states': (host) => {
    const session = monitorPlain({ ...ABOUT, host, player: 'native' })
    return {
      session,
      request: () => session.request(),
      load: () => session.mark('media'),
      firstFrame: () => session.playing(),
      moves: () => {},
      stalls: () => session.waiting(),
      goesOn: () => session.playing(),
      pauses: () => session.paused(),
      resumes: () => {
        session.resumed()
        session.playing()
      },
    }
  },
  'react-native-video': (host) => {
    const { session, props } = monitorReactNativeVideo({ ...ABOUT, host })
    return {
      session,
      request: () => props.onLoadStart(),
      load: () => props.onLoad({ naturalSize: { width: 640, height: 360 } }),
      firstFrame: () => props.onReadyForDisplay(),
      moves: (media_s) => props.onProgress({ currentTime: media_s, playableDuration: media_s + 3 }),
      stalls: () => {
        props.onBuffer({ isBuffering: true })
        props.onPlaybackStateChanged({ isPlaying: false })
      },
      goesOn: () => {
        props.onBuffer({ isBuffering: false })
        props.onPlaybackStateChanged({ isPlaying: true })
      },
      pauses: () => props.onPlaybackStateChanged({ isPlaying: false }),
      resumes: () => props.onPlaybackStateChanged({ isPlaying: true }),
    }
  },
}

test('the same playback gives the same rows in every container, and each row is valid', async () => {
  const all: Record<string, ReturnType<typeof rowsOf>> = {}
  for (const [name, make] of Object.entries(PLAYERS)) {
    const { time, beacons, host } = setup(() => ({}) as Player)
    await play(time, make(host))
    for (const { context, events } of beacons) {
      assert.equal(validateContext(context ?? {}), undefined)
      for (const event of events) assert.equal(validateEvent(event.kind, event as BeaconEvent), undefined)
    }
    all[name] = rowsOf(beacons)
  }
  const [first, ...others] = Object.entries(all)
  const sum = (
    rows: ReturnType<typeof rowsOf>,
    field: 'played_ms' | 'stalled_ms' | 'paused_ms' | 'stall_count',
  ) => rows.reduce((total, row) => total + Number(row[field] ?? 0), 0)
  assert.equal(first![1][0]!.video_startup_time_ms, 600)
  for (const [name, rows] of [first!, ...others]) {
    assert.deepEqual(
      rows.map(({ kind, seq, outcome, reason }) => [kind, seq, outcome, reason]),
      first![1].map(({ kind, seq, outcome, reason }) => [kind, seq, outcome, reason]),
      name,
    )
    assert.equal(rows[0]!.video_startup_time_ms, 600, name)
    assert.equal(sum(rows, 'stall_count'), 1, name)
    assert.ok(Math.abs(sum(rows, 'stalled_ms') - 2_000) <= 250, `${name}: stalled ${sum(rows, 'stalled_ms')}`)
    assert.ok(Math.abs(sum(rows, 'played_ms') - 19_000) <= 250, `${name}: played ${sum(rows, 'played_ms')}`)
    assert.ok(Math.abs(sum(rows, 'paused_ms') - 3_000) <= 50, `${name}: paused ${sum(rows, 'paused_ms')}`)
  }
})

/** A container's global object over a recorded line; answers as WeChat or as Alipay does. */
function containerApi(style: 'wechat' | 'alipay') {
  const sent: { url: string; body: Beacon }[] = []
  const kept = new Map<string, unknown>()
  const api = {
    request: (options: { url: string; method: string; data?: string; success: (answer: object) => void }) => {
      if (options.data !== undefined) sent.push({ url: options.url, body: JSON.parse(options.data) })
      const ok = options.method === 'POST' ? 204 : 404
      options.success(
        style === 'wechat' ? { statusCode: ok, header: {}, data: '' } : { status: ok, headers: {}, data: '' },
      )
    },
    getStorageSync: (name: string | { key: string }) =>
      typeof name === 'string' ? (kept.get(name) ?? '') : { data: kept.get(name.key) ?? null },
    setStorageSync: (name: string | { key: string; data: unknown }, value?: unknown) =>
      typeof name === 'string' ? kept.set(name, value) : kept.set(name.key, name.data),
    onAppHide: () => {},
  }
  return {
    api: api as unknown as MiniProgramApi,
    sent,
    events: () => sent.flatMap(({ body }) => body.events),
  }
}

test('<live-player>: start, stall, warnings and the end, by its state codes', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: EPOCH_MS })
  for (const style of ['wechat', 'alipay'] as const) {
    const { api, sent, events } = containerApi(style)
    const monitor = monitorLivePlayer({ ...ABOUT, api, src: 'rtmp://a.example/live/1' })
    const state = (code: number) => monitor.onStateChange({ detail: { code } })
    const pass = async (ms: number) => {
      for (let gone = 0; gone < ms; gone += 100) {
        context.mock.timers.tick(100)
        await Promise.resolve()
      }
    }
    state(2001)
    state(2002)
    await pass(400)
    state(2003)
    state(2008)
    await pass(100)
    state(2004)
    await pass(3_000)
    monitor.onNetStatus({
      detail: { info: { netSpeed: '900', videoBitrate: 800, audioBitrate: 64, videoFPS: 25 } },
    })
    state(2105)
    await pass(1_000)
    state(2007)
    await pass(1_500)
    state(2004)
    await pass(500)
    monitor.onStateChange({ detail: { code: 2103, message: 'reconnects' } })
    monitor.session.end()
    await pass(100)
    assert.equal(sent[0]!.url, 'https://c.example/v1/beacons')
    const startup = events().find(({ kind }) => kind === 'startup') as unknown as Record<string, unknown>
    assert.deepEqual([startup.outcome, startup.video_startup_time_ms], ['started', 500])
    const beats = events().filter(({ kind }) => kind === 'heartbeat') as unknown as Record<string, number>[]
    const stalled_ms = beats.reduce((total, beat) => total + (beat.stalled_ms ?? 0), 0)
    assert.ok(Math.abs(stalled_ms - 1_500) <= 300, `stalled ${stalled_ms} ms`)
    assert.ok(beats.some((beat) => String(beat.error_code) === '2103' && beat.error_fatal === undefined))
    assert.ok(beats.some((beat) => beat.bitrate_kbps === 864 && beat.bandwidth_kbps === 900))
  }
})

test('<video>: the picture moves where its time moves', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: EPOCH_MS })
  const { api, events } = containerApi('wechat')
  const monitor = monitorVideoComponent({ ...ABOUT, api, src: 'https://a.example/live.m3u8' })
  monitor.onPlay()
  context.mock.timers.tick(700)
  monitor.onLoadedMetadata({ detail: { width: 640, height: 360 } })
  for (let step = 1; step <= 8; step++) {
    monitor.onTimeUpdate({ detail: { currentTime: step / 4 } })
    context.mock.timers.tick(250)
    await Promise.resolve()
  }
  monitor.session.end()
  context.mock.timers.tick(100)
  const startup = events().find(({ kind }) => kind === 'startup') as unknown as Record<string, unknown>
  assert.deepEqual([startup.outcome, startup.video_startup_time_ms], ['started', 700])
})

test('a viewer who comes again is known by the storage, in both forms of it', () => {
  for (const alipay of [false, true]) {
    const { api } = containerApi(alipay ? 'alipay' : 'wechat')
    const made = storedViewer(api, { alipay })
    assert.match(made, /^[0-9a-z]{16}$/)
    assert.equal(storedViewer(api, { alipay }), made)
  }
})
