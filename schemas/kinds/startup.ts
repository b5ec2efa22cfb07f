import type { Fields } from '../field.ts'

const phase = (help: string) => ({ type: 'f32', unit: 'ms', max: 600_000, help }) as const

/** Categories of a playback error, as the field tells them apart; `business` (geo-block, sold out) is not counted as a failure. */
export const ERROR_CATEGORIES = [
  'network',
  'manifest',
  'media',
  'decode',
  'drm',
  'player',
  'business',
  'other',
] as const

/** The phases of first-screen time, in the order a viewer lives through them. */
export const STARTUP_PHASES = [
  'dns_ms',
  'tcp_ms',
  'tls_ms',
  'handshake_ms',
  'manifest_ms',
  'first_byte_ms',
  'licence_ms',
  'demux_ms',
  'decode_ms',
  'render_ms',
] as const

/** One attempt to start playing: how it ended, and where the time went. */
export const startup = {
  outcome: {
    type: 'label',
    required: true,
    values: ['started', 'failed', 'abandoned'],
    help: 'Playing began, a fatal error came first, or the viewer left first (exit before video start).',
  },
  video_startup_time_ms: phase(
    'First-screen time: from the request to play until the first frame is on the screen.',
  ),
  dns_ms: phase('Name look-up of the first media host.'),
  tcp_ms: phase('TCP (or QUIC) connection.'),
  tls_ms: phase('TLS handshake.'),
  handshake_ms: phase('Protocol handshake (RTMP, WebRTC signalling).'),
  manifest_ms: phase('Playlists or manifest fetched and parsed.'),
  first_byte_ms: phase('From the first media request until its first byte.'),
  licence_ms: phase('Of a protected stream: from the licence request until its key was usable (`watchDrm`).'),
  demux_ms: phase('Media received and parsed until the decoder has its first frame.'),
  decode_ms: phase('First frame decoded.'),
  render_ms: phase('First frame put on the screen.'),
  drm_system: {
    type: 'label',
    help: 'Key system of a protected stream: widevine, fairplay, playready, clearkey.',
  },
  container_ms: phase(
    'Before the request to play: from the viewer’s tap until the container ran the page’s first code.',
  ),
  component_ms: phase('Before the request to play: until the room’s component had loaded.'),
  resources: {
    type: 'u16',
    missing: 'zero',
    believed_per_s: 100,
    help: 'Files of the page and its components that were needed by the start.',
  },
  resources_cached: {
    type: 'u16',
    missing: 'zero',
    believed_per_s: 100,
    help: 'Of these, the ones that were there before: prefetched or cached.',
  },
  error_code: { type: 'label', help: 'The player’s own error code.' },
  error_category: { type: 'label', values: ['', ...ERROR_CATEGORIES], help: 'Kind of error.' },
  error_message: { type: 'text', max_length: 512, help: 'What the player said.' },
} as const satisfies Fields
