import type { Hop } from '../schemas/kinds/kinds.ts'

/** What a fault does to viewers within its place. All numbers are at severity 1 and scale with it. */
interface Felt {
  /** How fast buffers run dry: 1 is real time (nothing comes any more), 0 not at all. */
  readonly drain?: number
  /** First-screen time is so many times longer. */
  readonly slow_start?: number
  readonly start_failures?: number
  /** Fatal errors a minute of each viewer. */
  readonly failures?: number
  /** Latency added at once, and for each second that it lasts. */
  readonly latency_ms?: number
  readonly latency_ms_per_s?: number
  /** Share of the frames that are missing. */
  readonly frames_lost?: number
  /** Share of the bitrate that is missing. */
  readonly bitrate_lost?: number
  /** Interactions that fail, and how many times longer they take. */
  readonly interaction_failures?: number
  readonly slow_interactions?: number
  /** Nobody is heard any more. */
  readonly vanish?: true
}

export interface FaultSpec {
  readonly help: string
  /** The hop that is to be named. */
  readonly hop: Hop
  /** Named as well rightly: the evidence cannot tell them apart. */
  readonly also?: readonly Hop[]
  readonly felt: Felt
  /** It strikes the box of a round, so a round must have one. */
  readonly box?: true
  /** How soon it can be known, s, where the scenario does not say. Default 5. */
  readonly within_s?: number
  /** The cause that is to be named is the place; for these it is something else. */
  readonly cause?: Readonly<Record<string, string>>
  /** Where it is when the scenario does not say. */
  readonly place?: Readonly<Record<string, string>>
}

/** Every fault that can be rehearsed. */
export const FAULTS = {
  encoder_fps_drop: {
    help: 'The encoder is too slow: fewer frames leave it, and players judder and stall.',
    hop: 'encoder',
    felt: { drain: 0.3, frames_lost: 0.6 },
  },
  encoder_killed: {
    help: 'The encoder dies; its media server says that the stream is gone.',
    hop: 'encoder',
    felt: { drain: 1 },
  },
  encoder_cut: {
    help: 'The encoder’s line goes dead: no report, no goodbye.',
    hop: 'encoder',
    felt: { drain: 1 },
  },
  gop_drift: {
    help: 'Key frames drift apart: first screens wait for one.',
    hop: 'encoder',
    felt: { slow_start: 3 },
  },
  clock_drift: {
    help: 'The encoder’s clock runs off: every latency is wrong, nobody stalls.',
    hop: 'encoder',
    felt: { latency_ms: 300, latency_ms_per_s: 500 },
  },
  uplink_collapse: {
    help: 'The line from the encoder to the ingest is too narrow.',
    hop: 'ingest',
    also: ['encoder'],
    felt: { drain: 0.6 },
  },
  transcode_stall: {
    help: 'The transcode falls behind real time.',
    hop: 'transcode',
    felt: { drain: 0.8 },
  },
  origin_5xx: {
    help: 'The origin answers with errors.',
    hop: 'origin',
    felt: { drain: 0.6, start_failures: 0.3, slow_start: 2 },
  },
  cdn_outage: {
    help: 'A CDN is ill, everywhere or in one region: slow first bytes, errors, stalls.',
    hop: 'edge',
    felt: { drain: 1, start_failures: 0.3, slow_start: 3 },
  },
  player_bug: {
    help: 'One version of the player stalls and fails; the link is well.',
    hop: 'player',
    felt: { drain: 0.8, failures: 3, slow_start: 1.5 },
  },
  bandwidth_collapse: {
    help: 'The last mile of some viewers is too narrow.',
    hop: 'player',
    felt: { drain: 0.8, bitrate_lost: 0.7, slow_start: 3 },
  },
  app_delay: {
    help: 'One app shows the picture seconds after the others.',
    hop: 'player',
    felt: { latency_ms: 9000 },
  },
  app_crash: {
    help: 'One app goes down with its viewers.',
    hop: 'player',
    felt: { vanish: true },
  },
  gateway_overload: {
    help: 'The gateway of the interactions takes no more.',
    hop: 'interaction',
    felt: { interaction_failures: 0.5, slow_interactions: 12 },
    cause: { resource: 'gateway' },
  },
  interaction_failure: {
    help: 'Interactions fail and no gauge says why.',
    hop: 'interaction',
    felt: { interaction_failures: 0.4, slow_interactions: 4 },
  },
  prize_pool_drain: {
    help: 'A prize pool empties many times faster than it should.',
    hop: 'interaction',
    felt: {},
    cause: { resource: 'prize_pool' },
  },
  over_issue: {
    help: 'A round’s box gives more coupons than its budget.',
    hop: 'interaction',
    felt: {},
    cause: { pool: 'coupon-box' },
    box: true,
  },
  double_grant: {
    help: 'A retry without its key gives one coupon in three twice.',
    hop: 'interaction',
    felt: {},
    cause: { pool: 'coupon-box' },
    box: true,
  },
  slow_draw: {
    help: 'The draw gives coupons so slowly that a box will not be given out.',
    hop: 'interaction',
    felt: {},
    cause: { pool: 'coupon-box' },
    box: true,
    within_s: 15,
  },
  bot_flood: {
    help: 'Bots of one operator flood the game.',
    hop: 'interaction',
    felt: {},
    place: { isp: 'idc-7' },
  },
} as const satisfies Readonly<Record<string, FaultSpec>>

export type FaultKind = keyof typeof FAULTS
export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[]
/** What a kind of fault does and what is expected of it. */
export const faultSpec = (kind: FaultKind): FaultSpec => FAULTS[kind]
