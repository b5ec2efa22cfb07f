import type { Fields } from '../field.ts'
import { ERROR_CATEGORIES } from './startup.ts'

const spent = (help: string) => ({ type: 'u32', unit: 'ms', missing: 'zero', max: 3_600_000, help }) as const
const counted = (believed_per_s: number, help: string) =>
  ({ type: 'u32', missing: 'zero', believed_per_s, help }) as const
const bytes = (help: string) =>
  ({ type: 'u64', unit: 'bytes', missing: 'zero', believed_per_s: 250e6, help }) as const

/** One interval of play: sent every 10 s, and at once when the state changes. */
export const heartbeat = {
  interval_ms: {
    type: 'u32',
    unit: 'ms',
    required: true,
    max: 3_600_000,
    help: 'Length of the interval: since the session’s previous heartbeat, or its start.',
  },
  reason: {
    type: 'label',
    values: [
      'interval',
      'start',
      'stall_start',
      'stall_end',
      'error',
      'switch',
      'pause',
      'resume',
      'hide',
      'end',
    ],
    help: 'Why it was sent now.',
  },
  state: {
    type: 'label',
    values: ['starting', 'playing', 'stalled', 'paused', 'seeking', 'ended', 'failed'],
    help: 'What the player was doing when the interval ended.',
  },
  played_ms: spent('Time the picture moved.'),
  stalled_ms: spent('Time it stood still for lack of data: no pause, no seek, not the start.'),
  paused_ms: spent('Time the viewer had paused it.'),
  seeking_ms: spent('Time spent in seeks the viewer asked for.'),
  stall_count: {
    type: 'u16',
    missing: 'zero',
    believed_per_s: 5,
    help: 'Stalls that began in the interval.',
  },
  fast_ms: spent('Time played faster than 1× to drain the buffer.'),
  slow_ms: spent('Time played slower than 1× to avoid a stall.'),
  catch_ups: {
    type: 'u16',
    missing: 'zero',
    believed_per_s: 5,
    help: 'Times the player ended playing faster than 1× to catch up.',
  },
  caught_up_ms: {
    type: 'i32',
    unit: 'ms',
    min: -600_000,
    max: 600_000,
    help: 'Live latency before these catch-ups minus after them.',
  },
  playback_rate: { type: 'f32', max: 16, help: 'Playback rate at the end of the interval.' },
  bitrate_kbps: { type: 'f32', unit: 'kbps', max: 1e7, help: 'Bitrate of the rendition being played.' },
  bandwidth_kbps: {
    type: 'f32',
    unit: 'kbps',
    max: 1e8,
    help: 'Throughput the player measured.',
    codec: 'ZSTD(1)',
  },
  fps_rendered: { type: 'f32', unit: 'fps', max: 1000, help: 'Frames shown a second while playing.' },
  fps_decoded: { type: 'f32', unit: 'fps', max: 1000, help: 'Frames decoded a second while playing.' },
  frames_rendered: counted(1000, 'Frames shown.'),
  frames_dropped: counted(1000, 'Frames decoded too late to be shown.'),
  buffer_ms: {
    type: 'u32',
    unit: 'ms',
    max: 3_600_000,
    help: 'Media ahead of the playhead.',
    codec: 'T64, ZSTD(1)',
  },
  live_latency_ms: {
    type: 'u32',
    unit: 'ms',
    max: 86_400_000,
    help: 'From the moment filmed until it was on the screen; the artificial delay that the show declares is taken off by the collector.',
    codec: 'T64, ZSTD(1)',
  },
  width: { type: 'u16', help: 'Width of the picture, pixels.' },
  height: { type: 'u16', help: 'Height of the picture, pixels.' },
  switches: { type: 'u16', missing: 'zero', believed_per_s: 5, help: 'Changes of rendition.' },
  requests: counted(200, 'Media requests ended.'),
  requests_failed: counted(200, 'Media requests that failed.'),
  ttfb_ms: {
    type: 'f32',
    unit: 'ms',
    max: 600_000,
    help: 'Mean time to the first byte of the media requests.',
  },
  bytes: bytes('Media bytes received.'),
  bytes_p2p: bytes('Of these, from peers.'),
  peers: {
    type: 'u16',
    max: 10_000,
    help: 'Peers connected at the end of the interval; missing where no P2P engine is watched (`watchP2p`).',
  },
  bytes_reference: bytes('What the H.264 rendition of the same height would have cost.'),
  error_code: { type: 'label', help: 'The player’s own error code.' },
  error_category: { type: 'label', values: ['', ...ERROR_CATEGORIES], help: 'Kind of error.' },
  error_fatal: { type: 'flag', help: 'The playback could not go on.' },
  error_message: { type: 'text', max_length: 512, help: 'What the player said.' },
  reports_expected: counted(1000, 'Reports the source counted since the last one (CMCD sn).'),
  reports_received: counted(1000, 'Of these, the ones that came.'),
} as const satisfies Fields
