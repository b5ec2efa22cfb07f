import { type ChildProcess, spawn } from 'node:child_process'
import { flvSplitter } from '../../media/flvTags.ts'
import type { ClientContext } from '../../schemas/envelope.ts'
import type { Emit } from '../../schemas/facts.ts'
import type { Send } from '../sendBeacons.ts'
import { frameMeter } from './frameMeter.ts'

export interface TapOptions {
  /** What to listen to: `rtmp://…`, `http://….flv`, anything ffmpeg reads. */
  readonly url: string
  readonly hop?: 'ingest' | 'transcode' | 'origin'
  readonly node: string
  readonly context: ClientContext & { readonly stream: string }
  readonly source: string
  readonly tenant?: string
  /** Default: `ffmpeg` in the path. */
  readonly ffmpeg?: string
  /** From one report to the next, ms. Default 1 000. */
  readonly interval_ms?: number
  readonly send: Send
  readonly emit: Emit
  readonly clock: () => number
}

export interface Tap {
  readonly running: () => boolean
  readonly stop: () => Promise<void>
}

const QUIET = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error']
const AT_ONCE = ['-analyzeduration', '1000', '-fpsprobesize', '0']

/**
 * Listens to a stream as a player would and measures what no media server's page tells: frames a second as they
 * arrive, the key-frame interval, the sound's offset. One ffmpeg copies (it does not decode); tags are counted here.
 * The bitrate is left to the server's own counters. It ends with the stream; whoever watches the server starts it again.
 */
export function startTap(options: TapOptions): Tap {
  const { source, node, context, hop = 'ingest', emit, clock, send } = options
  const child: ChildProcess = spawn(
    options.ffmpeg ?? 'ffmpeg',
    [...QUIET, ...AT_ONCE, '-i', options.url, '-c', 'copy', '-f', 'flv', '-flush_packets', '1', 'pipe:1'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let log = ''
  let running = true
  let stopped = false
  const split = flvSplitter()
  const meter = frameMeter(clock())
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-2_048)
  })
  child.stdout?.on('data', (chunk: Buffer) => {
    try {
      const { tags, broken } = split(chunk)
      meter.read(tags)
      if (broken !== undefined) throw new Error(broken)
    } catch (error) {
      emit({ type: 'ingest_tap_ended', source, url: options.url, error })
      child.kill('SIGKILL')
    }
  })
  const timer = setInterval(() => {
    const fields = meter.take(clock())
    if (fields === undefined) return
    const { bitrate_in_kbps: _, bytes_in: __, frames: ___, ...measured } = fields
    const tenant = options.tenant === undefined ? {} : { tenant: options.tenant }
    const events = [{ kind: 'hop' as const, hop, node, status: 'up' as const, ...measured }]
    Promise.resolve(send([{ ...tenant, source, context, events }])).catch((error: unknown) =>
      emit({ type: 'ingest_send_failed', source, error }),
    )
  }, options.interval_ms ?? 1_000)
  const exited = new Promise<void>((resolve) => {
    const end = (error?: Error) => {
      if (!running) return
      running = false
      clearInterval(timer)
      if (!stopped) emit({ type: 'ingest_tap_ended', source, url: options.url, error: error ?? log })
      resolve()
    }
    child.once('error', end)
    child.once('exit', () => end())
  })
  return {
    running: () => running,
    stop: async () => {
      stopped = true
      if (running) child.kill('SIGKILL')
      await exited
    },
  }
}
