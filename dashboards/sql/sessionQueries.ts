import { measureOverRaw, metricSql, metricWhere, REAL_ROWS } from '../../schemas/sql.ts'

/**
 * Raw rows are ordered by stream and five minutes: with both given, little is read. The table is called
 * h, since columns of the result have its columns' names.
 */
const OF_SHOW = `h.tenant = \${tenant:sqlstring} AND $__conditionalAll(h.stream IN (\${stream:sqlstring}), $stream) AND h.show = \${show:sqlstring}`

/** Sessions that stalled longest in the last five minutes of the board's time. */
export const WORST_SESSIONS = `SELECT session, stream, any(app) AS app, any(cdn) AS cdn, any(isp) AS isp, any(region) AS region, any(device) AS device,
  ${measureOverRaw('stalled_ms_sum')} AS stalled, ${metricSql('rebuffering_ratio', { over: 'raw' })} AS stall_ratio,
  ${metricSql('live_latency', { over: 'raw' })} AS latency, ${metricSql('bitrate', { over: 'raw' })} AS bitrate
FROM heartbeat AS h
WHERE ${OF_SHOW} AND $__conditionalAll(h.app IN (\${app:sqlstring}), $app) AND $__conditionalAll(h.cdn IN (\${cdn:sqlstring}), $cdn)
  AND received_time >= $__toTime - INTERVAL 5 MINUTE AND received_time < $__toTime
  AND toStartOfFiveMinutes(received_time) >= toStartOfFiveMinutes($__toTime - INTERVAL 5 MINUTE)
  AND ${metricWhere('rebuffering_ratio')}
GROUP BY session, stream
HAVING stalled > 0
ORDER BY stalled DESC
LIMIT 50`

const OF_SESSION = `${OF_SHOW} AND h.session = \${session:sqlstring}
  AND received_time >= $__fromTime AND received_time <= $__toTime`

const at = 'event_time AS at'

export const SESSION_FACTS = `SELECT any(app) AS app, any(stream) AS stream, any(cdn) AS cdn, any(edge) AS edge, any(isp) AS isp, any(country) AS country, any(region) AS region,
  any(network) AS network, any(device) AS device, any(os) AS os, any(player) AS player, any(player_version) AS version, any(codec) AS codec,
  min(event_time) AS first_seen, max(event_time) AS last_seen, sum(played_ms) AS played, sum(stalled_ms) AS stalled, sum(stall_count) AS stalls
FROM heartbeat AS h
WHERE ${OF_SESSION}
HAVING count() > 0`

export const SESSION_STATES = `SELECT ${at}, state
FROM heartbeat AS h
WHERE ${OF_SESSION}
ORDER BY at`

export const SESSION_STALLS = `SELECT ${at}, toFloat64(stalled_ms) AS "Stalled", buffer_ms AS "Buffer", live_latency_ms AS "Live latency"
FROM heartbeat AS h
WHERE ${OF_SESSION}
ORDER BY at`

export const SESSION_BITRATE = `SELECT ${at}, bitrate_kbps AS "Bitrate", bandwidth_kbps AS "Throughput"
FROM heartbeat AS h
WHERE ${OF_SESSION}
ORDER BY at`

export const SESSION_START = `SELECT event_time AS at, outcome, video_startup_time_ms AS first_screen, dns_ms, tcp_ms, tls_ms, handshake_ms, manifest_ms, first_byte_ms, demux_ms, decode_ms, render_ms, error_code
FROM startup AS h
WHERE ${OF_SESSION}
ORDER BY at
LIMIT 20`

export const SESSION_EVENTS = `SELECT at, kind, what, detail FROM (
  SELECT ${at}, 'start' AS kind, toString(outcome) AS what, concat(toString(round(ifNull(video_startup_time_ms, 0))), ' ms ', error_code) AS detail FROM startup AS h WHERE ${OF_SESSION}
  UNION ALL
  SELECT ${at}, 'play' AS kind, toString(reason) AS what, concat(toString(state), if(stalled_ms > 0, concat(', stalled ', toString(stalled_ms), ' ms'), ''), if(error_code = '', '', concat(', ', error_code))) AS detail
  FROM heartbeat AS h WHERE ${OF_SESSION} AND reason != 'interval'
  UNION ALL
  SELECT ${at}, 'interaction' AS kind, concat(action, ' ', outcome) AS what, concat(toString(round(ifNull(rtt_ms, 0))), ' ms ', round, ' ', error_code) AS detail FROM interaction AS h WHERE ${OF_SESSION}
  UNION ALL
  SELECT ${at}, 'cue' AS kind, concat(toString(stage), ' ', round) AS what, concat('skew ', toString(round(ifNull(skew_ms, 0))), ' ms') AS detail FROM cue AS h WHERE ${OF_SESSION}
)
ORDER BY at
LIMIT 500`

/** Sessions to choose from when none is: the ones seen last. */
export const SESSIONS_SEEN = `SELECT session, any(stream) AS stream, any(app) AS app, any(cdn) AS cdn, any(region) AS region, max(received_time) AS last_seen, sum(stalled_ms) AS stalled
FROM heartbeat AS h
WHERE ${OF_SHOW} AND received_time >= $__toTime - INTERVAL 1 MINUTE AND received_time < $__toTime
  AND toStartOfFiveMinutes(received_time) >= toStartOfFiveMinutes($__toTime - INTERVAL 1 MINUTE)
  AND ${REAL_ROWS}
GROUP BY session
ORDER BY stalled DESC, last_seen DESC
LIMIT 20`
