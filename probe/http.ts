import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { type AddressGuard, addressGuard } from './addressGuard.ts'
import type { Clock } from './clock.ts'
import { type CookieJar, cookieJar } from './cookieJar.ts'
import {
  type Certificate,
  certificateFailure,
  connectionFailure,
  type Failure,
  type Reached,
} from './failure.ts'
import type { ByteRange } from './parse/tracks.ts'

/** One request and what became of it. Durations in ms; those of a connection are absent when it was reused. */
export interface Exchange {
  readonly url: string
  readonly started_ms: number
  readonly dns_ms?: number
  readonly tcp_ms?: number
  readonly tls_ms?: number
  /** From the request's writing to the answer's first byte. */
  readonly wait_ms: number
  /** All of it, up to the last byte. */
  readonly total_ms: number
  readonly status: number
  readonly body: Buffer
  readonly bytes: number
  readonly contentLength?: number
  /** Lower case, without parameters. */
  readonly contentType?: string
  /** The server's own clock, by its `Date` header. */
  readonly date_ms?: number
  /** More came than a request of its kind may bring: it was not read on. */
  readonly tooLarge: boolean
  /** The body ended before its announced length. */
  readonly cut: boolean
  readonly certificate?: Certificate
  readonly failure?: Failure
  /** The time ran out; whatever had come is in `body`. */
  readonly timedOut: boolean
}

export interface GetOptions {
  readonly range?: ByteRange
  readonly timeout_ms?: number
  /** Largest body, also after unpacking, bytes. Default 64 MiB. */
  readonly most_bytes?: number
  /** Sees each chunk as it comes; answering false ends the request in good order. */
  readonly onChunk?: (chunk: Buffer) => boolean
  /** Ends the request, besides the client's own signal. */
  readonly signal?: AbortSignal
  /** Do not keep the body: it is a stream without end. */
  readonly discard?: boolean
}

export interface HttpClient {
  readonly get: (url: string, options?: GetOptions) => Promise<Exchange>
  readonly bytes: () => number
  readonly close: () => void
}

export interface HttpClientOptions {
  readonly clock: Clock
  /** What is checked: its origin gets `headers`, and its host may be in a private network. */
  readonly target: string
  /** For the target's origin only; of `Referer` and `Origin` other servers get the origin, as from a browser. */
  readonly headers?: Readonly<Record<string, string>>
  /** Private networks that the stream may lead to (`10.0.0.0/8`). Default: none beside the target's own host. */
  readonly allow_networks?: readonly string[]
  readonly timeout_ms: number
  /** Instead of the system's resolver. */
  readonly lookup?: LookupFunction
  /** Further authorities to trust, PEM. */
  readonly ca?: string
  readonly signal?: AbortSignal
}

const MAX_BODY_BYTES = 64 << 20
/** All requests of one check together. */
const MAX_CHECK_BYTES = 1 << 30
const MAX_REDIRECTS = 5
const USER_AGENT = 'firstframe-probe/1'

/** A client whose every request tells its phases. Connections are kept; nothing is cached. */
export function httpClient(options: HttpClientOptions): HttpClient {
  const agents = {
    'http:': new HttpAgent({ keepAlive: true, maxSockets: 8 }),
    'https:': new HttpsAgent({ keepAlive: true, maxSockets: 8 }),
  }
  const target = new URL(options.target)
  const guard = addressGuard({ target, allow: options.allow_networks, lookup: options.lookup })
  const shared: Shared = { options, agents, guard, cookies: cookieJar(), targetOrigin: target.origin }
  let total = 0
  const get = async (url: string, request: GetOptions = {}): Promise<Exchange> => {
    let target = url
    let retried = false
    for (let hop = 0; ; hop++) {
      const { exchange, location, stale } =
        total > MAX_CHECK_BYTES ? overspent(target, options.clock()) : await once(target, request, shared)
      total += exchange.bytes
      if (stale && !retried) {
        retried = true
        continue
      }
      if (location === undefined || hop >= MAX_REDIRECTS) return exchange
      const next = URL.canParse(location, target) ? new URL(location, target) : undefined
      if (next?.protocol !== 'http:' && next?.protocol !== 'https:') return exchange
      target = next.href
    }
  }
  return {
    get,
    bytes: () => total,
    close: () => {
      agents['http:'].destroy()
      agents['https:'].destroy()
    },
  }
}

interface Shared {
  readonly options: HttpClientOptions
  readonly agents: { readonly 'http:': HttpAgent; readonly 'https:': HttpsAgent }
  readonly guard: AddressGuard
  readonly cookies: CookieJar
  readonly targetOrigin: string
}

const nothing = { wait_ms: 0, total_ms: 0, status: 0, body: Buffer.alloc(0), bytes: 0, cut: false } as const

const failed = (url: string, started_ms: number, failure: Failure) => ({
  exchange: { ...nothing, url, started_ms, timedOut: false, tooLarge: false, failure } as Exchange,
  stale: false,
  location: undefined,
})

const overspent = (url: string, now_ms: number) =>
  failed(url, now_ms, { reason: 'too_large', detail: `more than ${MAX_CHECK_BYTES >> 20} MiB in one check` })

/** Headers of the operator that another origin gets, too: they say where the viewer comes from, and no secret. */
function headersFor(url: URL, { options, cookies, targetOrigin }: Shared): Record<string, string> {
  const cookie = cookies.headerFor(url)
  const own = Object.entries(options.headers ?? {})
  const sent: Record<string, string> = {}
  for (const [name, value] of own) {
    const lower = name.toLowerCase()
    if (url.origin === targetOrigin || lower === 'user-agent' || lower.startsWith('accept'))
      sent[name] = value
    else if ((lower === 'referer' || lower === 'origin') && URL.canParse(value))
      sent[name] = lower === 'referer' ? `${new URL(value).origin}/` : new URL(value).origin
  }
  const given = Object.keys(sent).find((name) => name.toLowerCase() === 'cookie')
  if (cookie !== undefined)
    sent[given ?? 'cookie'] = given === undefined ? cookie : `${sent[given]}; ${cookie}`
  return sent
}

const UNPACK = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
} as const

/** A body as it was before it was packed; `too_large`: it would be larger than `most_bytes`. */
function unpacked(body: Buffer, encoding: string, most_bytes: number): Buffer | 'damaged' | 'too_large' {
  if (!(encoding in UNPACK) || body.length === 0) return body
  try {
    return UNPACK[encoding as keyof typeof UNPACK](body, { maxOutputLength: most_bytes })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too_large' : 'damaged'
  }
}

interface Progress {
  dns_ms?: number
  tcp_ms?: number
  tls_ms?: number
  wait_ms: number
  status: number
  bytes: number
  contentLength?: number
  cut: boolean
  certificate?: Certificate
  failure?: Failure
  timedOut: boolean
  tooLarge: boolean
  contentType?: string
  date_ms?: number
}

function once(
  url: string,
  request: GetOptions,
  shared: Shared,
): Promise<{ exchange: Exchange; stale: boolean; location?: string }> {
  const { options: client, agents, guard, cookies } = shared
  const { clock } = client
  const most_bytes = request.most_bytes ?? MAX_BODY_BYTES
  const target = new URL(url)
  try {
    guard.checkUrl(target)
  } catch (error) {
    return Promise.resolve(failed(url, clock(), connectionFailure(error as Error, 'nothing', false)))
  }
  const secure = target.protocol === 'https:'
  const started_ms = clock()
  const progress: Progress = { wait_ms: 0, status: 0, bytes: 0, cut: false, timedOut: false, tooLarge: false }
  const chunks: Buffer[] = []
  const signals = [client.signal, request.signal].filter((signal) => signal !== undefined)
  let location: string | undefined
  let encoding = ''
  let reached: Reached = 'nothing'
  let last = started_ms
  const lap = (): number => {
    const now = clock()
    const spent = now - last
    last = now
    return spent
  }
  return new Promise((resolve) => {
    let settled = false
    /** `keep`: the answer is complete, so its connection may serve the next request. */
    const settle = (keep = false) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      for (const signal of signals) signal.removeEventListener('abort', onAbort)
      if (!keep) outgoing.destroy()
      let body: Buffer = Buffer.concat(chunks)
      const plain = progress.tooLarge ? 'too_large' : unpacked(body, encoding, most_bytes)
      if (plain === 'damaged') progress.cut = true
      else if (plain === 'too_large') progress.tooLarge = true
      body = plain === 'damaged' ? body : plain === 'too_large' ? Buffer.alloc(0) : plain
      const exchange: Exchange = { url, started_ms, total_ms: clock() - started_ms, body, ...progress }
      // a kept connection may have been closed by the server while idle: that is no fault of the stream's
      const stale = outgoing.reusedSocket && progress.status === 0 && progress.failure !== undefined
      resolve({
        exchange,
        stale: stale && !progress.timedOut,
        location,
      })
    }
    const fail = (failure: Failure) => {
      if (settled) return
      progress.failure = failure
      settle()
    }
    const range = request.range
    const outgoing = (secure ? httpsRequest : httpRequest)(target, {
      agent: agents[secure ? 'https:' : 'http:'],
      headers: {
        'user-agent': USER_AGENT,
        accept: '*/*',
        'accept-encoding': 'identity',
        ...(range ? { range: `bytes=${range.offset}-${range.offset + range.length - 1}` } : {}),
        ...headersFor(target, shared),
      },
      lookup: guard.lookupFor(target),
      ca: client.ca,
      // judged by ourselves below, so that an expired certificate is named as such
      rejectUnauthorized: false,
    })
    const onAbort = () => {
      progress.timedOut = true
      settle()
    }
    const timer = setTimeout(() => {
      progress.timedOut = true
      if (reached === 'nothing') fail({ reason: 'dns_no_answer', detail: 'no answer in time' })
      else if (reached === 'dns') fail({ reason: 'connection_timed_out', detail: 'no answer in time' })
      else if (reached === 'tcp' && secure) fail({ reason: 'tls_failed', detail: 'no answer in time' })
      else settle()
    }, request.timeout_ms ?? client.timeout_ms)
    for (const signal of signals) {
      if (signal.aborted) queueMicrotask(onAbort)
      signal.addEventListener('abort', onAbort)
    }

    outgoing.on('socket', (socket) => {
      if (!socket.connecting) {
        reached = secure ? 'tls' : 'tcp'
        return
      }
      const host = target.hostname.replace(/^\[|\]$/g, '')
      if (/^[\d.]+$|:/.test(host)) reached = 'dns'
      socket.once('lookup', (error) => {
        progress.dns_ms ??= lap()
        if (!error) reached = 'dns'
      })
      socket.once('connect', () => {
        progress.tcp_ms = lap()
        reached = 'tcp'
      })
      socket.once('secureConnect', () => {
        progress.tls_ms = lap()
        reached = 'tls'
        const tls = socket as TLSSocket
        const certificate = readCertificate(tls)
        if (certificate === undefined) return
        progress.certificate = certificate
        const error = tls.authorized ? undefined : String(tls.authorizationError)
        const failure = certificateFailure(certificate, error, clock())
        if (failure !== undefined) fail(failure)
      })
    })
    outgoing.on('error', (error) => fail(connectionFailure(error, reached, secure)))
    outgoing.on('response', (response: IncomingMessage) => {
      progress.wait_ms = lap()
      progress.status = response.statusCode ?? 0
      encoding = response.headers['content-encoding']?.toLowerCase() ?? ''
      progress.contentType = response.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
      const date_ms = Date.parse(response.headers.date ?? '')
      if (!Number.isNaN(date_ms)) progress.date_ms = date_ms
      cookies.take(target, response.headers['set-cookie'])
      const length = Number(response.headers['content-length'])
      if (response.headers['content-length'] !== undefined) progress.contentLength = length
      if (progress.status >= 300 && progress.status < 400 && response.headers.location) {
        location = response.headers.location
      }
      response.on('data', (chunk: Buffer) => {
        if (settled) return
        progress.bytes += chunk.length
        if (!request.discard) chunks.push(chunk)
        const wanted = progress.status < 300 ? (request.onChunk?.(chunk) ?? true) : true
        if (progress.bytes > most_bytes && !request.discard) progress.tooLarge = true
        if (!wanted || progress.tooLarge) settle()
      })
      response.on('error', () => {
        progress.cut = true
        settle()
      })
      response.on('end', () => {
        if (!response.complete) progress.cut = true
        settle(response.complete)
      })
      response.on('close', () => {
        if (!response.complete && !settled) progress.cut = true
        settle()
      })
    })
    outgoing.end()
  })
}

function readCertificate(socket: TLSSocket): Certificate | undefined {
  const peer = socket.getPeerCertificate()
  if (!peer?.valid_to) return undefined
  return {
    validFrom_ms: Date.parse(peer.valid_from),
    validTo_ms: Date.parse(peer.valid_to),
    names: peer.subjectaltname ?? String(peer.subject?.CN ?? ''),
  }
}
