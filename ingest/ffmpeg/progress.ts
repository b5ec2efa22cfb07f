import type { BeaconEvent } from '../../schemas/beacon.ts'
import { increase, kbpsOf, known, numberOf, perSecond } from '../counters.ts'

/** One block of ffmpeg's `-progress` report. What ffmpeg says is `N/A` is undefined. */
export interface FfmpegProgress {
  readonly frame: number | undefined
  /** Written so far, bytes. */
  readonly total_size: number | undefined
  /** Written so far, media time in µs. (`out_time_ms` says µs too, so it is not read.) */
  readonly out_time_us: number | undefined
  readonly dup_frames: number | undefined
  readonly drop_frames: number | undefined
  /** Since the start, ×. */
  readonly speed: number | undefined
  /** Since the start, frames a second. */
  readonly fps: number | undefined
  readonly ended: boolean
}

function readBlock(values: ReadonlyMap<string, string>): FfmpegProgress {
  // ffmpeg writes the smallest 64-bit number where it has no time yet.
  const number = (name: string) => {
    const value = numberOf(values.get(name))
    return value !== undefined && value >= 0 ? value : undefined
  }
  return {
    frame: number('frame'),
    total_size: number('total_size'),
    out_time_us: number('out_time_us'),
    dup_frames: number('dup_frames'),
    drop_frames: number('drop_frames'),
    speed: numberOf(values.get('speed')?.replace(/x$/, '')),
    fps: number('fps'),
    ended: values.get('progress') === 'end',
  }
}

/** A function that takes pieces of a `-progress` report and returns the blocks they completed. */
export function progressReader(): (text: string) => FfmpegProgress[] {
  let rest = ''
  let values = new Map<string, string>()
  return function readProgress(text) {
    const lines = (rest + text).split('\n')
    rest = (lines.pop() ?? '').slice(-4_096)
    const blocks: FfmpegProgress[] = []
    for (const line of lines) {
      const at = line.indexOf('=')
      if (at <= 0 || values.size > 200) continue
      const name = line.slice(0, at).trim()
      values.set(name, line.slice(at + 1).trim())
      if (name !== 'progress') continue
      blocks.push(readBlock(values))
      values = new Map()
    }
    return blocks
  }
}

export interface ProgressMoment {
  readonly progress: FfmpegProgress
  /** When the block came, ms. */
  readonly at_ms: number
}

/**
 * A block as a `hop` event. ffmpeg's own `fps`, `bitrate` and `speed` are means since it began, so a stall an hour in
 * would hardly move them: here they are taken over the interval since the block before.
 */
export function progressEvent(
  now: ProgressMoment,
  before: ProgressMoment | undefined,
  where: { readonly hop: BeaconEvent<'hop'>['hop']; readonly node: string },
): BeaconEvent<'hop'> {
  const { progress } = now
  const last = before?.progress
  const interval_ms = before === undefined ? 0 : Math.max(0, Math.round(now.at_ms - before.at_ms))
  const frames = increase(progress.frame, last?.frame)
  const media_us = increase(progress.out_time_us, last?.out_time_us)
  const bytes = increase(progress.total_size, last?.total_size)
  // The last block comes at once after the one before it: too short a time to say a rate.
  const rates = interval_ms >= 200
  return {
    kind: 'hop',
    ...where,
    interval_ms,
    status: progress.ended ? 'down' : 'up',
    ...known({
      event: progress.ended ? 'end' : before === undefined ? 'publish' : undefined,
      frames,
      frames_dropped: increase(progress.drop_frames, last?.drop_frames),
      frames_duplicated: increase(progress.dup_frames, last?.dup_frames),
      bytes_out: bytes,
      bitrate_out_kbps: rates ? kbpsOf(bytes, interval_ms) : undefined,
      fps_out: rates ? perSecond(frames, interval_ms) : undefined,
      speed_ratio: rates && media_us !== undefined ? media_us / 1000 / interval_ms : undefined,
    }),
  }
}
