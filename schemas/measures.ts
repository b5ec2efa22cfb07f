import type { Kind } from './kinds/kinds.ts'
import { POOL_ROUND } from './kinds/ledger.ts'

/**
 * A condition on one field: equal to a value, one of several, at least a number, or present at all.
 * All fields named must fit.
 */
export type Condition =
  | string
  | boolean
  | readonly string[]
  | { readonly at_least: number }
  | { readonly present: true }
  | { readonly not: string }

/** A mergeable aggregate of one kind's rows. Every row counts `weight` times. */
export interface MeasureSpec {
  readonly kind: Kind
  readonly help: string
  /**
   * - `sum`: Σ weight × (sum of `add`) [× `times`]
   * - `count`: Σ weight
   * - `histogram`: weight by logarithmic bucket of `add[0]` (see HISTOGRAM)
   * - `unique`: distinct values of `add[0]`, or of `otherwise` where that is empty, of rows of weight > 0; exact merging in SQL (uniqCombined64), not kept by the watcher
   */
  readonly aggregate: 'sum' | 'count' | 'histogram' | 'unique'
  readonly add?: readonly string[]
  readonly times?: string
  readonly otherwise?: string
  readonly where?: Readonly<Record<string, Condition>>
  /**
   * Only rows whose reference (a text field; '' is none) fulfilled the conditions before, in the same tenant and show and with the
   * same values of the labels `within`. The watcher counts it, no rollup does.
   */
  readonly repeated?: { readonly reference: string; readonly within: readonly string[] }
}

/**
 * Buckets of a histogram: bucket k holds the values in (γ^(k-1), γ^k], everything ≤ 1 is bucket 0.
 * Mergeable by adding, weighted, the same in the watcher and in SQL; a quantile's relative error is ≤ (γ-1)/(γ+1) = 1.96 %
 * (the DDSketch mapping: Masson, Rim, Lee, VLDB 2019).
 */
export const HISTOGRAM = { gamma: 1.04 } as const

const sum = (kind: Kind, field: string, help: string) =>
  ({ kind, aggregate: 'sum', add: [field], help }) as const
const mean = (kind: Kind, field: string, help: string) =>
  ({ kind, aggregate: 'sum', add: [field], where: { [field]: { present: true } }, help }) as const
const present = (kind: Kind, field: string, help: string) =>
  ({ kind, aggregate: 'count', where: { [field]: { present: true } }, help }) as const
const histogram = (kind: Kind, field: string, help: string) =>
  ({ kind, aggregate: 'histogram', add: [field], where: { [field]: { present: true } }, help }) as const
const unique = (kind: Kind, field: string, help: string) =>
  ({ kind, aggregate: 'unique', add: [field], help }) as const

const booked = (entry: string, help: string) =>
  ({ kind: 'ledger', aggregate: 'sum', add: ['amount'], where: { entry }, help }) as const

const DECIDED = ['success', 'failed', 'timeout'] as const
/** A count of messages that came is nothing a viewer did. */
const DONE = { action: { not: 'message' } } as const

/** All measures. A metric is a quotient or a quantile of them; a rollup keeps them; the watcher sums them by window. */
export const MEASURES = {
  // heartbeat
  heartbeats_count: { kind: 'heartbeat', aggregate: 'count', help: 'Heartbeats.' },
  interval_ms_sum: sum('heartbeat', 'interval_ms', 'Time covered by heartbeats: plays × time.'),
  played_ms_sum: sum('heartbeat', 'played_ms', 'Time played.'),
  stalled_ms_sum: sum('heartbeat', 'stalled_ms', 'Time stalled.'),
  watched_ms_sum: {
    kind: 'heartbeat',
    aggregate: 'sum',
    add: ['played_ms', 'stalled_ms'],
    help: 'Time played or stalled.',
  },
  stalls_sum: sum('heartbeat', 'stall_count', 'Stalls that began.'),
  stalled_sessions_uniq: {
    kind: 'heartbeat',
    aggregate: 'unique',
    add: ['session'],
    where: { stalled_ms: { at_least: 1 } },
    help: 'Sessions that stalled.',
  },
  fast_ms_sum: sum('heartbeat', 'fast_ms', 'Time played faster than 1×.'),
  slow_ms_sum: sum('heartbeat', 'slow_ms', 'Time played slower than 1×.'),
  catch_ups_sum: {
    kind: 'heartbeat',
    aggregate: 'sum',
    add: ['catch_ups'],
    where: { caught_up_ms: { present: true } },
    help: 'Catch-ups whose latency before and after is known.',
  },
  caught_up_sum: mean('heartbeat', 'caught_up_ms', 'Latency before minus after catch-ups, summed.'),
  bitrate_played_sum: {
    kind: 'heartbeat',
    aggregate: 'sum',
    add: ['bitrate_kbps'],
    times: 'played_ms',
    where: { bitrate_kbps: { present: true } },
    help: 'Bitrate × time played.',
  },
  bitrate_played_ms_sum: {
    kind: 'heartbeat',
    aggregate: 'sum',
    add: ['played_ms'],
    where: { bitrate_kbps: { present: true } },
    help: 'Time played at a known bitrate.',
  },
  bandwidth_sum: mean('heartbeat', 'bandwidth_kbps', 'Throughput measured, summed.'),
  bandwidth_count: present('heartbeat', 'bandwidth_kbps', 'Heartbeats with a throughput.'),
  bytes_sum: sum('heartbeat', 'bytes', 'Media bytes received.'),
  bytes_p2p_sum: sum('heartbeat', 'bytes_p2p', 'Of these, from peers.'),
  peers_sum: mean('heartbeat', 'peers', 'Peers, summed.'),
  peers_count: present('heartbeat', 'peers', 'Heartbeats that say how many peers.'),
  bytes_reference_sum: sum('heartbeat', 'bytes_reference', 'What H.264 would have cost.'),
  bytes_compared_sum: {
    kind: 'heartbeat',
    aggregate: 'sum',
    add: ['bytes'],
    where: { bytes_reference: { at_least: 1 } },
    help: 'Media bytes of intervals whose H.264 cost is known.',
  },
  frames_rendered_sum: sum('heartbeat', 'frames_rendered', 'Frames shown.'),
  frames_dropped_sum: sum('heartbeat', 'frames_dropped', 'Frames dropped by players.'),
  frames_total_sum: {
    kind: 'heartbeat',
    aggregate: 'sum',
    add: ['frames_rendered', 'frames_dropped'],
    help: 'Frames shown or dropped.',
  },
  fps_rendered_sum: mean('heartbeat', 'fps_rendered', 'Frame rate shown, summed.'),
  fps_rendered_count: present('heartbeat', 'fps_rendered', 'Heartbeats with a frame rate.'),
  buffer_sum: mean('heartbeat', 'buffer_ms', 'Buffer, summed.'),
  buffer_count: present('heartbeat', 'buffer_ms', 'Heartbeats with a buffer.'),
  live_latency_sum: mean('heartbeat', 'live_latency_ms', 'Live latency, summed.'),
  live_latency_count: present('heartbeat', 'live_latency_ms', 'Heartbeats with a latency.'),
  live_latency_hist: histogram('heartbeat', 'live_latency_ms', 'Live latency by bucket.'),
  switches_sum: sum('heartbeat', 'switches', 'Changes of rendition.'),
  media_requests_sum: sum('heartbeat', 'requests', 'Media requests.'),
  media_requests_failed_sum: sum('heartbeat', 'requests_failed', 'Media requests that failed.'),
  playback_failures_count: {
    kind: 'heartbeat',
    aggregate: 'count',
    where: { error_fatal: true, error_category: { not: 'business' } },
    help: 'Fatal errors that are not a rule of business.',
  },
  reports_expected_sum: sum('heartbeat', 'reports_expected', 'Reports the sources counted.'),
  reports_received_sum: sum('heartbeat', 'reports_received', 'Reports that came.'),
  sessions_uniq: unique('heartbeat', 'session', 'Sessions.'),
  viewers_uniq: {
    ...unique('heartbeat', 'viewer', 'Viewers; a session that does not say whose it is counts as one.'),
    otherwise: 'session',
  },

  // startup
  attempts_count: { kind: 'startup', aggregate: 'count', help: 'Attempts to start.' },
  starts_count: {
    kind: 'startup',
    aggregate: 'count',
    where: { outcome: 'started' },
    help: 'Attempts that played.',
  },
  start_failures_count: {
    kind: 'startup',
    aggregate: 'count',
    where: { outcome: 'failed', error_category: { not: 'business' } },
    help: 'Attempts that failed.',
  },
  abandons_count: {
    kind: 'startup',
    aggregate: 'count',
    where: { outcome: 'abandoned' },
    help: 'Attempts left before the first frame.',
  },
  first_screen_sum: mean('startup', 'video_startup_time_ms', 'First-screen time, summed.'),
  first_screen_count: present('startup', 'video_startup_time_ms', 'Attempts with a first-screen time.'),
  first_screen_hist: histogram('startup', 'video_startup_time_ms', 'First-screen time by bucket.'),
  dns_sum: mean('startup', 'dns_ms', 'DNS, summed.'),
  dns_count: present('startup', 'dns_ms', 'Attempts with it.'),
  tcp_sum: mean('startup', 'tcp_ms', 'TCP, summed.'),
  tcp_count: present('startup', 'tcp_ms', 'Attempts with it.'),
  tls_sum: mean('startup', 'tls_ms', 'TLS, summed.'),
  tls_count: present('startup', 'tls_ms', 'Attempts with it.'),
  handshake_sum: mean('startup', 'handshake_ms', 'Handshake, summed.'),
  handshake_count: present('startup', 'handshake_ms', 'Attempts with it.'),
  manifest_sum: mean('startup', 'manifest_ms', 'Manifest, summed.'),
  manifest_count: present('startup', 'manifest_ms', 'Attempts with it.'),
  first_byte_sum: mean('startup', 'first_byte_ms', 'First media byte, summed.'),
  first_byte_count: present('startup', 'first_byte_ms', 'Attempts with it.'),
  licence_sum: mean('startup', 'licence_ms', 'Licence, summed.'),
  licence_count: present('startup', 'licence_ms', 'Attempts with it.'),
  container_load_sum: mean('startup', 'container_ms', 'Container, summed.'),
  container_load_count: present('startup', 'container_ms', 'Attempts with it.'),
  component_load_sum: mean('startup', 'component_ms', 'Component, summed.'),
  component_load_count: present('startup', 'component_ms', 'Attempts with it.'),
  resources_sum: sum('startup', 'resources', 'Files needed by the start.'),
  resources_cached_sum: sum('startup', 'resources_cached', 'Of these, the ones that were there before.'),
  drm_failures_count: {
    kind: 'startup',
    aggregate: 'count',
    where: { outcome: 'failed', error_category: 'drm' },
    help: 'Attempts that failed for lack of a licence or key.',
  },
  demux_sum: mean('startup', 'demux_ms', 'Demux, summed.'),
  demux_count: present('startup', 'demux_ms', 'Attempts with it.'),
  decode_sum: mean('startup', 'decode_ms', 'Decode, summed.'),
  decode_count: present('startup', 'decode_ms', 'Attempts with it.'),
  render_sum: mean('startup', 'render_ms', 'Render, summed.'),
  render_count: present('startup', 'render_ms', 'Attempts with it.'),

  // interaction
  interactions_count: {
    kind: 'interaction',
    aggregate: 'count',
    where: { outcome: DECIDED, ...DONE },
    help: 'Interactions that succeeded or failed.',
  },
  interaction_successes_count: {
    kind: 'interaction',
    aggregate: 'count',
    where: { outcome: 'success', ...DONE },
    help: 'Interactions that succeeded.',
  },
  interaction_failures_count: {
    kind: 'interaction',
    aggregate: 'count',
    where: { outcome: ['failed', 'timeout'], ...DONE },
    help: 'Interactions that failed or timed out.',
  },
  interaction_rtt_sum: mean('interaction', 'rtt_ms', 'Round trip, summed.'),
  interaction_rtt_count: present('interaction', 'rtt_ms', 'Interactions with a round trip.'),
  interaction_rtt_hist: histogram('interaction', 'rtt_ms', 'Round trip by bucket.'),
  messages_expected_sum: sum(
    'interaction',
    'messages_expected',
    'Messages sent, by the channel’s numbering.',
  ),
  messages_received_sum: sum('interaction', 'messages_received', 'Messages that came.'),
  messages_duplicated_sum: sum('interaction', 'messages_duplicated', 'Messages that came again.'),
  messages_disordered_sum: sum('interaction', 'messages_disordered', 'Messages that came after a later one.'),
  message_delay_sum: {
    kind: 'interaction',
    aggregate: 'sum',
    add: ['message_delay_ms'],
    times: 'messages_timed',
    where: { message_delay_ms: { present: true } },
    help: 'Time from sent until received × messages.',
  },
  messages_timed_sum: {
    kind: 'interaction',
    aggregate: 'sum',
    add: ['messages_timed'],
    where: { message_delay_ms: { present: true } },
    help: 'Messages that say when they were sent.',
  },
  message_queue_sum: {
    kind: 'interaction',
    aggregate: 'sum',
    add: ['message_queue_ms'],
    times: 'messages_queued',
    where: { message_queue_ms: { present: true } },
    help: 'Time waited in queues × messages.',
  },
  messages_queued_sum: {
    kind: 'interaction',
    aggregate: 'sum',
    add: ['messages_queued'],
    where: { message_queue_ms: { present: true } },
    help: 'Messages that say how long they waited.',
  },
  prefetch_hits_count: {
    kind: 'interaction',
    aggregate: 'count',
    where: { prefetch: 'hit' },
    help: 'Answers that had been fetched before they were needed.',
  },
  prefetches_count: {
    kind: 'interaction',
    aggregate: 'count',
    where: { prefetch: ['hit', 'miss'] },
    help: 'Answers that should have been fetched before.',
  },
  participants_uniq: {
    ...unique(
      'interaction',
      'viewer',
      'Viewers who took part; a session that does not say whose it is counts as one.',
    ),
    otherwise: 'session',
    where: DONE,
  },

  // cue
  cues_shown_count: {
    kind: 'cue',
    aggregate: 'count',
    where: { stage: 'shown' },
    help: 'Rounds shown by a page.',
  },
  cue_production_sum: {
    kind: 'cue',
    aggregate: 'sum',
    add: ['since_trigger_ms'],
    where: { stage: 'shown', since_trigger_ms: { present: true } },
    help: 'From the trigger until shown, summed.',
  },
  cue_production_count: {
    kind: 'cue',
    aggregate: 'count',
    where: { stage: 'shown', since_trigger_ms: { present: true } },
    help: 'Rounds shown with a known trigger.',
  },
  cue_skew_sum: mean('cue', 'skew_ms', 'Page after frame, summed.'),
  cue_skew_count: present('cue', 'skew_ms', 'Rounds with a skew.'),

  // cohost
  cohost_ms_sum: sum('cohost', 'interval_ms', 'Time co-hosted.'),
  cohost_freeze_ms_sum: sum('cohost', 'freeze_ms', 'Time frozen.'),
  cohost_rtt_sum: mean('cohost', 'rtt_ms', 'Round trip, summed.'),
  cohost_rtt_count: present('cohost', 'rtt_ms', 'Intervals with a round trip.'),
  cohost_latency_sum: mean('cohost', 'end_to_end_latency_ms', 'End-to-end latency, summed.'),
  cohost_latency_count: present('cohost', 'end_to_end_latency_ms', 'Intervals with a latency.'),
  cohost_packets_lost_sum: sum('cohost', 'packets_lost', 'Packets lost.'),
  cohost_packets_sum: {
    kind: 'cohost',
    aggregate: 'sum',
    add: ['packets_lost', 'packets_received'],
    help: 'Packets sent.',
  },

  // hop
  hop_reports_count: { kind: 'hop', aggregate: 'count', help: 'Reports of nodes.' },
  hop_bitrate_in_sum: mean('hop', 'bitrate_in_kbps', 'Bitrate in, summed.'),
  hop_bitrate_in_count: present('hop', 'bitrate_in_kbps', 'Reports with it.'),
  hop_bitrate_out_sum: mean('hop', 'bitrate_out_kbps', 'Bitrate out, summed.'),
  hop_bitrate_out_count: present('hop', 'bitrate_out_kbps', 'Reports with it.'),
  hop_fps_in_sum: mean('hop', 'fps_in', 'Frame rate in, summed.'),
  hop_fps_in_count: present('hop', 'fps_in', 'Reports with it.'),
  hop_fps_out_sum: mean('hop', 'fps_out', 'Frame rate out, summed.'),
  hop_fps_out_count: present('hop', 'fps_out', 'Reports with it.'),
  hop_key_frame_sum: mean('hop', 'key_frame_interval_ms', 'Key-frame interval, summed.'),
  hop_key_frame_count: present('hop', 'key_frame_interval_ms', 'Reports with it.'),
  hop_speed_sum: mean('hop', 'speed_ratio', 'Encoding speed, summed.'),
  hop_speed_count: present('hop', 'speed_ratio', 'Reports with it.'),
  hop_av_offset_sum: mean('hop', 'av_offset_ms', 'A/V offset, summed.'),
  hop_av_offset_count: present('hop', 'av_offset_ms', 'Reports with it.'),
  hop_congestion_sum: mean('hop', 'congestion_ratio', 'Congestion, summed.'),
  hop_congestion_count: present('hop', 'congestion_ratio', 'Reports with it.'),
  hop_frames_sum: sum('hop', 'frames', 'Frames handled.'),
  hop_frames_dropped_sum: sum('hop', 'frames_dropped', 'Frames dropped before the player.'),
  hop_requests_sum: sum('hop', 'requests', 'Requests answered.'),
  hop_cache_hits_sum: sum('hop', 'cache_hits', 'Answers from the cache.'),
  hop_errors_sum: sum('hop', 'status_5xx', 'Answers 500–599.'),
  hop_refused_sum: sum('hop', 'requests_refused', 'Viewers’ requests refused.'),
  hop_hotlinked_sum: sum('hop', 'requests_hotlinked', 'Requests refused since another site’s page asked.'),
  hop_bytes_out_sum: sum('hop', 'bytes_out', 'Bytes sent.'),
  hop_ttfb_sum: {
    kind: 'hop',
    aggregate: 'sum',
    add: ['ttfb_ms'],
    times: 'requests',
    where: { ttfb_ms: { present: true } },
    help: 'Time to first byte × requests.',
  },
  hop_ttfb_requests_sum: {
    kind: 'hop',
    aggregate: 'sum',
    add: ['requests'],
    where: { ttfb_ms: { present: true } },
    help: 'Requests with a time to first byte.',
  },
  hop_segment_sum: mean('hop', 'segment_duration_ms', 'Segment duration, summed.'),
  hop_segment_count: present('hop', 'segment_duration_ms', 'Reports with it.'),

  hop_render_sum: mean('hop', 'render_ms', 'Time to make a frame, summed.'),
  hop_render_count: present('hop', 'render_ms', 'Reports with it.'),
  hop_lag_sum: mean('hop', 'lag_ms', 'Lag behind the source, summed.'),
  hop_lag_count: present('hop', 'lag_ms', 'Reports with it.'),
  hop_rtt_sum: mean('hop', 'rtt_ms', 'Round trip, summed.'),
  hop_rtt_count: present('hop', 'rtt_ms', 'Reports with it.'),
  hop_promised_sum: sum('hop', 'renditions_promised', 'Renditions promised.'),
  hop_delivered_sum: sum('hop', 'renditions_delivered', 'Renditions delivered.'),
  publish_expired_count: {
    kind: 'hop',
    aggregate: 'count',
    where: { hop: 'publish', event: 'refused', reason: 'expired' },
    help: 'Publishers refused whose own key is too old.',
  },
  publish_forged_count: {
    kind: 'hop',
    aggregate: 'count',
    where: { hop: 'publish', event: 'refused', reason: ['unsigned', 'bad_signature'] },
    help: 'Publishers refused without a key of ours.',
  },
  recordings_lost_count: {
    kind: 'hop',
    aggregate: 'count',
    where: { hop: 'record', event: 'lost' },
    help: 'Recordings that are not there, or empty.',
  },

  // probe
  probes_count: { kind: 'probe', aggregate: 'count', help: 'Checks made.' },
  probes_failed_count: {
    kind: 'probe',
    aggregate: 'count',
    where: { verdict: ['failed'] },
    help: 'Checks that failed.',
  },
  probes_healthy_count: {
    kind: 'probe',
    aggregate: 'count',
    where: { verdict: 'healthy' },
    help: 'Checks that found all right.',
  },
  probe_startup_sum: mean('probe', 'startup_ms', 'Probe start-up, summed.'),
  probe_startup_count: present('probe', 'startup_ms', 'Checks with it.'),
  probe_freshness_sum: mean('probe', 'freshness_ms', 'Age of the live edge, summed.'),
  probe_freshness_count: present('probe', 'freshness_ms', 'Checks with it.'),

  // resource
  resource_level_sum: sum('resource', 'level', 'Level, summed.'),
  resource_capacity_sum: mean('resource', 'capacity', 'Capacity, summed.'),
  reward_budget_amount_sum: booked('budget', 'Budget of prize pools, by amount.'),
  reward_issued_amount_sum: booked('issued', 'Rewards issued, by amount.'),
  reward_claimed_amount_sum: booked('claimed', 'Rewards claimed, by amount.'),
  reward_expired_amount_sum: booked('expired', 'Rewards expired, by amount.'),
  reward_returned_amount_sum: booked('returned', 'Rewards returned to their pool, by amount.'),
  reward_doubled_amount_sum: {
    ...booked('issued', 'Rewards issued again under a reference that was issued before, by amount.'),
    repeated: { reference: 'reference', within: POOL_ROUND },
  },
  reward_ends_sum: mean('ledger', 'ends_ms', 'Ends of the rounds of budgets, summed.'),
  reward_ends_count: present('ledger', 'ends_ms', 'Budgets that name one.'),
  orders_sum: {
    kind: 'ledger',
    aggregate: 'sum',
    add: ['count'],
    where: { entry: 'order' },
    help: 'Orders.',
  },
  sales_sum: {
    kind: 'ledger',
    aggregate: 'sum',
    add: ['amount'],
    where: { entry: 'order' },
    help: 'Orders, by amount.',
  },
  resource_reports_count: { kind: 'resource', aggregate: 'count', help: 'Reports of a resource.' },
} as const satisfies Readonly<Record<string, MeasureSpec>>

export type Measure = keyof typeof MEASURES
export const MEASURE_NAMES = Object.keys(MEASURES) as Measure[]
/** A measure’s specification by its name. */
export const measureOf = (name: Measure): MeasureSpec => MEASURES[name]
/** What rollups can keep of a kind. */
export const measuresOfKind = (kind: Kind): Measure[] =>
  MEASURE_NAMES.filter((name) => MEASURES[name].kind === kind && measureOf(name).repeated === undefined)
