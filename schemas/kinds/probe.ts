import type { Fields } from '../field.ts'

const ms = (help: string) => ({ type: 'f32', unit: 'ms', max: 3_600_000, help }) as const

/** One synthetic playback check. */
export const probe = {
  target: { type: 'label', required: true, help: 'What was checked, by the name the operator gave it.' },
  hop: { type: 'label', values: ['', 'ingest', 'origin', 'edge'], help: 'Which hop the address belongs to.' },
  verdict: {
    type: 'label',
    required: true,
    values: ['healthy', 'degraded', 'failed'],
    help: 'What the check found.',
  },
  stage: { type: 'label', help: 'The first stage that was not right.' },
  reason: { type: 'label', help: 'Why: a code of the probe’s reasons.' },
  detail: { type: 'text', help: 'The evidence in words.' },
  dns_ms: ms('Name look-up.'),
  tcp_ms: ms('Connection.'),
  tls_ms: ms('TLS handshake.'),
  handshake_ms: ms('Protocol handshake.'),
  manifest_ms: ms('Playlist or manifest.'),
  first_byte_ms: ms('Until the first media byte.'),
  first_key_frame_ms: ms('Until the first key frame was parsed.'),
  startup_ms: ms('All of it: what a viewer would have waited.'),
  freshness_ms: ms('Age of the live edge.'),
  live_latency_ms: ms(
    'From the moment filmed, by the program date time; without the artificial delay of the show.',
  ),
  gap_ms: { type: 'f32', unit: 'ms', missing: 'zero', help: 'Media time missing between segments.' },
  stalled_ms: {
    type: 'f32',
    unit: 'ms',
    missing: 'zero',
    help: 'How long a viewer’s buffer would have been empty.',
  },
  segment_duration_ms: ms('Mean duration of the segments.'),
  key_frame_interval_ms: ms('From one key frame to the next.'),
  av_offset_ms: { type: 'f32', unit: 'ms', min: -600_000, max: 600_000, help: 'Sound ahead of the picture.' },
  bitrate_kbps: { type: 'f32', unit: 'kbps', help: 'Bitrate measured.' },
  declared_kbps: { type: 'f32', unit: 'kbps', help: 'Bitrate declared.' },
  discontinuities: { type: 'u32', missing: 'zero', help: 'Discontinuities seen.' },
  variants: { type: 'u16', missing: 'zero', help: 'Variants checked.' },
  frame: {
    type: 'text',
    max_length: 40_000,
    help: 'What a browser probe saw at the end of its check: a JPEG, 320 pixels wide, in base64.',
  },
  bytes: { type: 'u64', unit: 'bytes', missing: 'zero', help: 'Bytes fetched.' },
} as const satisfies Fields
