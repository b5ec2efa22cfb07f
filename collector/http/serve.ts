import type { IncomingMessage, ServerResponse } from 'node:http'
import { BEACON_LIMITS } from '../../schemas/beacon.ts'
import type { Emit } from '../../schemas/facts.ts'
import type { Refusal } from '../../schemas/reasons.ts'
import type { Tally } from '../tally.ts'
import { refused, refusedFor } from './answers.ts'
import type { Answer, Endpoint } from './endpoint.ts'
import { readBody } from './readBody.ts'

/** Chromium keeps a preflight's answer two hours at most, Firefox a day. */
const PREFLIGHT_SECONDS = '86400'
const ALLOWED_HEADERS =
  'content-type, content-encoding, x-firstframe-key, cmcd-request, cmcd-object, cmcd-status, cmcd-session'

/** Names and values in turn: what `writeHead` writes without looking any header up. */
type Headers = (string | number)[]

/**
 * Cross-origin pages may send and read everything here, with credentials too: a page that is being closed only gets
 * its last beacon out with credentialed CORS, and that wants the origin by name, not `*`.
 */
function corsHeaders(origin: string | undefined): Headers {
  return origin === undefined
    ? []
    : ['access-control-allow-origin', origin, 'access-control-allow-credentials', 'true', 'vary', 'origin']
}

/** Answers any preflight. */
export function servePreflight(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(204, [
    ...corsHeaders(request.headers.origin),
    'access-control-allow-methods',
    'GET, POST, OPTIONS',
    'access-control-allow-headers',
    request.headers['access-control-request-headers'] ?? ALLOWED_HEADERS,
    'access-control-max-age',
    PREFLIGHT_SECONDS,
  ])
  response.end()
}

export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return
  const headers = corsHeaders(request.headers.origin)
  if (answer.retryAfter !== undefined)
    headers.push('retry-after', answer.retryAfter, 'access-control-expose-headers', 'retry-after')
  if (answer.status !== 204) headers.push('cache-control', 'no-store')
  if (answer.contentType !== undefined) headers.push('content-type', answer.contentType)
  if (answer.body !== undefined) headers.push('content-length', Buffer.byteLength(answer.body))
  response.writeHead(answer.status, headers)
  response.end(answer.body)
}

/** First value of each name; a query with a name twice can otherwise put its own value before ours. */
export function parseQuery(text: string): Readonly<Record<string, string>> {
  const query: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(text)) query[name] ??= value
  return query
}

/** Nearly all requests have one of a few queries (the write key), so those are parsed once. */
const LONGEST_KEPT = 200
const MOST_KEPT = 1_000
const queries = new Map<string, Readonly<Record<string, string>>>()

function queryOf(url: string, mark: number): Readonly<Record<string, string>> {
  if (mark < 0) return NO_QUERY
  const text = url.slice(mark + 1)
  if (text.length > LONGEST_KEPT) return parseQuery(text)
  let query = queries.get(text)
  if (query === undefined) {
    query = parseQuery(text)
    if (queries.size >= MOST_KEPT) queries.clear()
    queries.set(text, query)
  }
  return query
}

const NO_QUERY: Readonly<Record<string, string>> = Object.freeze(Object.create(null))

/** Whether the content type, without its parameters, is one of those taken; none at all is. */
function takes(endpoint: Endpoint, header: string | undefined): boolean {
  if (endpoint.contentTypes === undefined || header === undefined || header === '') return true
  if (endpoint.contentTypes.includes(header)) return true
  const end = header.indexOf(';')
  return endpoint.contentTypes.includes((end < 0 ? header : header.slice(0, end)).trim().toLowerCase())
}

export interface ServeOptions {
  readonly emit: Emit
  readonly tally: Tally
  /** Told of bodies refused before an endpoint saw them. */
  readonly refusedBody: (refusal: Refusal) => void
}

/** Serves one request of an endpoint: the same whether Fastify routed it or the short way did. */
export type Serve = (endpoint: Endpoint, request: IncomingMessage, response: ServerResponse) => void

export const serveWith = (options: ServeOptions): Serve =>
  function serve(endpoint, request, response) {
    new Exchange(options, endpoint, request, response).begin()
  }

/** One request on its way to its answer. A class, since closures made for each request cost more. */
class Exchange {
  private readonly options: ServeOptions
  private readonly endpoint: Endpoint
  private readonly request: IncomingMessage
  private readonly response: ServerResponse

  constructor(options: ServeOptions, endpoint: Endpoint, request: IncomingMessage, response: ServerResponse) {
    this.options = options
    this.endpoint = endpoint
    this.request = request
    this.response = response
  }
  begin(): void {
    const { endpoint, request } = this
    const type = request.headers['content-type']
    if (endpoint.method === 'POST' && !takes(endpoint, type)) {
      request.resume()
      this.bodyRead({ code: 'bad_encoding', detail: String(type).slice(0, 60) })
    } else readBody(request, endpoint.body_bytes ?? BEACON_LIMITS.body_bytes, this)
  }
  bodyRead(body: Buffer | Refusal): void {
    if ('code' in body) {
      this.options.refusedBody(body)
      this.send(refused(body))
      return
    }
    const { endpoint, request } = this
    const url = request.url!
    const mark = url.indexOf('?')
    try {
      const answer = endpoint.handle({
        method: request.method!,
        path: mark < 0 ? url : url.slice(0, mark),
        query: queryOf(url, mark),
        headers: request.headers,
        remoteAddress: request.socket.remoteAddress ?? '',
        body,
      })
      if (answer instanceof Promise) void this.sendLater(answer)
      else this.send(answer)
    } catch (error) {
      this.failed(error)
    }
  }
  private async sendLater(answer: Promise<Answer>): Promise<void> {
    try {
      this.send(await answer)
    } catch (error) {
      this.failed(error)
    }
  }
  private failed(error: unknown): void {
    this.options.emit({ type: 'route_failed', route: this.endpoint.path, error })
    this.send(refusedFor('internal'))
  }
  private send(answer: Answer): void {
    this.options.tally.answered(this.endpoint.path, answer.status)
    sendAnswer(this.request, this.response, answer)
  }
}
