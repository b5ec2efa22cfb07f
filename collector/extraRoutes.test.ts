import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import type { EventGroup } from '../schemas/eventRoute.ts'
import type { Endpoint } from './http/endpoint.ts'
import { createServerApp } from './http/server.ts'
import type { Overload } from './limits/overload.ts'
import { createTurns } from './limits/turns.ts'
import { createTally } from './tally.ts'
import { startTestCollector, type TestCollector } from './testing.ts'

const group = (node: string): EventGroup => ({
  tenant: 'acme',
  source: 'hook',
  context: { stream: 'main' },
  events: [{ kind: 'hop', hop: 'ingest', node, event: 'publish' }],
})

let it: TestCollector
let guarded = false
before(async () => {
  it = await startTestCollector({
    routes: [
      {
        method: 'POST',
        path: '/v1/ingest/hook',
        contentTypes: ['application/x-www-form-urlencoded'],
        handle: async ({ body, query }) => ({
          status: 200,
          body: '0',
          events: [group(`${query.name}-${body}`)],
        }),
      },
      {
        method: 'GET',
        path: '/files/:name',
        handle: async ({ path }) => ({ status: 200, contentType: 'text/plain', body: path }),
      },
      {
        method: 'POST',
        path: '/v1/ingest/publish',
        letThrough: () => (guarded ? undefined : { status: 200, body: '0' }),
        handle: async ({ body }) => {
          if (String(body) === 'bug') throw new Error('a bug of the hook')
          return { status: 200, body: String(body) }
        },
      },
      {
        method: 'POST',
        path: '/v1/ingest/broken',
        handle: async () => {
          throw new Error('a bug of the route')
        },
      },
    ],
  })
})
after(() => it.close())

test('events of another folder’s route take the beacon’s way, and its own answer is sent', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await it.post('x=1', { url: '/v1/ingest/hook?name=first&name=second', headers: form })
  assert.deepEqual([answer.status, answer.body], [200, '0'])
  const [hop] = await it.rows('hop')
  assert.deepEqual(
    [hop!.node, hop!.tenant, hop!.source, hop!.stream, hop!.weight],
    ['first-x=1', 'acme', 'hook', 'main', 1],
    'of a name that is there twice the first value counts',
  )
  assert.equal(
    (await it.post('{}', { url: '/v1/ingest/hook', headers: { 'content-type': 'application/json' } })).status,
    415,
  )
  assert.equal((await it.collector.app.inject('/files/sdk.js')).body, '/files/sdk.js')
})

test('a poller of the same process hands its events over, and knows when they are durable', async () => {
  await it.collector.take([group('polled'), { ...group('bad'), context: { colour: 'red' } as never }])
  const nodes = (await it.rows('hop')).map(({ node }) => node)
  assert.ok(nodes.includes('polled') && !nodes.includes('bad'))
  assert.deepEqual(
    (await it.rows('dead_letter')).map(({ code, tenant }) => [code, tenant]),
    [['unknown_field', 'acme']],
  )
})

test('a route that throws is a 500 with a fact, and nobody else notices', async () => {
  const answer = await it.post('', { url: '/v1/ingest/broken', headers: {} })
  assert.equal(answer.status, 500)
  assert.equal(it.facts.filter(({ type }) => type === 'route_failed').length, 1)
})

test('a hook in a form that nobody can read is let through, unless that would let an encoder in without its key', async () => {
  const send = async (body: string | Buffer, headers: Record<string, string> = {}) => {
    const { status, body: text } = await it.post(body, { url: '//v1/ingest/publish/', headers })
    return [status, text]
  }
  assert.deepEqual(await send('x', { 'content-type': 'json' }), [200, 'x'])
  assert.deepEqual(await send('x', { 'content-type': '' }), [200, 'x'])
  for (const [encoding, packed] of [
    ['deflate', deflateSync('x')],
    ['br', brotliCompressSync('x')],
    ['GZIP', gzipSync('x')],
  ] as const)
    assert.deepEqual(await send(packed, { 'content-encoding': encoding }), [200, 'x'], encoding)
  const unreadable: [string, Record<string, string>][] = [
    ['x', { 'content-encoding': 'utf-8' }],
    ['x', { 'content-encoding': 'gzip' }],
    ['x'.repeat(70_000), {}],
    ['bug', {}],
  ]
  for (const [body, headers] of unreadable) assert.deepEqual(await send(body, headers), [200, '0'])
  guarded = true
  for (const [body, headers] of unreadable) assert.ok(Number((await send(body, headers))[0]) >= 400)
  guarded = false
})

test('while there is too much work a beacon waits and a hook is answered: its refusal would cut a publisher', async () => {
  const answered: Endpoint['handle'] = () => ({ status: 200, body: '0' })
  const app = createServerApp({
    endpoints: [
      { method: 'POST', path: '/hook', always: true, handle: answered },
      { method: 'POST', path: '/beacons', handle: answered },
    ],
    tally: createTally(() => undefined),
    emit: () => undefined,
    overload: { admits: () => false, answer: () => ({ status: 503 }) } as unknown as Overload,
    turns: createTurns({ clock: () => 0 }),
    turnOf: () => 'demo',
  })
  const post = async (url: string) => (await app.inject({ method: 'POST', url, payload: 'x' })).statusCode
  assert.deepEqual([await post('/hook'), await post('/beacons?key=demo')], [200, 503])
  await app.close()
})

test('a client that goes away in the middle of its body costs nothing', async () => {
  const { app } = it.collector
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        'POST /v1/beacons?key=demo HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"events":[',
        () => {
          socket.resetAndDestroy()
        },
      )
    })
    socket.on('close', () => resolve())
    socket.on('error', reject)
  })
  const answer = await fetch(`http://127.0.0.1:${port}/v1/beacons?key=demo`, {
    method: 'POST',
    body: '{"events":[]}',
  })
  assert.equal(answer.status, 204)
})
