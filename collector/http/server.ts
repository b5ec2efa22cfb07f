import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import type { Tally } from '../tally.ts'
import { refusedFor } from './answers.ts'
import type { Endpoint } from './endpoint.ts'
import { type Serve, sendAnswer, servePreflight } from './serve.ts'

const REQUEST_MS = 15_000
const IDLE_MS = 65_000

export interface ServerOptions {
  readonly endpoints: readonly Endpoint[]
  readonly serve: Serve
  readonly tally: Tally
}

/**
 * The public port's Fastify, not listening yet. Fastify routes, times out, closes and injects; bodies are read as bytes
 * by `readBody`. POSTs to a fixed path, which are nearly all requests, take a short way past the router: there Fastify
 * costs a quarter of a small beacon's whole time, and has nothing to decide.
 */
export function createServerApp({ endpoints, serve, tally }: ServerOptions): FastifyInstance {
  const direct = new Map(
    endpoints.flatMap((endpoint) =>
      endpoint.method === 'POST' && !/[:*]/.test(endpoint.path) ? [[endpoint.path, endpoint] as const] : [],
    ),
  )
  const app = Fastify({
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: IDLE_MS,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1_000 },
    serverFactory: (handler) => createServer(timeouts, routed(handler)) as Server,
    clientErrorHandler(error, socket) {
      const { status, body } = refusedFor('bad_request', error.code)
      if (!socket.writable) return
      socket.end(
        `HTTP/1.1 ${status} Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body!)}\r\n\r\n${String(body)}`,
      )
    },
  })

  function routed(handler: (request: IncomingMessage, response: ServerResponse) => void) {
    return function shortWay(request: IncomingMessage, response: ServerResponse): void {
      if (request.method === 'POST') {
        const url = request.url!
        const mark = url.indexOf('?')
        const endpoint = direct.get(mark < 0 ? url : url.slice(0, mark))
        if (endpoint !== undefined) serve(endpoint, request, response)
        else handler(request, response)
      } else handler(request, response)
    }
  }

  app.removeAllContentTypeParsers()
  // The endpoint reads the stream itself.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  for (const endpoint of endpoints)
    app.route({
      method: endpoint.method,
      url: endpoint.path,
      handler(request, reply) {
        reply.hijack()
        serve(endpoint, request.raw, reply.raw)
      },
    })
  app.options('*', (request, reply) => {
    reply.hijack()
    servePreflight(request.raw, reply.raw)
  })
  app.setNotFoundHandler((request, reply) => {
    reply.hijack()
    const path = request.raw.url?.split('?')[0]
    const known = endpoints.some((endpoint) => endpoint.path === path)
    const answer = refusedFor(known ? 'method_not_allowed' : 'not_found')
    tally.answered(known ? path! : 'other', answer.status)
    request.raw.resume()
    sendAnswer(request.raw, reply.raw, answer)
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    reply.hijack()
    const status = error.statusCode ?? 500
    const answer = refusedFor(
      status === 415 ? 'bad_encoding' : status < 500 ? 'bad_request' : 'internal',
      error.code,
    )
    tally.answered('other', answer.status)
    sendAnswer(request.raw, reply.raw, answer)
  })
  return app
}

const timeouts = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, keepAliveTimeout: IDLE_MS }
