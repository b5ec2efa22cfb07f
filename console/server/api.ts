import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IncidentView } from '../../schemas/incident.ts'
import type { Store } from '../../store/client.ts'
import type { ApiErrorCode, ShowList, Snapshot } from '../api.ts'
import { principalOf, sees, sendError } from '../signIn/principal.ts'
import { type Axis, axisOf, RANGE_MS, SETTLE_MS } from '../windows.ts'
import type { Incidents } from './incidents.ts'
import { createLive, type Live } from './live.ts'
import { readCourse } from './readCourse.ts'
import { readEarlier, readRuns } from './readEarlier.ts'
import { ENDED_MS, readLast } from './readEnded.ts'
import { readHeard, type Subject } from './readShow.ts'
import { sendReport } from './report.ts'
import { readRunbook } from './runbooks.ts'
import { search } from './search.ts'
import { readSession, readSessions, SESSION_FILTERS, type SessionFilter } from './sessions.ts'
import { asItStood, compose, incidentsOf, readFacts, readShowList, type ShowFacts } from './snapshot.ts'
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

const Name = Type.Optional(Type.String({ maxLength: 256 }))
const When = Type.Optional(Type.Integer({ minimum: 0, maximum: 8.64e15 }))
const Query = Type.Object({
  tenant: Name,
  show: Name,
  stream: Name,
  app: Name,
  incident: Name,
  q: Name,
  at: When,
  /** Length of the axis, ms, or `show`: from the show's beginning. */
  range: Type.Optional(
    Type.Union([Type.Literal('show'), Type.Integer({ minimum: RANGE_MS.least, maximum: RANGE_MS.most })]),
  ),
  /** The last show of the same name beside this one. */
  compare: Name,
  lang: Name,
  /** Of a report: the zone of its times, and `md` for Markdown. */
  zone: Name,
  format: Name,
  from: When,
  to: When,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  ...Object.fromEntries(SESSION_FILTERS.map((name) => [name, Name])),
})
type Query = Static<typeof Query> & SessionFilter

class ApiError extends Error {
  readonly code: ApiErrorCode
  constructor(code: ApiErrorCode, detail: string) {
    super(detail)
    this.code = code
  }
}

/** Which shows ended within a day is read again after this time, ms. */
const LAST_MS = 30_000

/** Keeps what was read for a key for some time; a failure is not kept. */
function remembered<T>(
  keep_ms: number,
  read: (key: string) => Promise<T>,
): (key: string, now_ms: number) => Promise<T> {
  const kept = new Map<string, { readonly read_ms: number; readonly value: Promise<T> }>()
  return (key, now_ms) => {
    const known = kept.get(key)
    if (known !== undefined && now_ms - known.read_ms < keep_ms) return known.value
    const value = read(key)
    kept.set(key, { read_ms: now_ms, value })
    value.catch(() => kept.delete(key))
    return value
  }
}

/** Longest a full line is waited for before a viewer's next message is whole again, bytes. */
const LINE_BYTES = 1 << 20

/** `/api/…`: JSON for the page and for anybody else; see console/api.ts for what it says. */
export function serveApi(app: FastifyInstance, options: ApiOptions): { readonly live: Live; close(): void } {
  const { incidents, clock, tenants } = options
  const store = limitedStore(options.store)
  const pulse = createPulse(options.store, () => performance.now())
  const live = createLive()
  const unsubscribe = incidents.onChange(({ tenant, show }) =>
    live.nudge((key) => {
      const [kind, ofTenant, ofShow] = JSON.parse(key) as string[]
      return ofTenant === tenant && (kind === 'shows' || ofShow === show)
    }),
  )

  const tenantOf = ({ tenant }: Query): string => {
    const name = tenant ?? tenants[0] ?? 'demo'
    if (!tenants.includes(name)) throw new ApiError('not_found', `no tenant ${name}`)
    return name
  }
  const nowOf = (): number => Math.floor((clock() - SETTLE_MS) / 1000) * 1000
  const subjectOf = (query: Query, show: string): Subject => ({
    tenant: tenantOf(query),
    show,
    stream: query.stream,
    app: query.app,
  })

  type AxisQuery = Pick<Query, 'range' | 'compare'>

  const runsOfShow = remembered(LAST_MS, (key: string) => {
    const [tenant = '', show = ''] = JSON.parse(key) as string[]
    return readRuns(store, { tenant, show }, clock())
  })
  const runs = ({ tenant, show }: Subject) => runsOfShow(JSON.stringify([tenant, show]), clock())

  /** The axis that was asked for: a length, or since the show began. */
  async function axisFor(subject: Subject, { range }: AxisQuery, at_ms: number): Promise<Axis> {
    if (range !== 'show') return axisOf(range)
    const run = (await runs(subject)).findLast(({ from_ms }) => from_ms <= at_ms)
    return axisOf(run === undefined ? undefined : at_ms - run.from_ms + 60_000)
  }

  const earlierFor = async (subject: Subject, { compare }: AxisQuery, at_ms: number, axis: Axis) =>
    compare === undefined ? undefined : readEarlier(store, subject, await runs(subject), at_ms, axis)

  interface Shown {
    readonly facts: ShowFacts
    readonly shown: Snapshot
  }

  async function liveShow(
    subject: Subject,
    previous: Shown | undefined,
    why: string,
    query: AxisQuery = {},
  ): Promise<Shown> {
    const at_ms = nowOf()
    const axis = await axisFor(subject, query, at_ms)
    const listed = await incidentsOf(incidents, subject, at_ms, clock(), axis)
    if (previous?.shown.ended !== undefined && (await isStillOver(subject, at_ms, listed))) return previous
    // A changed incident is told with what was read last: no further query stands between the finding and the page.
    const facts =
      why === 'change' && previous !== undefined
        ? previous.facts
        : await readFacts(store, subject, at_ms, listed, previous?.facts, axis)
    const earlier = await earlierFor(subject, query, at_ms, axis)
    const shown = compose({ subject, at_ms, live: true, facts, incidents: listed, earlier })
    if (at_ms - shown.data_ms <= ENDED_MS || listed.some(({ state }) => state === 'open'))
      return { facts, shown }
    return (await lastPicture(subject, at_ms, axis)) ?? { facts, shown }
  }

  /** Whether a show that was over still is: nothing new was heard, no incident is open. */
  async function isStillOver(subject: Subject, at_ms: number, listed: readonly IncidentView[]) {
    if (listed.some(({ state }) => state === 'open')) return false
    return Object.keys(await readHeard(store, subject, at_ms)).length === 0
  }

  /** The last picture of a show that is over; undefined where it was never on within a day. */
  async function lastPicture(subject: Subject, now_ms: number, axis: Axis): Promise<Shown | undefined> {
    const { tenant, show } = subject
    const ended = (await readLast(store, { tenant, show, now_ms }))[show]
    if (ended === undefined || now_ms - ended.at_ms <= ENDED_MS) return undefined
    const { at_ms } = ended
    const listed = (await incidentsOf(incidents, subject, at_ms, at_ms, axis)).map((entry) =>
      asItStood(entry, now_ms),
    )
    const facts = await readFacts(store, subject, at_ms, listed, undefined, axis)
    return { facts, shown: compose({ subject, at_ms, live: true, facts, incidents: listed, ended }) }
  }

  async function pastShow(subject: Subject, at_ms: number, query: AxisQuery): Promise<Snapshot> {
    const axis = await axisFor(subject, query, at_ms)
    const listed = (await incidentsOf(incidents, subject, at_ms, at_ms, axis)).map((entry) =>
      asItStood(entry, at_ms),
    )
    const facts = await readFacts(store, subject, at_ms, listed, undefined, axis)
    const earlier = await earlierFor(subject, query, at_ms, axis)
    return compose({ subject, at_ms, live: false, facts, incidents: listed, earlier })
  }

  const lastShows = remembered(LAST_MS, (tenant: string) => readLast(store, { tenant, now_ms: clock() }))
  const showList = async (tenant: string, at: number | undefined): Promise<ShowList> => {
    const at_ms = at ?? nowOf()
    const last = at === undefined ? lastShows(tenant, clock()) : {}
    return readShowList({
      store,
      incidents,
      tenant,
      at_ms,
      now_ms: at ?? clock(),
      live: at === undefined,
      last,
    })
  }

  app.setErrorHandler((error, _request, reply) => {
    const failed = error as { fault?: string; validation?: unknown; message: string; statusCode?: number }
    if (error instanceof ApiError) return sendError(reply, error.code, error.message)
    if (failed.validation !== undefined) return sendError(reply, 'bad_request', failed.message)
    if (failed.fault === 'store') return sendError(reply, 'store_away', failed.message)
    if (failed.fault !== undefined) return sendError(reply, 'store_refused', failed.message)
    return sendError(reply, 'internal', failed.message)
  })

  const get = <P>(
    url: string,
    handler: (query: Query, params: P, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
  ) =>
    app.get(url, { schema: { querystring: Query } }, async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return handler(request.query as Query, request.params as P, request, reply)
    })

  get('/api/about', async (_query, _params, request) => ({
    tenants: tenants.filter((tenant) => sees(principalOf(request), tenant)),
    now_ms: clock(),
    beacons_port: options.beaconsPort,
  }))
  get('/api/pulse', () => pulse())
  get('/api/search', (query) => {
    const text = (query.q ?? '').trim()
    return text === ''
      ? Promise.resolve([])
      : search({ store, incidents }, { tenant: tenantOf(query), text, now_ms: clock() })
  })
  get('/api/shows', (query) => showList(tenantOf(query), query.at))
  get<{ show: string }>('/api/show/:show', async (query, { show }) => {
    const subject = subjectOf(query, show)
    return query.at === undefined
      ? (await liveShow(subject, undefined, 'second', query)).shown
      : pastShow(subject, query.at, query)
  })
  get('/api/incidents', async (query) => {
    const to_ms = query.to ?? clock() + 1
    return incidents.list({
      tenant: tenantOf(query),
      show: query.show,
      stream: query.stream,
      from_ms: query.from ?? to_ms - 86_400_000,
      to_ms,
      limit: query.limit ?? 100,
    })
  })
  const incidentOf = async (query: Query, id: string) => {
    const incident = await incidents.one(tenantOf(query), id)
    if (incident === undefined) throw new ApiError('not_found', `no incident ${id}`)
    return incident
  }
  get<{ id: string }>('/api/incidents/:id', async (query, { id }) => withTodo(await incidentOf(query, id)))
  get<{ id: string }>('/api/incidents/:id/course', async (query, { id }) =>
    readCourse(store, await incidentOf(query, id), nowOf()),
  )
  get('/api/sessions', async (query) => {
    const incident = query.incident === undefined ? undefined : await incidentOf(query, query.incident)
    const show = incident?.show ?? query.show
    if (show === undefined) throw new ApiError('bad_request', 'show or incident is missing')
    const stream = incident?.stream ?? query.stream
    const chosen = { ...incident?.cause, ...query } as Record<string, string | undefined>
    const app = chosen.app
    const filter = Object.fromEntries(
      SESSION_FILTERS.filter((name) => typeof chosen[name] === 'string').map((name) => [name, chosen[name]]),
    ) as SessionFilter
    const to_ms = query.to ?? (incident?.resolved_ms || clock())
    const scope = {
      tenant: tenantOf(query),
      show,
      ...(stream === undefined || stream === '' ? {} : { stream }),
      ...(app === undefined ? {} : { app }),
      from_ms: query.from ?? incident?.began_ms ?? to_ms - 900_000,
      to_ms,
    }
    return readSessions(store, scope, filter, query.limit ?? 50)
  })
  get<{ show: string }>('/api/report/:show', async (query, { show }, _request, reply) => {
    const wrong = await sendReport(
      reply,
      options.store,
      {
        tenant: tenantOf(query),
        show,
        lang: query.lang?.startsWith('zh') ? 'zh' : 'en',
        zone: query.zone,
        markdown: query.format === 'md',
        from_ms: query.from,
        to_ms: query.to,
      },
      clock,
    )
    if (wrong !== undefined) throw new ApiError('not_found', wrong)
    return reply
  })
  get<{ rule: string }>('/api/runbooks/:rule', async (_query, { rule }) => {
    const markdown = await readRunbook(options.runbooks, rule)
    if (markdown === undefined) throw new ApiError('not_found', `no runbook ${rule}`)
    return { markdown }
  })
  get<{ id: string }>('/api/sessions/:id', async (query, { id }) => {
    const found = await readSession(
      { store, incidents },
      { tenant: tenantOf(query), session: id, now_ms: clock(), around_ms: query.at },
    )
    if (found === undefined) throw new ApiError('not_found', `no session ${id} within a day`)
    return found
  })

  get('/api/live', async (query, _params, request, reply) => {
    const { raw } = reply
    const { expires_ms } = principalOf(request)
    const viewer = {
      send(event: string, data: string): boolean {
        // a session that is over sees nothing more; the page asks again and is told to sign in
        if (clock() > expires_ms) raw.end()
        if (raw.writableEnded) return false
        if (raw.writableLength > LINE_BYTES) return false
        raw.write(`event: ${event}\ndata: ${data}\n\n`)
        return true
      },
    }
    const tenant = tenantOf(query)
    const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' }
    let leave: (() => void) | undefined
    const begin = () => {
      reply.hijack()
      raw.writeHead(200, headers as Record<string, string>)
      raw.write('retry: 1000\n\n')
    }
    // The head must be out before the first message, which may come from within join.
    let begun = false
    const first = {
      send(event: string, data: string): boolean {
        if (!begun) {
          begun = true
          begin()
        }
        return viewer.send(event, data)
      },
    }
    const { show } = query
    if (show === undefined) {
      leave = live.join<ShowList>({
        key: JSON.stringify(['shows', tenant]),
        compute: () => showList(tenant, undefined),
        shown: (made) => made,
        viewer: first,
      })
    } else {
      const subject = subjectOf(query, show)
      leave = live.join({
        key: JSON.stringify([
          'show',
          tenant,
          show,
          query.stream ?? null,
          query.app ?? null,
          query.range ?? null,
          query.compare === undefined ? null : 'compare',
        ]),
        compute: (previous: Shown | undefined, why) => liveShow(subject, previous, why, query),
        shown: ({ shown }) => shown,
        viewer: first,
      })
    }
    if (leave === undefined) return sendError(reply, 'too_many')
    if (!begun) {
      begun = true
      begin()
    }
    request.raw.on('close', leave)
    return reply
  })

  return {
    live,
    close() {
      unsubscribe()
      live.close()
    },
  }
}
