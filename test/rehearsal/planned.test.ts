import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFirstframe } from '../pipeline/firstframe.ts'
import { postPatiently } from '../pipeline/postPatiently.ts'
import { sqlOf } from '../pipeline/sql.ts'
import { PROGRAM } from '../program.ts'
import { endWith, waitFor } from '../stream/index.ts'

const STREAMS = ['loud', 'silenced', 'maintained']

test('what an operator announces is heeded: a silence tells nobody, maintenance opens nothing', {
  timeout: 180_000,
}, async (t) => {
  const own = endWith(t)
  const reported: string[] = []
  const receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      const { event, incident } = JSON.parse(body) as { event: string; incident: { stream: string } }
      reported.push(`${event} ${incident.stream}`)
      response.end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  own(() => void receiver.close())
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-planned-'))
  own(() => rm(folder, { recursive: true }))
  const file = join(folder, 'firstframe.yaml')
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
  await writeFile(
    file,
    `receivers:\n  - { name: test, type: webhook, url: "${url}", allow: [127.0.0.1/32] }\n`,
  )
  const firstframe = await startFirstframe({ args: ['--config', file] })
  own(() => firstframe.dispose())
  const query = sqlOf(firstframe)
  const planned = (...args: string[]) => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [PROGRAM, 'planned', '--url', firstframe.consoleUrl, ...args],
      { encoding: 'utf8' },
    )
    assert.equal(status, 0, stderr)
    return stdout
  }

  planned('silence', '--stream', 'silenced', '--for', '1h', '--reason', 'a test', '--id', 'hush')
  planned('maintenance', '--stream', 'maintained', '--for', '1h', '--id', 'works')
  const list = planned('list')
  assert.match(list, /^hush: silence of silenced, .* \(a test\)$/m)
  assert.match(list, /^works: maintenance of maintained, /m)

  const began = Date.now()
  await waitFor(
    async () => {
      for (const stream of STREAMS) {
        const answer = await postPatiently(`${firstframe.url}/v1/beacons`, {
          body: JSON.stringify({
            key: firstframe.serverKey(),
            context: { show: 'p', stream, source: 'ffmpeg' },
            events: [
              { kind: 'hop', hop: 'encoder', node: stream, status: 'up', fps_out: 30, interval_ms: 500 },
            ],
          }),
        })
        assert.equal(answer.status, 204)
      }
      return Date.now() - began > 10_000
    },
    { what: 'ten seconds of reports', every_ms: 400 },
  )
  // … and all three encoders fall silent.
  await waitFor(async () => reported.includes('page loud'), { what: 'the page' })
  const rows = await waitFor(
    async () => {
      const found = await query<{ stream: string }>(
        `SELECT DISTINCT stream FROM incident WHERE show = 'p' ORDER BY stream`,
      )
      return found.length >= 2 ? found : undefined
    },
    { what: 'both incidents in the store' },
  )
  assert.deepEqual(
    rows.map(({ stream }) => stream),
    ['loud', 'silenced'],
  )
  assert.deepEqual(reported, ['page loud'])
  planned('remove', 'hush')
  await waitFor(async () => !planned('list').includes('hush'), { what: 'its withdrawal' })
})
