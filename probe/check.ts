import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { PROBE_LIMITS, type ProbeLimits } from '../schemas/probeReasons.ts'
import type { Clock } from './clock.ts'
import { dashSource } from './dashSource.ts'
import { hlsSource, PLAYLIST_BYTES } from './hlsSource.ts'
import { type Exchange, type HttpClient, httpClient } from './http.ts'
import { type Judgement, judge } from './judge.ts'
import { staleAfter_ms } from './judgeFreshness.ts'
import type { CheckMemory, LiveFrame, Observations, PictureProbe } from './observations.ts'
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
  /** Private networks that the stream may lead to (`10.0.0.0/8`). Default: none beside the target's own host and port. */
  readonly allow_networks?: readonly string[]
  readonly lookup?: LookupFunction
  readonly ca?: string
  /** What the last check of this target left. */
  readonly memory?: CheckMemory
  /** Real decoding beside the virtual viewer: `browserPicture()`. */
  readonly picture?: PictureProbe
  readonly signal?: AbortSignal
  /** Of an endless stream (FLV, RTMP): called as each frame comes. */
  readonly onFrame?: (frame: LiveFrame) => void
}

export interface CheckResult extends Judgement {
  readonly seen: Observations
}

/** The address cannot be checked at all; not a verdict about the stream. */
export class NotCheckable extends Error {}

const LIVE_MS = 6_000
const TIMEOUT_MS = 10_000
const MAX_VARIANTS = 8

type HttpProtocol = 'hls' | 'dash' | 'http-flv'

/** What an address itself says of its protocol. Throws `NotCheckable` for what no player here knows. */
export function protocolOf(url: string): 'rtmp' | HttpProtocol | 'http' {
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
  return target.pathname.endsWith('.m3u8') ? 'hls' : 'http'
}

/** What came says what it is: by its first bytes, else by its content type. */
export function protocolOfAnswer({
  body,
  contentType = '',
}: Pick<Exchange, 'body' | 'contentType'>): HttpProtocol {
  const start = body
    .toString('utf8', 0, 16_384)
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (start.startsWith('FLV')) return 'http-flv'
  if (start.startsWith('#EXTM3U')) return 'hls'
  if (/^<(\?xml|!--|(\w+:)?MPD[\s>])/.test(start) && /<(\w+:)?MPD[\s>]/.test(start)) return 'dash'
  if (contentType === 'application/dash+xml') return 'dash'
  return contentType === 'video/x-flv' || contentType === 'video/flv' ? 'http-flv' : 'hls'
}

const FLV = 0x46

interface Opened {
  readonly protocol: HttpProtocol
  /** The first answer; absent where an endless stream began. */
  readonly exchange?: Exchange
}

/** Asks once, to see what an address that does not say it gives. An endless stream is left at its first bytes. */
async function openHttp(url: string, http: HttpClient, timeout_ms: number): Promise<Opened> {
  const exchange = await http.get(url, {
    timeout_ms,
    most_bytes: PLAYLIST_BYTES,
    onChunk: (chunk) => chunk[0] !== FLV || chunk[1] !== 0x4c,
  })
  const protocol = protocolOfAnswer(exchange)
  return protocol === 'http-flv' ? { protocol } : { protocol, exchange }
}

async function watchHttp(
  url: string,
  options: CheckOptions,
  limits: ProbeLimits,
  common: Common,
): Promise<Observations> {
  const { clock, timeout_ms } = common
  const http = httpClient({
    ...common,
    target: url,
    headers: options.headers,
    allow_networks: options.allow_networks,
  })
  try {
    const named = protocolOf(url)
    const { protocol, exchange } =
      named === 'http-flv' ? ({ protocol: named } as Opened) : await openHttp(url, http, timeout_ms)
    if (protocol === 'http-flv')
      return await watchFlv({ ...common, http, duration_ms: options.duration_ms ?? LIVE_MS })
    const source =
      protocol === 'dash'
        ? dashSource({ url, http, clock, timeout_ms }, exchange)
        : hlsSource({ url, http, clock, maxVariants: MAX_VARIANTS }, exchange)
    return await watchSegments({
      ...common,
      http,
      protocol,
      source,
      started_ms: exchange?.started_ms,
      stale_ms: (target_ms) => staleAfter_ms(limits, target_ms),
      variant: options.variant ?? 'first',
      duration_ms: options.duration_ms,
    })
  } finally {
    http.close()
  }
}

interface Common {
  readonly url: string
  readonly clock: Clock
  readonly timeout_ms: number
  readonly lookup?: LookupFunction
  readonly ca?: string
  readonly signal?: AbortSignal
  readonly onFrame?: (frame: LiveFrame) => void
}

function watch(url: string, options: CheckOptions, limits: ProbeLimits): Promise<Observations> {
  const { clock, lookup, ca, signal, onFrame } = options
  const common: Common = {
    url,
    clock,
    timeout_ms: options.timeout_ms ?? TIMEOUT_MS,
    lookup,
    ca,
    signal,
    onFrame,
  }
  return protocolOf(url) === 'rtmp'
    ? watchRtmp({ ...common, duration_ms: options.duration_ms ?? LIVE_MS })
    : watchHttp(url, options, limits, common)
}

/**
 * Checks a live stream as a viewer would meet it and judges what it saw. A stream that cannot be played is a verdict,
 * never an exception; only an address that cannot be checked at all throws `NotCheckable`.
 */
export async function check(url: string, options: CheckOptions): Promise<CheckResult> {
  const limits: ProbeLimits = { ...PROBE_LIMITS, ...options.limits }
  for (const network of options.allow_networks ?? [])
    if (!ipaddr.isValidCIDR(network)) throw new NotCheckable(`not a network: ${network} (10.0.0.0/8 is one)`)
  const watched = watch(url, options, limits)
  const named = protocolOf(url)
  const request = { signal: options.signal, headers: options.headers }
  // Where the address does not say the protocol, the browser waits until the check has seen it.
  const picture =
    named === 'http'
      ? watched.then((seen) =>
          seen.failure === undefined ? options.picture?.(url, seen.protocol, request) : undefined,
        )
      : options.picture?.(url, named, request)
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
