import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { askConsole } from './askConsole.ts'
import { consoleBase } from './consoleErrors.ts'

/** What a person reads who named the wrong address. */

const server = createServer((request, answer) => {
  if (request.url?.startsWith('/other/')) return answer.writeHead(502).end('<html>bad gateway</html>')
  if (request.url?.startsWith('/page/'))
    return answer
      .writeHead(404)
      .end('{"error":{"code":"not_found","detail":"nothing at POST /page/clickhouse/"}}')
  return answer
    .writeHead(404)
    .end('{"code":"not_found","help":"No such address. The public port has /v1/beacons."}')
})
let url: string
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => server.close())

const ask = async (address: string) => {
  for await (const _ of askConsole({ url: address, sql: 'SELECT 1', format: 'TSV' }));
}

test('a slash at the end does no harm; an address without a scheme is refused', () => {
  assert.equal(consoleBase('http://127.0.0.1:8081//'), 'http://127.0.0.1:8081')
  for (const wrong of ['', '127.0.0.1:8081', 'localhost:8081', 'ftp://127.0.0.1'])
    assert.throws(() => consoleBase(wrong), /is not an address; it begins with http/)
})

test('the public port, another server, an address with a path, another scheme, nobody there: each by its name', async () => {
  await assert.rejects(ask(url), /is the public port, which takes beacons/)
  await assert.rejects(ask(`${url}/other`), /is no console of Firstframe: it answered 502/)
  await assert.rejects(ask(`${url}/page`), /nothing at POST .*without a path/)
  await assert.rejects(ask(url.replace('http:', 'https:')), /speaks http, not https/)
  await assert.rejects(ask('http://127.0.0.1:1'), /does not answer\. Is Firstframe running\?/)
})
