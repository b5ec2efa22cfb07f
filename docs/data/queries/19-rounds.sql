-- How did each round go?
-- Refusals are rules of the game (already drawn, sold out) and count neither as success nor as failure.
SELECT round, uniqExact(session) AS took_part, countIf(outcome IN ('success', 'failed', 'timeout')) AS decided, countIf(outcome = 'success') / decided AS success, countIf(outcome = 'refused') AS refused, avg(rtt_ms) AS round_trip_ms
FROM interaction
WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5)) AND round != ''
GROUP BY round
ORDER BY round
