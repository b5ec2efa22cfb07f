-- How many are still there after ten, thirty, fifty seconds?
-- A survival curve by whether the session stalled in its first twenty seconds.
SELECT stalled_early, count() AS sessions, countIf(watched >= 10000) / sessions AS after_10s, countIf(watched >= 30000) / sessions AS after_30s, countIf(watched >= 50000) / sessions AS after_50s
FROM (
  SELECT session, sum(played_ms) AS watched, sumIf(stalled_ms, event_time < began + INTERVAL 20 SECOND) > 0 AS stalled_early
  FROM heartbeat
  INNER JOIN (
    SELECT session, min(event_time) AS began FROM heartbeat
    WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND (weight > 0 OR bitTest(flags, 5))
    GROUP BY session
  ) AS first USING (session)
  WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
  GROUP BY session
)
GROUP BY stalled_early
ORDER BY stalled_early
