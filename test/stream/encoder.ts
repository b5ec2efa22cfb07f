import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningChild, startChild } from './childProcess.ts'
import { type DashOptions, dashOutput, type HlsOptions, hlsOutput } from './hlsOutput.ts'
import { type PictureOptions, pictureEncode, pictureInput } from './picture.ts'
import { findProgram } from './programs.ts'

export interface EncoderOptions extends PictureOptions {
  /** The RTMP application, as `MediaServer.rtmpUrl`. */
  readonly rtmpUrl: string
  /** The stream's name, with its arguments if any: `show1?sign=…`. */
  readonly stream: string
  /** Where ffmpeg posts its `-progress` report, once a `progress_s` (default 1). */
  readonly progressUrl?: string
  readonly progress_s?: number
  /** More arguments of ffmpeg's, put before the output. */
  readonly args?: readonly string[]
}

export type Encoder = RunningChild

/** Arguments every ffmpeg of the harness begins with. */
export const FFMPEG_QUIET = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning', '-y'] as const

function progressArgs(url: string | undefined, period_s = 1): string[] {
  return url === undefined ? [] : ['-progress', url, '-stats_period', String(period_s)]
}

/** A real ffmpeg that encodes a test picture in real time and publishes it over RTMP (H.264, AAC). */
export function startEncoder(options: EncoderOptions): Encoder {
  return startChild({
    command: findProgram('ffmpeg'),
    args: [
      ...FFMPEG_QUIET,
      ...progressArgs(options.progressUrl, options.progress_s),
      ...pictureInput(options),
      ...pictureEncode(options),
      ...(options.args ?? []),
      ...['-f', 'flv', '-flvflags', 'no_duration_filesize', `${options.rtmpUrl}/${options.stream}`],
    ],
  })
}

export interface HlsEncoderOptions extends PictureOptions {
  /** The folder of the stream; made if it is not there. Playlist: `${dir}/master.m3u8`. */
  readonly dir: string
  /** 1 to 3. Default 1. */
  readonly renditions?: number
  readonly hls?: HlsOptions
  /** Write DASH instead of HLS: `${dir}/manifest.mpd`. */
  readonly dash?: DashOptions
  readonly progressUrl?: string
  readonly args?: readonly string[]
}

/**
 * One ffmpeg from test picture to HLS (or DASH) files, without a media server between.
 * Its EXT-X-PROGRAM-DATE-TIME is 20–40 ms after the moment the frame left the source.
 */
export async function startHlsEncoder(options: HlsEncoderOptions): Promise<Encoder> {
  const renditions = options.renditions ?? 1
  await mkdir(options.dir, { recursive: true })
  for (let index = 0; index < renditions && options.dash === undefined; index++) {
    await mkdir(join(options.dir, String(index)), { recursive: true })
  }
  return startChild({
    command: findProgram('ffmpeg'),
    args: [
      ...FFMPEG_QUIET,
      ...progressArgs(options.progressUrl),
      ...pictureInput(options),
      ...pictureEncode(options, renditions),
      ...(options.args ?? []),
      ...(options.dash
        ? dashOutput(options.dir, options.dash)
        : hlsOutput(options.dir, renditions, options.hls, options.audio)),
    ],
  })
}
