import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { SERVER_KEY, startTestCollector } from '../collector/testing.ts'
import { checkCollector } from './checkCollector.ts'

/** What would be lost without a word is refused before anything is sent. */

let collector: Awaited<ReturnType<typeof startTestCollector>>
let url: string
const other = createServer((_, answer) => answer.writeHead(404).end('<html>'))
before(async () => {
  collector = await startTestCollector()
  url = await collector.collector.app.listen({ host: '127.0.0.1', port: 0 })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  await collector.close()
  other.close()
})

const check = (options: Partial<Parameters<typeof checkCollector>[0]>) =>
  checkCollector({ collector: url, key: SERVER_KEY, source: 'probe', ...options })

test('a collector that takes the key is silent; a path behind its address does no harm', async () => {
  assert.equal(await check({}), undefined)
  assert.equal(await check({ collector: `${url}/v1/beacons/` }), undefined)
})

test('a wrong key, the key of a page, another server, another scheme, no scheme: refused with the mend', async () => {
  await assert.rejects(
    check({ key: 'wrong' }),
    /takes nothing with this key: unknown key.*firstframe keys make/,
  )
  await assert.rejects(check({ key: 'demo' }), /server key needed.*firstframe keys make/)
  const page = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  await assert.rejects(check({ collector: page }), /is no collector, it answered 404.*8080/)
  await assert.rejects(check({ collector: url.replace('http:', 'https:') }), /speaks http, not https/)
  await assert.rejects(check({ collector: '127.0.0.1:8080' }), /is not an address; it begins with http/)
})

test('one that is away is said, and waited for', async () => {
  assert.match((await check({ collector: 'http://127.0.0.1:1' }))!, /does not answer .*waits until it does/)
})
