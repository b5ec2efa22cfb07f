import { Value } from '@sinclair/typebox/value'
import type { FastifyInstance } from 'fastify'
import type { StateMap } from '../../log/stateMap.ts'
import { PLANNED_PREFIX, Planned, plannedKey, planProblem } from '../../schemas/planned.ts'

/**
 * What operators announced: `GET /api/planned` lists, `PUT /api/planned/:id` announces (body: `Planned` without `id`), `DELETE`
 * withdraws. Answers 400 `bad_plan` with the field that is wrong, 404 `unknown_plan` for a plan that is not there. The watcher knows it a moment later.
 * @param map the compacted topic of incidents
 */
export function servePlanned(app: FastifyInstance, map: StateMap, clock: () => number = Date.now): void {
  app.get('/api/planned', async () => ({
    planned: [...map.values]
      .filter(([key]) => key.startsWith(PLANNED_PREFIX))
      .map(([, text]) => JSON.parse(text) as Planned)
      .sort((a, b) => a.from_ms - b.from_ms),
  }))

  app.put('/api/planned/:id', async (request, reply) => {
    const { id } = request.params as { id: string }
    let body: unknown
    try {
      body = JSON.parse(String(request.body ?? ''))
    } catch {
      return reply.code(400).send({ code: 'bad_json', message: 'The body is not JSON.' })
    }
    const plan = { ...(body as object), id }
    const [first] = [...Value.Errors(Planned, plan)]
    if (first !== undefined)
      return reply.code(400).send({
        code: 'bad_plan',
        message: `${first.path.slice(1).replaceAll('/', '.') || 'plan'}: ${first.message}`,
      })
    const problem = planProblem(plan as Planned, clock())
    if (problem !== undefined) return reply.code(400).send({ code: 'bad_plan', message: problem })
    await map.put(plannedKey(id), JSON.stringify(plan))
    return reply.code(204).send()
  })

  app.delete('/api/planned/:id', async (request, reply) => {
    const { id } = request.params as { id: string }
    if (!map.values.has(plannedKey(id)))
      return reply.code(404).send({ code: 'unknown_plan', message: `Nothing is announced as ${id}.` })
    await map.put(plannedKey(id), null)
    return reply.code(204).send()
  })
}
