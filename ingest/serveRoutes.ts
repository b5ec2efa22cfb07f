import { createServer } from 'node:http'
import type { EventRoute } from '../schemas/eventRoute.ts'
import type { Emit } from '../schemas/facts.ts'
import { type Listening, listenOn } from './listening.ts'
import type { Send } from './sendBeacons.ts'

export interface ServeRoutesOptions {
  readonly routes: readonly EventRoute[]
  readonly send: Send
  readonly emit: Emit
  /** Default 127.0.0.1. */
  readonly host?: string
  /** 0: a free one. */
  readonly port: number
}

const BODY_BYTES = 1 << 20

/**
 * Serves hooks on a machine without a collector: what they say goes out by `send` (see `sendBeacons`).
 * A collector mounts the same routes itself.
 */
export async function serveRoutes(options: ServeRoutesOptions): Promise<Listening> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://routes')
    const route = options.routes.find((each) => each.path === url.pathname && each.method === request.method)
    if (route === undefined) {
      response.writeHead(404).end()
      return
    }
    const query: Record<string, string> = Object.create(null)
    for (const [name, value] of url.searchParams) query[name] ??= value
    try {
      const pieces: Buffer[] = []
      let bytes = 0
      for await (const piece of request as AsyncIterable<Buffer>) {
        bytes += piece.length
        if (bytes > BODY_BYTES) {
          response.writeHead(413, { connection: 'close' }).end()
          return
        }
        pieces.push(piece)
      }
      const { status, contentType, body, events, evenIfLost } = await route.handle({
        method: route.method,
        path: url.pathname,
        query,
        headers: request.headers,
        remoteAddress: request.socket.remoteAddress ?? '',
        body: Buffer.concat(pieces),
      })
      let answered = status
      try {
        if (events !== undefined && events.length > 0) await options.send(events)
      } catch (error) {
        options.emit({ type: 'ingest_send_failed', source: events?.[0]?.source, error })
        if (evenIfLost !== true) answered = 503
      }
      response.writeHead(answered, contentType === undefined ? {} : { 'content-type': contentType }).end(body)
    } catch {
      response.destroy()
    }
  })
  return listenOn(server, options)
}
