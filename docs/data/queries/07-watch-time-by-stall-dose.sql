-- How much is too much? Watch time by how much of it stood still.
-- The dose is the session's own stall ratio: stalled ÷ (played + stalled).
SELECT multiIf(ratio = 0, '0', ratio < 0.02, 'under 2 %', ratio < 0.1, '2 – 10 %', '10 % and more') AS stall_ratio, count() AS sessions, avg(watched) / 1000 AS seconds_watched
FROM (
  SELECT session, sum(played_ms) AS watched, sum(stalled_ms) / sum(played_ms + stalled_ms) AS ratio
  FROM heartbeat
  WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
  GROUP BY session
)
GROUP BY stall_ratio
ORDER BY min(ratio)
