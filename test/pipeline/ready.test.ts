import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import type { Finding } from '../../main/doctor.ts'
import { PROGRAM } from '../program.ts'
import {
  endWith,
  playable,
  startHlsEncoder,
  startMediaServer,
  startShaper,
  waitFor,
} from '../stream/index.ts'
import { startFirstframe } from './firstframe.ts'
import { postPatiently } from './postPatiently.ts'

const SCENARIO = fileURLToPath(new URL('../../rehearsal/scenarios/uplink-collapse.yaml', import.meta.url))

/** Runs the program; what it printed, and its exit code. */
const program = (args: readonly string[]) =>
  new Promise<{ code: number; out: string }>((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out: out + err }),
    )
  })

test('the gate before a show: no-go with its reasons, go with its evidence, and no-go again when an edge is gone', {
  timeout: 180_000,
}, async (t) => {
  const own = endWith(t)
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-ready-'))
  own(() => rm(folder, { recursive: true, force: true }))
  const server = own(await startMediaServer())
  own(await startHlsEncoder({ dir: join(server.mediaDir, 'main'), renditions: 2 }))
  await playable(`${server.mediaUrl}/main/0/index.m3u8`, 3)
  const edge = own(await startShaper({ target: server.httpUrl }))
  const pages: string[] = []
  const receiver = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text) => pages.push(text))
    request.on('end', () => response.end('taken'))
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  own(() => void receiver.close())
  const config = join(folder, 'firstframe.yaml')
  await writeFile(
    config,
    stringify({
      probes: [
        { name: 'main at cdn-a', url: `${edge.url}/media/main/master.m3u8`, show: 'gala', cdn: 'cdn-a' },
      ],
      receivers: [
        {
          ...{ name: 'on-call', type: 'webhook', secret: 'sixteen-characters-at-least' },
          url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
          allow: ['127.0.0.1/32'],
        },
      ],
    }),
  )
  const firstframe = await startFirstframe({ args: ['--config', config] })
  own(() => firstframe.dispose())
  const ready = async (...flags: string[]) => {
    const places = ['--url', firstframe.consoleUrl, '--collector', firstframe.url, '--data', firstframe.data]
    const { code, out } = await program(['ready', 'gala', '--json', '--config', config, ...places, ...flags])
    const found = out
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Finding)
    const bad = [...new Set(found.filter(({ state }) => state === 'bad').map(({ check }) => check))].sort()
    return { code, bad, text: out }
  }

  const before = await ready('--no-pages')
  assert.equal(before.code, 1, before.text)
  assert.deepEqual(before.bad, ['capacity', 'probes', 'rehearsal', 'show'], before.text)
  assert.equal(pages.length, 0, '--no-pages pages nobody')

  const declared = await fetch(`${firstframe.consoleUrl}/api/registry/gala`, {
    method: 'PUT',
    body: JSON.stringify({ streams: [{ stream: 'main' }], viewers: 2_000 }),
  })
  assert.equal(declared.status, 204)
  const card = join(folder, 'card.json')
  const { code, out } = await program(['rehearse', SCENARIO, '--json'])
  assert.equal(code, 0, out)
  await writeFile(card, out)
  const say = async (events: readonly object[]) => {
    const beacon = { key: firstframe.serverKey(), context: { show: 'gala', stream: 'main' }, events }
    const answer = await postPatiently(`${firstframe.url}/v1/beacons`, {
      body: JSON.stringify(beacon),
    })
    assert.equal(answer.status, 204, await answer.text())
  }
  const encoder = (node: string) => ({ kind: 'hop', hop: 'encoder', node, status: 'up', fps_out: 25 })
  await say([
    encoder('encoder-1'),
    {
      kind: 'probe',
      target: 'main at cdn-a',
      hop: 'edge',
      region: 'here',
      verdict: 'healthy',
      live_latency_ms: 2_400,
    },
  ])
  const alone = await waitFor(
    async () => {
      const found = await ready('--no-pages', '--rehearsal', card)
      return !found.bad.includes('probes') && found
    },
    { what: 'the probe in SQL' },
  )
  assert.deepEqual(alone.bad, ['encoders'], alone.text)

  await say([encoder('encoder-2')])
  const go = await waitFor(
    async () => {
      const found = await ready('--rehearsal', card)
      return found.code === 0 && found
    },
    { what: 'go' },
  )
  assert.match(go.text, /encoder-1 sends, encoder-2 stands by/)
  assert.match(go.text, /highest and the lowest of 2 renditions/)
  assert.ok(
    pages.some((text) => text.includes('TEST page')),
    'the receiver was tested',
  )
  assert.deepEqual((await ready('--no-pages', '--rehearsal', card, '--viewers', '50e6')).bad, ['capacity'])

  edge.fault({ path: /\.m4s/, status: 503 })
  const gone = await ready('--no-pages', '--rehearsal', card)
  assert.deepEqual([gone.code, gone.bad], [1, ['edges']], gone.text)
})
