import { HEARTBEAT_MS } from '../schemas/beacon.ts'
import type { ClientContext } from '../schemas/envelope.ts'
import type { KindFields } from '../schemas/kinds/kinds.ts'
import type { Adapter, AdapterSample, Attached, H264Ladder, Host, PlaybackError } from './adapter.ts'
import { native } from './adapters/native.ts'
import type { ClockReading } from './core/clockOffset.ts'
import { type CueHandler, createCues } from './core/cues.ts'
import { guard } from './core/guard.ts'
import type { Message } from './core/messages.ts'
import type { SenderStats } from './core/sender.ts'
import { createSession, known, type SessionCore, type SessionNews } from './core/session.ts'
import { resourceTiming } from './dom/resourceTiming.ts'
import { askTime, postBeacon } from './dom/transport.ts'
import { sampleVideo, watchVideo } from './dom/watchVideo.ts'

export interface MonitorOptions {
  /** The collector's origin: beacons go to `${url}/v1/beacons`. */
  readonly url: string
  /** The tenant's write key. */
  readonly key: string
  readonly show: string
  readonly stream: string
  /** The player in front of the element (an `Hls`, …); without one the element plays by itself. */
  readonly player?: unknown
  /** The player's adapter, where it cannot be told by looking at the player. */
  readonly adapter?: Adapter
  readonly app?: string
  /** The person or device; the collector hashes it before it is stored. */
  readonly viewer?: string
  /** The CDN, or how to tell it from a media address. */
  readonly cdn?: string | ((url: string) => string | undefined)
  /** Where the page runs. Default `h5`. */
  readonly container?: string
  /** The session's id, where another reporter of this playback must share it; new for each playback. Default: made here. */
  readonly session?: string
  /** Any further dimension. */
  readonly context?: ClientContext
  /** `performance.now()` of the viewer's tap, where that was before the element was asked to play. */
  readonly requested_at?: number
  /** Part of the sessions that report, 0 … 1; each then stands for 1 ÷ sample. Default 1. */
  readonly sample?: number
  /** `false`: nothing is collected or sent until `session.consent(true)`. Default true. */
  readonly consent?: boolean
  /** What the H.264 rendition of a height costs, kb/s, where the manifest offers none: what H.265 and AV1 save is held against it. */
  readonly h264_kbps?: H264Ladder
  /** Default 10 000. */
  readonly heartbeat_ms?: number
}

export type TrackFields = Omit<KindFields<'interaction'>, 'action' | 'outcome'> &
  Pick<ClientContext, 'component' | 'component_version'> & {
    readonly outcome?: KindFields<'interaction'>['outcome']
  }

export interface Session {
  readonly id: string
  /** Reports an interaction: `track('red_packet', { round: 'r7', outcome: 'success', rtt_ms: 84 })`. */
  readonly track: (action: string, fields?: TrackFields) => void
  /** Counts a message of the room: `message({ channel: 'csn', id: 41, sent_ms })`; delivery, repeats, order and delay follow. */
  readonly message: (message: Message) => void
  /** Reports an event of any kind that adapters make: `report('cohost', { … })`. */
  readonly report: SessionCore['report']
  /** Counts a media request that the player does not see: `request({ bytes: 9e5, bytes_p2p: 9e5 })` of a P2P engine. */
  readonly request: SessionCore['request']
  /** Reports an error of the page itself; category `business` (geo-block, sold out) is no failure. */
  readonly error: (error: PlaybackError) => void
  /** Changes dimensions from now on. */
  readonly setContext: (context: ClientContext) => void
  /** `true` begins to collect, `false` ends it and forgets what was not sent. */
  readonly consent: (given: boolean) => void
  readonly end: () => void
  /** Tells of events made, sent, refused, dropped. Returns how to stop. */
  readonly on: (handler: (news: SessionNews) => void) => () => void
  /** Calls `handler` when the frame that carries a round's cue is shown (hls.js, mpegts.js). Returns how to stop. */
  readonly onCue: (handler: CueHandler) => () => void
  /** The page showed a round that it learnt of by another way (a push message): compared with its frame. */
  readonly shown: (round: string, cue?: string, at?: number) => void
  /** The collector's clock minus this one, and its bound of error, ms. */
  readonly clock: () => ClockReading | undefined
  readonly stats: () => SenderStats
}

interface Running {
  readonly core: SessionCore
  readonly stop: () => void
}

const makeId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  )

/** The kind of access, where the browser says it. */
function networkOf(): string | undefined {
  const { connection } = navigator as { connection?: { type?: string; effectiveType?: string } }
  const type = connection?.type
  return type === 'wifi' || type === 'ethernet' ? type : connection?.effectiveType
}

/** What keeps a monitor from reporting, and how to mend it; undefined when nothing does. */
function missingOf(video: HTMLVideoElement | null | undefined, options: Partial<MonitorOptions>) {
  if (typeof video?.addEventListener !== 'function')
    return 'the first argument is no media element; call monitor() when it is in the page'
  for (const name of ['url', 'key', 'show', 'stream'] as const) {
    if (!options[name]) return `\`${name}\` is missing in monitor(video, { url, key, show, stream })`
  }
  return /^https?:\/\//.test(new URL(options.url!, location.href).href)
    ? undefined
    : `\`url\` is no address: ${options.url}`
}

/** Makes `monitor` for a set of adapters; they are asked in order whose player it is. */
export function createMonitor(adapters: readonly Adapter[]) {
  const warned = new Set<string>()
  const warnOnce = (about: string, text: string) => {
    if (!warned.has(about)) console.warn(text)
    warned.add(about)
  }
  /** Watches one playback and reports it. Never throws into the page: what cannot work is one `console.warn`. */
  return function monitor(video: HTMLVideoElement, given: MonitorOptions): Session {
    const options = given ?? ({} as MonitorOptions)
    const missing = missingOf(video, options)
    if (missing) warnOnce(missing, `Firstframe reports nothing: ${missing}`)
    const id = options.session ?? makeId()
    const listeners = new Set<(news: SessionNews) => void>()
    const sample = options.sample ?? 1
    const chosen = Math.random() < sample
    let running: Running | undefined
    let extra: ClientContext = {}
    let seq = 0

    const later = (run: () => void, ms: number) => {
      const timer = setTimeout(guard(run), ms)
      return () => clearTimeout(timer)
    }
    const epoch_ms = Date.now() - performance.now()
    const cues = createCues({
      now: () => performance.now(),
      wall: (at) => at + epoch_ms + (running?.core.clock()?.offset_ms ?? 0),
      later,
      painted: (run) => requestAnimationFrame(guard(run)),
      report: (...args) => running?.core.report(...args),
    })

    const start = guard(() => {
      if (running || !chosen || missing) return
      const begun = performance.now()
      const { url, player } = options
      const adapter =
        options.adapter ??
        (player === undefined ? native : (adapters.find((each) => each.match(player)) ?? native))
      const version = guard(() => adapter.version?.(player as never))()?.replace(/^v/, '')
      const { name, known: versions } = adapter
      // An unknown version still plays and is still watched.
      if (versions && !versions.includes(`${version}`.split('.')[0]!)) {
        warnOnce(name, `Firstframe: ${name} ${version} was not tried, only ${versions.join(', ')}`)
      }
      let attached: Attached | undefined
      const { cdn } = options
      const context: ClientContext = known({
        ...{ session: id, show: options.show, stream: options.stream, source: 'sdk', player: name },
        ...{ app: options.app, viewer: options.viewer, cdn: typeof cdn === 'string' ? cdn : undefined },
        ...{ player_version: version, protocol: adapter.protocol, network: networkOf() },
        ...{ weight: sample < 1 ? 1 / sample : undefined, container: options.container ?? 'h5' },
        ...{ delivery: 'cdn', ...options.context, ...extra },
      })
      const base = url.replace(/\/+$/, '')
      const core = createSession(
        {
          key: options.key,
          context,
          heartbeat_ms: options.heartbeat_ms ?? HEARTBEAT_MS,
          number: () => ++seq,
        },
        {
          now: () => performance.now(),
          epoch_ms,
          random: Math.random,
          later,
          post: postBeacon(base),
          time: askTime(base),
          timing: guard(resourceTiming),
          sample: () => ({
            ...sampleVideo(video),
            ...guard((): AdapterSample => attached?.sample?.() ?? {})(),
          }),
          cdnOf: typeof cdn === 'function' ? guard(cdn) : undefined,
        },
        (news) => {
          // Whoever builds the page should see what is wrong with it, once.
          if (news.type === 'refused') warnOnce('refused', `Firstframe: events refused: ${news.codes}`)
          if (news.type === 'dropped')
            warnOnce('dropped', `Firstframe: no answer from ${base}; events are lost`)
          for (const each of listeners) guard(each)(news)
        },
      )
      if (options.requested_at !== undefined) core.request_play(options.requested_at)
      const host: Host = {
        ...{ video, h264_kbps: options.h264_kbps },
        ...{ mark: guard(core.mark), source: guard(core.source), request: guard(core.request) },
        ...{ rendition: guard(core.rendition), error: guard(core.error) },
        sei: guard(cues.sei),
      }
      attached = guard(() => adapter.attach(player as never, host))()
      const unwatch = guard(() => watchVideo(video, core, cues.frame, begun))()
      running = {
        core,
        stop: () => {
          unwatch?.()
          guard(() => attached?.detach())()
        },
      }
    })
    const stop = () => {
      running?.stop()
      running = undefined
    }
    const with_core = <A extends unknown[]>(run: (core: SessionCore, ...args: A) => void) =>
      guard((...args: A) => {
        if (running) run(running.core, ...args)
      })
    if (options.consent !== false) start()
    return {
      id,
      track: with_core((core, action, fields = {}) =>
        core.report('interaction', { outcome: 'success', ...fields, action }),
      ),
      message: with_core((core, message) => core.message(message)),
      report: with_core((core, ...args) => core.report(...args)) as SessionCore['report'],
      request: with_core((core, request) => core.request(request)),
      error: with_core((core, error) => core.error(error)),
      setContext: guard((context) => {
        extra = { ...extra, ...context }
        running?.core.setContext(context)
      }),
      consent: guard((given) => {
        if (given) start()
        else {
          running?.core.forget()
          stop()
        }
      }),
      end: guard(() => {
        running?.core.end()
        running?.stop()
      }),
      on: (handler) => {
        listeners.add(handler)
        return () => void listeners.delete(handler)
      },
      onCue: cues.on,
      shown: guard(cues.shown),
      clock: () => running?.core.clock(),
      stats: () => running?.core.stats() ?? { queued: 0, sent: 0, refused: 0, dropped: 0 },
    }
  }
}
