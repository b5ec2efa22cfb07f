import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { metricOf } from '../../schemas/metrics.ts'
import { startFirstframe } from '../pipeline/firstframe.ts'
import { sqlOf } from '../pipeline/sql.ts'
import { PROGRAM } from '../program.ts'
import { startChild } from '../stream/childProcess.ts'
import { endWith, playable, startHlsEncoder, startMediaServer, waitFor } from '../stream/index.ts'

const rule = metricOf('probe_failure').rules?.find((each) => each.type === 'quorum')
assert.ok(rule?.type === 'quorum')

/** A region's own way to the stream, which may be closed to it. */
async function startRegion(origin: string, own: ReturnType<typeof endWith>) {
  const state = { closed: false }
  const server = createServer(async (request, response) => {
    if (state.closed) {
      response.writeHead(403).end()
      return
    }
    try {
      const answer = await fetch(`${origin}${request.url}`)
      const type = answer.headers.get('content-type') ?? ''
      response.writeHead(answer.status, { 'content-type': type })
      response.end(Buffer.from(await answer.arrayBuffer()))
    } catch {
      response.writeHead(502).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  own(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('one region of three that fails pages nobody, two of them are one incident, which ends with the fault', {
  timeout: 180_000,
}, async (t) => {
  const own = endWith(t)
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-quorum-'))
  own(() => rm(folder, { recursive: true, force: true }))
  const server = await startMediaServer()
  own(() => server.stop())
  const encoder = await startHlsEncoder({ dir: join(server.mediaDir, 'main') })
  own(() => encoder.stop())
  const firstframe = await startFirstframe()
  own(() => firstframe.dispose())
  await playable(`${server.mediaUrl}/main/0/index.m3u8`, 5, encoder.log)
  const query = sqlOf(firstframe)

  assert.deepEqual([rule.at_least, rule.of], [2, 3], 'the scene below is made for two of three')
  const regions = await Promise.all(
    ['north', 'east', 'south'].map(async (name) => {
      const region = await startRegion(server.mediaUrl, own)
      const target = {
        name: 'main-edge',
        url: `${region.url}/main/master.m3u8`,
        show: 'gala',
        stream: 'main',
        cdn: 'a',
        every_s: 5,
      }
      const file = join(folder, `${name}.yaml`)
      await writeFile(file, stringify({ probes: [target] }))
      const probe = startChild({
        command: process.execPath,
        args: [
          PROGRAM,
          'probe',
          '--config',
          file,
          '--region',
          name,
          '--collector',
          firstframe.url,
          '--key',
          firstframe.serverKey(),
        ],
      })
      own(() => probe.stop())
      return { name, ...region, log: probe.log }
    }),
  )
  const checksOf = async (region: string, verdict: string): Promise<number> => {
    const [row] = await query<{ n: string }>(
      `SELECT count() AS n FROM probe WHERE region = '${region}' AND target = 'main-edge' AND verdict = '${verdict}'`,
    )
    return Number(row?.n ?? 0)
  }
  const incidents = () =>
    query<{ state: string; hop: string; rule: string; scope: string }>(
      `SELECT id, argMax(state, version) AS state, any(hop) AS hop, any(summary_en) AS scope FROM incident GROUP BY id`,
    )
  const [north, east] = regions
  for (const { name, log } of regions)
    await waitFor(async () => (await checksOf(name, 'healthy')) >= 1, {
      what: `a healthy check from ${name}`,
      detail: log,
    })

  north!.state.closed = true
  await waitFor(async () => (await checksOf('north', 'failed')) >= 3, {
    what: 'three failed checks from the north',
    detail: north!.log,
  })
  assert.deepEqual(await incidents(), [], 'one region alone')

  east!.state.closed = true
  const closed = performance.now()
  const found = await waitFor(async () => (await incidents()).find(({ state }) => state !== 'resolved'), {
    what: 'the incident',
  })
  t.diagnostic(`found ${Math.round(performance.now() - closed)} ms after the second region was closed`)
  assert.equal(found.hop, 'edge')

  north!.state.closed = false
  east!.state.closed = false
  await waitFor(async () => (await incidents()).every(({ state }) => state === 'resolved'), {
    what: 'its end',
  })
  assert.equal((await incidents()).length, 1)
})
