import { join } from 'node:path'

export interface HlsOptions {
  /** Segment length, s. Default 1. The key-frame interval must divide it. */
  readonly segment_s?: number
  /** Segments in the playlist. Default 8. */
  readonly listSize?: number
  /** Default 'fmp4'. */
  readonly segments?: 'fmp4' | 'mpegts'
}

/** ffmpeg's arguments that write `renditions` variants below `dir`, with EXT-X-PROGRAM-DATE-TIME. */
export function hlsOutput(dir: string, renditions: number, options: HlsOptions = {}, audio = true): string[] {
  const { segment_s = 1, listSize = 8, segments = 'fmp4' } = options
  const variants = Array.from({ length: renditions }, (_, index) => `v:${index}${audio ? `,a:${index}` : ''}`)
  return [
    ...['-f', 'hls', '-hls_time', String(segment_s), '-hls_list_size', String(listSize)],
    ...['-hls_segment_type', segments, '-hls_delete_threshold', '6'],
    ...['-hls_flags', 'program_date_time+independent_segments+omit_endlist+delete_segments+temp_file'],
    // Names by the clock: a packager that starts again never writes over a segment that a player may still want.
    ...['-hls_start_number_source', 'epoch'],
    ...['-master_pl_name', 'master.m3u8', '-var_stream_map', variants.join(' ')],
    ...['-hls_segment_filename', join(dir, `%v/%d.${segments === 'fmp4' ? 'm4s' : 'ts'}`)],
    join(dir, '%v/index.m3u8'),
  ]
}

export interface DashOptions {
  readonly segment_s?: number
  readonly listSize?: number
}

/** ffmpeg's arguments that write one MPD and its segments below `dir`. */
export function dashOutput(dir: string, options: DashOptions = {}): string[] {
  const { segment_s = 1, listSize = 8 } = options
  return [
    ...['-f', 'dash', '-seg_duration', String(segment_s), '-window_size', String(listSize)],
    ...['-extra_window_size', '6', '-use_template', '1', '-use_timeline', '1'],
    ...['-adaptation_sets', 'id=0,streams=v id=1,streams=a'],
    join(dir, 'manifest.mpd'),
  ]
}
