import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { gunzipSync } from 'node:zlib'
import type { Clock } from './clock.ts'
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
  readonly headers?: Readonly<Record<string, string>>
  readonly timeout_ms: number
  /** Instead of the system's resolver. */
  readonly lookup?: LookupFunction
  /** Further authorities to trust, PEM. */
  readonly ca?: string
  readonly signal?: AbortSignal
}

const MAX_BODY = 64 * 1024 * 1024
const MAX_REDIRECTS = 5
const USER_AGENT = 'firstframe-probe/1'

/** A client whose every request tells its phases. Connections are kept; nothing is cached. */
export function httpClient(options: HttpClientOptions): HttpClient {
  const agents = {
    'http:': new HttpAgent({ keepAlive: true, maxSockets: 8 }),
    'https:': new HttpsAgent({ keepAlive: true, maxSockets: 8 }),
  }
  let total = 0
  const get = async (url: string, request: GetOptions = {}): Promise<Exchange> => {
    let target = url
    let retried = false
    for (let hop = 0; ; hop++) {
      const { exchange, location, stale } = await once(target, request, options, agents)
      total += exchange.bytes
      if (stale && !retried) {
        retried = true
        continue
      }
      if (location === undefined || hop >= MAX_REDIRECTS) return exchange
      target = new URL(location, target).href
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
}

function once(
  url: string,
  request: GetOptions,
  client: HttpClientOptions,
  agents: { 'http:': HttpAgent; 'https:': HttpsAgent },
): Promise<{ exchange: Exchange; stale: boolean; location?: string }> {
  const { clock } = client
  const target = new URL(url)
  const secure = target.protocol === 'https:'
  const started_ms = clock()
  const progress: Progress = { wait_ms: 0, status: 0, bytes: 0, cut: false, timedOut: false }
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
      if (encoding === 'gzip' && body.length > 0) {
        try {
          body = gunzipSync(body)
        } catch {
          progress.cut = true
        }
      }
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
        ...client.headers,
      },
      lookup: client.lookup,
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
      encoding = response.headers['content-encoding'] ?? ''
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
        if (!wanted || progress.bytes > MAX_BODY) settle()
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
