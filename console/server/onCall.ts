import type { TSchema } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { StateMap } from '../../log/stateMap.ts'
import { Handling, handlingKey } from '../../schemas/handling.ts'
import type { IncidentView } from '../../schemas/incident.ts'
import { type Bar, barsOf, MARK_PREFIX, Marked, markKey } from '../../schemas/mark.ts'
import { Tick, tickKey } from '../../schemas/planWalk.ts'
import { firstProblem } from '../../schemas/problems.ts'
import { sendError, signerOf } from '../signIn/principal.ts'
import type { Incidents } from './incidents.ts'
import { type Kept, planOf, readKept as read } from './plan.ts'

const marksIn = (map: Kept): Marked[] =>
  [...map.values].filter(([key]) => key.startsWith(MARK_PREFIX)).map(([, text]) => JSON.parse(text) as Marked)

/** Incidents with what the on-call said of them: their mark, who has them, a note, and where the plan has got to. */
export function withOnCall(
  incidents: Incidents,
  map: Kept,
  { shows, clock }: { readonly shows?: Kept; readonly clock: () => number },
): Incidents {
  const annotated =
    (bars: readonly Bar[] = barsOf(marksIn(map))) =>
    (incident: IncidentView): IncidentView => {
      const { id, tenant, show, stream, rule } = incident
      const bar = bars.find(
        (each) =>
          each.tenant === tenant && each.show === show && each.stream === stream && each.rule === rule,
      )
      return {
        ...incident,
        mark: read<Marked>(map, markKey(id))?.mark,
        bar: bar && { factor: bar.factor, marks: bar.marks.length },
        handling: read<Handling>(map, handlingKey(id)),
        plan: planOf(incident, { map, shows, clock }),
      }
    }
  return {
    ...incidents,
    list: async (options) => (await incidents.list(options)).map(annotated()),
    async one(tenant, id) {
      const incident = await incidents.one(tenant, id)
      return incident && annotated()(incident)
    },
  }
}

interface OnCallOptions {
  /** The compacted topic of incidents. */
  readonly map: StateMap
  readonly incidents: Incidents
  readonly tenants: readonly string[]
  readonly clock: () => number
}

/**
 * What the on-call says of incidents. Each PUT answers 204; 400 `bad_json` or `bad_request`, 404 `not_found` for an unknown incident.
 * Where people sign in, `by` is whoever signed in, whatever the body says.
 *
 * - `PUT /api/incidents/:id/mark` with `{ mark: "useful" | "noise" | "expected", by? }` marks one; `DELETE` takes the mark back. The
 *   watcher heeds it a moment later. `GET /api/bars` answers the bars that marks have moved, each with its marks.
 * - `PUT /api/incidents/:id/steps/LEVEL` (`automatic`, `standby`, `manual`) with `{ state: "done" | "failed", by? }` ticks a step of the plan; a later tick
 *   takes the place of an earlier one. `plan` of an incident says where it has got to.
 * - `PUT /api/incidents/:id/handling` with `{ owner?, note?, by? }`: who has it (`owner: ""`: nobody) and a note; what is left out stays.
 */
export function serveOnCall(app: FastifyInstance, { map, incidents, tenants, clock }: OnCallOptions): void {
  const tenantOf = (query: unknown): string => {
    const { tenant = tenants[0] ?? 'demo' } = query as { tenant?: string }
    return tenants.includes(tenant) ? tenant : ''
  }
  const idOf = (request: FastifyRequest): string => (request.params as { id: string }).id

  /** Reads the body, finds the incident, and keeps what is made of both when it fits the form. */
  async function keep(
    request: FastifyRequest,
    reply: FastifyReply,
    { form, key, make }: { form: TSchema; key: string; make: (incident: IncidentView, body: Body) => object },
  ): Promise<FastifyReply> {
    let body: unknown
    try {
      body = JSON.parse(String(request.body ?? ''))
    } catch {
      return sendError(reply, 'bad_json')
    }
    if (typeof body !== 'object' || body === null)
      return sendError(reply, 'bad_request', 'an object is needed')
    const incident = await incidents.one(tenantOf(request.query), idOf(request))
    if (incident === undefined) return sendError(reply, 'not_found', `no incident ${idOf(request)}`)
    const text = JSON.stringify(make(incident, body as Body))
    const wrong = firstProblem(form, JSON.parse(text), 'body')
    if (wrong !== undefined) return sendError(reply, 'bad_request', wrong)
    await map.put(key, text)
    return reply.code(204).send()
  }

  app.get('/api/bars', async (request) => ({
    bars: barsOf(marksIn(map).filter((marked) => marked.tenant === tenantOf(request.query))),
  }))

  app.put('/api/incidents/:id/mark', (request, reply) =>
    keep(request, reply, {
      form: Marked,
      key: markKey(idOf(request)),
      make: ({ id, tenant, show, stream, rule }, { mark, by }) => ({
        incident: id,
        mark,
        tenant,
        show,
        stream,
        rule,
        by: signerOf(request, by),
        at_ms: clock(),
      }),
    }),
  )

  app.delete('/api/incidents/:id/mark', async (request, reply) => {
    const key = markKey(idOf(request))
    const marked = read<Marked>(map, key)
    if (marked === undefined || marked.tenant !== tenantOf(request.query))
      return sendError(reply, 'not_found', `incident ${idOf(request)} has no mark`)
    await map.put(key, null)
    return reply.code(204).send()
  })

  app.put('/api/incidents/:id/steps/:level', (request, reply) => {
    const { level } = request.params as { level: string }
    return keep(request, reply, {
      form: Tick,
      key: tickKey(idOf(request), level),
      make: ({ id, tenant }, { state, by }) => ({
        incident: id,
        tenant,
        level,
        state,
        at_ms: clock(),
        by: signerOf(request, by),
      }),
    })
  })

  app.put('/api/incidents/:id/handling', (request, reply) =>
    keep(request, reply, {
      form: Handling,
      key: handlingKey(idOf(request)),
      make({ id, tenant }, { owner, note, by }) {
        const before = read<Handling>(map, handlingKey(id))
        const now = owner === undefined ? before?.owner : owner || undefined
        return {
          incident: id,
          tenant,
          owner: now,
          since_ms: now === undefined ? undefined : now === before?.owner ? before?.since_ms : clock(),
          note: note === undefined ? before?.note : note || undefined,
          by: signerOf(request, by),
          at_ms: clock(),
        }
      },
    }),
  )
}

interface Body {
  readonly state?: unknown
  readonly mark?: unknown
  readonly owner?: unknown
  readonly note?: unknown
  readonly by?: unknown
}
