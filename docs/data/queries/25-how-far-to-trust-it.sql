-- How far can these numbers be trusted?
-- Reports that came against reports that were numbered (NULL where a source does not number them), and the share of heartbeats whose clock had to be corrected or clamped.
SELECT source, sum(reports_received) / nullIf(sum(reports_expected), 0) AS completeness, countIf(bitTest(flags, 1)) / count() AS clock_corrected, countIf(bitTest(flags, 0)) / count() AS clock_clamped, count() AS heartbeats
FROM heartbeat
WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND (weight > 0 OR bitTest(flags, 5))
GROUP BY source
ORDER BY source
