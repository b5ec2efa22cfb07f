import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { BuiltPage, PageFile } from '../build.ts'

/** Addresses of the page: every view is one, so that it can be pasted into a chat. */
const VIEWS = ['/', '/show/*', '/incident/*', '/session/*', '/runbooks/*', '/shows']

/** Serves the built page; what its name changes with is kept by the browser for good. */
export function servePage(app: FastifyInstance, { html, files }: BuiltPage): void {
  const send = (file: PageFile, cache: string) => (request: FastifyRequest, reply: FastifyReply) => {
    reply.type(file.type).header('cache-control', cache).header('vary', 'accept-encoding')
    if (!String(request.headers['accept-encoding'] ?? '').includes('gzip')) return reply.send(file.body)
    return reply.header('content-encoding', 'gzip').send(file.gzipped)
  }
  for (const url of VIEWS) app.get(url, send(html, 'no-cache'))
  for (const file of files) app.get(file.path, send(file, 'public, max-age=31536000, immutable'))
}
