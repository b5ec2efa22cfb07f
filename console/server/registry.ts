import type { FastifyInstance } from 'fastify'
import type { StateMap } from '../../log/stateMap.ts'
import { firstProblem } from '../../schemas/problems.ts'
import { ShowEntry, showKey, showProblem } from '../../schemas/show.ts'
import { principalOf, sees, sendError } from '../signIn/principal.ts'

/** Why an entry is not one, naming the field. */
export const wrongEntry = (entry: unknown): string | undefined =>
  firstProblem(ShowEntry, entry, 'entry') ?? showProblem(entry as ShowEntry)

/** The shows of the registry, as they stand in the compacted topic. */
export const entriesOf = (map: Pick<StateMap, 'values'>): ShowEntry[] =>
  [...map.values.values()].map((text) => JSON.parse(text) as ShowEntry)

/**
 * The registry of shows: `GET /api/registry` lists, `PUT /api/registry/:show` declares (body: ShowEntry without `show`),
 * `DELETE` forgets. Answers 400 `bad_show` with the field that is wrong.
 */
export function serveRegistry(app: FastifyInstance, map: StateMap): void {
  app.get('/api/registry', async (request) => ({
    shows: entriesOf(map).filter(({ tenant }) => sees(principalOf(request), tenant ?? 'demo')),
  }))

  app.put('/api/registry/:show', async (request, reply) => {
    const { show } = request.params as { show: string }
    let body: unknown
    try {
      body = JSON.parse(String(request.body ?? ''))
    } catch {
      return sendError(reply, 'bad_json')
    }
    const entry = { ...(body as object), show }
    const wrong = wrongEntry(entry)
    if (wrong !== undefined) return sendError(reply, 'bad_show', wrong)
    if (!sees(principalOf(request), (entry as ShowEntry).tenant ?? 'demo'))
      return sendError(reply, 'not_allowed', 'the show is of another tenant')
    await map.put(showKey(entry as ShowEntry), JSON.stringify(entry))
    return reply.code(204).send()
  })

  app.delete('/api/registry/:show', async (request, reply) => {
    const { show } = request.params as { show: string }
    const { tenant } = request.query as { tenant?: string }
    if (!sees(principalOf(request), tenant ?? 'demo'))
      return sendError(reply, 'not_allowed', 'the show is of another tenant')
    await map.put(showKey({ show, tenant }), null)
    return reply.code(204).send()
  })
}
