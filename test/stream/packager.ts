import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import {
  FLV_SCRIPT,
  type FlvTag,
  flvSplitter,
  isAvcPicture,
  isKeyFrame,
  writeFlvTag,
} from '../../media/flvTags.ts'
import { type RunningChild, startChild } from './childProcess.ts'
import { FFMPEG_QUIET } from './encoder.ts'
import { type DashOptions, dashOutput, type HlsOptions, hlsOutput } from './hlsOutput.ts'
import { type PictureOptions, pictureEncode } from './picture.ts'
import { findProgram } from './programs.ts'

export interface PackagerOptions {
  /** The live stream to take: `rtmp://…/live/<stream>`. It must be publishing; else the packager ends. */
  readonly input: string
  /** The stream's folder; made if it is not there. `${dir}/master.m3u8` and `${dir}/manifest.mpd` appear in it. */
  readonly dir: string
  /** Default: HLS with its defaults. */
  readonly hls?: HlsOptions | false
  readonly dash?: DashOptions
  /** 1 copies the picture; 2 or 3 decode it and encode a ladder as `picture` says. Default 1. */
  readonly renditions?: number
  readonly picture?: PictureOptions
  /** The stream has no audio track. Default false. */
  readonly videoOnly?: boolean
}

export interface Packager {
  readonly pid: number
  readonly log: () => string
  readonly running: () => boolean
  readonly exited: Promise<number | null>
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>
  readonly stop: () => Promise<void>
}

/**
 * Lets FLV through from the first key frame on, its timestamps counted from there; the headers before it are kept.
 * ffmpeg dates its playlists by the moment the muxer begins, so the muxer has to begin when the picture does, at 0.
 */
function gateToKeyFrame(input: Readable, output: Writable): void {
  const split = flvSplitter()
  const isHeader = (tag: FlvTag) => tag.type === FLV_SCRIPT || tag.body[1] === 0
  let held: Buffer[] = []
  let began_ms: number | undefined
  input.on('data', (chunk: Buffer) => {
    const { header, tags } = split(chunk)
    if (header !== undefined) held.push(header)
    for (const tag of tags) {
      if (began_ms === undefined && isAvcPicture(tag) && isKeyFrame(tag)) began_ms = tag.timestamp_ms
      if (began_ms === undefined && !isHeader(tag)) continue
      held.push(
        writeFlvTag({ ...tag, timestamp_ms: Math.max(0, tag.timestamp_ms - (began_ms ?? tag.timestamp_ms)) }),
      )
    }
    if (began_ms !== undefined && held.length > 0) {
      output.write(Buffer.concat(held))
      held = []
    }
  })
  input.on('end', () => output.end())
  output.on('error', () => input.destroy())
}

/**
 * RTMP in, HLS and/or DASH files out: one ffmpeg receives, a second, waiting with its muxer, packages.
 * Its EXT-X-PROGRAM-DATE-TIME is true within 100 ms (measured: see the folder's README).
 */
export async function startPackager(options: PackagerOptions): Promise<Packager> {
  const { dir, renditions = 1, hls = {}, dash, videoOnly = false } = options
  await mkdir(dir, { recursive: true })
  for (let index = 0; index < renditions && hls !== false; index++) {
    await mkdir(join(dir, String(index)), { recursive: true })
  }
  const maps = videoOnly ? ['-map', '0:v'] : ['-map', '0:v', '-map', '0:a']
  const coded =
    renditions === 1
      ? [...maps, '-c', 'copy']
      : pictureEncode({ ...options.picture, audio: !videoOnly, burnClock: false }, renditions, '0:a')
  const command = findProgram('ffmpeg')
  const live = ['-analyzeduration', '1000', '-fpsprobesize', '0']
  const muxer = startChild({
    command,
    stdin: 'pipe',
    args: [
      ...[...FFMPEG_QUIET, ...live, '-f', 'flv', '-i', 'pipe:0'],
      ...(hls === false ? [] : [...coded, ...hlsOutput(dir, renditions, hls, !videoOnly)]),
      ...(dash === undefined ? [] : [...coded, ...dashOutput(dir, dash)]),
    ],
  })
  const receiver: RunningChild = startChild({
    command,
    stdout: 'pipe',
    args: [
      ...[...FFMPEG_QUIET, ...live, '-rtmp_live', 'live', '-i', options.input],
      ...[...maps, '-c', 'copy', '-f', 'flv', '-flush_packets', '1', 'pipe:1'],
    ],
  })
  gateToKeyFrame(receiver.child.stdout as Readable, muxer.child.stdin as Writable)
  return {
    pid: muxer.pid,
    log: () => receiver.log() + muxer.log(),
    running: muxer.running,
    exited: muxer.exited,
    kill: async (signal) => {
      await Promise.all([receiver.kill(signal), muxer.kill(signal)])
    },
    stop: async () => {
      await Promise.all([receiver.stop(), muxer.stop()])
    },
  }
}
