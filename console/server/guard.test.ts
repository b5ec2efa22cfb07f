import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { isOwnHost } from '../../store/ownHost.ts'
import { guard } from './guard.ts'

test('addresses, localhost, a container’s name and the names configured are this console; other names are not', () => {
  const names = ['console.example.org']
  for (const host of [
    '127.0.0.1:8081',
    '[::1]:8081',
    'localhost',
    'a.localhost:1',
    'firstframe:8081',
    'Console.Example.org',
  ])
    assert.ok(isOwnHost(host, names), host)
  for (const host of [
    'evil.example.org',
    'console.example.org.evil.net:8081',
    '127.0.0.1.nip.io',
    '',
    undefined,
  ])
    assert.ok(!isOwnHost(host, names), String(host))
})

async function ask(headers: Record<string, string>, url = '/api/x') {
  const app = Fastify()
  guard(app, { names: [] })
  for (const path of ['/api/x', '/clickhouse/', '/metrics', '/show/gala'])
    app.get(path, () => ({ secret: true }))
  const answer = await app.inject({ url, headers: { host: '127.0.0.1:8081', ...headers } })
  await app.close()
  return answer
}

test('a page of another origin gets nothing, by whatever way it asks; ours and tools do', async () => {
  const foreign: Record<string, string>[] = [
    { origin: 'http://evil.example.org' },
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' },
  ]
  for (const headers of foreign) {
    const answer = await ask(headers)
    assert.equal(answer.statusCode, 403, JSON.stringify(headers))
    assert.equal(answer.json().error.code, 'origin_not_allowed')
  }
  const rebound = await ask({ host: 'evil.example.org:8081' })
  assert.equal(rebound.statusCode, 421)
  assert.equal(rebound.json().error.code, 'host_not_allowed')
  const ours = [
    {},
    { origin: 'http://127.0.0.1:8081', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' },
    { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  ]
  for (const headers of ours) assert.equal((await ask(headers as Record<string, string>)).statusCode, 200)
})

test('every answer, refusals too, forbids what the page does not need', async () => {
  for (const headers of [{}, { host: 'evil.example.org' }]) {
    const answer = await ask(headers as Record<string, string>)
    assert.match(
      String(answer.headers['content-security-policy']),
      /default-src 'none'.*frame-ancestors 'none'/,
    )
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
  }
})

test('a link or a form of another site opens a page of the console, and nothing that answers data', async () => {
  const navigation = {
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  }
  assert.equal((await ask(navigation, '/show/gala')).statusCode, 200)
  for (const url of ['/clickhouse/?query=SELECT+1', '/clickhouse?query=SELECT+1', '/api/x', '/metrics'])
    for (const site of ['cross-site', 'same-site'])
      assert.equal((await ask({ ...navigation, 'sec-fetch-site': site }, url)).statusCode, 403, url)
  for (const dest of ['iframe', 'frame', 'object', 'embed'])
    assert.equal((await ask({ ...navigation, 'sec-fetch-dest': dest }, '/show/gala')).statusCode, 403, dest)
})
