import type { FastifyInstance } from 'fastify'
import type { StateMap } from '../../log/stateMap.ts'
import { PLANNED_PREFIX, Planned, plannedKey, planProblem } from '../../schemas/planned.ts'
import { firstProblem } from '../../schemas/problems.ts'
import { principalOf, sees, sendError, signerOf } from '../signIn/principal.ts'

/**
 * What operators announced: `GET /api/planned` lists, `PUT /api/planned/:id` announces (body: `Planned` without `id`), `DELETE`
 * withdraws. Answers 400 `bad_plan` with the field that is wrong, 404 `unknown_plan` for a plan that is not there. The watcher knows it a moment later.
 * @param map the compacted topic of incidents
 */
export function servePlanned(app: FastifyInstance, map: StateMap, clock: () => number = Date.now): void {
  app.get('/api/planned', async (request) => ({
    planned: [...map.values]
      .filter(([key]) => key.startsWith(PLANNED_PREFIX))
      .map(([, text]) => JSON.parse(text) as Planned)
      .filter(({ match }) => sees(principalOf(request), match.tenant))
      .sort((a, b) => a.from_ms - b.from_ms),
  }))

  app.put('/api/planned/:id', async (request, reply) => {
    const { id } = request.params as { id: string }
    let body: unknown
    try {
      body = JSON.parse(String(request.body ?? ''))
    } catch {
      return sendError(reply, 'bad_json')
    }
    const plan = { ...(body as object), id, by: signerOf(request, (body as Partial<Planned> | null)?.by) }
    const problem = firstProblem(Planned, plan, 'plan') ?? planProblem(plan as Planned, clock())
    if (problem !== undefined) return sendError(reply, 'bad_plan', problem)
    // a plan without a tenant, or for `*`, is for everybody's shows
    const before = map.values.get(plannedKey(id))
    for (const each of [plan as Planned, before && (JSON.parse(before) as Planned)])
      if (each && !sees(principalOf(request), each.match.tenant))
        return sendError(reply, 'not_allowed', 'match.tenant: the plan is for other tenants too')
    await map.put(plannedKey(id), JSON.stringify(plan))
    return reply.code(204).send()
  })

  app.delete('/api/planned/:id', async (request, reply) => {
    const { id } = request.params as { id: string }
    const before = map.values.get(plannedKey(id))
    if (before && !sees(principalOf(request), (JSON.parse(before) as Planned).match.tenant))
      return sendError(reply, 'not_allowed', 'the plan is for other tenants too')
    if (before === undefined) return sendError(reply, 'unknown_plan', `Nothing is announced as ${id}.`)
    await map.put(plannedKey(id), null)
    return reply.code(204).send()
  })
}
