import type { BeaconEvent, TimeAnswer } from '../../schemas/beacon.ts'
import type { ClientContext } from '../../schemas/envelope.ts'
import type { Kind, KindFields } from '../../schemas/kinds/kinds.ts'
import type { AdapterSample, Host, PlaybackError, Rendition } from '../adapter.ts'
import { type ClockReading, createClockOffset } from './clockOffset.ts'
import { codecName } from './codecName.ts'
import { createCounters } from './counters.ts'
import { createFatalErrors } from './fatalErrors.ts'
import { createLedger, type Ledger, type PlayState } from './ledger.ts'
import { createMessages, type Message } from './messages.ts'
import { createPlayback, type Playback } from './playback.ts'
import { protocolOf } from './protocolOf.ts'
import { type Cancel, createSender, type PostAnswer, type SenderStats } from './sender.ts'
import { type RequestTiming, type StartupMarks, startupPhases } from './startupPhases.ts'

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

const STALL_BEATS_MS = [1_000, 1_000, 1_000, 1_000, 1_000] as const
const STALL_BEAT_MS = 5_000
const SAME_ERROR_MS = 10_000
const TWICE_MS = 100
/** Timers of a page in the background run once a minute; without one for this long it slept. */
const SLEPT_MS = 90_000
/** A picture that was ready for this long before `play` waited for the viewer: its autoplay was blocked. */
const BLOCKED_MS = 1_000
const CLOCK_SAMPLES = 4
const CLOCK_APART_MS = 150
const CLOCK_RETRY_MS = 10_000
const CLOCK_REFRESH_MS = 300_000

/** Why a change of state is told at once, if it is. */
function reasonOf(state: PlayState, from: PlayState): Reason | undefined {
  if (from === 'starting') return 'start'
  if (state === 'stalled') return 'stall_start'
  if (state === 'paused') return 'pause'
  if (state === 'ended') return 'end'
  if (from === 'stalled') return 'stall_end'
  return from === 'paused' || from === 'failed' ? 'resume' : undefined
}

const round = (value: number | undefined, most = Infinity) =>
  value === undefined || !(value >= 0) ? undefined : Math.min(most, Math.round(value))

/** Leaves out what is not known, so that it is missing and not zero. */
const known = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T

export function createSession(
  settings: SessionSettings,
  environment: Environment,
  news: (news: SessionNews) => void,
): SessionCore {
  const { now, epoch_ms, later } = environment
  const clock = createClockOffset()
  const counters = createCounters()
  const messages = createMessages()
  const wall = () => now() + epoch_ms
  const sender = createSender({
    ...environment,
    wall,
    head: () => {
      const reading = clock.reading()
      return { key: settings.key, ...(reading && { clock: reading }) }
    },
    onAdvice: (ms) => {
      advised_ms = ms
    },
    onOutcome: (type, count, codes) => news({ type, count, codes }),
  })
  let advised_ms = 0
  let context = settings.context
  let marks: Partial<StartupMarks> = {}
  const urls: { manifest?: string; media?: string } = {}
  let ledger: Ledger | undefined
  let attempted = false
  /** A picture was shown. */
  let played = false
  let ended = false
  let stallBeats = 0
  let switches = 0
  let rate = 1
  /** Live latency when the player began to catch up. */
  let behind_ms: number | undefined
  let catchUps: { catch_ups: number; caught_up_ms?: number } = { catch_ups: 0 }
  let hidden = -Infinity
  let awake = now()
  let rendition: Rendition | undefined
  let frames: { decoded: number; dropped: number } | undefined
  let timer: Cancel | undefined
  let clockTimer: Cancel | undefined
  const errors = new Map<string, number>()

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

  const schedule = () => {
    timer?.()
    timer = undefined
    const state = playback.state()
    if (ended || !ledger || state === 'ended' || state === 'failed') return
    const usual = Math.max(settings.heartbeat_ms, advised_ms) * (0.9 + environment.random() / 5)
    const wait = state === 'stalled' ? (STALL_BEATS_MS[stallBeats++] ?? STALL_BEAT_MS) : usual
    timer = later(() => beat('interval'), wait)
  }

  const pictures = (sample: Sample, played_ms: number) => {
    const { frames_decoded: decoded, frames_dropped: dropped = 0 } = sample
    if (decoded === undefined) return {}
    // A player that began anew counts from zero.
    const since =
      frames && frames.decoded <= decoded && frames.dropped <= dropped ? frames : { decoded: 0, dropped: 0 }
    frames = { decoded, dropped }
    const new_decoded = decoded - since.decoded
    const frames_dropped = Math.min(new_decoded, dropped - since.dropped)
    const frames_rendered = new_decoded - frames_dropped
    // Over less than half a second a rate says nothing.
    const fps = (count: number) => (played_ms < 500 ? undefined : Math.min(1000, (count * 1000) / played_ms))
    return {
      frames_rendered,
      frames_dropped,
      fps_rendered: fps(frames_rendered),
      fps_decoded: fps(new_decoded),
    }
  }

  const latency = (sample: Sample) => {
    const corrected = wall() + (clock.reading()?.offset_ms ?? 0)
    const ms = sample.filmed_ms === undefined ? sample.live_latency_ms : corrected - sample.filmed_ms
    return ms === undefined || ms > 86_400_000 ? undefined : round(Math.max(0, ms))
  }

  /** From the rate `before` to `next`: playing faster began, or ended. */
  const catchUp = (before: number, next: number) => {
    if (before > 1 === next > 1) return
    const latency_ms = latency(environment.sample())
    if (next > 1) behind_ms = latency_ms
    else {
      const { catch_ups, caught_up_ms } = catchUps
      const gained = (behind_ms ?? Number.NaN) - (latency_ms ?? Number.NaN)
      catchUps = {
        catch_ups: catch_ups + 1,
        caught_up_ms: Number.isNaN(gained)
          ? caught_up_ms
          : Math.max(-600_000, Math.min(600_000, (caught_up_ms ?? 0) + gained)),
      }
    }
  }

  const alive = () => {
    if (now() - awake > SLEPT_MS && ledger) {
      ledger.take(now())
      playback.rest(now())
      measureClock(CLOCK_SAMPLES)
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
        playback_rate: rate,
        ...catchUps,
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
        ...(error && errorFields(error)),
        ...(error?.fatal && { error_fatal: true }),
      } as KindFields<'heartbeat'>,
      true,
    )
    for (const counted of messages.take()) report('interaction', counted)
    switches = 0
    catchUps = { catch_ups: 0 }
    schedule()
  }
  const errorFields = (error: PlaybackError) => ({
    error_code: error.code.slice(0, 128),
    error_category: error.category,
    error_message: error.message?.slice(0, 512),
  })

  const fatal = createFatalErrors({
    now,
    later,
    state: () => playback.state(),
    failed: (error) => fail(error),
  })
  /** The playback failed: told once, at the start as its outcome, later as a heartbeat. */
  const fail = (error: PlaybackError) => {
    if (ended || playback.state() === 'failed') return
    attempt('failed', error)
    playback.event('failed', now())
    beat('error', { ...error, fatal: true })
  }
  /** A failed start that is tried again is a new attempt. */
  const reload = () => {
    fatal.retry()
    if (playback.state() !== 'failed' || played) return
    attempted = false
    marks = { requested: now() }
    playback.event('loading', now())
    schedule()
  }

  const attempt = (outcome: 'started' | 'failed' | 'abandoned', error?: PlaybackError) => {
    if (attempted || marks.requested === undefined) return
    attempted = true
    const timing = (url: string | undefined) => (url === undefined ? undefined : environment.timing(url))
    const media = timing(urls.media)
    const phases = startupPhases(marks as StartupMarks, timing(urls.manifest) ?? media, media)
    if (outcome !== 'started') delete (phases as Record<string, unknown>).video_startup_time_ms
    report('startup', { outcome, ...phases, ...(error && errorFields(error)) } as KindFields<'startup'>, true)
  }

  const playback = createPlayback((state, at, from) => {
    if (!ledger) return
    ledger.enter(state, at)
    // What passed after an end was no play; the error that ended it is told with its beat.
    if (from === 'ended' || from === 'failed') ledger.take(at)
    if (state === 'failed') return
    if (from === 'starting') {
      // A browser that tells no frames, and a picture that stood there before, begin when it moves.
      marks.frame ??= at
      played = true
      attempt('started')
    }
    if (state === 'stalled') stallBeats = 0
    const reason = reasonOf(state, from)
    if (reason) beat(reason)
    else schedule()
  })

  const stop = () => {
    timer?.()
    fatal.stop()
    clockTimer?.()
    ended = true
  }
  /** The viewer goes. Before the first picture that is an abandoned start, or a failed one when an error stands. */
  const leave = () => {
    const error = fatal.unmended()
    if (error) fail(error)
    else attempt('abandoned')
  }
  const over = () => playback.state() === 'ended' || playback.state() === 'failed'

  const measureClock = (samples: number) => {
    clockTimer?.()
    const sent = wall()
    void environment.time().then((answer) => {
      if (ended) return
      if (answer) clock.add(sent, answer, wall())
      const more = samples > 1
      const wait = more ? CLOCK_APART_MS : answer ? CLOCK_REFRESH_MS : CLOCK_RETRY_MS
      clockTimer = later(() => measureClock(more ? samples - 1 : 2), wait)
    })
  }

  return {
    playback,
    report,
    alive,
    measureClock,
    reload,
    clock: clock.reading,
    stats: sender.stats,
    rate: (next) => {
      // Shaka holds the element by rate 0 while it fills its buffer; that is no pace.
      if (next === 0) return
      const before = rate
      rate = Math.min(16, Math.max(0, next))
      catchUp(before, rate)
      ledger?.rate(rate, now())
    },
    message: (message) => messages.add(message, wall() + (clock.reading()?.offset_ms ?? 0)),
    request_play: (at = now()) => {
      const blocked = !attempted && marks.ready !== undefined && at - marks.ready > BLOCKED_MS
      if ((marks.requested !== undefined && !blocked) || ended) return
      const { frame: _, ...before } = marks
      marks = { ...before, requested: at }
      if (!ledger) measureClock(CLOCK_SAMPLES)
      ledger = createLedger(at, playback.state())
      schedule()
    },
    requested: () => marks.requested !== undefined,
    mark: (name, at = now()) => {
      if (!attempted) marks[name] ??= at
    },
    source: (what, url) => {
      reload()
      urls[what] ??= url
      const protocol = context.protocol ?? protocolOf(url)
      if (protocol !== context.protocol) context = known({ ...context, protocol }) as ClientContext
      const cdn = what === 'media' ? environment.cdnOf?.(url) : undefined
      if (cdn !== undefined) context = { ...context, cdn }
    },
    request: (request) => {
      counters.add(request)
      if (!request.failed && (request.bytes ?? 0) > 0) fatal.mended()
      const cdn = request.url === undefined ? undefined : environment.cdnOf?.(request.url)
      if (cdn !== undefined && cdn !== context.cdn) context = { ...context, cdn }
    },
    rendition: (next) => {
      const first = rendition === undefined
      const same = rendition?.name === next.name && rendition.bitrate_kbps === next.bitrate_kbps
      if (same) return
      // What was played until now was played in the old rendition.
      if (!first && attempted) {
        switches++
        beat('switch')
      }
      rendition = next
      const codec = codecName(next.codec)
      context = { ...context, rendition: next.name, ...(codec && { codec }) }
    },
    error: (error) => {
      if (error.fatal) {
        if (playback.state() === 'failed') return
        fatal.add(error)
      }
      const last = errors.get(error.code)
      if (last !== undefined && now() - last < SAME_ERROR_MS) return
      errors.set(error.code, now())
      // Whether a fatal error ends the playback is known later: see createFatalErrors.
      beat('error', { ...error, fatal: false })
    },
    setContext: (more) => {
      context = known({ ...context, ...more })
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
