import Fastify, { type FastifyInstance } from 'fastify'
import type { StateMap } from '../../log/stateMap.ts'
import type { BuiltPage } from '../build.ts'
import { type SignInOptions, serveSignIn } from '../signIn/serveSignIn.ts'
import { type ApiOptions, serveApi } from './api.ts'
import { guard } from './guard.ts'
import { serveOnCall, withOnCall } from './onCall.ts'
import { servePage } from './page.ts'
import { serveChecks } from './plan.ts'
import { servePlanned } from './planned.ts'
import { serveRegistry } from './registry.ts'
import { type SqlOptions, serveSql } from './sql.ts'

export interface ConsoleOptions {
  /** The registry of shows; without a log there is none. */
  readonly shows?: StateMap
  /** The compacted topic of incidents, where silences and maintenance are announced; without a log there is none. */
  readonly planned?: StateMap
  readonly sql: SqlOptions
  /** The page of `/metrics`. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  readonly api: ApiOptions
  readonly page: BuiltPage
  /** Who is let in. Left out: everybody, as on loopback with one user. */
  readonly signIn?: SignInOptions
  /** Host names this console is reached by, beside localhost and addresses. */
  readonly names: readonly string[]
}

/** The console's port: page, API, live updates, `/metrics` and read-only SQL. Not listening yet. */
export function createConsole({
  shows,
  planned,
  sql,
  metrics,
  api,
  page,
  names,
  signIn = { kind: 'none' },
}: ConsoleOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: 8 << 20,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 512 },
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  guard(app, { names })
  serveSignIn(app, signIn)
  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await metrics()
    return reply.type(contentType).send(text)
  })
  serveSql(app, sql)
  if (shows !== undefined) serveRegistry(app, shows)
  if (planned !== undefined) {
    servePlanned(app, planned)
    serveOnCall(app, { ...api, map: planned })
    serveChecks(app, { map: planned, shows, clock: api.clock })
  }
  servePage(app, page)
  app.register(async (scope) => {
    const incidents =
      planned === undefined ? api.incidents : withOnCall(api.incidents, planned, { shows, clock: api.clock })
    const served = serveApi(scope, { ...api, incidents, registry: shows, map: planned })
    scope.addHook('onClose', async () => served.close())
  })
  return app
}
