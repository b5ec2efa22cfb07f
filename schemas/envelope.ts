import { DIMENSIONS } from './dimensions.ts'
import type { Fields, Static } from './field.ts'

/** Bits of `flags`: what the collector had to do to an event. */
export const FLAGS = {
  clock_clamped: { bit: 1, help: 'Its time was out of range and became the time it was received.' },
  clock_corrected: { bit: 2, help: 'Its time was moved by the session’s measured clock offset.' },
  spilled: { bit: 4, help: 'It waited on disk while the log was away; it fills the store and pages nobody.' },
  value_dropped: {
    bit: 8,
    help: 'A value that could not be true was removed (a known defect of its source).',
  },
  weight_bounded: {
    bit: 16,
    help: 'A player named a larger sampling weight than its tenant allows: it counts with the largest allowed.',
  },
  outside_sample: {
    bit: 32,
    help: 'The collector samples sessions, and this one is outside the sample: stored with weight 0, others count for it.',
  },
  believed_later: {
    bit: 64,
    help: 'Its session came back, so it counts now; the row with weight 0 before it is the same report.',
  },
} as const

/** Columns every event has besides its kind's own: the dimensions, how it counts, and its two clocks. */
export const ENVELOPE = {
  ...DIMENSIONS,
  synthetic: { type: 'flag', help: 'Made by a probe or a virtual viewer; left out of what viewers feel.' },
  weight: {
    type: 'f32',
    help: 'How many sessions this one stands for under sampling; 1 without.',
    min: 0,
    max: 1e6,
  },
  seq: {
    type: 'u32',
    missing: 'zero',
    help: 'Counts the events of a session (or node) from 1; a repeat has the same number. 0: the source counts none.',
  },
  event_time: {
    type: 'time',
    help: 'When it happened, by the session’s clock corrected by its offset.',
    codec: 'DoubleDelta, ZSTD(1)',
  },
  received_time: { type: 'time', help: 'When the collector took it.', codec: 'Delta, ZSTD(1)' },
  clock_offset_ms: {
    type: 'f64',
    unit: 'ms',
    min: -1e13,
    help: 'Collector’s clock minus session’s clock, as measured.',
  },
  clock_error_ms: {
    type: 'f32',
    unit: 'ms',
    help: 'Half the round trip of the best clock sample: the offset’s bound of error.',
  },
  flags: { type: 'u16', missing: 'zero', help: 'What the collector had to do: see FLAGS.' },
  trust: {
    type: 'u8',
    max: 100,
    help: 'How far its sender can be believed, by cheap facts; below 50 it is stored with weight 0 and counts nowhere.',
  },
  collector: { type: 'label', help: 'Which collector took it.' },
  custom: { type: 'text', max_length: 4096, help: 'Further keys the source sent, as a JSON object.' },
} as const satisfies Fields

/** What a client may say in a beacon's `context` or override in an event. */
export const CLIENT_FIELDS = {
  app: DIMENSIONS.app,
  show: DIMENSIONS.show,
  stream: DIMENSIONS.stream,
  session: DIMENSIONS.session,
  viewer: DIMENSIONS.viewer,
  cdn: DIMENSIONS.cdn,
  edge: DIMENSIONS.edge,
  isp: DIMENSIONS.isp,
  country: DIMENSIONS.country,
  region: DIMENSIONS.region,
  network: DIMENSIONS.network,
  device: DIMENSIONS.device,
  os: DIMENSIONS.os,
  container: DIMENSIONS.container,
  component: DIMENSIONS.component,
  component_version: DIMENSIONS.component_version,
  player: DIMENSIONS.player,
  player_version: DIMENSIONS.player_version,
  protocol: DIMENSIONS.protocol,
  codec: DIMENSIONS.codec,
  rendition: DIMENSIONS.rendition,
  delivery: DIMENSIONS.delivery,
  source: DIMENSIONS.source,
  synthetic: ENVELOPE.synthetic,
  weight: ENVELOPE.weight,
  custom: ENVELOPE.custom,
} as const satisfies Fields

export type ClientContext = Static<typeof CLIENT_FIELDS>
