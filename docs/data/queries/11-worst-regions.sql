-- Where is it worst, and how many does it concern?
-- `share` is the region's part of all stalled time: a bad ratio with a small share can wait.
SELECT region, sum(stalled_ms) / sum(played_ms + stalled_ms) AS stall_ratio, uniqExact(session) AS sessions, sum(stalled_ms) / sum(sum(stalled_ms)) OVER () AS share
FROM heartbeat
WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
GROUP BY region
ORDER BY share DESC
