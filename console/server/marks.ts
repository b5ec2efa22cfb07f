import { Value } from '@sinclair/typebox/value'
import type { FastifyInstance } from 'fastify'
import type { StateMap } from '../../log/stateMap.ts'
import { barsOf, MARK_PREFIX, Marked, markKey } from '../../schemas/mark.ts'
import type { Incidents } from './incidents.ts'

/**
 * What the on-call says of incidents: `PUT /api/incidents/:id/mark` with `{ mark: "useful" | "noise" | "expected", by? }` marks one
 * (204), `DELETE` takes the mark back (204), and `GET /api/bars` answers the bars that marks have moved, each with its marks.
 * Answers 400 `bad_request` for another mark, 404 `not_found` for an unknown incident. The watcher heeds it a moment later.
 * @param map the compacted topic of incidents
 */
export function serveMarks(
  app: FastifyInstance,
  {
    map,
    incidents,
    tenants,
    clock,
  }: { map: StateMap; incidents: Incidents; tenants: readonly string[]; clock: () => number },
): void {
  const marks = (): Marked[] =>
    [...map.values]
      .filter(([key]) => key.startsWith(MARK_PREFIX))
      .map(([, text]) => JSON.parse(text) as Marked)
  const tenantOf = (query: unknown): string => {
    const { tenant = tenants[0] ?? 'demo' } = query as { tenant?: string }
    return tenants.includes(tenant) ? tenant : ''
  }

  app.get('/api/bars', async (request) => ({
    bars: barsOf(marks().filter((marked) => marked.tenant === tenantOf(request.query))),
  }))

  app.put('/api/incidents/:id/mark', async (request, reply) => {
    const { id } = request.params as { id: string }
    let body: { mark?: unknown; by?: unknown }
    try {
      body = JSON.parse(String(request.body ?? '')) as { mark?: unknown; by?: unknown }
    } catch {
      return reply.code(400).send({ code: 'bad_json', message: 'The body is not JSON.' })
    }
    const incident = await incidents.one(tenantOf(request.query), id)
    if (incident === undefined)
      return reply.code(404).send({ code: 'not_found', message: `no incident ${id}` })
    const { show, stream, rule } = incident
    const marked = {
      incident: id,
      mark: body?.mark,
      tenant: incident.tenant,
      show,
      stream,
      rule,
      by: body?.by,
      at_ms: clock(),
    }
    const [first] = [...Value.Errors(Marked, JSON.parse(JSON.stringify(marked)))]
    if (first !== undefined)
      return reply
        .code(400)
        .send({ code: 'bad_request', message: `${first.path.slice(1)}: useful, noise or expected` })
    await map.put(markKey(id), JSON.stringify(marked))
    return reply.code(204).send()
  })

  app.delete('/api/incidents/:id/mark', async (request, reply) => {
    const { id } = request.params as { id: string }
    const marked = marks().find((each) => each.incident === id)
    if (marked === undefined || marked.tenant !== tenantOf(request.query))
      return reply.code(404).send({ code: 'not_found', message: `incident ${id} has no mark` })
    await map.put(markKey(id), null)
    return reply.code(204).send()
  })
}
