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

type Headers = Record<string, string | number>

/**
 * Cross-origin pages may send and read everything here, with credentials too: a page that is being closed only gets
 * its last beacon out with credentialed CORS, and that wants the origin by name, not `*`.
 */
function corsHeaders(origin: string | undefined): Headers {
  return origin === undefined
    ? {}
    : {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'retry-after',
        vary: 'origin',
      }
}

/** Answers any preflight. */
export function servePreflight(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(204, {
    ...corsHeaders(request.headers.origin),
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    'access-control-allow-headers': request.headers['access-control-request-headers'] ?? ALLOWED_HEADERS,
    'access-control-max-age': PREFLIGHT_SECONDS,
  })
  response.end()
}

export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return
  const headers = corsHeaders(request.headers.origin)
  if (answer.retryAfter !== undefined) headers['retry-after'] = answer.retryAfter
  if (answer.status !== 204) headers['cache-control'] = 'no-store'
  if (answer.contentType !== undefined) headers['content-type'] = answer.contentType
  if (answer.body !== undefined) headers['content-length'] = Buffer.byteLength(answer.body)
  response.writeHead(answer.status, headers)
  response.end(answer.body)
}

/** First value of each name; a query with a name twice can otherwise put its own value before ours. */
export function queryOf(url: string, mark: number): Readonly<Record<string, string>> {
  const query: Record<string, string> = Object.create(null)
  if (mark < 0) return query
  for (const [name, value] of new URLSearchParams(url.slice(mark + 1))) query[name] ??= value
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
export function serveWith({ emit, tally, refusedBody }: ServeOptions) {
  return function serve(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): void {
    const send = (answer: Answer): void => {
      tally.answered(endpoint.path, answer.status)
      sendAnswer(request, response, answer)
    }
    const failed = (error: unknown): void => {
      emit({ type: 'route_failed', route: endpoint.path, error })
      send(refusedFor('internal'))
    }
    const answerTo = (body: Buffer): void => {
      const url = request.url!
      const mark = url.indexOf('?')
      try {
        const answer = endpoint.handle({
          method: request.method!,
          path: mark < 0 ? url : url.slice(0, mark),
          query: mark < 0 ? NO_QUERY : queryOf(url, mark),
          headers: request.headers,
          remoteAddress: request.socket.remoteAddress ?? '',
          body,
        })
        if (answer instanceof Promise) answer.then(send, failed)
        else send(answer)
      } catch (error) {
        failed(error)
      }
    }
    const reject = (refusal: Refusal): void => {
      refusedBody(refusal)
      send(refused(refusal))
    }
    if (endpoint.method === 'POST' && !takes(endpoint, request.headers['content-type'])) {
      request.resume()
      reject({ code: 'bad_encoding', detail: String(request.headers['content-type']).slice(0, 60) })
      return
    }
    readBody(request, endpoint.bodyBytes ?? BEACON_LIMITS.body_bytes, (body) => {
      if (body === 'gone') return
      if ('code' in body) reject(body)
      else answerTo(body)
    })
  }
}
