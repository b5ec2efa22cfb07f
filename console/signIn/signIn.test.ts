import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { startTestStore, type TestStore } from '../../store/testing.ts'
import { createConsole } from '../server/console.ts'
import { hashPassword } from './accounts.ts'
import { type Audit, type AuditEntry, createAudit } from './audit.ts'
import { grantedTo } from './openid.ts'
import { ownPath } from './signInPage.ts'

/** Each kind of person at each route: who is let in, what they see, and what is written of it. */

const ORIGIN = 'http://127.0.0.1:8081'
let it: TestStore
let app: FastifyInstance
let now = Date.parse('2026-11-27T08:00:00Z')
const entries: AuditEntry[] = []
const audit: Audit = {
  note: (entry) => void entries.push(entry),
  list: async () => entries,
  close: async () => undefined,
}
const values = new Map<string, string>([
  ['a/gala', JSON.stringify({ show: 'gala', tenant: 'a' })],
  ['b/hidden', JSON.stringify({ show: 'hidden', tenant: 'b' })],
])
const map = {
  values,
  put: async (key: string, value: string | null) =>
    void (value === null ? values.delete(key) : values.set(key, value)),
}
const planned = new Map<string, string>()
const plans = {
  values: planned,
  put: async (key: string, value: string | null) =>
    void (value === null ? planned.delete(key) : planned.set(key, value)),
}
const incident = (tenant: string) => ({
  id: `of-${tenant}`,
  tenant,
  show: 'gala',
  stream: 's',
  cause: {},
  hop: 'edge',
  metric: 'edge_ttfb',
  state: 'open',
  evidence: { symptoms: [], clean: [] },
})

before(async () => {
  it = await startTestStore({ server: { tenantTables: ['facts', 'both'] } })
  await it.store.exec('CREATE TABLE facts (tenant String, n UInt32) ENGINE = MergeTree ORDER BY n')
  await it.store.exec("INSERT INTO facts VALUES ('a', 1), ('b', 2)")
  await it.store.exec(
    'CREATE VIEW both AS SELECT tenant, n FROM facts UNION ALL SELECT tenant, 0 AS n FROM facts',
  )
  const password_hash = await hashPassword('right')
  const account = (name: string, role: string, tenants: string[]) => ({
    name,
    role: role as 'viewer',
    tenants,
    password_hash,
  })
  app = createConsole({
    shows: map as never,
    planned: plans as never,
    sql: { url: it.url, user: it.reader, password: '', filters: true },
    metrics: async () => ({ contentType: 'text/plain', text: 'metrics' }),
    page: {
      html: { path: '/', type: 'text/html', body: Buffer.from('page'), gzipped: Buffer.from('') },
      files: [],
      bytes: 0,
    } as never,
    names: [],
    api: {
      store: it.store,
      incidents: {
        onChange: () => () => undefined,
        list: async ({ tenant }: { tenant: string }) => [incident(tenant)],
        one: async (tenant: string, id: string) => (id === `of-${tenant}` ? incident(tenant) : undefined),
        close: async () => undefined,
      } as never,
      clock: () => now,
      tenants: ['a', 'b'],
      beaconsPort: 8080,
      runbooks: '/nowhere',
    },
    signIn: {
      kind: 'accounts',
      secret: 'x'.repeat(32),
      clock: () => now,
      https: false,
      session_hours: 1,
      accounts: [
        account('viewer', 'viewer', ['a']),
        account('analyst', 'analyst', ['a']),
        account('operator', 'operator', ['a']),
        account('admin', 'admin', ['*']),
        account('other', 'admin', ['b']),
      ],
      revoked_tokens: [],
      audit,
    },
  })
  await app.ready()
})
after(async () => {
  await app.close()
  await it.stop()
})

let peer = 0
const ask = (options: { url: string; method?: string; headers?: Record<string, string>; payload?: string }) =>
  app.inject({
    method: 'GET',
    ...options,
    headers: { host: '127.0.0.1:8081', ...options.headers },
    remoteAddress: `10.0.0.${peer}`,
  } as never) as never as Promise<{
    statusCode: number
    body: string
    headers: Record<string, string>
    json(): Record<string, never>
  }>

async function signIn(name: string, password = 'right', to = '/show/gala') {
  peer += 1
  return ask({
    url: '/sign-in',
    method: 'POST',
    headers: { origin: ORIGIN, 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ name, password, to }).toString(),
  })
}

const cookieOf = (answer: { headers: Record<string, string> }) =>
  String(answer.headers['set-cookie']).split(';')[0] as string

/** A request as the page of whoever signed in under that name sends it. */
async function as(name: string | undefined) {
  const cookie = name === undefined ? undefined : cookieOf(await signIn(name))
  return (url: string, method = 'GET', payload?: string) =>
    ask({
      url,
      method,
      payload,
      headers: { ...(cookie ? { cookie } : {}), ...(method === 'GET' ? {} : { origin: ORIGIN }) },
    })
}

const ROUTES: readonly [string, string, string | undefined][] = [
  ['GET', '/show/gala', undefined],
  ['GET', '/api/about', undefined],
  ['GET', '/api/incidents', undefined],
  ['GET', '/api/incidents/of-a', undefined],
  ['GET', '/api/registry', undefined],
  ['GET', '/api/planned', undefined],
  ['GET', '/clickhouse/?query=SELECT+sum(n)+FROM+facts', undefined],
  ['GET', '/clickhouse/?query=SELECT+n+FROM+facts+FORMAT+Parquet', undefined],
  ['PUT', '/api/registry/gala', '{"tenant":"a","streams":[{"stream":"s"}]}'],
  ['DELETE', '/api/registry/none?tenant=a', undefined],
  ['GET', '/metrics', undefined],
  ['GET', '/api/audit', undefined],
]

test('each role reaches its routes and no others', async () => {
  const expected: Record<string, readonly number[]> = {
    nobody: [302, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401],
    viewer: [200, 200, 200, 200, 200, 200, 403, 403, 403, 403, 403, 403],
    analyst: [200, 200, 200, 200, 200, 200, 200, 200, 403, 403, 403, 403],
    operator: [200, 200, 200, 200, 200, 200, 200, 200, 204, 204, 403, 403],
    admin: [200, 200, 200, 200, 200, 200, 200, 200, 204, 204, 200, 200],
    other: [200, 200, 200, 404, 200, 200, 200, 200, 404, 404, 403, 200],
  }
  for (const [name, statuses] of Object.entries(expected)) {
    const request = await as(name === 'nobody' ? undefined : name)
    for (const [index, [method, url, payload]] of ROUTES.entries()) {
      const before = entries.length
      const answer = await request(url, method, payload)
      // somebody of another tenant who names the tenant in the body is refused there
      const status =
        name === 'other' && url.startsWith('/api/registry/gala') && answer.statusCode === 403
          ? 404
          : answer.statusCode
      assert.equal(status, statuses[index], `${name}: ${method} ${url}: ${answer.body.slice(0, 200)}`)
      const written = entries.slice(before).find((entry) => entry.status === answer.statusCode)
      assert.ok(written, `${name}: ${method} ${url} is in the trail`)
      assert.equal(written.who, name === 'nobody' ? '' : name)
    }
  }
})

/** Every route there is, as `METHOD /path`, from the server's own tree of them. */
function everyRoute(): string[] {
  const parents: string[] = []
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const found = /^(.*?)(?:└──|├──) (\S+) \((.*)\)$/.exec(line)
      if (found === null) return []
      const depth = found[1]!.length / 4
      parents.length = depth
      parents.push(found[2]!)
      const path = parents.join('').replace(/^\/(?=\/)/, '')
      return found[3]!
        .split(', ')
        .filter((method) => method !== 'HEAD')
        .map((method) => `${method} ${path}`)
    })
}

/** Who may use each route; a route that is not here fails the test. */
const NEEDED: Readonly<Record<string, 'nobody' | 'viewer' | 'analyst' | 'operator' | 'admin'>> = {
  'GET /sign-in': 'nobody',
  'POST /sign-in': 'nobody',
  'POST /sign-out': 'nobody',
  'GET /': 'viewer',
  'GET /*': 'viewer',
  'GET /shows': 'viewer',
  'GET /handover': 'viewer',
  'GET /metrics': 'viewer',
  'GET /clickhouse': 'analyst',
  'POST /clickhouse': 'analyst',
  'GET /clickhouse*': 'analyst',
  'POST /clickhouse*': 'analyst',
  'GET /api/about': 'viewer',
  'GET /api/audit': 'admin',
  'GET /api/bars': 'viewer',
  'GET /api/incidents': 'viewer',
  'GET /api/incidents/:id': 'viewer',
  'GET /api/incidents/:id/course': 'viewer',
  'GET /api/incidents/:id/frames': 'viewer',
  'PUT /api/incidents/:id/handling': 'operator',
  'PUT /api/incidents/:id/mark': 'operator',
  'PUT /api/incidents/:id/steps/:level': 'operator',
  'DELETE /api/incidents/:id/mark': 'operator',
  'GET /api/live': 'viewer',
  'GET /api/me': 'viewer',
  'GET /api/plan/:show': 'viewer',
  'PUT /api/plan/:show/:step': 'operator',
  'DELETE /api/plan/:show/:step': 'operator',
  'GET /api/planned': 'viewer',
  'PUT /api/planned/:id': 'operator',
  'DELETE /api/planned/:id': 'operator',
  'GET /api/pulse': 'viewer',
  'GET /api/registry': 'viewer',
  'PUT /api/registry/:show': 'operator',
  'DELETE /api/registry/:show': 'operator',
  'GET /api/report/:show': 'viewer',
  'GET /api/runbooks/:rule': 'viewer',
  'GET /api/search': 'viewer',
  'GET /api/sessions': 'viewer',
  'GET /api/sessions/:id': 'viewer',
  'GET /api/show/:show': 'viewer',
  'GET /api/shows': 'viewer',
  'POST /api/tokens': 'viewer',
}

test('every route there is refuses who has no role for it, and who names a tenant of others', async () => {
  assert.deepEqual(everyRoute().sort(), Object.keys(NEEDED).sort())
  const [nobody, viewer, analyst, operator, other] = await Promise.all(
    [undefined, 'viewer', 'analyst', 'operator', 'other'].map(as),
  )
  const below = { nobody: undefined, viewer: nobody, analyst: viewer, operator: analyst, admin: operator }
  for (const [route, needed] of Object.entries(NEEDED)) {
    const [method, pattern] = route.split(' ') as [string, string]
    const path = pattern.replace(/:\w+/, 'of-a').replace('*', '/x')
    const payload = method === 'GET' || method === 'DELETE' ? undefined : '{}'
    for (const request of [below[needed], needed === 'nobody' ? undefined : nobody]) {
      if (request === undefined) continue
      const { statusCode } = await request(path, method, payload)
      assert.ok([302, 401, 403].includes(statusCode), `${route}: ${statusCode}`)
    }
    if (!path.startsWith('/api/')) continue
    const { statusCode, body } = await other!(`${path}?tenant=a`, method, payload)
    assert.ok([403, 404].includes(statusCode), `${route}: ${statusCode} ${body}`)
  }
})

test('tenants are sealed: lists, incidents, live updates, registry, plans, SQL and exports', async () => {
  const [a, b, all] = await Promise.all([as('operator'), as('other'), as('admin')])
  assert.deepEqual((await a('/api/about')).json().tenants, ['a'])
  assert.equal((await a('/api/incidents?tenant=b')).statusCode, 404)
  assert.equal((await a('/api/incidents/of-b?tenant=b')).statusCode, 404)
  assert.equal((await a('/api/live?tenant=b')).statusCode, 404)
  assert.equal((await a('/api/%69ncidents?tenant=b')).statusCode, 404)
  assert.equal((await a('/api/sessions?show=gala&tenant=b')).statusCode, 404)
  // What is planned against it comes with each incident.
  const [first] = (await b('/api/incidents')).json() as unknown as Record<string, unknown>[]
  const { plan: levels, ...own } = first!
  assert.deepEqual(own, incident('b') as never, 'their own when none is named')
  assert.ok(levels)
  assert.doesNotMatch((await a('/api/registry')).body, /hidden/)
  assert.match((await all('/api/registry')).body, /hidden/)
  const sum = async (request: typeof a, from = 'facts') =>
    (await request(`/clickhouse/?query=SELECT+sum(n)+FROM+${from}`)).body
  for (const from of ['facts', 'both'])
    assert.deepEqual([await sum(a, from), await sum(b, from), await sum(all, from)], ['1\n', '2\n', '3\n'])
  const forged = await ask({
    url: '/clickhouse/?query=SELECT+sum(n)+FROM+facts',
    headers: { cookie: cookieOf(await signIn('analyst')), 'x-firstframe-tenants': '["a","b"]' },
  })
  assert.equal(forged.body, '1\n', 'the header is the console’s own')
  const plan = (match: object) =>
    JSON.stringify({ type: 'silence', match, from_ms: Date.now(), to_ms: Date.now() + 6e6 })
  assert.equal((await a('/api/planned/x', 'PUT', plan({}))).statusCode, 403, 'a plan for all tenants')
  assert.equal((await a('/api/planned/x', 'PUT', plan({ tenant: '*' }))).statusCode, 403)
  assert.equal((await a('/api/planned/x', 'PUT', plan({ tenant: 'b' }))).statusCode, 403)
  assert.equal((await all('/api/planned/x', 'PUT', plan({ tenant: 'b' }))).statusCode, 204)
  assert.equal((await a('/api/planned/x', 'DELETE')).statusCode, 403)
  assert.equal(
    (await a('/api/planned/x', 'PUT', plan({ tenant: 'a' }))).statusCode,
    403,
    'another tenant’s plan is not taken over',
  )
  assert.doesNotMatch((await a('/api/planned')).body, /"x"/)
})

test('a session: signed, kept from scripts, over after its time, ended by signing out, no proof without an origin', async () => {
  const answer = await signIn('operator')
  assert.deepEqual([answer.statusCode, answer.headers.location], [302, '/show/gala'])
  assert.match(String(answer.headers['set-cookie']), /HttpOnly; SameSite=Lax/)
  const cookie = cookieOf(answer)
  assert.equal((await ask({ url: '/api/me', headers: { cookie } })).statusCode, 200)
  assert.equal(
    (await ask({ url: '/api/me', headers: { cookie: `${cookie.slice(0, -2)}xx` } })).statusCode,
    401,
    'a changed signature',
  )
  const change = { url: '/api/registry/none?tenant=a', method: 'DELETE' }
  assert.equal((await ask({ ...change, headers: { cookie } })).statusCode, 403, 'no origin')
  assert.equal(
    (await ask({ ...change, headers: { cookie, origin: 'http://evil.example.org' } })).statusCode,
    403,
  )
  now += 3_601_000
  assert.equal((await ask({ url: '/api/me', headers: { cookie } })).statusCode, 401, 'after an hour')
  const second = cookieOf(await signIn('operator'))
  await ask({ url: '/sign-out', method: 'POST', headers: { cookie: second, origin: ORIGIN } })
  assert.equal((await ask({ url: '/api/me', headers: { cookie: second } })).statusCode, 401, 'signed out')
})

test('a wrong password lets nobody in, and the eleventh try of a minute is not looked at', async () => {
  for (const [name, password] of [
    ['operator', 'wrong'],
    ['nobody', 'right'],
    ['', ''],
  ] as const) {
    const answer = await signIn(name, password)
    assert.equal(answer.statusCode, 401)
    assert.equal(answer.headers['set-cookie'], undefined)
  }
  const post = () =>
    ask({
      url: '/sign-in',
      method: 'POST',
      headers: { origin: ORIGIN },
      payload: 'name=operator&password=wrong',
    })
  peer += 1
  const statuses: number[] = []
  for (let n = 0; n < 11; n++) statuses.push((await post()).statusCode)
  assert.deepEqual(statuses.slice(9), [401, 429])
})

test('a token does what it was made for, in each way that clients send it, and no more than its owner', async () => {
  const request = await as('operator')
  const make = async (body: object) => request('/api/tokens', 'POST', JSON.stringify(body))
  for (const [body, why] of [
    [{ name: 'x', role: 'admin' }, /yours is operator/],
    [{ name: 'x', tenants: '*' }, /not all of them/],
    [{ name: 'x', tenants: ['b'] }, /not all of them/],
    [{ name: 'x', days: 4000 }, /at most 366/],
    [{ name: '<x>' }, /name/],
  ] as const)
    assert.match((await make(body)).body, why)
  const { token } = (await make({ name: 'grafana', role: 'analyst', days: 1 })).json() as never as {
    token: string
  }
  const url = '/clickhouse/?query=SELECT+sum(n)+FROM+facts'
  for (const headers of [
    { authorization: `Bearer ${token}` },
    { authorization: `Basic ${Buffer.from(`any:${token}`).toString('base64')}` },
    { 'x-clickhouse-user': 'any', 'x-clickhouse-key': token },
  ] as Record<string, string>[])
    assert.equal((await ask({ url, headers })).body, '1\n')
  assert.equal((await ask({ url: `${url}&user=any&password=${token}` })).body, '1\n')
  const bearer = { authorization: `Bearer ${token}` }
  assert.equal(
    (await ask({ url: '/api/registry/x?tenant=a', method: 'DELETE', headers: bearer })).statusCode,
    403,
    'an analyst’s token',
  )
  assert.equal(
    (await ask({ url: '/api/tokens', method: 'POST', headers: bearer, payload: '{"name":"y"}' })).statusCode,
    403,
  )
  assert.ok(!entries.some(({ detail }) => detail.includes(token)), 'no token stands in the trail')
  assert.equal((await ask({ url, headers: { authorization: 'Bearer x.y.z' } })).statusCode, 401)
  now += 86_401_000
  assert.equal((await ask({ url, headers: bearer })).statusCode, 401, 'after its day')
})

test('whoever signs in goes to a page of this console, and to nowhere else', () => {
  assert.equal(ownPath('/show/gala?at=1'), '/show/gala?at=1')
  for (const to of [
    '//evil.example.org',
    '/\\evil.example.org',
    'http://evil.example.org',
    '/sign-in',
    '/a\nb',
    undefined,
    3,
  ])
    assert.equal(ownPath(to), '/', String(to))
})

test('roles come from the values of a claim: the strongest of them, all of their tenants', () => {
  const grants = [
    { value: 'sre', role: 'operator', tenants: ['*'] },
    { value: 'shop-a', role: 'analyst', tenants: ['a'] },
    { value: 'shop-b', role: 'viewer', tenants: ['b'] },
  ] as const
  assert.deepEqual(grantedTo(['shop-a', 'shop-b'], grants), { role: 'analyst', tenants: ['a', 'b'] })
  assert.deepEqual(grantedTo(['sre', 'shop-b'], grants), { role: 'operator', tenants: '*' })
  assert.equal(grantedTo(['elsewhere'], grants), undefined)
})

test('the trail is written as rows, and waits while the store is away', async () => {
  await it.store.exec(
    'CREATE TABLE audit (time DateTime64(3), who String, how String, action String, detail String, tenant String, address String, status UInt16) ENGINE = MergeTree ORDER BY time',
  )
  const trail = createAudit(it.store, () => undefined)
  trail.note({
    time_ms: now,
    who: 'x',
    how: 'session',
    action: 'asked',
    detail: "SELECT 'it''s'",
    tenant: 'a',
    address: '::1',
    status: 200,
  })
  assert.deepEqual(await trail.list(10), [
    {
      time_ms: now,
      who: 'x',
      how: 'session',
      action: 'asked',
      detail: "SELECT 'it''s'",
      tenant: 'a',
      address: '::1',
      status: 200,
    },
  ])
  await trail.close()
})
