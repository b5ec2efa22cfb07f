-- What does each codec save against H.264 of the same height?
-- 1 − bytes ÷ reference, over the intervals whose reference is known.
SELECT codec, sum(bytes) / 1e6 AS megabytes, 1 - sumIf(bytes, bytes_reference > 0) / sum(bytes_reference) AS saved, sum(bitrate_kbps * played_ms) / sum(played_ms) AS bitrate_kbps_played
FROM heartbeat
WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
GROUP BY codec
ORDER BY codec
