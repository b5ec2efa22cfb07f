import { clockBarFilter } from './clockBar.ts'

/** What the test picture and its encoding are like. Small by default: tests share two cores. */
export interface PictureOptions {
  /** Default 320 × 180. */
  readonly width?: number
  readonly height?: number
  /** Frames a second. Default 25. */
  readonly fps?: number
  /** Key-frame interval, frames. Default: one second. */
  readonly gop?: number
  /** Video bitrate of the largest rendition, kbps. Default 300. */
  readonly bitrate?: number
  /** A 440 Hz tone in AAC. Default true. */
  readonly audio?: boolean
  /** Burn the wall clock into the top eight lines (`clockBar.ts`). Default false. */
  readonly burnClock?: boolean
}

/** Renditions beside the first are these fractions of its size and bitrate. */
const LADDER = [1, 0.75, 0.5]

const even = (value: number) => Math.round(value / 2) * 2

/** The sizes and bitrates of one to three renditions, largest first. */
export function ladder(
  picture: PictureOptions,
  renditions = 1,
): readonly { width: number; height: number; kbps: number }[] {
  const { width = 320, height = 180, bitrate = 300 } = picture
  return LADDER.slice(0, renditions).map((part) => ({
    width: even(width * part),
    height: even(height * part),
    kbps: Math.round(bitrate * part),
  }))
}

/** ffmpeg's inputs of the test picture, paced in real time. */
export function pictureInput(picture: PictureOptions): string[] {
  const { width = 320, height = 180, fps = 25, audio = true } = picture
  return [
    ...['-re', '-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${fps}`],
    ...(audio ? ['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100'] : []),
  ]
}

/** ffmpeg's maps and encoders for `renditions` variants of input 0's video; audio is `audioInput` when there is one. */
export function pictureEncode(picture: PictureOptions, renditions = 1, audioInput = '1:a'): string[] {
  const { width = 320, height = 180, fps = 25, audio = true, burnClock = false } = picture
  const gop = String(picture.gop ?? fps)
  const rungs = ladder(picture, renditions)
  const burn = burnClock ? `${clockBarFilter('0:v', 'whole', { width, height })};[whole]` : '[0:v]'
  const split = `${burn}split=${rungs.length}${rungs.map((_, index) => `[s${index}]`).join('')}`
  const scale = rungs.map((rung, index) => `[s${index}]scale=${rung.width}:${rung.height}[v${index}]`)
  const maps = rungs.flatMap((_, index) => ['-map', `[v${index}]`, ...(audio ? ['-map', audioInput] : [])])
  const rates = rungs.flatMap((rung, index) => [
    ...[`-b:v:${index}`, `${rung.kbps}k`, `-maxrate:v:${index}`, `${rung.kbps}k`],
    ...[`-bufsize:v:${index}`, `${rung.kbps}k`],
  ])
  return [
    ...['-filter_complex', [split, ...scale].join(';'), ...maps],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
    ...['-g', gop, '-keyint_min', gop, '-sc_threshold', '0', '-threads', '1', ...rates],
    ...(audio ? ['-c:a', 'aac', '-b:a', '64k', '-ar', '44100'] : []),
  ]
}
