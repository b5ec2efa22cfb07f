import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Fact } from '../../schemas/facts.ts'
import { createTenants } from '../auth/tenants.ts'
import { recent } from '../recent.ts'
import { NOW, SERVER_KEY, startTestCollector } from '../testing.ts'
import { openAddresses } from './addresses.ts'
import { ipv4Number, recentAddresses } from './addressNumber.ts'
import { keepBudgets } from './budgets.ts'
import { plainAddress, readOrigin } from './trustedProxies.ts'
import { readUserAgent } from './userAgent.ts'
import { hashViewer } from './viewer.ts'

test('countries and operators by address, the same from the cache as from the tables', async () => {
  const cacheFolder = await mkdtemp(join(tmpdir(), 'addresses-'))
  const facts: Fact[] = []
  for (const _ of ['tables', 'cache']) {
    const addresses = openAddresses({ cacheFolder, emit: (fact) => void facts.push(fact) })
    assert.deepEqual(
      addresses.placeOf('8.8.8.8'),
      { country: '', isp: '' },
      'nothing is known before they are loaded',
    )
    await addresses.loaded
    assert.deepEqual(addresses.placeOf('8.8.8.8'), { country: 'US', isp: 'Google LLC' })
    assert.deepEqual(addresses.placeOf('2001:4860:4860::8888'), { country: 'US', isp: 'Google LLC' })
    assert.deepEqual(addresses.placeOf('127.0.0.1'), { country: '', isp: '' })
    assert.deepEqual(addresses.placeOf('no address'), { country: '', isp: '' })
  }
  assert.deepEqual(facts, [])
  await rm(cacheFolder, { recursive: true })
})

test('proxies are believed only when they are trusted, and only as far', () => {
  const origin = readOrigin({ trusted: ['10.0.0.0/8', '::1'] })
  const headers = {
    'x-forwarded-for': '6.6.6.6, 203.0.113.9, 10.0.0.2',
    'cf-ipcountry': 'BR',
    'x-firstframe-isp': 'Net',
  }
  assert.deepEqual(origin('192.0.2.1', headers), { address: '192.0.2.1', country: '', region: '', isp: '' })
  // What stands left of the first address that is not ours, anybody can have written.
  assert.deepEqual(origin('::ffff:10.0.0.1', headers), {
    address: '203.0.113.9',
    country: 'BR',
    region: '',
    isp: 'Net',
  })
  assert.equal(origin('::1', { 'x-forwarded-for': 'unknown' }).address, '::1')
  assert.equal(plainAddress('[2001:db8::1]:443'), '2001:db8::1')
  assert.equal(plainAddress('203.0.113.9:1234'), '203.0.113.9')
  assert.throws(() => readOrigin({ trusted: ['proxy.example'] }), /CIDR/)
})

test('viewers are hashed by tenant, the same after a restart', () => {
  const [entry, two] = [createTenants('secret'), createTenants('secret')]
  const hash = hashViewer()(entry('a'), 'person@example', NOW)
  assert.match(hash, /^[0-9a-f]{24}$/)
  assert.equal(hashViewer()(two('a'), 'person@example', NOW), hash)
  assert.notEqual(hashViewer()(entry('b'), 'person@example', NOW), hash)
  assert.equal(hashViewer()(entry('a'), '', NOW), '')
})

test('one network of viewers spends a part of a budget only; who has none may spend it all', () => {
  const within = keepBudgets({ emit: () => {}, budgets: { cdn: 100 } })('cdn')
  const known = (network: string | undefined, name: string) =>
    Array.from({ length: 200 }, (_, n) => within('t', `${name}${n}`, 0, network)).filter(
      (cdn) => cdn !== '~other',
    ).length
  assert.equal(known('4:1', 'forged'), 25)
  assert.equal(within('t', 'cdn-a', 0, '4:2'), 'cdn-a')
  assert.equal(within('t', 'cdn-a', 0, '4:1'), 'cdn-a')
  assert.equal(known(undefined, 'server'), 74)
})

test('a dimension over its budget becomes ~other, until the next hour; one fact says so', () => {
  const facts: Fact[] = []
  const within = keepBudgets({ emit: (fact) => void facts.push(fact), budgets: { cdn: 2 } })('cdn')
  const take = (value: string, hours = 0) => within('t', value, NOW + hours * 3_600_000)
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'a', ''].map((value) => take(value)),
    ['a', 'b', '~other', '~other', 'a', ''],
  )
  assert.equal(within('another', 'c', NOW), 'c')
  assert.deepEqual(facts, [{ type: 'dimension_over_budget', tenant: 't', dimension: 'cdn', budget: 2 }])
  assert.equal(take('c', 1), 'c')
})

test('device and system from the user agent', () => {
  const agent = readUserAgent()
  const cases: [string, string, string][] = [
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148', 'phone', 'ios'],
    ['Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/131.0 Mobile Safari/537.36', 'phone', 'android'],
    ['Mozilla/5.0 (Linux; Android 14; SM-X700) Chrome/131.0 Safari/537.36', 'tablet', 'android'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15', 'desktop', 'macos'],
    ['Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) TV', 'tv', 'tizen'],
    ['Mozilla/5.0 (Phone; OpenHarmony 5.0) ArkWeb Mobile', 'phone', 'harmonyos'],
    ['curl/8', '', ''],
  ]
  for (const [header, device, os] of cases) assert.deepEqual(agent(header), { device, os }, header)
  assert.deepEqual(agent(undefined), { device: '', os: '' })
})

test('whose word counts: trusted header, then client if synthetic, then address, then client; the address is nowhere', async () => {
  const it = await startTestCollector({ addresses: true, trustedProxies: ['127.0.0.1'] })
  await it.collector.addressesLoaded
  const send = (context: object, headers: Record<string, string>, key = 'demo') =>
    it.post(
      { key, context, events: [{ kind: 'heartbeat', interval_ms: 1 }] },
      { headers: { 'content-type': 'text/plain', ...headers } },
    )
  const forwarded = { 'x-forwarded-for': '8.8.8.8' }
  await send({ session: 'a' }, forwarded)
  await send({ session: 'b', country: 'FR', isp: 'Me' }, forwarded)
  await send({ session: 'c', country: 'FR', isp: 'Me', synthetic: true }, forwarded, SERVER_KEY)
  await send(
    { session: 'd', country: 'FR' },
    { ...forwarded, 'x-firstframe-country': 'JP', 'x-firstframe-isp': 'NTT' },
  )
  await send({ session: 'e', country: 'FR', device: 'tv' }, { 'user-agent': 'Android Mobile' })
  const rows = await it.rows('heartbeat')
  assert.deepEqual(
    rows.map(({ session, country, isp, device, os }) => [session, country, isp, device, os]),
    [
      ['a', 'US', 'Google LLC', '', ''],
      ['b', 'US', 'Google LLC', '', ''],
      ['c', 'FR', 'Me', '', ''],
      ['d', 'JP', 'NTT', '', ''],
      ['e', 'FR', '', 'tv', 'android'],
    ],
  )
  assert.ok(!JSON.stringify(rows).includes('8.8.8.8'))
  await it.close()
})

test('an IPv4 address is a number only as it is usually written', () => {
  assert.equal(ipv4Number('203.0.113.7'), 203 * 2 ** 24 + 113 * 256 + 7)
  for (const text of ['0.0.0.0', '255.255.255.255', '10.0.0.1', '1.20.100.0'])
    assert.equal(recentAddresses(10, (address) => address).of(text), text)
  for (const text of [
    '010.0.0.1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1..2.3',
    '1.2.3.',
    '.1.2.3',
    '0x1.2.3.4',
    ' 1.2.3.4',
    '1e1.2.3.4',
    '',
  ])
    assert.equal(ipv4Number(text), undefined, text)
})

test('what was made of the last keys is remembered, and what was not seen for a while is forgotten', () => {
  let made = 0
  const doubled = recent(2, (key: number) => {
    made += 1
    return key * 2
  })
  for (const key of [1, 2, 1, 2]) assert.equal(doubled.of(key), key * 2)
  assert.equal(made, 2)
  for (const key of [3, 4, 5]) doubled.of(key)
  doubled.of(1)
  assert.equal(made, 6)
})
