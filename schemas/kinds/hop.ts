import type { Fields } from '../field.ts'
import { BRANCHES } from './branches.ts'

const counted = (help: string) => ({ type: 'u32', missing: 'zero', help }) as const
const bytes = (help: string) => ({ type: 'u64', unit: 'bytes', missing: 'zero', help }) as const
const kbps = (help: string) => ({ type: 'f32', unit: 'kbps', max: 1e8, help }) as const
const fps = (help: string) => ({ type: 'f32', unit: 'fps', max: 1000, help }) as const
const ms = (help: string) => ({ type: 'f32', unit: 'ms', max: 3_600_000, help }) as const
const ratio = (help: string) => ({ type: 'f32', unit: 'ratio', max: 1, help }) as const

/** One interval of one node of the link before the player: encoder, ingest, transcode, origin, edge, or the room's own API. */
export const hop = {
  hop: {
    type: 'label',
    required: true,
    values: ['encoder', 'ingest', 'transcode', 'origin', 'edge', 'interaction', ...BRANCHES],
    help: 'Which hop of the link, or what hangs on it beside the picture’s path.',
  },
  node: { type: 'label', help: 'Which server or encoder.' },
  interval_ms: { type: 'u32', unit: 'ms', missing: 'zero', max: 3_600_000, help: 'Length of the interval.' },
  status: {
    type: 'label',
    values: ['', 'up', 'down', 'reconnecting'],
    help: 'Whether the stream goes through this node.',
  },
  event: {
    type: 'label',
    help: 'What happened, where a hook tells: publish, unpublish, segment, request, …',
  },
  reason: {
    type: 'label',
    help: 'Why, where something was refused or lost: expired, unsigned, bad_signature, missing, empty, …',
  },
  lag_ms: ms('Behind the source it takes its picture from.'),
  renditions_promised: counted('Renditions that the show promises.'),
  renditions_delivered: counted('Of these, delivered: listed and fresh.'),
  bitrate_in_kbps: kbps('What comes in.'),
  bitrate_out_kbps: kbps('What goes out.'),
  fps_in: fps('Frames a second that come in.'),
  fps_out: fps('Frames a second that go out.'),
  key_frame_interval_ms: ms('From one key frame to the next.'),
  frames: counted('Frames handled.'),
  frames_dropped: counted('Frames dropped.'),
  frames_duplicated: counted('Frames put twice to keep the rate.'),
  av_offset_ms: {
    type: 'f32',
    unit: 'ms',
    min: -600_000,
    max: 600_000,
    help: 'Sound ahead of the picture (negative: behind).',
  },
  congestion_ratio: ratio('How full the way out is: 0 free, 1 stuck.'),
  packet_loss_ratio: ratio('Packets lost on the way in.'),
  rtt_ms: ms('Round trip to the next node.'),
  speed_ratio: {
    type: 'f32',
    unit: 'ratio',
    max: 1000,
    help: 'Encoding speed against real time; below 1 it falls behind.',
  },
  render_ms: ms('Of the host’s own machine or phone: time to capture, filter and compose one frame, mean.'),
  encode_ms: ms('Time to encode one frame, mean.'),
  encoder: {
    type: 'label',
    values: ['', 'hardware', 'software'],
    help: 'What encodes: a chip, or the processor.',
  },
  clients: { type: 'u32', help: 'Players or nodes connected.' },
  bytes_in: bytes('Bytes received.'),
  bytes_out: bytes('Bytes sent.'),
  requests: counted('Requests answered.'),
  cache_hits: counted('Of these, from the cache.'),
  requests_refused: counted('Of these, viewers kept out: 401, 403 or 410.'),
  requests_hotlinked: counted('Of these, kept out since another site’s page asked.'),
  status_2xx: counted('Answers 200–299.'),
  status_3xx: counted('Answers 300–399.'),
  status_4xx: counted('Answers 400–499.'),
  status_5xx: counted('Answers 500–599.'),
  ttfb_ms: ms('Time to the first byte, mean over the requests.'),
  segment_duration_ms: ms('Duration of the newest segment.'),
  cpu_ratio: { type: 'f32', unit: 'ratio', max: 1000, help: 'Processor use, 1 = one core.' },
  memory_bytes: { type: 'u64', unit: 'bytes', help: 'Memory in use.' },
  width: { type: 'u16', help: 'Width of the picture, pixels.' },
  height: { type: 'u16', help: 'Height of the picture, pixels.' },
} as const satisfies Fields
