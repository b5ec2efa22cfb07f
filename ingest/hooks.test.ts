import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ingestRoutes } from './routes.ts'
import { streamKey } from './streamKey.ts'
import { callRoute, checked, NOW } from './testing/callRoute.ts'

const SRS = '/v1/ingest/srs'
const NGINX = '/v1/ingest/nginx-rtmp'
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const guarded = { publishSecrets: () => ['secret'], publishIsGuarded: () => true }

/** A hook of SRS, as its source writes it; `change` makes it odd. */
const srsHook = (action: unknown, change: object = {}) =>
  json({
    server_id: 'vid-1',
    service_id: 's',
    action,
    client_id: 'c',
    ip: '192.0.2.10',
    vhost: 'v',
    app: 'live',
    tcUrl: 'rtmp://v/live',
    stream: 'show',
    param: '',
    ...change,
  })

test('SRS: no hook in any form is refused, and what is not understood is counted', async () => {
  const notes: unknown[] = []
  const emit = (fact: { type: string; code?: unknown }) =>
    void (fact.type === 'ingest_hook_unread' && notes.push(fact.code))
  const forms: [string, Buffer, string?][] = [
    ['on_connect without a stream', srsHook('on_connect', { stream: '' })],
    ['on_connect as in the report', readFileSync(new URL('./fixtures/srs_on_connect.json', import.meta.url))],
    ['on_close', srsHook('on_close', { send_bytes: 10240, recv_bytes: 10240, stream: undefined })],
    ['on_play', srsHook('on_play', { pageUrl: 'http://x' })],
    ['on_stop', srsHook('on_stop')],
    ['on_hls with numbers as text', srsHook('on_hls', { duration: '9.36', seq_no: '1' })],
    ['on_hls with a broken duration', srsHook('on_hls', { duration: 'long' })],
    ['on_dvr', srsHook('on_dvr', { cwd: '/usr', file: './a.flv' })],
    ['numeric ids', srsHook('on_publish', { client_id: 1985, server_id: 12, stream: 'num' })],
    ['a stream that is a number', srsHook('on_publish', { stream: 42 })],
    ['null fields', srsHook('on_publish', { param: null, app: null, stream: null }), 'no_stream'],
    ['an empty stream', srsHook('on_publish', { stream: '' }), 'no_stream'],
    ['an unknown action', srsHook('on_rtc_play'), 'unknown_action'],
    ['no action', srsHook(undefined), 'unknown_action'],
    ['an action that is a number', srsHook(7), 'unknown_action'],
    ['a list', json([1]), 'unreadable'],
    ['half an object', Buffer.from('{'), 'unreadable'],
    ['nothing', Buffer.alloc(0), 'unreadable'],
  ]
  for (const [what, body, note] of forms) {
    notes.length = 0
    const answer = await callRoute({ emit }, SRS, { body })
    assert.deepEqual([answer.status, answer.body], [200, '0'], what)
    assert.deepEqual(notes, note === undefined ? [] : [note], what)
    checked(answer.events)
  }
  const unknownKey = await callRoute({ emit }, SRS, { query: { key: 'no' }, body: srsHook('on_publish') })
  assert.deepEqual([unknownKey.status, unknownKey.body, unknownKey.events], [200, '0', undefined])
  const forward = await callRoute({}, SRS, { body: srsHook('on_forward') })
  assert.deepEqual(JSON.parse(String(forward.body)), { code: 0, data: { urls: [] } })
  // SRS reads the answer to on_forward as an object: a bare 0 would cut the publisher, also behind an unknown key.
  const nobody = await callRoute({}, SRS, { query: { key: 'no' }, body: srsHook('on_forward') })
  assert.deepEqual(JSON.parse(String(nobody.body)), { code: 0, data: { urls: [] } })
  const dvr = await callRoute({}, SRS, { body: srsHook('on_dvr') })
  assert.equal(checked(dvr.events)[0]!.event, 'record')
})

test('SRS: only a stream key that does not fit is refused, and where keys are demanded an unknown hook key, too', async () => {
  const publish = (change: object, options: object = guarded, query = { key: 'demo' }) =>
    callRoute(options, SRS, { query, body: srsHook('on_publish', change) })
  assert.equal((await publish({})).status, 403)
  assert.equal((await publish({}, guarded, { key: 'no' })).status, 403)
  const param = `?${streamKey({ secret: 'secret', app: 'live', stream: 'show', expires_ms: NOW + 1 }).split('?')[1]}`
  assert.equal((await publish({ param })).body, '0')
  const end = (change: object) => callRoute(guarded, SRS, { body: srsHook('on_unpublish', change) })
  assert.equal((await end({})).events, undefined, 'a publisher who was never let in ends nothing')
  const old = `?${streamKey({ secret: 'secret', app: 'live', stream: 'show', expires_ms: NOW - 60_000 }).split('?')[1]}`
  assert.equal(checked((await end({ param: old })).events)[0]!.status, 'down')
  assert.equal((await callRoute(guarded, SRS, { body: srsHook('on_connect', { stream: '' }) })).body, '0')
})

/** Fields of a call as nginx-rtmp 1.1.4 really writes them, recorded from `notify_method get`. */
const call = (name: string, rest = '') =>
  `app=live&flashver=FMLE/3.0%20(compatible%3B%20Lavf59.27&swfurl=&tcurl=rtmp://ingest.example:1935/live&pageurl=&addr=127.0.0.1&clientid=1&call=${name}${rest}`
/** A query as the collector hands it on: the first of each name. */
const queryOf = (text: string) => {
  const query: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(text)) query[name] ??= value
  return query
}

test('nginx-rtmp: calls by POST and by GET, which has a second question mark, mean the same', async () => {
  const rest = '&name=show&type=live&show=theirs&expires=1'
  const post = await callRoute({}, NGINX, {
    query: queryOf('key=demo&node=i1'),
    body: Buffer.from(call('publish', rest)),
  })
  for (const search of [
    `key=demo&node=i1?${call('publish', rest)}`,
    `node=i1&key=demo?${call('publish', rest)}`,
    `key=demo&node=i1&${call('publish', rest)}`,
  ]) {
    const get = await callRoute({}, NGINX, { method: 'GET', query: queryOf(search) })
    assert.deepEqual([get.status, checked(get.events)], [204, checked(post.events)], search)
  }
  assert.equal(checked(post.events)[0]!.show, 'theirs')
  const signed = streamKey({ secret: 'secret', app: 'live', stream: 'show', expires_ms: NOW + 1 }).split(
    '?',
  )[1]
  const get = (args: string) =>
    callRoute(guarded, NGINX, {
      method: 'GET',
      query: queryOf(`key=demo?${call('publish', `&name=show&type=live${args}`)}`),
    })
  assert.equal((await get('')).status, 403)
  assert.equal((await get(`&${signed}`)).status, 204)
  for (const [name, more] of [
    ['connect', ''],
    ['disconnect', '&app=live'],
    ['play', '&name=show&start=4294965296'],
    ['play_done', '&name=show'],
    ['done', '&name=show'],
    ['update_play', '&name=show'],
    ['publish', '&name='],
    ['new_call', '&name=show'],
    ['record_done', '&recorder=all&name=show&path=/r/show.flv'],
  ] as const)
    for (const method of ['GET', 'POST'] as const) {
      const answer = await callRoute({}, NGINX, {
        method,
        query: queryOf(method === 'GET' ? `key=demo?${call(name, more)}` : 'key=demo'),
        body: Buffer.from(method === 'GET' ? '' : call(name, more)),
      })
      assert.equal(answer.status, 204, `${method} ${name}`)
      assert.deepEqual(
        checked(answer.events).map(({ event }) => event),
        name === 'record_done' ? ['record'] : [],
        name,
      )
    }
  assert.equal((await callRoute({}, NGINX, { body: Buffer.from('x') })).status, 204)
  assert.equal(
    (await callRoute({}, NGINX, { query: {}, body: Buffer.from(call('publish', '&name=show')) })).status,
    204,
  )
})

test('a second publisher whom the server itself refuses does not end the stream', async () => {
  let now = NOW
  const routes = ingestRoutes({ tenantOf: () => 'demo', emit: () => undefined, clock: () => now })
  const send = async (path: string, body: Buffer) => {
    const route = routes.find((each) => each.path === path && each.method === 'POST')!
    const answer = await route.handle({
      method: 'POST',
      path,
      query: { key: 'demo' },
      headers: {},
      remoteAddress: '',
      body,
    })
    return checked(answer.events).map(({ status }) => status)
  }
  const nginx = (name: string) => (client: number) =>
    send(NGINX, Buffer.from(call(name, '&name=show').replace('clientid=1', `clientid=${client}`)))
  const srs = (action: string) => (client: number) => send(SRS, srsHook(action, { client_id: client }))
  const servers = [
    [nginx('publish'), nginx('publish_done')],
    [srs('on_publish'), srs('on_unpublish')],
  ] as const
  for (const [begin, end] of servers) {
    assert.deepEqual(await begin(1), ['up'])
    await begin(9)
    now += 200
    assert.deepEqual(await end(9), [])
    assert.deepEqual(await end(1), ['down'])
    // The first one's end was lost on the way: the next publisher stays longer than a refused one.
    await begin(1)
    await begin(9)
    now += 60_000
    assert.deepEqual(await end(9), ['down'])
  }
})

test('MediaMTX: commands of all versions, and an authentication that is not understood lets through', async () => {
  const path = '/v1/ingest/mediamtx'
  const events = async (event: string, more: object = {}) => {
    const answer = await callRoute({}, path, { query: { key: 'demo', event, path: 'live/show' }, ...more })
    assert.equal(answer.status, 204, event)
    return checked(answer.events).map(({ status, event: name }) => status ?? name)
  }
  assert.deepEqual(await events('ready'), ['up'])
  assert.deepEqual(await events('runOnReady', { method: 'GET' }), ['up'])
  assert.deepEqual(await events('notReady'), ['down'])
  assert.deepEqual(await events('recordSegmentComplete'), ['record'])
  assert.deepEqual(await events('read'), [])
  assert.deepEqual(await events('something'), [])
  const posted = await callRoute({}, path, { body: json({ event: 'ready', path: 'live/show' }) })
  assert.equal(checked(posted.events)[0]!.stream, 'live/show')
  assert.equal((await callRoute({}, `${path}/auth`, { body: Buffer.from('x') })).status, 204)
  assert.equal(
    (await callRoute(guarded, `${path}/auth`, { body: json({ action: 'playback', path: 'a' }) })).status,
    204,
  )
  assert.equal(
    (await callRoute(guarded, `${path}/auth`, { body: json({ action: 'publish', path: 'live/a' }) })).status,
    401,
  )
})

test('where publishing is guarded, a hook that cannot be told from a publish is refused: broken, ambiguous, of no known action', async () => {
  const auth = '/v1/ingest/mediamtx/auth'
  const twice = (body: Buffer, name: string) => Buffer.from(`${body.toString().slice(0, -1)},${name}}`)
  const publish = json({ action: 'publish', path: 'live/x' })
  const odd: readonly (readonly [what: string, path: string, body: Buffer])[] = [
    [
      'SRS, a broken escape',
      SRS,
      Buffer.from('{"action":"on_publish","app":"live","stream":"x","param":"?a=\\q"}'),
    ],
    ['SRS, a list', SRS, json([1])],
    ['SRS, nothing', SRS, Buffer.alloc(0)],
    ['SRS, a second action', SRS, twice(srsHook('on_publish'), '"action":"on_play"')],
    [
      'SRS, a second action in another spelling',
      SRS,
      twice(srsHook('on_publish'), '"\\u0061ction":"on_play"'),
    ],
    ['SRS, no known action', SRS, srsHook('on_rtc_publish')],
    ['SRS, an action that is no text', SRS, srsHook(['on_publish'])],
    ['MediaMTX, half an object', auth, Buffer.from('{"action":"publish","path":"x')],
    ['MediaMTX, a second action', auth, twice(publish, '"action":"read"')],
    ['MediaMTX, no known action', auth, json({ action: 'Publish', path: 'live/x' })],
    ['nginx-rtmp, no form', NGINX, Buffer.from('{"call":"publish"}')],
    ['nginx-rtmp, no known call', NGINX, Buffer.from('call=constructor&name=x')],
    ['nginx-rtmp, nothing', NGINX, Buffer.alloc(0)],
  ]
  for (const [what, path, body] of odd)
    for (const key of ['', 'no', 'demo']) {
      const refused = await callRoute(guarded, path, { query: { key }, body })
      assert.ok(refused.status >= 400, `${what}, key '${key}': ${refused.status}`)
      const letThrough = await callRoute({}, path, { query: { key }, body })
      assert.ok(letThrough.status < 300, `${what}, free, key '${key}': ${letThrough.status}`)
    }
  const ofAnother = { publishSecrets: () => [], publishIsGuarded: () => true }
  assert.equal(
    (await callRoute(ofAnother, SRS, { body: json([1]) })).body,
    '0',
    'this tenant demands no keys',
  )
})
