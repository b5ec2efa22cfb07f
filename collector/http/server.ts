import cors from '@fastify/cors'
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { ADVICE, BEACON_LIMITS } from '../../schemas/beacon.ts'
import type { Answer, Inbound } from '../../schemas/eventRoute.ts'
import type { Emit } from '../../schemas/facts.ts'
import type { Refusal } from '../../schemas/reasons.ts'
import { keyOf } from '../auth/authenticate.ts'
import type { TurnOf } from '../limits/nameTurns.ts'
import type { Overload } from '../limits/overload.ts'
import type { Turn, Turns } from '../limits/turns.ts'
import type { Tally } from '../tally.ts'
import { refused, refusedFor } from './answers.ts'
import type { Endpoint } from './endpoint.ts'
import { parseQuery, type Query } from './parseQuery.ts'
import { RefusedBody, readBody } from './readBody.ts'

const REQUEST_MS = 15_000
const IDLE_MS = 65_000
/** Chromium keeps a preflight's answer two hours at most, Firefox a day. */
const PREFLIGHT_SECONDS = 86_400
const EMPTY = Buffer.alloc(0)

export interface ServerOptions {
  readonly endpoints: readonly Endpoint[]
  readonly tally: Tally
  readonly emit: Emit
  readonly overload: Overload
  readonly turns: Turns
  /** Whose turn a request takes: a tenant, or a network where no key is known. */
  readonly turnOf: TurnOf
}

/**
 * The public port's Fastify, not listening yet: routes, bodies as bytes, cross-origin answers, time-outs. A request is
 * admitted before its body is read (`overload`) and takes its tenant's turn before it is decoded (`turns`).
 */
export function createServerApp(options: ServerOptions): FastifyInstance {
  const { endpoints } = options
  const app = Fastify({
    requestTimeout: REQUEST_MS,
    connectionTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    // Connections that are too slow are closed a few at a time: thousands at once would keep everybody waiting.
    http: { headersTimeout: REQUEST_MS, connectionsCheckingInterval: 500 },
    bodyLimit: BEACON_LIMITS.body_bytes,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    // An address that ends in a slash, and our path behind it.
    routerOptions: {
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: 1_000,
      querystringParser: parseQuery,
    },
    clientErrorHandler(error, socket) {
      const { status, body } = refusedFor('bad_request', error.code)
      if (!socket.writable) return
      socket.end(
        `HTTP/1.1 ${status} Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body!)}\r\n\r\n${String(body)}`,
      )
    },
  })
  // Pages of any origin may report, with credentials too: a page that is being closed only gets its last beacon out with
  // credentialed CORS, and that wants the origin by name. Which origins a key may be used from is the tenant's choice.
  app.decorateRequest('inbound', undefined)
  app.register(cors, {
    origin: true,
    credentials: true,
    methods: ['GET', 'POST', 'OPTIONS'],
    exposedHeaders: ['retry-after', ADVICE],
    maxAge: PREFLIGHT_SECONDS,
    strictPreflight: false,
  })
  answerErrors(app, options)
  // Content-type parsers belong to a scope: each endpoint has its own list of types and its own bound.
  for (const endpoint of endpoints)
    app.register(async (scope) => {
      const limit = endpoint.body_bytes ?? BEACON_LIMITS.body_bytes
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser(
        '*',
        { parseAs: 'buffer', bodyLimit: limit },
        readBody(limit, endpoint.contentTypes),
      )
      scope.route({
        method: endpoint.method,
        url: endpoint.path,
        bodyLimit: limit,
        onRequest: admit(endpoint, options),
        handler: handle(endpoint, options),
        errorHandler: endpoint.unread && unreadBody(endpoint, endpoint.unread, options),
      })
    })
  return app
}

/** A request with what the endpoints read of it; the body is added when it is there. */
type Admitted = FastifyRequest & { inbound: Inbound & { body: Buffer } }

/** The hook before a body is read: while there is too much work, the answer is made without any. */
const admit = (endpoint: Endpoint, { overload, tally, turnOf }: ServerOptions) =>
  function admitted(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    const inbound = inboundOf(request, endpoint)
    ;(request as Admitted).inbound = inbound
    const type = request.raw.headers['content-type']
    // Where any type is taken, a text that is no type at all is none.
    if (type !== undefined && endpoint.contentTypes === undefined && !MEDIA_TYPE.test(type))
      delete request.raw.headers['content-type']
    // Whose body it is stands in the body: that is looked at when it is there.
    if (
      endpoint.always ||
      namesKeyInBody(inbound) ||
      overload.admits(Number(request.headers['content-length'] ?? 0) || 0, () => turnOf(inbound))
    ) {
      done()
      return
    }
    const answer = overload.answer()
    tally.answered(endpoint.path, answer.status)
    tally.refused('overloaded')
    request.raw.resume()
    send(reply, answer)
  }

const MEDIA_TYPE = /^[\w.+-]+\/[\w.+*-]+\s*(;.*)?$/

/** A hook in a form that we cannot read is let through, and counted. */
const unreadBody = (endpoint: Endpoint, unread: () => Answer | undefined, { tally, emit }: ServerOptions) =>
  function answerUnread(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
    const answer = unread()
    if (answer === undefined) throw error
    // What a sender did wrong is counted; a line for each would let anybody fill the log.
    if (error instanceof RefusedBody) tally.refused(error.code)
    else if (error.statusCode !== undefined && error.statusCode < 500) tally.refused('bad_request')
    else emit({ type: 'route_failed', route: endpoint.path, error })
    tally.answered(endpoint.path, answer.status)
    request.raw.resume()
    send(reply, answer)
  }

const namesKeyInBody = (inbound: Inbound): boolean =>
  inbound.method === 'POST' && keyOf(inbound) === undefined

function handle(endpoint: Endpoint, options: ServerOptions) {
  const { turns, turnOf, emit, tally, overload } = options

  function answered(reply: FastifyReply, answer: Answer): void {
    tally.answered(endpoint.path, answer.status)
    send(reply, answer)
  }
  function failed(reply: FastifyReply, error: unknown): void {
    emit({ type: 'route_failed', route: endpoint.path, error })
    answered(reply, refusedFor('internal'))
  }
  function work(inbound: Inbound, reply: FastifyReply): void {
    try {
      const answer = endpoint.handle(inbound)
      if (answer instanceof Promise)
        void answer.then(
          (settled) => answered(reply, settled),
          (error: unknown) => failed(reply, error),
        )
      else answered(reply, answer)
    } catch (error) {
      failed(reply, error)
    }
  }
  function refuse(reply: FastifyReply): void {
    tally.refused('overloaded')
    answered(reply, overload.answer())
  }
  const steps: Steps = { turnOf, work, refuse }
  return function handler(request: FastifyRequest, reply: FastifyReply): void {
    const { inbound } = request as Admitted
    const body = (request.body as Buffer | undefined) ?? EMPTY
    inbound.body = body
    if (body.length === 0 || endpoint.always) work(inbound, reply)
    else if (namesKeyInBody(inbound) && !overload.admits(body.length, () => turnOf(inbound))) refuse(reply)
    else turns.take(new RequestTurn(inbound, reply, steps))
  }
}

interface Steps {
  readonly turnOf: TurnOf
  readonly work: (inbound: Inbound, reply: FastifyReply) => void
  readonly refuse: (reply: FastifyReply) => void
}

/** A request that takes its turn; a class, since closures a request would cost more than the turn. */
class RequestTurn implements Turn {
  readonly bytes: number
  private readonly inbound: Inbound
  private readonly reply: FastifyReply
  private readonly steps: Steps
  constructor(inbound: Inbound, reply: FastifyReply, steps: Steps) {
    this.bytes = inbound.body.length
    this.inbound = inbound
    this.reply = reply
    this.steps = steps
  }
  name(): string {
    return this.steps.turnOf(this.inbound)
  }
  work(): void {
    this.steps.work(this.inbound, this.reply)
  }
  refuse(): void {
    this.steps.refuse(this.reply)
  }
}

function inboundOf(request: FastifyRequest, endpoint: Endpoint): Admitted['inbound'] {
  const { raw } = request
  const url = raw.url!
  const mark = url.indexOf('?')
  return {
    method: endpoint.method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: request.query as Query,
    headers: raw.headers,
    remoteAddress: raw.socket.remoteAddress ?? '',
    body: EMPTY,
  }
}

function send(reply: FastifyReply, { status, contentType, body, retryAfter, advice }: Answer): void {
  reply.code(status)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  if (advice !== undefined) reply.header(ADVICE, advice)
  if (status !== 204) reply.header('cache-control', 'no-store')
  if (contentType !== undefined) reply.header('content-type', contentType)
  reply.send(body)
}

/** Every refusal has the one shape `{ code, message, help }`. */
function answerErrors(app: FastifyInstance, { endpoints, tally }: ServerOptions): void {
  const paths = new Set(endpoints.map(({ path }) => path))
  const routeOf = (request: FastifyRequest): string => {
    const path = request.raw.url?.split('?', 1)[0] ?? ''
    return paths.has(path) ? path : 'other'
  }
  function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): void {
    const answer = refused(refusal)
    tally.answered(routeOf(request), answer.status)
    tally.refused(refusal.code)
    // What is still coming is read and dropped, so that the client gets its answer.
    request.raw.resume()
    send(reply, answer)
  }
  app.setNotFoundHandler((request, reply) =>
    refuse(request, reply, { code: routeOf(request) === 'other' ? 'not_found' : 'method_not_allowed' }),
  )
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof RefusedBody) refuse(request, reply, { code: error.code, detail: error.message })
    else if (error.statusCode === 413)
      refuse(request, reply, { code: 'too_large', detail: 'the body is larger than the bound' })
    else if (error.statusCode === 415) refuse(request, reply, { code: 'bad_encoding' })
    else if (error.statusCode !== undefined && error.statusCode < 500)
      refuse(request, reply, { code: 'bad_request', detail: error.code })
    else refuse(request, reply, { code: 'internal' })
  })
}
