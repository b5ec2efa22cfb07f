-- How many watched at once, minute by minute?
-- Concurrent plays of a minute = Σ weight × interval ÷ 60 s: right under sampling, and mergeable.
SELECT toStartOfMinute(event_time) AS minute, sum(weight * interval_ms) / 60000 AS watching
FROM heartbeat
WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
GROUP BY minute
ORDER BY minute
