import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { FLAGS } from '../schemas/envelope.ts'
import { NO_CONTENT } from './http/answers.ts'
import { createIntake, type IntakeOptions } from './intake.ts'
import { NOW, startTestCollector, type TestCollector } from './testing.ts'

let it: TestCollector
before(async () => {
  it = await startTestCollector()
})
after(() => it.close())

const DAY = 86_400_000
let sessions = 0
const newSession = () => `s${++sessions}`
const beat = (more: object = {}) => ({
  kind: 'heartbeat',
  time_ms: NOW - 1_000,
  interval_ms: 10_000,
  ...more,
})
const beacon = (session: string, events: unknown[], more: object = {}) => ({
  context: { session, stream: 'main' },
  events,
  ...more,
})
const of = async (session: string) => (await it.rows('heartbeat')).filter((row) => row.session === session)
const codeOf = (answer: { body: string }) => (JSON.parse(answer.body) as { code: string }).code

test('a right beacon is answered 204 and stands in the log', async () => {
  const session = newSession()
  const answer = await it.post(
    beacon(session, [beat({ seq: 1, bitrate_kbps: 2500.5 }), beat({ seq: 2, cdn: 'b' })]),
  )
  assert.equal(answer.status, 204)
  const rows = await of(session)
  assert.deepEqual(
    rows.map(({ seq, cdn, bitrate_kbps, buffer_ms, weight, source, tenant }) => [
      seq,
      cdn,
      bitrate_kbps,
      buffer_ms,
      weight,
      source,
      tenant,
    ]),
    [
      [1, '', 2500.5, null, 1, 'sdk', 'demo'],
      [2, 'b', null, null, 1, 'sdk', 'demo'],
    ],
  )
})

test('bodies that are no beacon: a 4xx that says why and how to mend it', async () => {
  const deep = (open: string, close: string, count: number) => open.repeat(count) + close.repeat(count)
  const cases: [string, string | Buffer, number, string][] = [
    ['truncated', '{"context":{},"events":[{"kind":"heart', 400, 'bad_json'],
    ['empty', '', 400, 'bad_json'],
    ['not UTF-8', Buffer.from([0xff, 0xfe, 0]), 400, 'bad_json'],
    ['a list', '[]', 400, 'bad_beacon'],
    ['null', 'null', 400, 'bad_beacon'],
    ['no events', '{"context":{}}', 400, 'bad_beacon'],
    ['events of the wrong type', '{"events":{}}', 400, 'bad_beacon'],
    ['context of the wrong type', '{"context":[],"events":[]}', 400, 'bad_beacon'],
    ['an unknown key', '{"events":[],"extra":1}', 400, 'bad_beacon'],
    ['__proto__ outside', '{"events":[],"__proto__":{"admin":true}}', 400, 'bad_beacon'],
    ['__proto__ in the context', '{"context":{"__proto__":{"app":"x"}},"events":[]}', 400, 'unknown_field'],
    ['a clock of the wrong type', '{"clock":{"offset_ms":"1"},"events":[]}', 400, 'bad_beacon'],
    ['an unknown dimension', '{"context":{"colour":"red"},"events":[]}', 400, 'unknown_field'],
    ['deep lists', deep('[', ']', 50_000), 400, 'too_deep'],
    [
      'deep objects',
      `{"context":${deep('{"a":', '}', 20_000).replace('{"a":}', '{}')},"events":[]}`,
      400,
      'too_deep',
    ],
    ['10 MB', Buffer.alloc(10 << 20, 32), 413, 'too_large'],
    ['501 events', JSON.stringify({ events: Array(501).fill(beat()) }), 413, 'too_many_events'],
  ]
  for (const [name, body, status, code] of cases) {
    const answer = await it.post(body)
    assert.equal(answer.status, status, `${name}: ${answer.body}`)
    const { code: answered, message, help } = JSON.parse(answer.body) as Record<string, string>
    assert.equal(answered, code, name)
    assert.ok(message && help)
  }
  assert.equal(({} as Record<string, unknown>).admin, undefined)
  const codes = (await it.rows('dead_letter')).map(({ code }) => code)
  for (const code of ['bad_json', 'bad_beacon', 'too_deep', 'unknown_field', 'too_many_events'])
    assert.ok(codes.includes(code), code)
})

test('one bad event costs its neighbours nothing and becomes a dead letter', async () => {
  const session = newSession()
  const bad: [object, string][] = [
    [beat({ bitrate_kbps: '12' }), 'wrong_type'],
    [beat({ colour: 1 }), 'unknown_field'],
    [JSON.parse(`{"kind":"heartbeat","interval_ms":1,"__proto__":{"a":1}}`) as object, 'unknown_field'],
    [beat({ stall_count: 1e9 }), 'out_of_range'],
    [beat({ error_message: 'x'.repeat(513) }), 'too_long'],
    [{ kind: 'heartbeat' }, 'missing_field'],
    [{ kind: 'constructor' }, 'unknown_kind'],
    [{ interval_ms: 1 }, 'unknown_kind'],
    [beat({ time_ms: 'noon' }), 'bad_time'],
    [beat({ time_ms: NOW - DAY }), 'too_late'],
    [['a list'], 'wrong_type'],
  ]
  const events = bad.flatMap(([event], index) => [event, beat({ seq: index + 1 })])
  const answer = await it.post(beacon(session, events))
  assert.equal(answer.status, 200)
  const { accepted, refused } = JSON.parse(answer.body) as {
    accepted: number
    refused: { index: number; code: string }[]
  }
  assert.equal(accepted, bad.length)
  assert.deepEqual(
    refused.map(({ index, code }) => [index, code]),
    bad.map(([, code], index) => [index * 2, code]),
  )
  assert.deepEqual(
    (await of(session)).map(({ seq }) => seq),
    bad.map((_, index) => index + 1),
  )
  const letters = (await it.rows('dead_letter')).filter((letter) => letter.session === session)
  assert.deepEqual(
    letters.map(({ code }) => code),
    bad.map(([, code]) => code),
  )
  assert.match(String(letters[0]!.body), /"bitrate_kbps":"12"/)
})

test('clocks a day off: corrected by offset or by the time of sending, clamped ahead, refused behind', async () => {
  const session = newSession()
  const send = async (time_ms: number, more: object) =>
    (await it.post(beacon(session, [beat({ time_ms })], more))).status
  assert.equal(await send(NOW + DAY - 5_000, { clock: { offset_ms: -DAY, error_ms: 12 } }), 204)
  assert.equal(await send(NOW - DAY - 5_000, { sent_ms: NOW - DAY }), 204)
  assert.equal(await send(NOW + DAY, {}), 204)
  assert.equal(await send(5_000, {}), 204)
  assert.equal(await send(NOW - DAY, {}), 200)
  assert.equal(await send(NOW + 9_000, {}), 204)
  assert.deepEqual(
    (await of(session)).map(({ event_time, flags, clock_error_ms }) => [event_time, flags, clock_error_ms]),
    [
      [NOW - 5_000, FLAGS.clock_corrected.bit, 12],
      [NOW - 5_000, 0, null],
      [NOW, FLAGS.clock_clamped.bit, null],
      [NOW, FLAGS.clock_clamped.bit, null],
      [NOW + 9_000, 0, null],
    ],
  )
})

test('gzip within bounds, and content types', async () => {
  const session = newSession()
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  assert.equal((await it.post(gzipSync(JSON.stringify(beacon(session, [beat()]))), { headers })).status, 204)
  assert.equal((await of(session)).length, 1)
  assert.equal(codeOf(await it.post(gzipSync(Buffer.alloc(50 << 20)), { headers })), 'too_large')
  assert.equal(codeOf(await it.post('no gzip', { headers })), 'bad_encoding')
  assert.equal((await it.post('{}', { headers: { 'content-encoding': 'br' } })).status, 415)
  assert.equal((await it.post('<a/>', { headers: { 'content-type': 'application/xml' } })).status, 415)
  const asCurl = { headers: { 'content-type': 'application/x-www-form-urlencoded' } }
  assert.equal((await it.post(beacon(newSession(), [beat()]), asCurl)).status, 204)
  assert.equal(codeOf(await it.post('a=1', asCurl)), 'bad_json')
  assert.equal(
    (
      await it.post(beacon(newSession(), [beat()]), {
        headers: { 'content-type': 'text/plain;charset=UTF-8' },
      })
    ).status,
    204,
  )
})

test('keys: body, query, header; unknown ones are refused', async () => {
  const url = '/v1/beacons'
  assert.equal((await it.post(beacon('k', [beat()], { key: 'demo' }), { url })).status, 204)
  assert.equal(
    (await it.post(beacon('k', [beat()]), { url, headers: { 'x-firstframe-key': 'demo' } })).status,
    204,
  )
  for (const key of ['nobody', '__proto__', 'constructor'])
    assert.equal((await it.post(beacon('k', [beat()]), { url: `${url}?key=${key}` })).status, 401)
  assert.equal((await it.post(beacon('k', [beat()]), { url })).status, 401)
})

test('whatever comes as JSON is answered without a 5xx, and accepted plus refused are all', async () => {
  const key = fc.oneof(
    fc.string(),
    fc.constantFrom('kind', 'time_ms', 'interval_ms', 'session', '__proto__', 'cdn'),
  )
  const event = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(key, fc.jsonValue()),
    fc.dictionary(key, fc.jsonValue()).map((more) => beat(more)),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 8 }),
      fc.dictionary(key, fc.jsonValue(), { maxKeys: 1 }),
      async (events, context) => {
        const answer = await it.post({ context, events })
        assert.ok(answer.status < 500, answer.body)
        if (answer.status !== 200) return
        const { accepted, refused } = JSON.parse(answer.body) as { accepted: number; refused: unknown[] }
        assert.equal(accepted + refused.length, events.length)
      },
    ),
    { numRuns: 150 },
  )
  assert.deepEqual(
    it.facts.filter(({ type }) => type === 'route_failed'),
    [],
  )
})

test('over a real connection: a 10 MB body gets its 413, broken HTTP a 400, and CORS is told', async () => {
  const { app } = it.collector
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/v1/beacons?key=demo`
  // A machine that is busy for a moment makes the collector ask for the same again.
  const send = async (init: RequestInit): Promise<Response> => {
    for (let tries = 0; ; tries += 1) {
      const answer = await fetch(url, init)
      if (answer.status !== 503 || tries === 500) return answer
      await answer.arrayBuffer()
    }
  }
  const large = await send({ method: 'POST', body: Buffer.alloc(10 << 20, 32) })
  assert.equal(large.status, 413)
  const session = newSession()
  const answer = await send({
    method: 'POST',
    body: JSON.stringify(beacon(session, [beat()])),
    headers: { origin: 'https://shop.example' },
  })
  assert.equal(answer.status, 204)
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://shop.example')
  assert.equal(answer.headers.get('access-control-allow-credentials'), 'true')
  assert.equal((await of(session)).length, 1)
  const preflight = await fetch(url, {
    method: 'OPTIONS',
    headers: { origin: 'https://shop.example', 'access-control-request-headers': 'content-type' },
  })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('access-control-allow-headers'), 'content-type')
  assert.ok(Number(preflight.headers.get('access-control-max-age')) >= 7200)
  const base = `http://127.0.0.1:${port}`
  assert.equal((await fetch(`${base}/v1/beacons`)).status, 405)
  assert.equal(((await (await fetch(`${base}/nowhere`)).json()) as { code: string }).code, 'not_found')
  const { received_ms, sent_ms } = (await (await fetch(`${base}/v1/time`)).json()) as Record<string, number>
  assert.deepEqual([received_ms, sent_ms], [NOW, NOW])
  assert.equal((await fetch(`${base}/healthz`)).status, 200)
  assert.equal((await fetch(`${base}/readyz`)).status, 200)
  const broken = await new Promise<number | undefined>((resolve) => {
    const socket = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/v1/beacons',
      headers: { 'content-length': 'NaN' },
    })
    socket.on('response', ({ statusCode }) => resolve(statusCode))
    socket.on('error', () => resolve(undefined))
    socket.end()
  })
  assert.equal(broken, 400)
})

test('a large batch is answered in groups, and the event loop turns between them', async () => {
  let done = (): void => undefined
  const durable = new Promise<void>((resolve) => {
    done = resolve
  })
  const intake = createIntake({ batcher: { durable: () => durable } } as unknown as IntakeOptions)
  let answered = 0
  const all = Array.from({ length: 600 }, () =>
    intake.whenDurable(NO_CONTENT).then((answer) => {
      assert.equal(answer, NO_CONTENT)
      answered += 1
    }),
  )
  const seen: number[] = []
  const look = (): void => {
    seen.push(answered)
    if (answered < all.length) setImmediate(look)
  }
  done()
  setImmediate(look)
  await Promise.all(all)
  assert.equal(seen[0], 256)
  assert.ok(seen.includes(512), String(seen))
})
