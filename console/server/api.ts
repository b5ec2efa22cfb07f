import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Store } from '../../store/client.ts'
import { principalOf, sees, sendError } from '../signIn/principal.ts'
import { ApiError, Query, tenantOf } from './apiRequest.ts'
import type { Incidents } from './incidents.ts'
import { createLive, type Live } from './live.ts'
import { sendLive } from './liveRoute.ts'
import { type Kept, readPlan } from './plan.ts'
import { readCourse } from './readCourse.ts'
import { readFrames } from './readFrames.ts'
import type { Subject } from './readShow.ts'
import { sendReport } from './report.ts'
import { readRunbook } from './runbooks.ts'
import { search } from './search.ts'
import { readSession, readSessions, SESSION_FILTERS, type SessionFilter } from './sessions.ts'
import { ShowReader } from './showReader.ts'
import { createPulse, limitedStore } from './timeLimit.ts'
import { withTodo } from './todo.ts'

export interface ApiOptions {
  readonly store: Store
  readonly incidents: Incidents
  readonly clock: () => number
  /** Tenants there are; the first is meant when nobody says. */
  readonly tenants: readonly string[]
  /** The port players send their beacons to, for the snippet of the empty page. */
  readonly beaconsPort: number
  /** Folder of the runbooks, Markdown named by rule or metric. */
  readonly runbooks: string
}

/** With what the log keeps, where there is one. */
interface Api extends ApiOptions {
  readonly registry?: Kept
  readonly map?: Kept
}

const DAY_MS = 86_400_000
/** Without an incident or times, sessions of the last quarter of an hour are listed. */
const SESSIONS_MS = 900_000

type Get = <P>(
  url: string,
  handler: (query: Query, params: P, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
) => void

/** What the routes share. */
interface Served extends Api {
  readonly get: Get
  readonly shows: ShowReader
  readonly live: Live
  /** The store, each query limited in time. */
  readonly limited: Store
}

/** `/api/…`: JSON for the page and for anybody else; see console/api.ts for what it says. */
export function serveApi(app: FastifyInstance, options: Api): { readonly live: Live; close(): void } {
  const { incidents, clock } = options
  const limited = limitedStore(options.store)
  const live = createLive()
  const unsubscribe = incidents.onChange(({ tenant, show }) =>
    live.nudge((key) => {
      const [kind, ofTenant, ofShow] = JSON.parse(key) as string[]
      return ofTenant === tenant && (kind === 'shows' || ofShow === show)
    }),
  )
  app.setErrorHandler((error, _request, reply) => {
    const failed = error as { fault?: string; validation?: unknown; message: string; statusCode?: number }
    if (error instanceof ApiError) return sendError(reply, error.code, error.message)
    if (failed.validation !== undefined) return sendError(reply, 'bad_request', failed.message)
    if (failed.fault === 'store') return sendError(reply, 'store_away', failed.message)
    if (failed.fault !== undefined) return sendError(reply, 'store_refused', failed.message)
    return sendError(reply, 'internal', failed.message)
  })
  const get: Get = (url, handler) =>
    app.get(url, { schema: { querystring: Query } }, async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return handler(request.query as Query, request.params as never, request, reply)
    })
  const served: Served = { ...options, get, live, limited, shows: new ShowReader(limited, incidents, clock) }
  serveAbout(served)
  serveShows(served)
  serveIncidents(served)
  serveSessions(served)
  return {
    live,
    close() {
      unsubscribe()
      live.close()
    },
  }
}

function serveAbout({ get, store, limited, incidents, tenants, clock, beaconsPort, runbooks }: Served): void {
  const pulse = createPulse(store, () => performance.now())
  get('/api/about', async (_query, _params, request) => ({
    tenants: tenants.filter((tenant) => sees(principalOf(request), tenant)),
    now_ms: clock(),
    beacons_port: beaconsPort,
  }))
  get('/api/pulse', () => pulse())
  get('/api/search', async (query) => {
    const text = (query.q ?? '').trim()
    if (text === '') return []
    return search({ store: limited, incidents }, { tenant: tenantOf(query, tenants), text, now_ms: clock() })
  })
  get<{ rule: string }>('/api/runbooks/:rule', async (_query, { rule }) => {
    const markdown = await readRunbook(runbooks, rule)
    if (markdown === undefined) throw new ApiError('not_found', `no runbook ${rule}`)
    return { markdown }
  })
}

const NOTHING_KEPT: Kept = { values: new Map() }

function serveShows(served: Served): void {
  const { get, shows, live, store, tenants, clock, registry, map = NOTHING_KEPT } = served
  const subjectOf = (query: Query, show: string): Subject => ({
    tenant: tenantOf(query, tenants),
    show,
    stream: query.stream,
    app: query.app,
  })
  get('/api/shows', async (query) => shows.list(tenantOf(query, tenants), query.at))
  get<{ show: string }>('/api/show/:show', async (query, { show }) => {
    const subject = subjectOf(query, show)
    if (query.at !== undefined) return shows.past(subject, query.at, query)
    return (await shows.live(subject, undefined, 'second', query)).shown
  })
  get('/api/live', async (query, _params, request, reply) => {
    const subject = query.show === undefined ? undefined : subjectOf(query, query.show)
    return sendLive({ live, shows, clock }, request, reply, tenantOf(query, tenants), subject)
  })
  const planIn = (scope: Parameters<typeof readPlan>[1]) =>
    readPlan({ ...served, store: served.limited, shows: registry, map }, scope)
  get<{ show: string }>('/api/plan/:show', async (query, { show }) => {
    const to_ms = query.to ?? clock() + 1
    return planIn({ tenant: tenantOf(query, tenants), show, from_ms: query.from ?? to_ms - DAY_MS, to_ms })
  })
  get<{ show: string }>('/api/report/:show', async (query, { show }, _request, reply) => {
    const report = {
      tenant: tenantOf(query, tenants),
      show,
      lang: query.lang?.startsWith('zh') ? ('zh' as const) : ('en' as const),
      zone: query.zone,
      markdown: query.format === 'md',
      from_ms: query.from,
      to_ms: query.to,
    }
    const wrong = await sendReport(reply, store, report, { clock, plan: planIn })
    if (wrong !== undefined) throw new ApiError('not_found', wrong)
    return reply
  })
}

/** @throws ApiError `not_found` */
async function incidentOf({ incidents, tenants }: Served, query: Query, id: string) {
  const incident = await incidents.one(tenantOf(query, tenants), id)
  if (incident === undefined) throw new ApiError('not_found', `no incident ${id}`)
  return incident
}

function serveIncidents(served: Served): void {
  const { get, incidents, shows, limited, tenants, clock } = served
  get('/api/incidents', async (query) => {
    const to_ms = query.to ?? clock() + 1
    return incidents.list({
      tenant: tenantOf(query, tenants),
      show: query.show,
      stream: query.stream,
      from_ms: query.from ?? to_ms - DAY_MS,
      to_ms,
      limit: query.limit ?? 100,
    })
  })
  get<{ id: string }>('/api/incidents/:id', async (query, { id }) =>
    withTodo(await incidentOf(served, query, id)),
  )
  get<{ id: string }>('/api/incidents/:id/course', async (query, { id }) =>
    readCourse(limited, await incidentOf(served, query, id), shows.now_ms()),
  )
  get<{ id: string }>('/api/incidents/:id/frames', async (query, { id }) =>
    readFrames(limited, await incidentOf(served, query, id)),
  )
}

function serveSessions(served: Served): void {
  const { get, incidents, limited, tenants, clock } = served
  get('/api/sessions', async (query) => {
    const incident =
      query.incident === undefined ? undefined : await incidentOf(served, query, query.incident)
    const show = incident?.show ?? query.show
    if (show === undefined) throw new ApiError('bad_request', 'show or incident is missing')
    const chosen = { ...incident?.cause, ...query } as Record<string, string | undefined>
    const filter = Object.fromEntries(
      SESSION_FILTERS.filter((name) => typeof chosen[name] === 'string').map((name) => [name, chosen[name]]),
    ) as SessionFilter
    const to_ms = query.to ?? (incident?.resolved_ms || clock())
    const scope = {
      tenant: tenantOf(query, tenants),
      show,
      stream: (incident?.stream ?? query.stream) || undefined,
      app: chosen.app,
      from_ms: query.from ?? incident?.began_ms ?? to_ms - SESSIONS_MS,
      to_ms,
    }
    return readSessions(limited, scope, filter, query.limit ?? 50)
  })
  get<{ id: string }>('/api/sessions/:id', async (query, { id }) => {
    const found = await readSession(
      { store: limited, incidents },
      { tenant: tenantOf(query, tenants), session: id, now_ms: clock(), around_ms: query.at },
    )
    if (found === undefined) throw new ApiError('not_found', `no session ${id} within a day`)
    return found
  })
}
