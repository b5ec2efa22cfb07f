import type { BeaconEvent, TimeAnswer } from '../../schemas/beacon.ts'
import type { ClientContext } from '../../schemas/envelope.ts'
import type { Kind, KindFields } from '../../schemas/kinds/kinds.ts'
import type { AdapterSample, Host, PlaybackError, Rendition } from '../adapter.ts'
import type { ClockReading } from './clockOffset.ts'
import { codecName } from './codecName.ts'
import { createCounters } from './counters.ts'
import { createFatalErrors } from './fatalErrors.ts'
import { createLedger, type Ledger, type PlayState } from './ledger.ts'
import { createMessages, type Message } from './messages.ts'
import { createPace } from './pace.ts'
import { createPictures } from './pictures.ts'
import { createPlayback, type Playback } from './playback.ts'
import { protocolOf } from './protocolOf.ts'
import { type Cancel, createSender, type PostAnswer, type SenderStats } from './sender.ts'
import { createStart } from './start.ts'
import type { RequestTiming } from './startupPhases.ts'
import { createTimeSync } from './timeSync.ts'
import {
  CLOCK_SAMPLES,
  LATER_BEATS_MS,
  SAME_ERROR_MS,
  SLEPT_MS,
  STALL_BEATS,
  STALL_BEATS_MS,
  TWICE_MS,
} from './timings.ts'

type Reason = NonNullable<KindFields<'heartbeat'>['reason']>

/** What the media element and the player say when a heartbeat is made. */
export interface Sample extends AdapterSample {
  readonly width?: number
  readonly height?: number
}

/** Everything a session needs from outside: the browser's, or a test's. */
export interface Environment {
  /** Monotonic, ms. */
  readonly now: () => number
  /** `now() + epoch_ms` is the session's clock, ms since 1970. */
  readonly epoch_ms: number
  readonly random: () => number
  readonly later: (run: () => void, ms: number) => Cancel
  readonly post: (body: string, alive: boolean) => Promise<PostAnswer>
  /** `GET /v1/time`, or undefined when nobody answered. */
  readonly time: () => Promise<TimeAnswer | undefined>
  /** Resource Timing of the first request of this address. */
  readonly timing: (url: string) => RequestTiming | undefined
  readonly sample: () => Sample
  /** The CDN of a media address, where the page tells them apart. */
  readonly cdnOf?: (url: string) => string | undefined
}

export interface SessionSettings {
  readonly key: string
  readonly context: ClientContext
  readonly heartbeat_ms: number
  /** Numbers the events of this session id from 1, through a withdrawn and renewed consent. */
  readonly number: () => number
}

export type SessionNews =
  | { readonly type: 'event'; readonly event: BeaconEvent }
  | {
      readonly type: 'sent' | 'refused' | 'dropped'
      readonly count: number
      readonly codes?: readonly string[] | undefined
    }

/** The core of a session: facts in, numbered events out. It knows no DOM. */
export interface SessionCore extends Omit<Host, 'video' | 'h264_kbps' | 'sei'> {
  readonly playback: Playback
  readonly rate: (rate: number) => void
  /** A message of the room came; the counts of its channel go with the next heartbeat. */
  readonly message: (message: Message) => void
  /** The element loads again: a page mends what failed. */
  readonly reload: () => void
  /** Called many times a second. A long silence means that the machine or the page slept: that time is no play. */
  readonly alive: () => void
  /** The viewer (or the page) asked to play. The first time counts. */
  readonly request_play: (at?: number) => void
  /** Whether anybody asked to play yet. */
  readonly requested: () => boolean
  readonly report: <K extends Kind>(kind: K, fields: KindFields<K> & ClientContext, urgent?: boolean) => void
  readonly setContext: (context: ClientContext) => void
  /** The page is hidden, or goes for good. */
  readonly hide: (forGood: boolean) => void
  readonly end: () => void
  /** Ends without a word, and forgets what was not sent. */
  readonly forget: () => void
  readonly clock: () => ClockReading | undefined
  readonly measureClock: (samples: number) => void
  readonly stats: () => SenderStats
}

/** Why a change of state is told at once, by the state that begins or else by the one that ended. */
const BEGINS: Partial<Record<PlayState, Reason>> = { stalled: 'stall_start', paused: 'pause', ended: 'end' }
const ENDS: Partial<Record<PlayState, Reason>> = { stalled: 'stall_end', paused: 'resume', failed: 'resume' }

const round = (value: number | undefined, most = Infinity) =>
  value === undefined || !(value >= 0) ? undefined : Math.min(most, Math.round(value))

/** Leaves out what is not known, so that it is missing and not zero. */
export const known = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T

const errorFields = (error: PlaybackError | undefined) =>
  error && {
    error_code: error.code.slice(0, 128),
    error_category: error.category,
    error_message: error.message?.slice(0, 512),
  }

/**
 * A session: what a player and its page say goes in, numbered events come out. Its parts keep their own state: the start
 * (`start`), the state of the playback (`playback`), where the time went (`ledger`), the pace, frames, requests and messages of
 * an interval, and errors that may still be mended (`fatal`).
 */
export function createSession(
  settings: SessionSettings,
  environment: Environment,
  news: (news: SessionNews) => void,
): SessionCore {
  const { now, later } = environment
  const wall = () => now() + environment.epoch_ms
  const time = createTimeSync({ ...environment, wall })
  const counters = createCounters()
  const messages = createMessages()
  const pictures = createPictures()
  const pace = createPace(() => latency(environment.sample()))
  const start = createStart(environment.timing, (fields) => report('startup', fields, true))
  const sender = createSender({
    ...environment,
    wall,
    head: () => ({ key: settings.key, clock: time.reading() }),
    onAdvice: (ms) => {
      advised_ms = ms
    },
    onOutcome: (type, count, codes) => news({ type, count, codes }),
  })
  const fatal = createFatalErrors({
    now,
    later,
    state: () => playback.state(),
    failed: (error) => fail(error),
  })
  let advised_ms = 0
  let context = settings.context
  let ledger: Ledger | undefined
  /** A picture was shown. */
  let played = false
  let ended = false
  let stallBeats = 0
  let switches = 0
  let hidden = -Infinity
  let awake = now()
  let rendition: Rendition | undefined
  let timer: Cancel | undefined
  const errors = new Map<string, number>()

  const playback = createPlayback((state, at, from) => {
    if (!ledger) return
    ledger.enter(state, at)
    // What passed after an end was no play; the error that ended it is told with its beat.
    if (from === 'ended' || from === 'failed') ledger.take(at)
    if (state === 'failed') return
    if (from === 'starting') {
      // A browser that tells no frames, and a picture that stood there before, begin when it moves.
      start.mark('frame', at)
      played = true
      start.end('started')
    }
    if (state === 'stalled') stallBeats = 0
    const reason = from === 'starting' ? 'start' : (BEGINS[state] ?? ENDS[from])
    if (reason) beat(reason)
    else schedule()
  })
  const failed = () => playback.state() === 'failed'
  const over = () => failed() || playback.state() === 'ended'

  const report: SessionCore['report'] = (kind, fields, urgent = false) => {
    if (ended) return
    const event = {
      kind,
      seq: settings.number(),
      time_ms: Math.round(wall()),
      ...known(fields),
    } as unknown as BeaconEvent
    news({ type: 'event', event })
    sender.push(event, context, urgent)
  }

  const setContext = (more: ClientContext) => {
    context = known({ ...context, ...more })
  }
  /** The CDN may change with each address. */
  const setCdn = (url: string | undefined) => {
    const cdn = url && environment.cdnOf?.(url)
    if (cdn !== undefined) setContext({ cdn })
  }

  const schedule = () => {
    timer?.()
    if (ended || !ledger || over()) return
    const usual_ms = Math.max(settings.heartbeat_ms, advised_ms) * (0.9 + environment.random() / 5)
    const stall_ms = stallBeats < STALL_BEATS ? STALL_BEATS_MS : LATER_BEATS_MS
    const stalled = playback.state() === 'stalled'
    if (stalled) stallBeats++
    timer = later(() => beat('interval'), stalled ? stall_ms : usual_ms)
  }

  const latency = ({ filmed_ms, live_latency_ms }: Sample) => {
    const ms = filmed_ms === undefined ? live_latency_ms : time.corrected() - filmed_ms
    return ms === undefined || ms > 86_400_000 ? undefined : round(Math.max(0, ms))
  }

  const alive = () => {
    if (now() - awake > SLEPT_MS && ledger) {
      ledger.take(now())
      playback.rest(now())
      time.measure(CLOCK_SAMPLES)
    }
    awake = now()
  }

  const beat = (reason: Reason, error?: PlaybackError) => {
    if (!ledger || ended) return
    alive()
    const spent = ledger.take(now())
    const sample = environment.sample()
    report(
      'heartbeat',
      {
        ...spent,
        reason,
        state: playback.state(),
        ...pace.take(),
        switches,
        // A single playlist names no bitrate; players call that 0: it is unknown.
        bitrate_kbps: rendition?.bitrate_kbps || sample.bitrate_kbps || undefined,
        bandwidth_kbps: round(sample.bandwidth_kbps, 1e8),
        buffer_ms: round(sample.buffer_ms, 3_600_000),
        live_latency_ms: latency(sample),
        width: sample.width || undefined,
        height: sample.height || undefined,
        ...pictures(sample, spent.played_ms),
        ...counters.take(),
        ...errorFields(error),
        error_fatal: error?.fatal || undefined,
      } as KindFields<'heartbeat'>,
      true,
    )
    for (const counted of messages.take()) report('interaction', counted)
    switches = 0
    schedule()
  }

  /** The playback failed: told once, at the start as its outcome, later as a heartbeat. */
  const fail = (error: PlaybackError) => {
    if (ended || failed()) return
    start.end('failed', errorFields(error))
    playback.event('failed', now())
    beat('error', { ...error, fatal: true })
  }
  /** A failed start that is tried again is a new attempt. */
  const reload = () => {
    fatal.retry()
    if (!failed() || played) return
    start.retry(now())
    playback.event('loading', now())
    schedule()
  }
  /** The viewer goes. Before the first picture that is an abandoned start, or a failed one when an error stands. */
  const leave = () => {
    const error = fatal.unmended()
    if (error) fail(error)
    else start.end('abandoned')
  }
  const stop = () => {
    timer?.()
    fatal.stop()
    time.stop()
    ended = true
  }

  return {
    playback,
    report,
    alive,
    reload,
    setContext,
    measureClock: time.measure,
    clock: time.reading,
    stats: sender.stats,
    rate: (next) => {
      // Shaka holds the element by rate 0 while it fills its buffer; that is no pace.
      if (next === 0) return
      const rate = Math.min(16, Math.max(0, next))
      pace.set(rate)
      ledger?.rate(rate, now())
    },
    message: (message) => messages.add(message, time.corrected()),
    request_play: (at = now()) => {
      if (ended || !start.request(at)) return
      if (!ledger) time.measure(CLOCK_SAMPLES)
      ledger = createLedger(at, playback.state())
      schedule()
    },
    requested: start.requested,
    mark: (name, at = now()) => start.mark(name, at),
    source: (what, url) => {
      reload()
      start.source(what, url)
      setContext({ protocol: context.protocol ?? protocolOf(url) })
      if (what === 'media') setCdn(url)
    },
    request: (request) => {
      counters.add(request)
      if (!request.failed && Number(request.bytes) > 0) fatal.mended()
      setCdn(request.url)
    },
    rendition: (next) => {
      if (rendition?.name === next.name && rendition.bitrate_kbps === next.bitrate_kbps) return
      // What was played until now was played in the old rendition.
      if (rendition && start.done()) {
        switches++
        beat('switch')
      }
      rendition = next
      setContext({ rendition: next.name, codec: codecName(next.codec) ?? context.codec })
    },
    error: (error) => {
      if (error.fatal) {
        if (failed()) return
        fatal.add(error)
      }
      if (now() - (errors.get(error.code) ?? -Infinity) < SAME_ERROR_MS) return
      errors.set(error.code, now())
      // Whether a fatal error ends the playback is known later: see createFatalErrors.
      beat('error', { ...error, fatal: false })
    },
    hide: (forGood) => {
      if (forGood) leave()
      // A page that goes says so twice in one moment: hidden, and gone.
      if (!over() && now() - hidden > TWICE_MS) beat('hide')
      hidden = now()
      sender.leave()
    },
    end: () => {
      if (ended) return
      leave()
      if (!over()) beat('end')
      stop()
      sender.leave()
    },
    forget: () => {
      stop()
      sender.close()
    },
  }
}
