import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { cueInserter } from '../../ingest/sei/cueInserter.ts'
import { startChild } from '../stream/childProcess.ts'
import { clockBarFilter } from '../stream/clockBar.ts'
import { findProgram, playable, startHttpFlv, startMediaServer } from '../stream/index.ts'

export interface CueStage {
  readonly hlsUrl: string
  readonly flvUrl: string
  readonly trigger: ReturnType<typeof cueInserter>['trigger']
  /** The 40 clock bits burnt into the frame that is shown at this timestamp of the stream, ms; decoded from the bytes sent. */
  readonly burnt: (show_ms: number) => Promise<number>
  readonly stop: () => Promise<void>
}

const run = promisify(execFile)
const SIZE = { width: 320, height: 180 }
const QUIET = ['-hide_banner', '-nostdin', '-loglevel', 'error']

/** Frames of 40 grey cells, and their timestamps, ms. */
async function decodeBars(file: string): Promise<{ pts_ms: number; bits: number }[]> {
  const probe = [
    '-v',
    'error',
    '-select_streams',
    'v',
    '-show_entries',
    'frame=pts_time',
    '-of',
    'csv=p=0',
    file,
  ]
  const times = (await run(join(findProgram('ffmpeg'), '../ffprobe'), probe)).stdout.trim().split(/\s+/)
  const bar = `crop=${SIZE.width}:2:0:4,format=gray,scale=40:1:flags=neighbor`
  const { stdout } = await run(
    findProgram('ffmpeg'),
    [...QUIET, '-i', file, '-an', '-vf', bar, '-vsync', 'passthrough', '-f', 'rawvideo', 'pipe:1'],
    { encoding: 'buffer', maxBuffer: 1e8 },
  )
  return times.map((time, index) => {
    const cells = stdout.subarray(index * 40, index * 40 + 40)
    const bits = cells.reduceRight((sum, cell) => sum * 2 + (cell > 127 ? 1 : 0), 0)
    return { pts_ms: Math.round(Number.parseFloat(time) * 1000), bits }
  })
}

/** ffmpeg with the clock in its picture → cue inserter → RTMP → HLS and HTTP-FLV. */
export async function startCueStage(): Promise<CueStage> {
  const undo: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const dir = await mkdtemp(join(tmpdir(), 'firstframe-cue-'))
    undo.push(() => rm(dir, { recursive: true, force: true }))
    const server = await startMediaServer()
    undo.push(server.stop)
    const flv = await startHttpFlv()
    undo.push(flv.stop)
    const encoder = startChild({
      command: findProgram('ffmpeg'),
      args: [
        ...[...QUIET, '-re', '-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=25`],
        ...['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100'],
        ...['-filter_complex', clockBarFilter('0:v', 'out', SIZE), '-map', '[out]', '-map', '1:a'],
        ...['-c:a', 'aac', '-b:a', '64k'],
        ...[
          '-c:v',
          'libx264',
          '-preset',
          'ultrafast',
          '-tune',
          'zerolatency',
          '-pix_fmt',
          'yuv420p',
          '-g',
          '25',
        ],
        ...['-b:v', '300k', '-threads', '1', '-flush_packets', '1', '-f', 'flv', 'pipe:1'],
      ],
      stdout: 'pipe',
    })
    undo.push(encoder.stop)
    const relay = startChild({
      command: findProgram('ffmpeg'),
      args: [
        ...[
          ...QUIET.filter((each) => each !== '-nostdin'),
          '-fflags',
          'nobuffer',
          '-analyzeduration',
          '1000',
        ],
        ...['-fpsprobesize', '0', '-f', 'flv', '-i', 'pipe:0', '-map', '0', '-c', 'copy'],
        ...['-f', 'flv', `${flv.rtmpUrl}/show`, '-map', '0', '-c', 'copy', '-f', 'hls', '-hls_time', '1'],
        ...['-hls_list_size', '8', '-hls_flags', 'program_date_time+omit_endlist+temp_file'],
        join(server.mediaDir, 'cue.m3u8'),
      ],
      stdin: 'pipe',
    })
    undo.push(relay.stop)
    const inserter = cueInserter({ clock: () => performance.timeOrigin + performance.now() })
    const copy = new PassThrough()
    const file = join(dir, 'sent.flv')
    const written = createWriteStream(file)
    copy.pipe(written)
    // Both pipes break when the test ends; that is how it ends.
    const piped = pipeline(
      encoder.child.stdout!,
      inserter.stream,
      async function* (source) {
        for await (const chunk of source) {
          copy.write(chunk)
          yield chunk
        }
      },
      relay.child.stdin!,
    )
    piped.catch(() => {})
    const hlsUrl = `${server.mediaUrl}/cue.m3u8`
    await playable(hlsUrl, 3, () => encoder.log() + relay.log())
    let bars: Promise<{ pts_ms: number; bits: number }[]> | undefined
    return {
      hlsUrl,
      flvUrl: flv.flvUrl('show'),
      trigger: inserter.trigger,
      burnt: async (show_ms) => {
        bars ??= decodeBars(file)
        const all = await bars
        const found = all.find((each) => Math.abs(each.pts_ms - show_ms) <= 2)
        if (!found) throw new Error(`no frame at ${show_ms}: ${all[0]?.pts_ms} … ${all.at(-1)?.pts_ms}`)
        return found.bits
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
