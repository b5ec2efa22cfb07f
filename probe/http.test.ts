import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { type TestContext, test } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { isPrivateAddress } from '../schemas/privateNetworks.ts'
import { type HttpClientOptions, httpClient } from './http.ts'

const clock = () => performance.now()

async function serve(
  t: TestContext,
  answer: (path: string) => { status?: number; headers?: Record<string, string>; body?: Buffer | string },
) {
  const seen: { path: string; headers: IncomingHttpHeaders }[] = []
  const server = createServer((request, response) => {
    seen.push({ path: request.url ?? '', headers: request.headers })
    const { status = 200, headers = {}, body = '' } = answer(request.url ?? '')
    response.writeHead(status, headers).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const clientOf = (t: TestContext, target: string, more: Partial<HttpClientOptions> = {}) => {
  const client = httpClient({ clock, target, timeout_ms: 20_000, ...more })
  t.after(client.close)
  return client
}

test('private addresses are known in all their forms', () => {
  for (const address of [
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '0.0.0.0',
    '100.64.0.1',
    '::1',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '::7f00:1',
    '224.0.0.1',
    '255.255.255.255',
  ])
    assert.equal(isPrivateAddress(address), true, address)
  for (const address of ['8.8.8.8', '2606:4700::1111', '64:ff9b::808:808'])
    assert.equal(isPrivateAddress(address), false, address)
})

test('a stream leads nowhere private: not by an address, a name, a redirect, or a name that changes', async (t) => {
  const inside = await serve(t, () => ({ body: 'secret' }))
  const target = await serve(t, () => ({ status: 302, headers: { location: `${inside.url}/x` } }))
  const client = clientOf(t, `${target.url}/live.m3u8`)
  assert.equal((await client.get(`${inside.url}/x`)).failure?.reason, 'address_not_allowed')
  assert.equal((await client.get(`${target.url}/live.m3u8`)).failure?.reason, 'address_not_allowed')
  const port = new URL(inside.url).port
  assert.equal((await client.get(`http://localhost:${port}/x`)).failure?.reason, 'address_not_allowed')
  assert.equal((await client.get(`http://[::ffff:7f00:1]:${port}/x`)).failure?.reason, 'address_not_allowed')
  assert.equal((await client.get(`http://2130706433:${port}/x`)).failure?.reason, 'address_not_allowed')
  assert.equal(inside.seen.length, 0)

  let requested = 0
  const rebinding: LookupFunction = (_host, options, answer) => {
    const address = requested++ === 0 ? '8.8.8.8' : '127.0.0.1'
    if (options.all) answer(null, [{ address, family: 4 }])
    else answer(null, address, 4)
  }
  const changing = clientOf(t, `http://live.example:${port}/a`, { lookup: rebinding, timeout_ms: 200 })
  await changing.get(`http://live.example:${port}/a`)
  assert.equal((await changing.get(`http://live.example:${port}/a`)).failure?.reason, 'address_not_allowed')
  assert.equal(inside.seen.length, 0)

  const allowed = clientOf(t, `${target.url}/live.m3u8`, { allow_networks: ['127.0.0.0/8'] })
  assert.equal((await allowed.get(`${target.url}/live.m3u8`)).body.toString(), 'secret')
})

test('the operator’s headers stay with the target’s origin; cookies go where they belong', async (t) => {
  const other = await serve(t, () => ({ headers: { 'set-cookie': 'other=2' } }))
  const target = await serve(t, (path) =>
    path === '/go'
      ? { status: 302, headers: { location: `${other.url}/x`, 'set-cookie': 'own=1; Path=/' } }
      : {},
  )
  const headers = {
    Authorization: 'Bearer secret',
    'X-Token': 'secret',
    Cookie: 'given=0',
    Referer: 'https://shop.example/room?token=secret',
  }
  const client = clientOf(t, `${target.url}/live`, { headers, allow_networks: ['127.0.0.0/8'] })
  await client.get(`${target.url}/live`)
  await client.get(`${target.url}/go`)
  await client.get(`${target.url}/again`)
  assert.equal(target.seen[0]!.headers.authorization, 'Bearer secret')
  assert.equal(target.seen[2]!.headers.cookie, 'given=0; own=1; other=2')
  const foreign = other.seen[0]!.headers
  assert.ok(!JSON.stringify(foreign).includes('secret'), JSON.stringify(foreign))
  assert.equal(foreign.referer, 'https://shop.example/')
})

test('bodies are bounded, packed or not', async (t) => {
  const bombs: Record<string, { headers?: Record<string, string>; body: Buffer }> = {
    '/gzip': { headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(64 << 20)) },
    '/br': { headers: { 'content-encoding': 'br' }, body: brotliCompressSync(Buffer.alloc(1 << 20)) },
    '/plain': { body: Buffer.alloc(2 << 20) },
    '/damaged': { headers: { 'content-encoding': 'gzip' }, body: Buffer.from('no gzip') },
    '/right': { headers: { 'content-encoding': 'gzip' }, body: gzipSync('#EXTM3U') },
  }
  const { url } = await serve(t, (path) => bombs[path] ?? {})
  const client = clientOf(t, url)
  const get = (path: string) => client.get(`${url}${path}`, { most_bytes: 100_000 })
  for (const path of ['/gzip', '/br', '/plain'])
    assert.deepEqual(
      [(await get(path)).tooLarge, (await get(path)).body.length < 200_000],
      [true, true],
      path,
    )
  assert.equal((await get('/damaged')).cut, true)
  assert.equal((await get('/right')).body.toString(), '#EXTM3U')
})
