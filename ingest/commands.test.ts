import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { Command } from 'commander'
import { FFMPEG_QUIET } from '../test/stream/encoder.ts'
import { endWith, findProgram, freePort, waitFor } from '../test/stream/index.ts'
import { registerIngestCommands } from './commands.ts'
import { verifyStreamKey } from './streamKey.ts'

const clock = () => performance.timeOrigin + performance.now()

function commandLine(input = new PassThrough()) {
  const stopped = new Promise<void>(() => undefined)
  const output = new PassThrough()
  const program = new Command('firstframe').exitOverride()
  registerIngestCommands(program, {
    input,
    output,
    emit: () => undefined,
    clock,
    stopped,
    checkCollector: async () => undefined,
    warn: () => undefined,
  })
  return { output, run: (...argv: string[]) => program.parseAsync(argv, { from: 'user' }) }
}

test('stream-key prints what a media server lets through', async () => {
  const { output, run } = commandLine()
  await run('stream-key', 'show', '--secret', 's', '--for', '90m')
  const [stream, args = ''] = String(output.read()).trim().split('?')
  assert.equal(stream, 'show')
  const verdict = verifyStreamKey({
    secrets: ['s'],
    app: 'live',
    stream: 'show',
    args,
    now_ms: clock() + 89 * 60_000,
  })
  assert.equal(verdict.ok, true)
  await assert.rejects(run('stream-key', 'show'), /secret is needed/)
})

test('cue insert and cue send: from a pipe to a pipe, while the stream runs', async (t) => {
  const own = endWith(t)
  const input = new PassThrough()
  const port = await freePort()
  const inserting = commandLine(input)
  const ffmpeg = spawn(
    findProgram('ffmpeg'),
    [
      ...FFMPEG_QUIET,
      ...[
        '-re',
        '-f',
        'lavfi',
        '-i',
        'testsrc2=size=160x90:rate=25',
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
      ],
      ...['-tune', 'zerolatency', '-g', '25', '-f', 'flv', '-flush_packets', '1', 'pipe:1'],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  own(() => ffmpeg.kill('SIGKILL'))
  ffmpeg.stdout.pipe(input)
  const done = inserting.run('cue', 'insert', '--port', String(port))
  let bytes = Buffer.alloc(0)
  inserting.output.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
  })
  await waitFor(() => bytes.length > 5_000, { what: 'the stream' })
  const sending = commandLine()
  await sending.run('cue', 'send', 'red-7', '1', '--data', 'hello', '--url', `http://127.0.0.1:${port}`)
  const sent = JSON.parse(String(sending.output.read()))
  assert.deepEqual([sent.round, sent.cue, sent.data], ['red-7', '1', 'hello'])
  assert.ok(sent.inserted_after_us < 500_000)
  await waitFor(() => bytes.includes('hello'), { what: 'the cue in the stream' })
  ffmpeg.kill('SIGKILL')
  await done
  const again = sending.run('cue', 'send', 'red-7', '--url', `http://127.0.0.1:${port}`)
  await assert.rejects(again, /Nobody takes cues/)
})
