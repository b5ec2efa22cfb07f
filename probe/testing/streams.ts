import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

/** How one encoding of the test stream differs from the healthy one. */
interface Encoding {
  readonly gop_s: number
  readonly kbps: number
  readonly codec: 'libx264' | 'libx265'
  readonly filter: string
  readonly silent: boolean
}

const HEALTHY: Encoding = { gop_s: 1, kbps: 250, codec: 'libx264', filter: 'null', silent: false }

/** The encodings the faults need, beside the healthy one. Constant in rate, as if their encoder did not know. */
export const ENCODINGS = {
  healthy: HEALTHY,
  gop: { ...HEALTHY, gop_s: 8 },
  half: { ...HEALTHY, kbps: 90 },
  hevc: { ...HEALTHY, codec: 'libx265' },
  black: { ...HEALTHY, filter: 'drawbox=t=fill:color=black', silent: true },
  frozen: { ...HEALTHY, filter: 'loop=loop=-1:size=1:start=1,setpts=N/(FRAME_RATE*TB)' },
} as const satisfies Readonly<Record<string, Encoding>>

export type EncodingName = keyof typeof ENCODINGS

export interface LiveEncoding {
  readonly name: EncodingName
  readonly log: () => string
  readonly stop: () => Promise<void>
}

const FPS = 20

/** Starts a real ffmpeg that writes one live encoding as HLS (fMP4, two variants of the healthy one) below `dir`. */
export async function startEncoding(name: EncodingName, dir: string): Promise<LiveEncoding> {
  const encoding: Encoding = ENCODINGS[name]
  const gop = encoding.gop_s * FPS
  const count = 2
  for (let index = 0; index < count; index++) await mkdir(join(dir, String(index)), { recursive: true })
  const sound = encoding.silent ? 'anullsrc=r=44100:cl=mono' : 'sine=frequency=440:sample_rate=44100'
  const rates = [encoding.kbps, Math.round(encoding.kbps * 0.6)].flatMap((kbps, index) => [
    ...[`-b:v:${index}`, `${kbps}k`, `-maxrate:v:${index}`, `${kbps}k`, `-bufsize:v:${index}`, `${kbps}k`],
  ])
  const coder =
    encoding.codec === 'libx264'
      ? ['-preset', 'ultrafast', '-tune', 'zerolatency', '-sc_threshold', '0', '-threads', '1']
      : [
          '-preset',
          'ultrafast',
          '-tag:v',
          'hvc1',
          '-x265-params',
          `log-level=none:pools=1:keyint=${gop}:min-keyint=${gop}`,
        ]
  const args = [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning', '-y'],
    ...['-re', '-f', 'lavfi', '-i', `testsrc2=size=192x108:rate=${FPS}`, '-re', '-f', 'lavfi', '-i', sound],
    ...['-filter_complex', `[0:v]${encoding.filter},split=2[a][b]`],
    ...['-map', '[a]', '-map', '1:a', '-map', '[b]', '-map', '1:a'],
    ...[
      '-c:v',
      encoding.codec,
      ...coder,
      '-pix_fmt',
      'yuv420p',
      '-g',
      String(gop),
      '-keyint_min',
      String(gop),
      ...rates,
    ],
    ...['-c:a', 'aac', '-b:a', '48k', '-ar', '44100'],
    ...[
      '-f',
      'hls',
      '-hls_time',
      '1',
      '-hls_list_size',
      '10',
      '-hls_segment_type',
      'fmp4',
      '-hls_delete_threshold',
      '8',
    ],
    ...['-hls_flags', 'program_date_time+independent_segments+omit_endlist+delete_segments+temp_file'],
    ...['-master_pl_name', 'master.m3u8', '-var_stream_map', 'v:0,a:0 v:1,a:1'],
    ...['-hls_segment_filename', join(dir, '%v/%d.m4s'), join(dir, '%v/index.m3u8')],
  ]
  const child = spawn('ffmpeg', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-8_192)
  })
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
    child.once('error', (error) => {
      log += error.message
      resolve()
    })
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  return {
    name,
    log: () => log,
    stop: async () => {
      process.off('exit', kill)
      kill()
      await ended
    },
  }
}
