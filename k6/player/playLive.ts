import http from 'k6/http'
import { createBitrateChooser } from './bitrate.ts'
import { chromiumResume_ms, createPlayhead, type Playhead } from './playhead.ts'
import { type MediaPlaylist, readMedia, readVariants, type Segment, type Variant } from './playlist.ts'

export interface PlayOptions {
  readonly url: string
  /** How long to stay, ms from the request to play. */
  readonly stay_ms: number
  /** Segments behind the live edge to begin at. hls.js’s default is 3. */
  readonly holdBackSegments: number
  /** Give up starting after this, ms. */
  readonly startTimeout_ms: number
  readonly headers?: Record<string, string>
  readonly on?: {
    readonly started?: (startup_ms: number) => void
    readonly request?: (ok: boolean) => void
    readonly stall?: (began: boolean) => void
    /** Every `TICK_MS` after the start: what the tick was spent on. */
    readonly tick?: (tick: {
      readonly stalled: boolean
      readonly latency_ms?: number
      readonly kbps: number
    }) => void
    readonly beat?: (playhead: Playhead, seen: Seen) => void
    /** How long a beat has to wait at least, ms: what the collector advises. */
    readonly interval_ms?: () => number
  }
}

/** What a heartbeat tells beside the playhead's times. */
export interface Seen {
  readonly kbps: number
  readonly bandwidth_kbps: number
  readonly latency_ms?: number
  readonly bytes: number
  readonly requests: number
  readonly requestsFailed: number
  readonly switches: number
}

export interface Played {
  readonly startup_ms?: number
  /** Why it never began. */
  readonly failure?: string
  readonly played_ms: number
  readonly stalled_ms: number
  readonly stalls: number
}

/** How often time is looked at, ms. */
export const TICK_MS = 250
const BEAT_MS = 10_000
/** hls.js’s default: media ahead beyond this is not fetched. */
const MAX_BUFFER_MS = 30_000
const RETRY_MS = 1_000

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))

/** Plays a live HLS stream as hls.js would, without decoding: playlist, init segment, segments, one after the other. */
export async function playLive(options: PlayOptions): Promise<Played> {
  const { url, stay_ms, on = {} } = options
  const requestedAt = Date.now()
  const until = requestedAt + stay_ms
  const playhead = createPlayhead({ requestedAt, resume_ms: chromiumResume_ms })
  const bitrate = createBitrateChooser()
  const counts = { bytes: 0, requests: 0, requestsFailed: 0, switches: 0 }
  let variants: readonly Variant[] = []
  let current = 0
  let playlist: MediaPlaylist | undefined
  let over = false
  let failure: string | undefined
  let joined: Segment | undefined
  let ended: Played = { played_ms: 0, stalled_ms: 0, stalls: 0 }

  const get = async (uri: string, binary: boolean) => {
    const response = await http.asyncRequest('GET', uri, null, {
      responseType: binary ? 'binary' : 'text',
      timeout: '30s',
      headers: options.headers ?? {},
      tags: { name: binary ? 'segment' : 'playlist' },
    })
    const ok = response.status >= 200 && response.status < 300
    if (binary) {
      counts.requests++
      if (!ok) counts.requestsFailed++
      on.request?.(ok)
    }
    return { ok, response }
  }
  const text = async (uri: string): Promise<string | undefined> => {
    const { ok, response } = await get(uri, false)
    return ok ? String(response.body) : undefined
  }
  const latency_ms = (): number | undefined => {
    if (joined?.filmed_ms === undefined || playhead.startedAt() === undefined) return undefined
    return Date.now() - (joined.filmed_ms + playhead.position_ms())
  }
  const seen = (): Seen => {
    const latency = latency_ms()
    return {
      ...counts,
      kbps: variants[current]?.kbps ?? 0,
      bandwidth_kbps: bitrate.kbps() || 0,
      ...(latency === undefined ? {} : { latency_ms: latency }),
    }
  }
  const addressOf = (): string => variants[current]?.uri ?? url

  const open = async (): Promise<boolean> => {
    const first = await text(url)
    if (first === undefined) return false
    variants = readVariants(first, url)
    const media = variants.length > 0 ? await text(addressOf()) : first
    playlist = media === undefined ? undefined : readMedia(media, addressOf())
    return playlist !== undefined && playlist.segments.length > 0
  }

  const reload = async (): Promise<void> => {
    let again = playlist?.target_ms ?? RETRY_MS
    while (!over) {
      await pause(again)
      if (over) return
      const requested_ms = Date.now()
      const address = addressOf()
      const body = await text(address)
      const next = body === undefined ? undefined : readMedia(body, address)
      const before = playlist?.segments.at(-1)?.sequence
      const changed = next !== undefined && next.segments.at(-1)?.sequence !== before
      if (next !== undefined) playlist = next
      const target = next?.target_ms ?? RETRY_MS
      // as RFC 8216 asks: a target duration from the last load, half of it when nothing had changed
      again = (changed ? target : target / 2) - (Date.now() - requested_ms)
    }
  }

  const fetchAll = async (): Promise<void> => {
    let next: number | undefined
    let init: string | undefined
    while (!over) {
      const segments = playlist?.segments ?? []
      // the oldest still there: what left the playlist meanwhile cannot be had any more
      const segment: Segment | undefined =
        next === undefined
          ? segments[Math.max(0, segments.length - options.holdBackSegments)]
          : segments.find((each) => each.sequence >= (next as number))
      playhead.advance(Date.now())
      if (segment === undefined || playhead.buffer_ms() > MAX_BUFFER_MS) {
        await pause(50)
        continue
      }
      const requested_ms = Date.now()
      // hls.js asks for the init segment and the first segment at once
      const needed = segment.init !== init ? segment.init : undefined
      const [opened, { ok, response }] = await Promise.all([
        needed === undefined ? undefined : get(needed, true),
        get(segment.uri, true),
      ])
      if (over) return
      if (!ok || opened?.ok === false) {
        await pause(RETRY_MS)
        continue
      }
      init = segment.init
      const bytes = (response.body as ArrayBuffer | null)?.byteLength ?? 0
      counts.bytes += bytes
      bitrate.measured(bytes, Date.now() - requested_ms)
      next = segment.sequence + 1
      joined ??= segment
      const stalled = playhead.state() === 'stalled'
      playhead.arrive(Date.now(), segment.duration_ms)
      const startedAt = playhead.startedAt()
      if (startedAt !== undefined && joined === segment) on.started?.(startedAt - requestedAt)
      if (stalled && playhead.state() === 'playing') on.stall?.(false)
      const better = variants.length > 1 ? bitrate.choose(variants, current) : current
      if (better !== current) {
        current = better
        counts.switches++
        const body = await text(addressOf())
        playlist = (body === undefined ? undefined : readMedia(body, addressOf())) ?? playlist
      }
    }
  }

  const watch = async (): Promise<void> => {
    let beatAt = Date.now() + BEAT_MS
    while (Date.now() < until) {
      await pause(Math.min(TICK_MS, until - Date.now()))
      const before = playhead.state()
      playhead.advance(Date.now())
      const state = playhead.state()
      if (before === 'playing' && state === 'stalled') on.stall?.(true)
      if (state === 'starting') {
        if (Date.now() - requestedAt < options.startTimeout_ms) continue
        failure = `nothing played in ${options.startTimeout_ms} ms`
        break
      }
      const latency = latency_ms()
      on.tick?.({
        stalled: state === 'stalled',
        kbps: variants[current]?.kbps ?? 0,
        latency_ms: latency,
      })
      if (Date.now() >= beatAt) {
        beatAt += Math.max(BEAT_MS, on.interval_ms?.() ?? 0)
        on.beat?.(playhead, seen())
      }
    }
    over = true
    // what is still on its way came too late for this viewer
    playhead.advance(Math.min(Date.now(), until))
    on.beat?.(playhead, seen())
    const startedAt = playhead.startedAt()
    ended = {
      ...(startedAt === undefined ? {} : { startup_ms: startedAt - requestedAt }),
      failure,
      played_ms: playhead.played_ms(),
      stalled_ms: playhead.stalled_ms(),
      stalls: playhead.stalls(),
    }
  }

  const opening = async (): Promise<void> => {
    while (!over && !(await open())) {
      if (Date.now() - requestedAt > options.startTimeout_ms) return
      await pause(RETRY_MS)
    }
    await Promise.all([reload(), fetchAll()])
  }
  await Promise.all([watch(), opening()])
  return ended
}
