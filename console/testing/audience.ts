import type { BeaconEvent } from '../../schemas/beacon.ts'
import { HEARTBEAT_MS } from '../../schemas/beacon.ts'
import type { Hop } from '../../schemas/kinds/kinds.ts'
import { linkEvents } from './linkEvents.ts'
import { CDNS, type Place } from './place.ts'

export type { Place }

export interface AudienceOptions {
  readonly show: string
  readonly streams?: readonly string[]
  readonly apps?: readonly string[]
  /** Playbacks going on at once. */
  readonly sessions: number
  /** Same seed, same audience; it is part of the sessions' names. */
  readonly seed: string
  /** How many viewers each playback stands for. Default 1. */
  readonly weight?: number
  /** Seconds from one operator's round to the next. Default 60; 0: none. */
  readonly round_every_s?: number
  /** Hops that are made up; others are real and speak for themselves. Default: all. */
  readonly hops?: readonly Hop[] | undefined
}

/** Events that came from one network operator: the collector learns it from whoever stands before it. */
export interface OperatorEvents {
  readonly isp: string
  readonly events: BeaconEvent[]
}

/** A made-up audience: playbacks that come, watch, take part and leave, and the link's own reports. */
export interface Audience {
  /** What everybody says in the second that ends at `now_ms`. */
  step(now_ms: number): OperatorEvents[]
  /** From now on the edge of this place is slow and its viewers stall; undefined: all is well again. */
  breakAt(place: Place | undefined): void
}

const OPERATORS = ['China Telecom', 'China Mobile', 'China Unicom', 'China Broadnet'] as const
const REGIONS = ['Guangdong', 'Zhejiang', 'Beijing', 'Sichuan', 'Shandong', 'Hubei'] as const
const DEVICES = ['phone', 'phone', 'phone', 'tablet', 'desktop'] as const
const ACTIONS = ['like', 'like', 'comment', 'red_packet', 'vote'] as const
/** The heartbeat of a playback that is well, and of one that stalls (its state changes all the time). */
const SICK_BEAT_MS = 2_000

interface Playback {
  readonly session: string
  readonly stream: string
  readonly app: string
  readonly cdn: string
  readonly isp: string
  readonly region: string
  readonly device: string
  readonly ends_ms: number
  seq: number
  last_ms: number
  next_ms: number
}

/** Repeatable numbers in [0, 1) from a text. */
function randomOf(seed: string): () => number {
  let state = [...seed].reduce((sum, char) => Math.imul(sum ^ char.charCodeAt(0), 2_654_435_761), 7) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function createAudience(options: AudienceOptions): Audience {
  const { show, streams = ['main'], apps = ['shop', 'video', 'mini'], sessions, seed, weight = 1 } = options
  const roundEvery_s = options.round_every_s ?? 60
  const random = randomOf(seed)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  const about = (middle: number, part = 0.15) => Math.max(0, middle * (1 + (random() * 2 - 1) * part))
  const playbacks: Playback[] = []
  let broken: Place | undefined
  let born = 0
  let lastRound = 0
  let began_ms = 0

  const ill = (playback: Playback): boolean =>
    broken !== undefined &&
    Object.entries(broken).every(([name, value]) => playback[name as keyof Place] === value)

  const contextOf = (playback: Playback) => ({
    show,
    stream: playback.stream,
    session: playback.session,
    viewer: `viewer-${playback.session}`,
    app: playback.app,
    cdn: playback.cdn,
    region: playback.region,
    device: playback.device,
    network: playback.device === 'desktop' ? 'ethernet' : '5g',
    player: 'hls.js',
    protocol: 'hls',
    codec: 'hevc',
    weight,
  })

  function begin(now_ms: number, early: boolean): Playback {
    born += 1
    return {
      session: `${seed}-${born.toString(36).padStart(4, '0')}`,
      stream: pick(streams),
      app: pick(apps),
      cdn: pick(CDNS),
      isp: pick(OPERATORS),
      region: pick(REGIONS),
      device: pick(DEVICES),
      ends_ms: now_ms + (early ? random() : 0.2 + random()) * 600_000,
      seq: 0,
      last_ms: now_ms,
      next_ms: now_ms + 1000 + random() * HEARTBEAT_MS,
    }
  }

  function startup(playback: Playback, now_ms: number): BeaconEvent {
    const slow = ill(playback) ? 3 : 1
    const phases = {
      dns_ms: about(21, 0.5),
      tcp_ms: about(34, 0.4),
      tls_ms: about(41, 0.4),
      manifest_ms: about(88 * slow, 0.4),
      first_byte_ms: about(150 * slow, 0.4),
      demux_ms: about(62, 0.4),
      decode_ms: about(71, 0.4),
      render_ms: about(47, 0.4),
    }
    const whole = Object.values(phases).reduce((sum, value) => sum + value, 0)
    playback.seq += 1
    const event = { kind: 'startup', seq: playback.seq, time_ms: now_ms, ...contextOf(playback) } as const
    if (random() < 0.002)
      return { ...event, outcome: 'failed', error_code: 'manifestLoadError', error_category: 'network' }
    if (random() < 0.015) return { ...event, outcome: 'abandoned' }
    return { ...event, outcome: 'started', video_startup_time_ms: whole, ...phases }
  }

  function beat(playback: Playback, now_ms: number): BeaconEvent {
    const interval_ms = Math.round(now_ms - playback.last_ms)
    playback.last_ms = now_ms
    playback.seq += 1
    const sick = ill(playback)
    const stalled_ms = Math.round(
      sick ? interval_ms * (0.15 + random() * 0.3) : random() < 0.01 ? 300 + random() * 600 : 0,
    )
    const played = (interval_ms - stalled_ms) / 1000
    const bitrate_kbps = about(sick ? 1400 : 4100, 0.1)
    const bytes = Math.round((bitrate_kbps / 8) * played * 1000)
    return {
      kind: 'heartbeat',
      seq: playback.seq,
      time_ms: now_ms,
      ...contextOf(playback),
      reason: stalled_ms > 0 ? 'stall_end' : 'interval',
      state: 'playing',
      interval_ms,
      stalled_ms,
      played_ms: interval_ms - stalled_ms,
      stall_count: stalled_ms > 0 ? 1 : 0,
      bitrate_kbps,
      bandwidth_kbps: about(sick ? 1900 : 21_000, 0.3),
      fps_rendered: about(sick ? 24 : 29.9, 0.01),
      frames_rendered: Math.round(played * 30),
      frames_dropped: Math.round(random() * 0.6),
      buffer_ms: Math.round(about(sick ? 300 : 2300, 0.3)),
      live_latency_ms: Math.round(about((playback.app === 'mini' ? 2200 : 1500) * (sick ? 1.4 : 1), 0.1)),
      ttfb_ms: about(sick ? 840 : 92, 0.2),
      rendition: sick ? '540p' : '1080p',
      requests: Math.max(1, Math.round(interval_ms / 1000)),
      requests_failed: sick && random() < 0.2 ? 1 : 0,
      bytes,
      bytes_p2p: Math.round(bytes * 0.18),
      bytes_reference: Math.round(bytes * 1.62),
    }
  }

  function interact(playback: Playback, now_ms: number, round: string): BeaconEvent {
    playback.seq += 1
    return {
      kind: 'interaction',
      seq: playback.seq,
      time_ms: now_ms,
      ...contextOf(playback),
      action: pick(ACTIONS),
      outcome: random() < 0.001 ? 'timeout' : 'success',
      channel: 'push',
      rtt_ms: about(110, 0.4),
      ...(round === '' ? {} : { round }),
    }
  }

  function cues(now_ms: number): BeaconEvent[] {
    if (roundEvery_s === 0 || (now_ms - began_ms) / 1000 < (lastRound + 1) * roundEvery_s - roundEvery_s / 2)
      return []
    lastRound += 1
    const round = `round-${lastRound}`
    const shown = playbacks.filter((_, index) => index % 3 === 0)
    return shown.map((playback) => {
      playback.seq += 1
      const late = playback.app === 'mini' ? 700 : 0
      const event = {
        kind: 'cue',
        seq: playback.seq,
        time_ms: now_ms,
        ...contextOf(playback),
        round,
      } as const
      return { ...event, stage: 'shown', since_trigger_ms: about(1650 + late, 0.1), skew_ms: about(35, 0.9) }
    })
  }

  return {
    breakAt(place) {
      broken = place
      for (const playback of playbacks)
        if (ill(playback)) playback.next_ms = Math.min(playback.next_ms, playback.last_ms + SICK_BEAT_MS)
    },
    step(now_ms) {
      const stated = new Map<string, BeaconEvent[]>()
      const say = (isp: string, event: BeaconEvent) => {
        const events = stated.get(isp)
        if (events === undefined) stated.set(isp, [event])
        else events.push(event)
      }
      const first = playbacks.length === 0
      if (first) began_ms = now_ms
      for (let index = playbacks.length - 1; index >= 0; index -= 1)
        if (playbacks[index]!.ends_ms <= now_ms) playbacks.splice(index, 1)
      // The first audience comes in within seconds, later ones as others leave.
      const coming = Math.min(sessions - playbacks.length, Math.ceil(sessions / 8))
      for (let index = 0; index < coming; index += 1) {
        const playback = begin(now_ms, now_ms - began_ms < 20_000)
        const started = startup(playback, now_ms)
        say(playback.isp, started)
        if (started.kind === 'startup' && started.outcome === 'started') playbacks.push(playback)
      }
      for (const event of cues(now_ms)) {
        const owner = playbacks.find(({ session }) => session === event.session)!
        say(owner.isp, event)
      }
      const inRound = lastRound > 0 && ((now_ms - began_ms) / 1000 + roundEvery_s / 2) % roundEvery_s < 15
      for (const playback of playbacks) {
        if (playback.next_ms <= now_ms) {
          say(playback.isp, beat(playback, now_ms))
          playback.next_ms = now_ms + about(ill(playback) ? SICK_BEAT_MS : HEARTBEAT_MS, 0.1)
        }
        if (random() < (inRound ? 0.06 : 0.015))
          say(playback.isp, interact(playback, now_ms, inRound ? `round-${lastRound}` : ''))
      }
      const reports = streams
        .flatMap((stream) =>
          linkEvents({ show, stream, now_ms, viewers: playbacks.length, broken, about, regions: REGIONS }),
        )
        .filter((event) => event.kind !== 'hop' || (options.hops?.includes(event.hop as Hop) ?? true))
      return [{ isp: '', events: reports }, ...[...stated].map(([isp, events]) => ({ isp, events }))]
    },
  }
}
