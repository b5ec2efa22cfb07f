import type { LookupFunction } from 'node:net'
import { PROBE_LIMITS, type ProbeLimits } from '../schemas/probeReasons.ts'
import type { Clock } from './clock.ts'
import { dashSource } from './dashSource.ts'
import { hlsSource } from './hlsSource.ts'
import { httpClient } from './http.ts'
import { type Judgement, judge } from './judge.ts'
import { staleAfter_ms } from './judgeFreshness.ts'
import type { CheckMemory, Observations, PictureProbe } from './observations.ts'
import { watchFlv } from './watchFlv.ts'
import { watchRtmp } from './watchRtmp.ts'
import { watchSegments } from './watchSegments.ts'

export interface CheckOptions {
  readonly clock: Clock
  /** How long to watch after the first media, ms. Default: as long as it takes to tell a stale live edge, at most 20 s. */
  readonly duration_ms?: number
  /** How long to wait for any one answer, ms. Default 10 000. */
  readonly timeout_ms?: number
  /** Sent with every request: Referer, tokens. */
  readonly headers?: Readonly<Record<string, string>>
  /** The bitrate this stream should have, kbps; else what it declares itself. */
  readonly declared_kbps?: number
  readonly limits?: Partial<ProbeLimits>
  /** Which variant the virtual viewer plays. Default 'first', as players begin. */
  readonly variant?: 'first' | 'highest' | 'lowest'
  readonly lookup?: LookupFunction
  readonly ca?: string
  /** What the last check of this target left. */
  readonly memory?: CheckMemory
  /** Real decoding beside the virtual viewer: `browserPicture()`. */
  readonly picture?: PictureProbe
  readonly signal?: AbortSignal
}

export interface CheckResult extends Judgement {
  readonly seen: Observations
}

/** The address cannot be checked at all; not a verdict about the stream. */
export class NotCheckable extends Error {}

const LIVE_MS = 6_000
const TIMEOUT_MS = 10_000
const MAX_VARIANTS = 8

/** Which protocol an address is played by. Throws `NotCheckable` for what no player here knows. */
export function protocolOf(url: string): 'hls' | 'dash' | 'http-flv' | 'rtmp' {
  let target: URL
  try {
    target = new URL(url)
  } catch {
    throw new NotCheckable(`not an address: ${url}`)
  }
  if (target.protocol === 'rtmp:' || target.protocol === 'rtmps:') return 'rtmp'
  if (target.protocol !== 'http:' && target.protocol !== 'https:') {
    throw new NotCheckable(`no check for ${target.protocol} addresses: use http, https, rtmp or rtmps`)
  }
  if (target.pathname.endsWith('.mpd')) return 'dash'
  if (target.pathname.endsWith('.flv')) return 'http-flv'
  return 'hls'
}

function watch(url: string, options: CheckOptions, limits: ProbeLimits): Promise<Observations> {
  const { clock, lookup, ca, signal } = options
  const timeout_ms = options.timeout_ms ?? TIMEOUT_MS
  const protocol = protocolOf(url)
  const common = {
    url,
    clock,
    timeout_ms,
    lookup,
    ca,
    signal,
  }
  if (protocol === 'rtmp') return watchRtmp({ ...common, duration_ms: options.duration_ms ?? LIVE_MS })
  const http = httpClient({
    ...common,
    ...(options.headers === undefined ? {} : { headers: options.headers }),
  })
  const watching =
    protocol === 'http-flv'
      ? watchFlv({ ...common, http, duration_ms: options.duration_ms ?? LIVE_MS })
      : watchSegments({
          ...common,
          http,
          protocol,
          source:
            protocol === 'dash'
              ? dashSource({ url, http, clock })
              : hlsSource({ url, http, clock, maxVariants: MAX_VARIANTS }),
          stale_ms: (target_ms) => staleAfter_ms(limits, target_ms),
          variant: options.variant ?? 'first',
          ...(options.duration_ms === undefined ? {} : { duration_ms: options.duration_ms }),
        })
  return watching.finally(http.close)
}

/**
 * Checks a live stream as a viewer would meet it and judges what it saw. A stream that cannot be played is a verdict,
 * never an exception; only an address that cannot be checked at all throws `NotCheckable`.
 */
export async function check(url: string, options: CheckOptions): Promise<CheckResult> {
  const limits: ProbeLimits = { ...PROBE_LIMITS, ...options.limits }
  const watched = watch(url, options, limits)
  const picture = options.picture?.(url, protocolOf(url), {
    signal: options.signal,
    headers: options.headers,
  })
  const [seenWithout, pictureSeen] = await Promise.all([watched, picture])
  const seen: Observations =
    pictureSeen === undefined ? seenWithout : { ...seenWithout, picture: pictureSeen }
  const judgement = judge({
    seen,
    limits,
    declared_kbps: options.declared_kbps,
    memory: options.memory,
  })
  return { ...judgement, seen }
}
