import { HEARTBEAT_MS, type TimeAnswer } from '../../schemas/beacon.ts'
import type { ClientContext } from '../../schemas/envelope.ts'
import type { KindFields } from '../../schemas/kinds/kinds.ts'
import type { MediaRequest, PlaybackError, Rendition } from '../adapter.ts'
import { guard } from '../core/guard.ts'
import type { Cancel, PostAnswer, SenderStats } from '../core/sender.ts'
import { createSession, type Sample, type SessionCore, type SessionNews } from '../core/session.ts'

/** What a container without a DOM gives: a mini-program, a native bridge, a worker, a test. */
export interface PlainHost {
  /** Monotonic, ms. */
  readonly now: () => number
  /** ms since the epoch, by the device's clock. */
  readonly wall: () => number
  readonly later: (run: () => void, ms: number) => Cancel
  /** `POST` of a text body. Never rejects; status 0: nobody answered. */
  readonly post: (url: string, body: string) => Promise<PostAnswer>
  /** `GET` of the collector's time; undefined when nobody answered. */
  readonly time: (url: string) => Promise<TimeAnswer | undefined>
  readonly random?: () => number
}

export interface PlainOptions {
  /** The collector's origin: beacons go to `${url}/v1/beacons`. */
  readonly url: string
  /** The tenant's write key. */
  readonly key: string
  readonly show: string
  readonly stream: string
  /** The dimension `player`, e.g. `live-player`. */
  readonly player: string
  readonly host: PlainHost
  readonly app?: string
  readonly viewer?: string
  readonly cdn?: string
  /** Where the player runs, e.g. `mini-program`, `app`. */
  readonly container?: string
  readonly protocol?: string
  /** Any further dimension. */
  readonly context?: ClientContext
  /** Names the session; by default a random name. */
  readonly session?: string
  /** Default 10 000. */
  readonly heartbeat_ms?: number
  /** `false`: whoever made the player calls `frame()` for each picture. Default true: the player declares its states. */
  readonly declares?: boolean
}

/** What a player says of itself, in the order it happens. Every function may be called at any time and never throws. */
export interface PlainSession {
  readonly id: string
  /** The viewer, or the page, asked to play. */
  readonly request: (at?: number) => void
  /** A moment of the start: `manifest`, `media` (first request of media), `byte`, `demuxed`, `decoded`. */
  readonly mark: SessionCore['mark']
  readonly source: SessionCore['source']
  /** The picture moves (the first time: the first frame is on the screen). */
  readonly playing: () => void
  /** The picture stands still for lack of data. */
  readonly waiting: () => void
  readonly paused: () => void
  readonly resumed: () => void
  readonly seeking: (byViewer: boolean) => void
  readonly ended: () => void
  /** A picture was drawn. Of players with `declares: false`, each. @param media_s its media time, s */
  readonly frame: (media_s: number) => void
  /** Media time as the player reports it, s: where it moves, the picture moves. */
  readonly position: (media_s: number) => void
  readonly rate: (rate: number) => void
  /** What is known now of buffer, bandwidth, size, latency, frames; stands in the next heartbeat. */
  readonly sample: (sample: Sample) => void
  readonly rendition: (rendition: Rendition) => void
  readonly media: (request: MediaRequest) => void
  readonly error: (error: PlaybackError) => void
  readonly track: (action: string, fields?: Partial<KindFields<'interaction'>>) => void
  /** A message of the room came: its channel’s delivery, repeats, order and delay follow. */
  readonly message: SessionCore['message']
  readonly report: SessionCore['report']
  readonly setContext: (context: ClientContext) => void
  /** The app goes to the background, or for good. */
  readonly hide: (forGood?: boolean) => void
  readonly end: () => void
  readonly on: (handler: (news: SessionNews) => void) => () => void
  readonly stats: () => SenderStats
}

const LOOK_MS = 100

/** 32 hexadecimal digits. */
function randomName(random: () => number): string {
  return Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('')
}

function contextOf(options: PlainOptions, session: string): ClientContext {
  const { show, stream, player, app, viewer, cdn, protocol, container = 'app', context } = options
  const all = {
    session,
    show,
    stream,
    player,
    app,
    viewer,
    cdn,
    protocol,
    container,
    source: 'sdk',
    ...context,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as ClientContext
}

/**
 * Watches a player that has no media element: the player's own events are declared by calls. The same core as in the
 * browser makes the same events of them (`startup`, `heartbeat`, `interaction`), numbered and sent again until answered.
 */
export function monitorPlain(options: PlainOptions): PlainSession {
  const { host, declares = true } = options
  const random = host.random ?? Math.random
  const id = options.session ?? randomName(random)
  const base = options.url.replace(/\/+$/, '')
  const listeners = new Set<(news: SessionNews) => void>()
  let seq = 0
  let sample: Sample = {}
  const core = createSession(
    {
      key: options.key,
      context: contextOf(options, id),
      heartbeat_ms: options.heartbeat_ms ?? HEARTBEAT_MS,
      number: () => ++seq,
    },
    {
      now: host.now,
      epoch_ms: host.wall() - host.now(),
      random,
      later: (run, ms) => host.later(guard(run), ms),
      post: (body) => host.post(`${base}/v1/beacons`, body),
      time: () => host.time(`${base}/v1/time`),
      timing: () => undefined,
      sample: () => sample,
    },
    (news) => {
      for (const each of listeners) guard(each)(news)
    },
  )
  const { playback } = core
  let moving = false
  let media_s = 0
  let looked = host.now()
  let over = false
  // A player that declares its states has no frames: its media time runs while it says that it plays.
  const look = () => {
    const at = host.now()
    if (declares && moving) media_s += (at - looked) / 1000
    looked = at
    core.alive()
    playback.look(at, {
      time_s: media_s,
      ahead_ms: moving ? 1_000 : 0,
      ready: moving ? 4 : 2,
      decoded: 0,
      framed: !declares,
    })
  }
  const watch = () => {
    if (over) return
    host.later(
      guard(() => {
        look()
        watch()
      }),
      LOOK_MS,
    )
  }
  watch()
  const move = (next: boolean) => {
    look()
    moving = next
  }
  return {
    id,
    request: guard((at) => {
      core.request_play(at)
      playback.event('play', host.now())
    }),
    mark: guard(core.mark),
    source: guard(core.source),
    playing: guard(() => {
      if (!core.requested()) core.request_play()
      move(true)
      core.mark('frame')
      playback.event('playing', host.now())
    }),
    waiting: guard(() => {
      move(false)
      playback.event('waiting', host.now())
    }),
    paused: guard(() => {
      move(false)
      playback.event('pause', host.now())
    }),
    resumed: guard(() => {
      playback.event('play', host.now())
      move(true)
    }),
    seeking: guard((byViewer) => playback.seeking(host.now(), byViewer)),
    ended: guard(() => {
      move(false)
      playback.event('ended', host.now())
    }),
    frame: guard((at_s) => {
      if (!core.requested()) core.request_play()
      media_s = at_s
      moving = true
      core.mark('decoded')
      core.mark('frame')
      if (playback.state() === 'starting') playback.event('playing', host.now())
      playback.frame(host.now(), at_s)
    }),
    position: guard((at_s) => {
      if (at_s === media_s) return
      media_s = at_s
      look()
    }),
    rate: guard(core.rate),
    sample: guard((next) => {
      sample = { ...sample, ...next }
    }),
    rendition: guard(core.rendition),
    media: guard(core.request),
    error: guard(core.error),
    track: guard((action, fields = {}) =>
      core.report('interaction', { outcome: 'success', ...fields, action } as KindFields<'interaction'>),
    ),
    message: guard(core.message),
    report: guard(core.report) as SessionCore['report'],
    setContext: guard(core.setContext),
    hide: guard((forGood = false) => {
      look()
      core.hide(forGood)
    }),
    end: guard(() => {
      look()
      core.end()
      over = true
    }),
    on: (handler) => {
      listeners.add(handler)
      return () => void listeners.delete(handler)
    },
    stats: core.stats,
  }
}
