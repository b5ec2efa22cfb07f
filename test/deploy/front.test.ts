import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../../check/sources.ts'
import { freePort } from '../stream/freePort.ts'
import { waitFor } from '../stream/waitFor.ts'

test('the front is a real nginx’s: it spreads beacons, names the viewer, and passes by a collector that is gone', async (context) => {
  const seen = [0, 0]
  const viewers = new Set<unknown>()
  const answers = [204, 204]
  const collectors = await Promise.all(
    seen.map(
      (_, index) =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer((request, response) => {
            seen[index]! += 1
            viewers.add(request.headers['x-forwarded-for'])
            request.resume().on('end', () => response.writeHead(answers[index]!).end())
          })
          server.listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const folder = mkdtempSync(join(tmpdir(), 'firstframe-front-'))
  const port = await freePort()
  let text = readFileSync(join(ROOT, 'deploy/nginx.conf'), 'utf8')
  for (const [index, server] of collectors.entries())
    text = text.replace(`collector-${index + 1}:8080`, `127.0.0.1:${(server.address() as AddressInfo).port}`)
  text = text
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
    .replace('/tmp/nginx.pid', join(folder, 'pid'))
  const config = join(folder, 'nginx.conf')
  writeFileSync(config, text)
  const nginx = spawn('nginx', [
    '-p',
    folder,
    '-c',
    config,
    '-e',
    join(folder, 'error.log'),
    '-g',
    'daemon off;',
  ])
  const gone = new Promise((resolve) => nginx.once('exit', resolve).once('error', resolve))
  let stated = ''
  nginx.stderr.on('data', (chunk: Buffer) => {
    stated += chunk
  })
  context.after(async () => {
    nginx.kill('SIGTERM')
    await gone
    for (const server of collectors) {
      server.closeAllConnections()
      server.close()
    }
    rmSync(folder, { recursive: true, force: true })
  })
  const send = () =>
    fetch(`http://127.0.0.1:${port}/v1/beacons`, { method: 'POST', body: '{}' }).then(({ status }) => status)
  await waitFor(async () => nginx.exitCode !== null || (await send().catch(() => 0)) === 204, {
    what: 'nginx to serve',
  })
  assert.equal(nginx.exitCode, null, stated)
  for (let each = 0; each < 20; each += 1) assert.equal(await send(), 204)
  assert.ok(
    seen.every((count) => count >= 5),
    `spread: ${seen}`,
  )
  assert.deepEqual([...viewers], ['127.0.0.1'])
  answers.fill(503)
  for (let each = 0; each < 10; each += 1)
    assert.equal(await send(), 503, 'what a collector says is the answer')
  answers.fill(204)
  assert.equal(await send(), 204, 'and none is taken for dead by it')
  collectors[1]!.closeAllConnections()
  await new Promise((resolve) => collectors[1]!.close(resolve))
  for (let each = 0; each < 10; each += 1) assert.equal(await send(), 204, 'one that is gone is passed by')
})
