import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createStore } from './client.ts'
import { faultOf, StoreError } from './storeError.ts'

test('whose fault an error is', () => {
  const cases: [number, string, string][] = [
    [252, 'Too many parts (3000). Merges are processing significantly slower than inserts', 'store'],
    [252, 'Too many partitions for single INSERT block (more than 100)', 'data'],
    [241, 'Memory limit exceeded', 'store'],
    [202, 'Too many simultaneous queries', 'store'],
    [159, 'Timeout exceeded', 'store'],
    [243, 'Not enough space', 'store'],
    [242, 'Table is in readonly mode', 'store'],
    [319, 'Unknown status of insert', 'store'],
    [999, 'Keeper exception', 'store'],
    [27, 'Cannot parse input', 'data'],
    [33, 'Cannot read all data', 'data'],
    [117, 'Incorrect data', 'data'],
    [349, 'Cannot insert NULL in ordinary column', 'data'],
    [65, 'Body is too large', 'data'],
    [60, 'Unknown table', 'query'],
    [16, 'No such column', 'query'],
    [62, 'Syntax error', 'query'],
    [516, 'Authentication failed', 'query'],
    [164, 'Readonly', 'query'],
    [54321, 'something of tomorrow', 'store'],
  ]
  for (const [code, message, fault] of cases)
    assert.equal(faultOf(code, message), fault, `${code} ${message}`)
})

test('what goes wrong on the way can be tried again', async () => {
  const failures: ((respond: import('node:http').ServerResponse) => void)[] = [
    (response) => response.destroy(),
    (response) => response.writeHead(502).end('<html>Bad Gateway</html>'),
    (response) => response.writeHead(503).end('busy'),
  ]
  const server = createServer((_, response) => failures[0]?.(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const store = createStore({ url, user: 'x', password: 'y' })
  const errorOf = (): Promise<unknown> =>
    store.query('SELECT 1').then(
      () => undefined,
      (reason: unknown) => reason,
    )
  while (failures.length > 0) {
    const error = await errorOf()
    assert.ok(error instanceof StoreError && error.retriable, String(error))
    failures.shift()
  }
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  const refused = await errorOf()
  assert.ok(refused instanceof StoreError)
  assert.deepEqual([refused.type, refused.retriable], ['ECONNREFUSED', true])
  assert.equal(await store.ping(), false)
  await store.close()
})
