import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { sendTestPage } from '../../processor/watch/notify/testPage.ts'
import { refusePrivateReceivers } from '../receivers.ts'

const about = { dashboard: 'http://console.example.org', now_ms: 1_700_000_000_000 }

test('a test page goes the way of a real one, says that it is a test, and is ended', async () => {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    bodies.push(body)
    response.writeHead(200).end('{"status":"success"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const receiver = { name: 'am', type: 'alertmanager', url, allow: ['127.0.0.1'] } as const
  assert.deepEqual(await sendTestPage({ ...receiver, allow: [...receiver.allow] }, about), {
    ok: true,
    text: 'answered 200: {"status":"success"}',
  })
  assert.match(bodies[0]!, /TEST page from Firstframe/)
  assert.match(bodies[1]!, /endsAt/)
  const refused = await sendTestPage({ name: 'am', type: 'alertmanager', url }, about)
  assert.equal(refused.ok, false)
  assert.match(refused.text, /127\.0\.0\.1 is not an address that may be reached; `allow`/)
  server.close()
})

test('a receiver whose name leads into the network is refused at the start unless it is allowed', async () => {
  const receiver = { name: 'am', type: 'alertmanager', url: 'http://localhost:9093' } as const
  await assert.rejects(refusePrivateReceivers([receiver]), /receiver am: localhost is .*allow: \[localhost\]/)
  await refusePrivateReceivers([{ ...receiver, allow: ['localhost'] }])
})
