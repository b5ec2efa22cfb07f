const OF_SHOW = `tenant = \${tenant:sqlstring} AND show = \${show:sqlstring}
  AND $__conditionalAll(stream IN (\${stream:sqlstring}), $stream)
  AND began_time < $__toTime AND (state = 'open' OR resolved_time >= $__fromTime)`

const END = `if(state = 'open', least(now64(3), toDateTime64($__toTime, 3)), resolved_time)`

/** Incidents of the board's time, the newest first. */
export const INCIDENT_ROWS = `SELECT began_time AS began, state, severity, summary_en AS what, hop, stream, viewers,
  lost_minutes AS minutes_lost, dateDiff('second', began_time, ${END}) AS lasted,
  dateDiff('second', began_time, opened_time) AS found_after, confidence, id, cause, metric, value, baseline
FROM incident FINAL
WHERE ${OF_SHOW}
ORDER BY state = 'open' DESC, began_time DESC
LIMIT 200`

export const OPEN_INCIDENTS = `SELECT count() AS "Open incidents"
FROM incident FINAL
WHERE ${OF_SHOW} AND state = 'open'`

/** What incidents cost, added up second by second by the judge. */
export const INCIDENT_COST = `SELECT sum(lost_minutes) AS "Viewer minutes lost"
FROM incident FINAL
WHERE ${OF_SHOW}`

export const FOUND_AFTER = `SELECT avg(dateDiff('millisecond', began_time, opened_time)) AS "Found after"
FROM incident FINAL
WHERE ${OF_SHOW}`

export const LASTED = `SELECT avgIf(dateDiff('millisecond', began_time, resolved_time), state = 'resolved') AS "Lasted"
FROM incident FINAL
WHERE ${OF_SHOW}`

export const INCIDENTS_BY_HOP = `SELECT hop, count() AS incidents, sum(lost_minutes) AS minutes_lost
FROM incident FINAL
WHERE ${OF_SHOW}
GROUP BY hop
ORDER BY minutes_lost DESC`

export const INCIDENTS_OVER_TIME = `SELECT toStartOfInterval(began_time, toIntervalSecond(greatest($__interval_s, 60))) AS at,
  countIf(severity = 'critical') AS "Critical", countIf(severity = 'warning') AS "Warning", countIf(severity = 'info') AS "Info"
FROM incident FINAL
WHERE ${OF_SHOW}
GROUP BY at
ORDER BY at`
