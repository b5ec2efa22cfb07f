/** What was refused or set apart, with its reason. */
export const DEAD_LETTERS = `SELECT stage, code, kind, count() AS letters, max(received_time) AS last_seen, any(detail) AS example
FROM dead_letter
WHERE tenant IN (\${tenant:sqlstring}, '') AND received_time >= $__fromTime AND received_time <= $__toTime
GROUP BY stage, code, kind
ORDER BY letters DESC
LIMIT 100`

/** Age of the newest thing in the store, by kind: the whole path from player to board in one number. */
export const FRESHNESS = `SELECT kind, dateDiff('second', newest, $__toTime) AS age FROM (
  SELECT 'heartbeat' AS kind, max(time) AS newest FROM heartbeat_stream_10s WHERE tenant = \${tenant:sqlstring} AND $__timeFilter(time)
  UNION ALL SELECT 'startup' AS kind, max(time) AS newest FROM startup_10s WHERE tenant = \${tenant:sqlstring} AND $__timeFilter(time)
  UNION ALL SELECT 'interaction' AS kind, max(time) AS newest FROM interaction_10s WHERE tenant = \${tenant:sqlstring} AND $__timeFilter(time)
  UNION ALL SELECT 'hop' AS kind, max(time) AS newest FROM hop_10s WHERE tenant = \${tenant:sqlstring} AND $__timeFilter(time)
)
WHERE newest > toDateTime(0)
ORDER BY age DESC`

/** What the tables hold and take on disk. */
export const TABLE_SIZES = `SELECT table, sum(p.rows) AS kept, sum(p.bytes_on_disk) AS bytes, bytes / nullIf(kept, 0) AS bytes_a_row, count() AS parts
FROM system.parts AS p
WHERE active AND database = currentDatabase()
GROUP BY table
ORDER BY bytes DESC`
