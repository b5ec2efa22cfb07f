import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { DrillCard } from '../../main/drill/scorecard.ts'
import { PROGRAM } from '../program.ts'
import { endWith } from '../stream/index.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What the draw of this room can do: one at a time, each takes so long, so 50 a second. */
const DRAW_MS = 20

const SEGMENT = '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:1,\n7.ts\n'

test('a drill names the hop that bends first and the load between the steps that it withstood and not', {
  timeout: 120_000,
}, async (t) => {
  const own = endWith(t)
  const seen: Pick<IncomingMessage, 'url' | 'headers'>[] = []
  let free_ms = 0
  const server = createServer((request, response) => {
    seen.push({ url: request.url, headers: request.headers })
    request.resume()
    if (request.url !== '/draw') return response.end(request.url === '/live.m3u8' ? SEGMENT : 'bytes')
    const now = performance.now()
    free_ms = Math.max(now, free_ms) + DRAW_MS
    return setTimeout(() => response.end('{"won":false}'), free_ms - now)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  own(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-drill-'))
  own(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'drill.yaml')
  await writeFile(
    file,
    `title: The draw at nine
steps: { from_per_s: 20, to_per_s: 320, for_s: 3 }
targets:
  - { name: draw, hop: interaction, url: "${url}/draw", body: '{"viewer":"{id}"}', share: 0.75, p95_ms: 300 }
  - { name: playlist, hop: edge, url: "${url}/live.m3u8", stream: true, share: 0.25 }
`,
  )
  const k6 = execFileSync('sh', ['k6/ensure.sh', '--install'], { cwd: ROOT })
    .toString()
    .trim()
    .split('\n')
    .at(-1)!
  const { code, out } = await new Promise<{ code: number; out: string }>((resolve) => {
    execFile(
      process.execPath,
      [PROGRAM, 'drill', file, '--json', '--k6', k6],
      { cwd: ROOT },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), out: stdout + stderr }),
    )
  })
  assert.equal(code, 1, out)
  const { first, steps, bends } = JSON.parse(out) as DrillCard
  t.diagnostic(JSON.stringify(first))
  assert.deepEqual([first?.hop, first?.name, bends.length], ['interaction', 'draw', 1], out)
  const most_per_s = 1000 / DRAW_MS
  assert.ok(first!.withstood_per_s <= most_per_s && first!.asked_per_s > most_per_s, JSON.stringify(first))
  assert.ok(steps.length < 5, 'it does not go on when something has bent')
  assert.ok(
    seen.some((request) => request.url === '/7.ts'),
    'the newest segment was fetched',
  )
  assert.ok(
    seen.every(({ headers }) => String(headers['x-firstframe-synthetic']).startsWith('drill-')),
    'every request is marked',
  )
})

test('a drill that cannot be run says what is wrong with it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'firstframe-drill-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'drill.yaml')
  await writeFile(
    file,
    'title: x\nsteps: { from_per_s: 20, to_per_s: 10 }\ntargets: [{ name: a, hop: cdn, url: ftp://x }]\n',
  )
  const { code, err } = await new Promise<{ code: number; err: string }>((resolve) => {
    execFile(process.execPath, [PROGRAM, 'drill', file], (error, _, stderr) =>
      resolve({ code: Number(error?.code ?? 0), err: stderr }),
    )
  })
  assert.equal(code, 2)
  assert.match(err, /targets\.0\.hop/)
  assert.match(err, /targets\.0\.url/)
})
