import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { SignJWT } from 'jose'
import { FLAGS } from '../../schemas/envelope.ts'
import { NOW, SERVER_KEY, startTestCollector, type TestCollector } from '../testing.ts'
import { authenticateHooks } from './hooks.ts'
import { createKeyRing, hashKey, type KeptKey } from './keyRing.ts'
import { createTenants } from './tenants.ts'

const TOKEN_SECRET = 'a secret of thirty-two characters!'
let it: TestCollector
before(async () => {
  it = await startTestCollector({
    keys: {
      pub: { tenant: 'shop' },
      'server-key-of-srs': { tenant: 'shop', role: 'server', source: 'srs' },
    },
    policies: {
      shop: { origins: ['https://shop.example'], maxWeight: 20 },
      strict: { tokensOnly: true },
    },
    tokenSecrets: { shop: ['another secret that signed before!!', TOKEN_SECRET] },
  })
})
after(() => it.close())

const beat = { kind: 'heartbeat', interval_ms: 1_000 }
const send = (events: readonly object[], more: object = {}, url = '/v1/beacons', headers: object = {}) =>
  it.post(
    { key: 'demo', context: { session: 's', stream: 'main' }, events, ...more },
    { url, headers: { 'content-type': 'text/plain', ...headers } },
  )
const codesOf = ({ status, body }: { status: number; body: string }): string[] => {
  if (status === 204) return []
  const answer = JSON.parse(body) as { code?: string; refused?: { code: string }[] }
  return answer.code === undefined ? answer.refused!.map(({ code }) => code) : [answer.code]
}

/** What a public key may not say, each with the field that makes it so. */
const FORBIDDEN: readonly (readonly [string, object])[] = [
  ['an encoder’s farewell', { kind: 'hop', hop: 'encoder', event: 'end' }],
  ['an ingest’s publish_done', { kind: 'hop', hop: 'ingest', event: 'unpublish', status: 'down' }],
  ['an edge', { kind: 'hop', hop: 'edge', requests: 1e6, status_5xx: 1e6 }],
  ['a probe', { kind: 'probe', target: 't', verdict: 'failed' }],
  ['a resource', { kind: 'resource', resource: 'pool', level: 1, capacity: 1 }],
  ['a cue triggered', { kind: 'cue', round: 'r', stage: 'triggered' }],
  ['a cue inserted', { kind: 'cue', round: 'r', stage: 'inserted' }],
  ['a cue emitted', { kind: 'cue', round: 'r', stage: 'emitted' }],
  ['another source', { ...beat, source: 'ffmpeg' }],
  ['the CMCD of a player', { ...beat, source: 'cmcd' }],
  ['virtual viewers', { ...beat, synthetic: true }],
]

test('a public key says what a player can know, and nothing else', async () => {
  const server = await send(
    FORBIDDEN.map(([, event]) => event),
    { key: SERVER_KEY },
  )
  assert.ok(!codesOf(server).includes('server_key_needed'), 'a server key may say all of it')
  const before = (await it.rows('hop')).length
  for (const [name, event] of FORBIDDEN) {
    const answer = await send([event, beat])
    assert.deepEqual([answer.status, ...codesOf(answer)], [200, 'server_key_needed'], name)
  }
  assert.equal((await it.rows('hop')).length, before)
  for (const context of [{ source: 'k6' }, { synthetic: true }])
    assert.deepEqual(codesOf(await send([beat], { context })), ['server_key_needed'])
  const player = ['startup', 'interaction', 'cohost', 'cue'].map((kind) => ({
    ...{ startup: { outcome: 'started' }, interaction: { action: 'like', outcome: 'success' } }[kind],
    ...{ cohost: { interval_ms: 1 }, cue: { round: 'r', stage: 'shown' } }[kind],
    kind,
  }))
  assert.equal((await send([...player, { ...beat, source: 'sdk', synthetic: false, weight: 1 }])).status, 204)
})

test('CMCD with a public key cannot name a source, a weight or virtual viewers', async () => {
  const report = async (query: string) =>
    it.post('sid="weight-cmcd",bl=1', {
      url: `/v1/cmcd?key=demo&${query}`,
      headers: { 'content-type': 'text/plain' },
    })
  for (const query of ['source=probe', 'synthetic=1'])
    assert.deepEqual(codesOf(await report(query)), ['server_key_needed'], query)
  assert.equal((await report('weight=1000000')).status, 204)
  const [row] = (await it.rows('heartbeat')).filter(({ session }) => session === 'weight-cmcd')
  assert.equal(row?.weight, 1)
})

test('a weight counts up to what the tenant allows, in the context and in an event, and is flagged', async () => {
  const context = { session: 'w', weight: 1e6 }
  await send([beat, { ...beat, weight: 3 }], { context })
  await send(
    [
      { ...beat, weight: 1e6 },
      { ...beat, weight: 3 },
    ],
    { key: 'pub', context: { session: 'w2' } },
  )
  await send([beat], { key: SERVER_KEY, context: { session: 'w', weight: 7 } })
  const rows = (await it.rows('heartbeat')).filter(({ session }) => ['w', 'w2'].includes(session as string))
  const flag = FLAGS.weight_bounded.bit
  assert.deepEqual(
    rows.map(({ weight, flags }) => [weight, Number(flags) & flag]),
    [
      [1, flag],
      [1, flag],
      [20, flag],
      [3, 0],
      [7, 0],
    ],
  )
})

test('a server key of one source reports for that source only', async () => {
  const event = { kind: 'hop', hop: 'ingest', node: 'n', event: 'publish' }
  const key = 'server-key-of-srs'
  assert.deepEqual(codesOf(await send([{ ...event, source: 'probe' }], { key })), ['server_key_needed'])
  assert.equal((await send([event, { ...event, source: 'srs' }], { key })).status, 204)
  const rows = (await it.rows('hop')).filter(({ tenant }) => tenant === 'shop')
  assert.deepEqual(
    rows.map(({ source }) => source),
    ['srs', 'srs'],
  )
})

test('origins on the list only; session tokens narrow to a session, kinds, an origin and a time', async () => {
  const headers = (origin: string, token?: string) => ({
    origin,
    ...(token && { 'x-firstframe-token': token }),
  })
  const shop = (events: readonly object[], more: object) => send(events, { key: 'pub' }, '/v1/beacons', more)
  assert.deepEqual(codesOf(await shop([beat], headers('https://evil.example'))), ['not_permitted'])
  assert.equal((await shop([beat], headers('https://shop.example'))).status, 204)
  const signed = (claims: object, exp: number, secret = TOKEN_SECRET) =>
    new SignJWT({ sub: 's', ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(exp)
      .sign(new TextEncoder().encode(secret))
  const later = NOW / 1000 + 60
  const cases: readonly (readonly [string, string, readonly object[], readonly string[]])[] = [
    ['a right one', await signed({ kinds: ['heartbeat'] }, later), [beat], []],
    ['another kind', await signed({ kinds: ['startup'] }, later), [beat], ['not_permitted']],
    ['another session', await signed({}, later), [{ ...beat, session: 'x' }], ['not_permitted']],
    ['another origin', await signed({ origin: 'https://b.example' }, later), [beat], ['not_permitted']],
    ['expired', await signed({}, NOW / 1000 - 1), [beat], ['bad_signature']],
    ['another secret', await signed({}, later, 'x'.repeat(32)), [beat], ['bad_signature']],
    ['no token at all', 'none', [beat], ['bad_signature']],
    ['a megabyte', 'x'.repeat(10_000), [beat], ['bad_signature']],
  ]
  for (const [name, token, events, codes] of cases)
    assert.deepEqual(codesOf(await shop(events, headers('https://shop.example', token))), codes, name)
})

test('server keys of the key file: several at once, changed without a gap, ended at their time', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keys-'))
  const file = join(folder, 'keys.json')
  let now = NOW
  const kept = (key: string, more: Partial<KeptKey> = {}): KeptKey => ({
    id: key,
    tenant: 't',
    sha256: hashKey(key),
    made_ms: NOW,
    ...more,
  })
  const ring = createKeyRing({ keys: {}, file, clock: () => now })
  const valid = () => ['key-number-one', 'key-number-two'].map((key) => ring.find(key)?.tenant)
  const write = (...keys: KeptKey[]) => {
    writeFileSync(file, JSON.stringify({ keys }))
    now += 3_000
  }
  assert.deepEqual(valid(), [undefined, undefined], 'the file may be missing')
  write(kept('key-number-one'))
  assert.deepEqual(valid(), ['t', undefined])
  write(kept('key-number-one', { until_ms: now + 60_000 }), kept('key-number-two'))
  assert.deepEqual(valid(), ['t', 't'])
  now += 60_000
  assert.deepEqual(valid(), [undefined, 't'])
  writeFileSync(file, '{"keys":[{"sha')
  now += 3_000
  assert.deepEqual(valid(), [undefined, 't'], 'a torn file takes no key away')
  rmSync(folder, { recursive: true })
})

test('a hook is authenticated by a server key, a signature or an address, never by a public key alone', () => {
  const keys = {
    pub: { tenant: 't' },
    'server-key-of-all': { tenant: 't', role: 'server' },
    'server-key-of-srs': { tenant: 't', role: 'server', source: 'srs' },
  } as const
  const hookTenant = authenticateHooks({
    ring: createKeyRing({ keys, clock: () => NOW }),
    policies: { t: { addresses: ['10.1.0.0/16', '192.0.2.7'], secrets: ['new', 'old'] } },
  })
  const body = Buffer.from('call=publish_done&name=main')
  const sign = (secret: string, of = body) =>
    `sha256=${createHmac('sha256', secret).update(of).digest('hex')}`
  const from = (more: { key?: string; headers?: object; address?: string; source?: string }) =>
    hookTenant(
      {
        query: more.key === undefined ? {} : { key: more.key },
        headers: { ...more.headers },
        remoteAddress: more.address ?? '203.0.113.1',
        body,
      },
      more.source ?? 'nginx-rtmp',
    )
  assert.equal(from({ key: 'pub' }), undefined)
  assert.equal(
    from({ key: 'pub', address: '127.0.0.1' }),
    undefined,
    'loopback may be anybody behind a proxy',
  )
  assert.equal(from({}), undefined)
  assert.equal(from({ key: 'server-key-of-all' }), 't')
  assert.equal(from({ headers: { authorization: 'Bearer server-key-of-all' } }), 't')
  assert.equal(from({ key: 'server-key-of-srs' }), undefined)
  assert.equal(from({ key: 'server-key-of-srs', source: 'srs' }), 't')
  for (const secret of ['new', 'old'])
    assert.equal(from({ key: 'pub', headers: { 'x-firstframe-signature': sign(secret) } }), 't')
  for (const signature of [sign('wrong'), sign('new', Buffer.from('another')), 'sha256=', ''])
    assert.equal(from({ key: 'pub', headers: { 'x-firstframe-signature': signature } }), undefined, signature)
  assert.equal(from({ key: 'pub', address: '::ffff:10.1.2.3' }), 't')
  assert.equal(from({ key: 'pub', address: '192.0.2.7' }), 't')
  assert.equal(from({ key: 'pub', address: '10.2.0.1' }), undefined)
})

test('collectors with one secret give a viewer one hash; a daily salt changes at midnight on all at once', () => {
  const salts = { own: { salt: 'of the tenant' }, daily: { daily: true } }
  const [entry, two] = [createTenants('shared', salts), createTenants('shared', salts)]
  const other = createTenants('another', salts)
  const day = 86_400_000
  for (const name of ['plain', 'own', 'daily']) assert.equal(entry(name).saltAt(NOW), two(name).saltAt(NOW))
  assert.equal(entry('own').saltAt(NOW), other('own').saltAt(NOW), 'a tenant’s own salt is all it takes')
  assert.notEqual(entry('plain').saltAt(NOW), other('plain').saltAt(NOW))
  assert.equal(entry('plain').saltAt(NOW), entry('plain').saltAt(NOW + day))
  assert.notEqual(entry('daily').saltAt(NOW), entry('daily').saltAt(NOW + day))
  assert.equal(entry('daily').saltAt(NOW), entry('daily').saltAt(NOW - (NOW % day)))
})
