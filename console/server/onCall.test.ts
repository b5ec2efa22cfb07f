import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import type { IncidentView } from '../../schemas/incident.ts'
import type { Store } from '../../store/client.ts'
import { LOCAL, type Principal } from '../signIn/principal.ts'
import type { Incidents } from './incidents.ts'
import { serveOnCall, withOnCall } from './onCall.ts'
import { readPlan, serveChecks } from './plan.ts'

const INCIDENT = {
  id: 'inc-1',
  tenant: 'demo',
  show: 'gala',
  stream: 'main',
  rule: 'bitrate-baseline',
  hop: 'encoder',
  opened_ms: 1_000,
  resolved_ms: 0,
}

const STEPS = [
  { step: 'cdns', level: 'check', does: 'every CDN carries a tenth' },
  {
    step: 'second',
    level: 'standby',
    does: 'the second encoder',
    hop: 'encoder',
    seen: { metric: 'encoder_fps', where: { node: 'standby' }, at_least: 20 },
  },
]
/** The standby encoder is seen from the sixth second on. */
const store = {
  query: async () => [{ at: 6, part: 'encoder', whole: 0, encoder_fps: 25 }],
} as unknown as Store

/** The routes over a map in memory, as somebody calls them. */
function open(principal: Principal = LOCAL) {
  const values = new Map<string, string>()
  const map = {
    values,
    put: async (key: string, value: string | null) =>
      void (value === null ? values.delete(key) : values.set(key, value)),
  }
  const incidents = {
    list: async () => [INCIDENT],
    one: async (tenant: string, id: string) =>
      tenant === 'demo' && id === INCIDENT.id ? INCIDENT : undefined,
  } as unknown as Incidents
  let now_ms = 1_000
  const shows = new Map([
    ['demo/gala', JSON.stringify({ show: 'gala', streams: [], plan: { automatic: 5 }, steps: STEPS })],
  ])
  const annotated = () => withOnCall(incidents, map, { shows: { values: shows }, clock: () => now_ms })
  const app: FastifyInstance = Fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.decorateRequest('principal', undefined)
  app.addHook('onRequest', async (request) => void (request.principal = principal))
  serveOnCall(app, { map: map as never, incidents, tenants: ['demo'], clock: () => now_ms })
  const registry = { values: shows }
  serveChecks(app, { map: map as never, shows: registry, clock: () => now_ms })
  return {
    plan: () =>
      readPlan(
        { map, shows: registry, clock: () => now_ms, store, incidents },
        { tenant: 'demo', show: 'gala', from_ms: 0, to_ms: 60_000 },
      ),
    pass: (ms: number) => void (now_ms += ms),
    seen: () => annotated().one('demo', 'inc-1') as Promise<IncidentView>,
    listed: async () => (await annotated().list({} as never))[0] as IncidentView,
    send: async (method: 'PUT' | 'DELETE', url: string, body?: unknown) => {
      const payload = typeof body === 'string' ? body : JSON.stringify(body)
      const answer = await app.inject({
        method,
        url,
        payload,
        headers: { 'content-type': 'application/json' },
      })
      return `${answer.statusCode} ${answer.body === '' ? '' : (answer.json() as { error: { code: string } }).error.code}`.trim()
    },
  }
}

test('an incident is taken, noted, handed over and let go; what is left out stays', async () => {
  const { send, seen, listed, pass } = open()
  assert.equal(await send('PUT', '/api/incidents/inc-1/handling', { owner: 'ana', by: 'ana' }), '204')
  pass(500)
  await send('PUT', '/api/incidents/inc-1/handling', { note: 'CDN is called', by: 'ben' })
  const handling = { incident: 'inc-1', tenant: 'demo', owner: 'ana', since_ms: 1000, note: 'CDN is called' }
  assert.deepEqual((await seen()).handling, { ...handling, by: 'ben', at_ms: 1500 })
  assert.deepEqual((await listed()).handling, (await seen()).handling)
  await send('PUT', '/api/incidents/inc-1/handling', { owner: 'ben', by: 'ben' })
  assert.deepEqual([(await seen()).handling?.owner, (await seen()).handling?.since_ms], ['ben', 1500])
  await send('PUT', '/api/incidents/inc-1/handling', { owner: '', note: '' })
  assert.deepEqual((await seen()).handling, { incident: 'inc-1', tenant: 'demo', at_ms: 1500 })
})

test('a mark is shown, changed and taken back', async () => {
  const { send, seen } = open()
  assert.equal(await send('PUT', '/api/incidents/inc-1/mark', { mark: 'noise' }), '204')
  assert.equal((await seen()).mark, 'noise')
  assert.deepEqual((await seen()).bar, { factor: 1.25, marks: 1 }, 'and what it does')
  assert.equal(await send('PUT', '/api/incidents/inc-1/mark', { mark: 'useful' }), '204')
  assert.equal((await seen()).mark, 'useful')
  assert.equal(await send('DELETE', '/api/incidents/inc-1/mark'), '204')
  assert.equal((await seen()).mark, undefined)
  assert.equal((await seen()).bar, undefined, 'and the bar is where it was')
})

test('steps of the plan are ticked in their order, against the times that the show declares', async () => {
  const { send, seen, pass } = open()
  const states = async () =>
    (await seen()).plan!.steps.map(({ state, took_s }) => `${state} ${took_s ?? ''}`.trim())
  assert.deepEqual(await states(), ['acting', 'waiting', 'waiting'])
  pass(2_000)
  assert.equal(await send('PUT', '/api/incidents/inc-1/steps/automatic', { state: 'failed' }), '204')
  pass(4_000)
  assert.equal(await send('PUT', '/api/incidents/inc-1/steps/standby', { state: 'done', by: 'li' }), '204')
  assert.deepEqual(await states(), ['failed 2', 'done 4', 'waiting'])
  pass(60_000)
  assert.deepEqual(await states(), ['failed 2', 'failed 60', 'acting'])
  assert.equal(await send('PUT', '/api/incidents/inc-1/steps/check', { state: 'done' }), '400 bad_request')
  assert.equal(await send('PUT', '/api/incidents/inc-1/steps/manual', { state: 'well' }), '400 bad_request')
  assert.equal(await send('PUT', '/api/incidents/none/steps/manual', { state: 'done' }), '404 not_found')
})

test('the plan’s own steps say what is done, and checks of the show are ticked', async () => {
  const console_ = open()
  assert.equal(await console_.send('PUT', '/api/plan/gala/cdns', { state: 'done', by: 'li' }), '204')
  assert.equal((await console_.plan()).checks[0]?.state, 'done')
  assert.equal(await console_.send('PUT', '/api/plan/gala/cdns', { state: 'maybe' }), '400 bad_request')
  assert.equal(await console_.send('PUT', '/api/plan/gala/cdns', '{'), '400 bad_json')
  assert.equal(await console_.send('PUT', '/api/plan/gala/other', { state: 'done' }), '404 not_found')
  assert.equal(await console_.send('PUT', '/api/plan/gala/second', { state: 'done' }), '404 not_found')
  assert.equal(await console_.send('DELETE', '/api/plan/gala/cdns'), '204')
  assert.equal((await console_.plan()).checks[0]?.state, 'open')
  // The standby encoder was seen six seconds after the incident, within the level's time.
  console_.pass(12_000)
  const { incidents, score } = await console_.plan()
  const [automatic, standby] = incidents[0]!.plan.steps
  assert.deepEqual([automatic?.state, automatic?.within_s], ['failed', 5])
  assert.deepEqual([standby?.state, standby?.by, standby?.does], ['done', 'observed', 'the second encoder'])
  assert.deepEqual(score, { checks_done: 0, checks: 0, held: 0, over: 0, led_on: 1 })
})

test('what is no handling and no mark is refused by a code', async () => {
  const { send } = open()
  const handling = '/api/incidents/inc-1/handling'
  assert.equal(await send('PUT', handling, '{'), '400 bad_json')
  assert.equal(await send('PUT', handling, 'null'), '400 bad_request')
  assert.equal(await send('PUT', handling, { owner: 7 }), '400 bad_request')
  assert.equal(await send('PUT', handling, { note: 'x'.repeat(501) }), '400 bad_request')
  assert.equal(await send('PUT', '/api/incidents/none/handling', {}), '404 not_found')
  assert.equal(await send('PUT', `${handling}?tenant=other`, {}), '404 not_found')
  assert.equal(await send('PUT', '/api/incidents/inc-1/mark', { mark: 'nice' }), '400 bad_request')
  assert.equal(await send('DELETE', '/api/incidents/inc-1/mark'), '404 not_found')
})

test('whoever signed in signs, whatever the body says', async () => {
  const { send, seen } = open({ ...LOCAL, how: 'session', name: 'ana@example.org' })
  await send('PUT', '/api/incidents/inc-1/handling', { owner: 'ana', by: 'somebody else' })
  assert.equal((await seen()).handling?.by, 'ana@example.org')
})
