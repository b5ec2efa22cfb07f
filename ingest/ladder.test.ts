import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startChild } from '../test/stream/childProcess.ts'
import { hlsOutput } from '../test/stream/hlsOutput.ts'
import { endWith, findProgram } from '../test/stream/index.ts'
import { ladderReader, readMaster } from './ladder.ts'

test('a ladder is what ffmpeg’s own playlists list and move: a height that is not there, or stands still, is missing', async (t) => {
  const own = endWith(t)
  const dir = await mkdtemp(join(tmpdir(), 'firstframe-ladder-'))
  own(() => rm(dir, { recursive: true, force: true }))
  const ffmpeg = own(
    startChild({
      command: findProgram('ffmpeg'),
      args: [
        ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=s=320x180:r=10', '-t', '4'],
        ...['-map', '0:v', '-map', '0:v', '-s:v:0', '320x180', '-s:v:1', '160x90'],
        ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-b:v', '200k'],
        ...hlsOutput(dir, 2, {}, false),
      ],
    }),
  )
  assert.equal(await ffmpeg.exited, 0, ffmpeg.log())
  const files = new Map<string, string>()
  const load = async (url: string) => files.get(url) ?? readFile(join(dir, new URL(url).pathname), 'utf8')
  const url = 'http://origin.example/master.m3u8'
  const context = { show: 'gala', stream: 'main' }
  const reader = (heights: readonly number[]) => ladderReader({ url, heights, node: 'origin', context, load })
  const report = async (read: ReturnType<typeof reader>, at_ms: number) => {
    const [group] = await read(at_ms)
    const event = group!.events[0] as { renditions_delivered?: number; reason?: string }
    return [event.renditions_delivered, event.reason]
  }

  const whole = reader([180, 90])
  assert.deepEqual(await report(whole, 0), [2, undefined])
  assert.deepEqual(await report(reader([1080, 180, 90]), 0), [2, 'missing 1080'])
  // A second has no more than three target durations; then one playlist moves and the other does not.
  const playlist = `${new URL('0/index.m3u8', url)}`
  const text = await load(playlist)
  assert.deepEqual(await report(whole, 2_000), [2, undefined])
  files.set(playlist, `${text}#EXTINF:1,\n9.m4s\n`)
  assert.deepEqual(await report(whole, 4_000), [1, 'missing 90'])
})

test('a media playlist whose answer is lost once is not missing; one that stays away is', async () => {
  const url = 'http://origin.example/master.m3u8'
  const master = '\uFEFF#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=160x90\na.m3u8\n'
  let answers = true
  const load = async (address: string) => {
    if (address === url) return master
    if (!answers) throw new Error('503')
    return '#EXTM3U\n#EXT-X-TARGETDURATION:2\n'
  }
  const read = ladderReader({ url, heights: [90], node: 'n', context: { stream: 'main' }, load })
  const delivered = async (at_ms: number) =>
    ((await read(at_ms))[0]!.events[0] as { renditions_delivered?: number }).renditions_delivered
  assert.equal(await delivered(0), 1)
  answers = false
  assert.deepEqual([await delivered(1_000), await delivered(6_000), await delivered(6_001)], [1, 1, 0])
})

test('a page that is no master playlist is an error, and one without end costs a bounded number of requests', async () => {
  assert.throws(() => readMaster('<html>', 'http://x/'))
  const endless = Array.from({ length: 5_000 }, (_, n) => `#EXT-X-STREAM-INF:RESOLUTION=1x${n}\n${n}.m3u8`)
  let requests = 0
  const load = async (url: string) => {
    requests += 1
    return url.endsWith('master.m3u8') ? `#EXTM3U\n${endless.join('\n')}` : '#EXTM3U'
  }
  const heights = Array.from({ length: 50 }, (_, n) => n)
  const read = ladderReader({ url: 'http://x/master.m3u8', heights, node: '', context: {}, load })
  await read(0)
  assert.equal(requests, 21)
})
