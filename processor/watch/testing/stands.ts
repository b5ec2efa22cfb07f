import type { Kind } from '../../../schemas/kinds/kinds.ts'
import { METRIC_NAMES, type Metric, metricOf } from '../../../schemas/metrics.ts'
import type { RuleSpec } from '../../../schemas/rules.ts'

/** When every run begins, ms since the epoch. */
export const RUN_START = 1_800_000_000_000

export type Row = Readonly<Record<string, string | number | boolean>>

/** What is reported in one second, ms left out: rows of one kind. */
export interface Stand {
  readonly kind: Kind
  /** The metric's value while all is well. */
  readonly normal: number
  /** Rows of a second in which the metric has a value. */
  rows(second: number, value: number): readonly Row[]
  /** Rows of a second in which the metric’s source is silent; none by default. */
  silence?(second: number): readonly Row[]
}

/** Players of a stand; each beats once in ten seconds, so a tenth of them is heard every second. */
const PLAYERS = 400
const BEAT_S = 10

/** How many of `of` there are up to a moment, less those up to the moment before: whole events at an even rate. */
const evenly = (second: number, perSecond: number): number =>
  Math.floor((second + 1) * perSecond) - Math.floor(second * perSecond)
/** Which beat of all beats it is, in an order that gives every player its turn. */
const nth = (second: number, n: number): number => second * (PLAYERS / BEAT_S) + Math.floor(n / BEAT_S)
/** A few percent up and down, the same every time. */
const about = (value: number, n: number): number => value * (1 + 0.03 * Math.sin(n * 2.399))

const beats = (second: number, of: (n: number) => Row, players = PLAYERS): Row[] => {
  const rows: Row[] = []
  for (let n = second % BEAT_S; n < players; n += BEAT_S)
    rows.push({
      session: `s${n}`,
      seq: 1 + Math.floor(second / BEAT_S),
      interval_ms: BEAT_S * 1000,
      played_ms: BEAT_S * 1000,
      app: n % 20 < 10 ? 'shop' : 'news',
      ...of(n),
    })
  return rows
}

const each = (second: number, count: number, of: (n: number) => Row): Row[] =>
  Array.from({ length: count }, (_, n) => ({ session: `e${second}-${n}`, seq: 1, ...of(n) }))

const heartbeat = (normal: number, of: (value: number, n: number, second: number) => Row): Stand => ({
  kind: 'heartbeat',
  normal,
  rows: (second, value) => beats(second, (n) => of(value, n, second)),
})

/** Starts that end so or so: 20 a second. */
const starts = (normal: number, outcome: string, why: Row = {}): Stand => ({
  kind: 'startup',
  normal,
  rows(second, value) {
    const bad = evenly(second, 20 * value)
    return each(second, 20, (n) => ({
      ...(n < bad ? { ...why, outcome } : { outcome: 'started' }),
      video_startup_time_ms: 600,
    }))
  },
})

/** Starts with one phase of their time: 20 a second. */
const phases = (normal: number, phase: string): Stand => ({
  kind: 'startup',
  normal,
  rows: (second, value) =>
    each(second, 20, (n) => ({ outcome: 'started', [phase]: about(value, second + n) })),
})

const interactions = (normal: number, of: (value: number, n: number, second: number) => Row): Stand => ({
  kind: 'interaction',
  normal,
  rows: (second, value) => each(second, 40, (n) => of(value, n, second)),
})

/** What the node of a hop reports in a second. */
export const report = (hop: string, second: number, values: Row = {}): Row => ({
  hop,
  node: `${hop}-1`,
  session: `${hop}-1`,
  seq: second + 1,
  interval_ms: 1000,
  status: 'up',
  ...values,
})

/** One node of a hop that reports every second. */
const node = (hop: string, normal: number, of: (value: number, second: number) => Row): Stand => ({
  kind: 'hop',
  normal,
  rows: (second, value) => [report(hop, second, of(value, second))],
})
const measured = (hop: string, normal: number, field: string): Stand =>
  node(hop, normal, (value, second) => ({ [field]: about(value, second) }))
const REQUESTS = 400
const requests = (hop: string, counted: string): Stand =>
  node(hop, 0.001, (value, second) => ({ requests: REQUESTS, [counted]: evenly(second, REQUESTS * value) }))
const errors = (hop: string): Stand => requests(hop, 'status_5xx')
const firstByte = (hop: string): Stand =>
  node(hop, 90, (value, second) => ({ requests: REQUESTS, ttfb_ms: about(value, second) }))

/** A branch beside an ingest that is well. */
const branch = (
  hop: string,
  normal: number,
  of: (value: number, second: number) => readonly Row[],
): Stand => ({
  kind: 'hop',
  normal,
  rows: (second, value) => [
    report('ingest', second),
    ...of(value, second).map((row) => report(hop, second, row)),
  ],
  silence: (second) => [report('ingest', second)],
})
/** So many events a minute. */
const events = (hop: string, row: Row): Stand =>
  branch(hop, 0, (value, second) => Array.from({ length: evenly(second, value / 60) }, () => row))
const branchValue = (hop: string, normal: number, field: string): Stand =>
  branch(hop, normal, (value) => [{ [field]: value }])

/** A stream for every metric that has a rule: how it looks while all is well, and how when the metric has another value. */
export const STANDS: Partial<Record<Metric, Stand>> = {
  concurrent_plays: {
    kind: 'heartbeat',
    normal: PLAYERS,
    rows: (second, value) => beats(second, () => ({}), value),
  },
  rebuffering_ratio: heartbeat(0.005, (value, n) => {
    const stalled = Math.round(about(value, n) * BEAT_S * 1000)
    return { stalled_ms: stalled, played_ms: BEAT_S * 1000 - stalled }
  }),
  rebuffering_frequency: heartbeat(0.06, (value, n, second) => ({
    stall_count: evenly(nth(second, n), (value * BEAT_S) / 60),
  })),
  // Steps of the golden ratio hit every app and every minute alike.
  stalled_viewers: heartbeat(
    0.005,
    (value, n, second): Row =>
      (nth(second, n) * 0.618034) % 1 < value ? { stalled_ms: 800, played_ms: BEAT_S * 1000 - 800 } : {},
  ),
  video_startup_time: phases(600, 'video_startup_time_ms'),
  video_start_failure: starts(0.005, 'failed'),
  drm_failure: starts(0.002, 'failed', { error_category: 'drm' }),
  licence_time: phases(200, 'licence_ms'),
  component_load: phases(400, 'component_ms'),
  exit_before_video_start: starts(0.03, 'abandoned'),
  playback_failure: heartbeat(
    0.01,
    (value, n, second): Row =>
      evenly(nth(second, n), (value * BEAT_S) / 60) > 0
        ? { error_fatal: true, error_category: 'player' }
        : {},
  ),
  live_latency: heartbeat(1800, (value, n) => ({ live_latency_ms: about(value, n) })),
  live_latency_spread: heartbeat(0, (value, n) => ({
    live_latency_ms: about(2000, n) + (n % 20 < 10 ? 0 : value),
  })),
  slow_playback: heartbeat(0.01, (value, n) => ({ slow_ms: Math.round(about(value, n) * BEAT_S * 1000) })),
  bitrate: heartbeat(2400, (value, n) => ({ bitrate_kbps: about(value, n) })),
  dropped_frames: heartbeat(0.002, (value, n) => ({
    frames_rendered: Math.round(300 * (1 - about(value, n))),
    frames_dropped: Math.round(300 * about(value, n)),
  })),
  interaction_success: interactions(0.999, (value, n, second) => ({
    action: 'like',
    outcome: n < evenly(second, 40 * (1 - value)) ? 'failed' : 'success',
  })),
  interaction_latency: interactions(80, (value, n, second) => ({
    action: 'like',
    outcome: 'success',
    rtt_ms: about(value, second + n),
  })),
  // The value is one operator's share of all; it comes on top of the others.
  interactions_per_minute: {
    kind: 'interaction',
    normal: 0.1,
    rows(second, value) {
      const others = 36
      return each(second, Math.round(others / (1 - value)), (n) => ({
        action: 'like',
        outcome: 'success',
        isp: n >= others ? 'idc-7' : `isp-${n % 4}`,
      }))
    },
  },
  message_delivery: interactions(0.9995, (value, n, second) => ({
    action: 'message',
    outcome: 'success',
    messages_expected: 25,
    messages_received: 25 - evenly(second * 40 + n, 25 * (1 - value)),
  })),
  message_delay: interactions(150, (value, n, second) => ({
    action: 'message',
    outcome: 'success',
    channel: 'push',
    messages_received: 25,
    messages_timed: 25,
    message_delay_ms: about(value, second + n),
  })),
  message_queue: interactions(60, (value, n, second) => ({
    action: 'message',
    outcome: 'success',
    topic: 'bullet',
    messages_received: 25,
    messages_queued: 25,
    message_queue_ms: about(value, second + n),
  })),
  prefetch_hits: interactions(0.97, (value, n, second) => ({
    action: 'draw_query',
    outcome: 'success',
    prefetch: n < evenly(second, 40 * (1 - value)) ? 'miss' : 'hit',
  })),
  cue_production_latency: {
    kind: 'cue',
    normal: 0,
    rows: (second, value) =>
      each(second, 20, (n) => ({
        stage: 'shown',
        round: 'r1',
        app: n % 2 ? 'shop' : 'news',
        since_trigger_ms: about(2000, second + n) + (n % 2 ? value : 0),
      })),
  },
  cohost_latency: {
    kind: 'cohost',
    normal: 250,
    rows: (second, value) =>
      each(second, 10, (n) => ({ interval_ms: 1000, end_to_end_latency_ms: about(value, second + n) })),
  },
  encoder_fps: measured('encoder', 30, 'fps_out'),
  encoder_speed: measured('encoder', 1, 'speed_ratio'),
  frame_render_time: measured('encoder', 6, 'render_ms'),
  ingest_bitrate: measured('ingest', 4000, 'bitrate_in_kbps'),
  ingest_fps: measured('ingest', 30, 'fps_in'),
  key_frame_interval: measured('ingest', 2000, 'key_frame_interval_ms'),
  transcode_speed: measured('transcode', 1, 'speed_ratio'),
  transcode_fps: measured('transcode', 30, 'fps_out'),
  origin_errors: errors('origin'),
  origin_ttfb: firstByte('origin'),
  edge_errors: errors('edge'),
  edge_refusals: requests('edge', 'requests_refused'),
  edge_hotlinks: requests('edge', 'requests_hotlinked'),
  edge_ttfb: firstByte('edge'),
  api_latency: firstByte('interaction'),
  api_errors: errors('interaction'),
  publish_refusals: events('publish', { event: 'refused', reason: 'expired' }),
  publish_intrusions: events('publish', { event: 'refused', reason: 'unsigned' }),
  recordings_lost: events('record', { event: 'lost', reason: 'missing' }),
  recording_bitrate: branchValue('record', 4000, 'bitrate_out_kbps'),
  push_bitrate: branchValue('push', 4000, 'bitrate_out_kbps'),
  push_lag: branchValue('push', 200, 'lag_ms'),
  standby_fps: branchValue('standby', 30, 'fps_out'),
  screen_latency: branchValue('screen', 200, 'rtt_ms'),
  ladder_delivered: branch('ladder', 1, (value) => [
    { renditions_promised: 1000, renditions_delivered: Math.round(1000 * value) },
  ]),
  // The value is how many of three regions fail.
  probe_failure: {
    kind: 'probe',
    normal: 0,
    rows: (second, value) =>
      ['north', 'south', 'west'].map((region, n) => ({
        target: 'main',
        hop: 'edge',
        cdn: 'cdn-a',
        region,
        session: `probe-${region}`,
        seq: second + 1,
        synthetic: true,
        verdict: n < value ? 'failed' : 'healthy',
      })),
  },
  // Two boxes of 4,000,000 give 1,000 a second; `slow` has to be empty after 4,000 s. The value’s whole part is the fault, 1 to give too much, 2 twice,
  // 3 too slowly; its fraction is the side of the rule. Afterwards `box` gives nothing.
  reward_issued: {
    kind: 'ledger',
    normal: 0,
    rows: (second, value) => {
      const booked = (pool: string, n: number, entry: string, more: Row): Row => ({
        ...{ node: 'rewards', session: 'rewards', seq: 5 * second + n + 1, pool, round: 'r1' },
        ...{ entry, count: 1, ...more },
      })
      const bad = value % 1 > 0.5
      const fault = Math.floor(value)
      const reference = `g-${second}`
      const over = value === 0 && second > POOL_FROM_S
      const much = fault === 1 ? (bad ? 4_000_000 : 20_000) : 1_000
      const slow = fault === 3 ? (bad ? 300 : 980) : 1_000
      const again = { amount: 5, reference: `g-${second - 1}` }
      const budget = { amount: 4_000_000 }
      return [
        ...(second > 0
          ? []
          : [
              booked('box', 0, 'budget', budget),
              booked('slow', 1, 'budget', { ...budget, ends_ms: RUN_START + 4_000_000 }),
            ]),
        ...(over ? [] : [booked('box', 2, 'issued', { amount: much, reference })]),
        booked('slow', 3, 'issued', { amount: slow, reference }),
        ...(fault === 2 && bad ? [booked('box', 4, 'issued', again)] : []),
      ]
    },
  },
  // The value is how much of a pool goes each second.
  resource_level: {
    kind: 'resource',
    normal: 0,
    rows: (second, value) => [
      {
        resource: 'prize_pool',
        sense: 'stock',
        session: 'prize_pool',
        seq: second + 1,
        level: Math.max(0, 1_000_000 * (1 - value * Math.max(0, second - POOL_FROM_S))),
        capacity: 1_000_000,
      },
    ],
  },
}
/** Seconds from the start until a pool begins to drain. */
export const POOL_FROM_S = 150

/** Every rule of the catalogue. */
export const ALL_RULES: readonly { readonly metric: Metric; readonly spec: RuleSpec }[] =
  METRIC_NAMES.flatMap((metric) => (metricOf(metric).rules ?? []).map((spec) => ({ metric, spec })))
