import type { Fields } from '../field.ts'

/** One interval of a co-hosting (连麦) leg, from WebRTC statistics. */
export const cohost = {
  interval_ms: { type: 'u32', unit: 'ms', required: true, max: 3_600_000, help: 'Length of the interval.' },
  peer: { type: 'label', help: 'The other side.' },
  direction: { type: 'label', values: ['', 'in', 'out'], help: 'Received or sent.' },
  event: { type: 'label', help: 'What the room reported: joined, left, published, …' },
  rtt_ms: { type: 'f32', unit: 'ms', max: 600_000, help: 'Round trip.' },
  jitter_ms: { type: 'f32', unit: 'ms', max: 600_000, help: 'Jitter (RFC 3550).' },
  packets_received: { type: 'u32', missing: 'zero', believed_per_s: 10_000, help: 'Packets received.' },
  packets_lost: { type: 'u32', missing: 'zero', believed_per_s: 10_000, help: 'Packets lost.' },
  freeze_count: {
    type: 'u16',
    missing: 'zero',
    believed_per_s: 10,
    help: 'Freezes: gaps of at least max(3δ, δ + 150 ms), δ the mean frame time.',
  },
  freeze_ms: { type: 'u32', unit: 'ms', missing: 'zero', believed_per_s: 1000, help: 'Time frozen.' },
  end_to_end_latency_ms: {
    type: 'f32',
    unit: 'ms',
    max: 600_000,
    help: 'From the other’s camera to this screen.',
  },
  bitrate_kbps: { type: 'f32', unit: 'kbps', help: 'Bitrate.' },
  fps: { type: 'f32', unit: 'fps', max: 1000, help: 'Frames a second.' },
} as const satisfies Fields
