-- Which app sees the show late, and by how much?
-- In a draw, whoever sees it later has a smaller chance: behind is the distance to the first app.
SELECT app, avg(live_latency_ms) AS latency_ms, latency_ms - min(latency_ms) OVER () AS behind_ms
FROM heartbeat
WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5)) AND live_latency_ms IS NOT NULL
GROUP BY app
ORDER BY latency_ms
