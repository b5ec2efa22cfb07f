-- First screen by device: the middle, and the slow end.
-- Exact quantiles over raw rows; boards use histograms that are within 2 %.
SELECT device, count() AS starts, quantileExact(0.5)(video_startup_time_ms) AS median, quantileExact(0.95)(video_startup_time_ms) AS p95
FROM startup
WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5)) AND outcome = 'started'
GROUP BY device
ORDER BY device
