import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { BuiltPage, PageFile } from '../build.ts'
import { apiError } from '../signIn/principal.ts'

/** Addresses of the page: every view is one, so that it can be pasted into a chat. */
const VIEWS = ['/', '/show/*', '/incident/*', '/session/*', '/runbooks/*', '/shows', '/handover']

/** Whoever navigates in a browser sees the page, which says that there is nothing; others get JSON. */
const isNavigation = ({ method, headers }: FastifyRequest): boolean =>
  method === 'GET' && String(headers.accept ?? '').includes('text/html')

/** Serves the built page; what its name changes with is kept by the browser for good. */
export function servePage(app: FastifyInstance, { html, files }: BuiltPage): void {
  const send = (file: PageFile, cache: string) => (request: FastifyRequest, reply: FastifyReply) => {
    reply.type(file.type).header('cache-control', cache).header('vary', 'accept-encoding')
    if (!String(request.headers['accept-encoding'] ?? '').includes('gzip')) return reply.send(file.body)
    return reply.header('content-encoding', 'gzip').send(file.gzipped)
  }
  for (const url of VIEWS) app.get(url, send(html, 'no-cache'))
  const missing = send(html, 'no-cache')
  app.setNotFoundHandler((request, reply) =>
    isNavigation(request) && !request.url.startsWith('/api')
      ? missing(request, reply.code(404))
      : reply
          .code(404)
          .send(apiError('not_found', `nothing at ${request.method} ${request.url.slice(0, 200)}`)),
  )
  for (const file of files) app.get(file.path, send(file, 'public, max-age=31536000, immutable'))
}
