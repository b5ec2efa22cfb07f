import type { Store } from '../../store/client.ts'

/** Plays at once in the generated hours: 100 million heartbeats are then seven hours of one large evening. */
export const PLAYS = 40_000
/** Heartbeats of one INSERT. */
export const CHUNK = 1_000_000

/** Deterministic pieces of a row, by `number`: slot of the audience, step of ten seconds, a hash that stays with the session. */
const ROW = `number % ${PLAYS} AS slot, intDiv(number, ${PLAYS}) AS step, intDiv(step + slot % 60, 60) AS visit,
  cityHash64(slot, visit) AS h, cityHash64(number) AS r,
  multiIf(slot < ${PLAYS * 0.5}, 0, slot < ${PLAYS * 0.75}, 1, slot < ${PLAYS * 0.9}, 2, 3) AS nth`

const DIMENSIONS = `'demo' AS tenant, ['shop', 'video', 'news', 'music'][1 + h % 4] AS app,
  if(nth < 3, 'gala', 'aftershow') AS show, concat('stream-', toString(nth)) AS stream,
  concat('s', hex(h)) AS session, concat('v', hex(cityHash64(slot))) AS viewer,
  concat('cdn-', ['a', 'b', 'c', 'd'][1 + intDiv(h, 7) % 4]) AS cdn, concat('edge-', toString(intDiv(h, 11) % 40)) AS edge,
  concat('isp-', toString(intDiv(h, 13) % 12)) AS isp, ['CN', 'CN', 'CN', 'SG', 'US'][1 + intDiv(h, 17) % 5] AS country,
  concat('region-', toString(intDiv(h, 19) % 31)) AS region, ['wifi', '5g', '4g'][1 + intDiv(h, 23) % 3] AS network,
  concat('device-', toString(intDiv(h, 29) % 6)) AS device, ['android', 'ios', 'windows'][1 + intDiv(h, 31) % 3] AS os,
  ['app', 'h5', 'mini-program'][1 + intDiv(h, 37) % 3] AS container, 'hls.js' AS player, '1.7.4' AS player_version,
  ['hls', 'http-flv'][1 + intDiv(h, 41) % 2] AS protocol, ['h264', 'h265', 'av1'][1 + intDiv(h, 43) % 3] AS codec,
  ['480p', '720p', '1080p'][1 + intDiv(h, 47) % 3] AS rendition, 'cdn' AS delivery, 'sdk' AS source, toFloat32(1) AS weight,
  toUInt32(1 + (step + slot % 60) % 60) AS seq`

interface Insert {
  readonly table: string
  /** Rows of this table beside the heartbeats. */
  readonly share: number
  readonly fields: string
}

const INSERTS: readonly Insert[] = [
  {
    table: 'heartbeat',
    share: 1,
    fields: `toUInt32(10000) AS interval_ms, 'interval' AS reason, 'playing' AS state,
      toUInt32(if(r % 97 = 0, 600 + r % 3000, 0)) AS stalled_ms, toUInt32(10000 - stalled_ms) AS played_ms,
      toUInt16(stalled_ms > 0) AS stall_count, toFloat32([1200, 2500, 4500][1 + intDiv(h, 47) % 3]) AS bitrate_kbps,
      toFloat32(3000 + r % 20000) AS bandwidth_kbps, toFloat32(30 - r % 3) AS fps_rendered, toUInt32(300) AS frames_rendered,
      toUInt32(r % 5) AS frames_dropped, toUInt32(1500 + r % 3000) AS buffer_ms,
      toUInt32(1200 + h % 900 + r % 700) AS live_latency_ms, toUInt32(5) AS requests, toUInt32(r % 211 = 0) AS requests_failed,
      toUInt64(bitrate_kbps * 1250) AS bytes, toUInt64(bytes * if(codec = 'h264', 1, 1.4)) AS bytes_reference,
      r % 200000 = 0 AS error_fatal, if(error_fatal, 'network', '') AS error_category`,
  },
  {
    table: 'startup',
    share: 0.03,
    fields: `multiIf(r % 250 = 0, 'failed', r % 40 = 0, 'abandoned', 'started') AS outcome,
      if(outcome = 'started', toFloat32(400 + r % 900), NULL) AS video_startup_time_ms, toFloat32(r % 40) AS dns_ms,
      toFloat32(r % 60) AS tcp_ms, toFloat32(r % 70) AS tls_ms, toFloat32(60 + r % 90) AS manifest_ms,
      toFloat32(120 + r % 200) AS first_byte_ms, toFloat32(40 + r % 80) AS demux_ms, toFloat32(50 + r % 90) AS decode_ms,
      toFloat32(10 + r % 30) AS render_ms, if(outcome = 'failed', 'network', '') AS error_category,
      if(outcome = 'failed', concat('E', toString(r % 9)), '') AS error_code`,
  },
  {
    table: 'interaction',
    share: 0.05,
    fields: `['like', 'comment', 'red_packet', 'vote'][1 + r % 4] AS action,
      multiIf(r % 400 = 0, 'failed', r % 900 = 0, 'timeout', 'success') AS outcome,
      concat('round-', toString(intDiv(step, 90))) AS round, ['push', 'poll', 'api'][1 + r % 3] AS channel,
      toFloat32(60 + r % 300) AS rtt_ms, toUInt32(10) AS messages_expected,
      toUInt32(10 - (r % 500 = 0)) AS messages_received`,
  },
  {
    table: 'cue',
    share: 0.005,
    fields: `concat('round-', toString(intDiv(step, 90))) AS round, ['triggered', 'inserted', 'emitted', 'shown'][1 + r % 4] AS stage,
      toFloat32(200 * (1 + r % 4) + r % 900) AS since_trigger_ms, toFloat32(r % 400) - 100 AS skew_ms`,
  },
  {
    table: 'cohost',
    share: 0.002,
    fields: `toUInt32(5000) AS interval_ms, concat('host-', toString(r % 3)) AS peer, 'in' AS direction, toFloat32(20 + r % 80) AS rtt_ms,
      toFloat32(r % 30) AS jitter_ms, toUInt32(500) AS packets_received, toUInt32(r % 7) AS packets_lost,
      toUInt32(if(r % 50 = 0, 300, 0)) AS freeze_ms, toFloat32(150 + r % 250) AS end_to_end_latency_ms`,
  },
  {
    table: 'hop',
    share: 0.004,
    fields: `['encoder', 'ingest', 'transcode', 'origin', 'edge', 'edge', 'edge', 'edge'][1 + r % 8] AS hop,
      if(hop = 'edge', concat('edge-', toString(intDiv(r, 8) % 40)), concat(hop, '-1')) AS node, toUInt32(1000) AS interval_ms, 'up' AS status,
      toFloat32(4000 + r % 300) AS bitrate_in_kbps, toFloat32(4000 + r % 200) AS bitrate_out_kbps, toFloat32(30) AS fps_in,
      toFloat32(30 - r % 2) AS fps_out, toFloat32(2000) AS key_frame_interval_ms, toUInt32(30) AS frames, toUInt32(r % 90 = 0) AS frames_dropped,
      toFloat32(r % 40) - 20 AS av_offset_ms, toFloat32((r % 30) / 100) AS congestion_ratio, toFloat32(1.02) AS speed_ratio,
      toUInt64(500000) AS bytes_out, toUInt32(900) AS requests, toUInt32(850) AS cache_hits, toUInt32(899) AS status_2xx,
      toUInt32(r % 300 = 0) AS status_5xx, toFloat32(20 + r % 60) AS ttfb_ms`,
  },
  {
    table: 'probe',
    share: 0.0005,
    fields: `concat('target-', toString(r % 6)) AS target, 'edge' AS hop, multiIf(r % 60 = 0, 'failed', r % 20 = 0, 'degraded', 'healthy') AS verdict,
      if(verdict = 'healthy', '', 'manifest') AS stage, if(verdict = 'healthy', '', 'http_status') AS reason,
      toFloat32(300 + r % 400) AS startup_ms, toFloat32(r % 20) AS dns_ms, toFloat32(r % 30) AS tcp_ms, toFloat32(r % 40) AS tls_ms,
      toFloat32(r % 90) AS manifest_ms, toFloat32(r % 200) AS first_byte_ms, toFloat32(1500 + r % 900) AS freshness_ms`,
  },
  {
    table: 'resource',
    share: 0.0005,
    fields: `['prize_pool', 'gateway'][1 + r % 2] AS resource, concat(resource, '-1') AS node, toFloat64(900000 - step * 10) AS level,
      toFloat64(1000000) AS capacity, if(resource = 'gateway', 'load', 'stock') AS sense`,
  },
]

const INCIDENTS = `INSERT INTO incident (tenant, id, version, show, stream, state, severity, rule, metric, hop, cause, summary_en, summary_zh, value, baseline, explains, confidence, viewers, began_time, opened_time, updated_time, resolved_time)
SELECT 'demo', concat('incident-', toString(number)), 2, 'gala', 'stream-0', if(number < 2, 'open', 'resolved'), if(number % 3 = 0, 'critical', 'warning'), 'baseline',
  'rebuffering_ratio', 'edge', '{"cdn":"cdn-b"}', 'Stalls up behind cdn-b', 'cdn-b 卡顿上升', 0.08, 0.01, 0.9, 0.99, 1200,
  fromUnixTimestamp64Milli({end_ms:Int64}) - toIntervalMinute(number * 4) AS began, began + toIntervalSecond(3), began + toIntervalSecond(90),
  if(number < 2, toDateTime64(0, 3), began + toIntervalSecond(90)) FROM numbers(300)`

const STEP_MS = 10_000

/** The incidents of the evening, the newest still open. */
export const seedIncidents = (store: Store, end_ms: number): Promise<void> =>
  store.exec(INCIDENTS, { params: { end_ms } })

/**
 * Fills every table with one chunk as if its rows had come through the log, server-side; the views fill the rollups. A chunk that was cut
 * off is made again and leaves some rows twice: the bench says how many there are.
 */
export async function seedChunk(
  store: Store,
  {
    rows,
    first,
    end_ms,
  }: {
    /** Heartbeats of the whole set. */
    readonly rows: number
    readonly first: number
    /** The end of the set's last interval, ms since the epoch. */
    readonly end_ms: number
  },
): Promise<void> {
  const start = end_ms - Math.ceil(rows / PLAYS) * STEP_MS
  const time = `fromUnixTimestamp64Milli(toInt64(${start}) + step * ${STEP_MS} + r % ${STEP_MS}) AS received_time, received_time - toIntervalMillisecond(40) AS event_time`
  const count = Math.min(CHUNK, rows - first)
  for (const { table, share, fields } of INSERTS) {
    const names = [DIMENSIONS, time, fields].flatMap((text) =>
      [...text.matchAll(/\bAS ([a-z_0-9]+)/g)].map(([, name]) => name),
    )
    const every = Math.round(1 / share)
    await store.exec(
      `INSERT INTO ${table} (${names.join(', ')}) SETTINGS parallel_view_processing = 1, max_insert_threads = 2, max_threads = 2
       SELECT ${names.join(', ')} FROM (SELECT ${ROW}, ${DIMENSIONS}, ${time}, ${fields} FROM
         (SELECT number * ${every} + ${Math.floor(first / every) * every} AS number FROM numbers(${Math.ceil(count / every)})))`,
    )
  }
}
