import Fastify, { type FastifyInstance } from 'fastify'
import { type SqlOptions, serveSql } from './sql.ts'

export interface ConsoleOptions {
  readonly sql: SqlOptions
  /** The page of `/metrics`. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
}

/** The console's port: page, API, live updates, `/metrics` and read-only SQL. Not listening yet. */
export function createConsole({ sql, metrics }: ConsoleOptions): FastifyInstance {
  const app = Fastify({ bodyLimit: 8 << 20, forceCloseConnections: true })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await metrics()
    return reply.type(contentType).send(text)
  })
  serveSql(app, sql)
  return app
}
