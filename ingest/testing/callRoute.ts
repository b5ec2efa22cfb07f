import assert from 'node:assert/strict'
import { validatorOf } from '../../schemas/derive/validate.ts'
import type { EventGroup, Inbound } from '../../schemas/eventRoute.ts'
import { known } from '../counters.ts'
import { type IngestRoutesOptions, ingestRoutes } from '../routes.ts'

/** The clock of tests that call a route. */
export const NOW = 1_795_180_000_000
const emit = () => undefined

/** Holds every event to the catalogue and returns them flat. */
export function checked(groups: readonly EventGroup[] = []) {
  return groups.flatMap(({ context, events, source }) =>
    events.map((event) => {
      const { kind, ...fields } = event
      assert.equal(validatorOf(kind)(fields), undefined, JSON.stringify(event))
      return known({ ...context, source, ...event }) as Record<string, unknown>
    }),
  )
}

/** Tests only: sends a hook to a route, as the key `demo`, and returns its answer. */
export function callRoute(options: Partial<IngestRoutesOptions>, path: string, request: Partial<Inbound>) {
  const routes = ingestRoutes({
    tenantOf: (key) => (key === 'demo' ? 'demo' : undefined),
    emit,
    clock: () => NOW,
    ...options,
  })
  const method = request.method ?? 'POST'
  const route = routes.find((each) => each.path === path && each.method === method)
  assert.ok(route, path)
  return route.handle({
    method: 'POST',
    path,
    query: { key: 'demo' },
    headers: {},
    remoteAddress: '127.0.0.1',
    body: Buffer.alloc(0),
    ...request,
  })
}
