-- For whom did it get worse? The largest changes between the two halves of the time.
-- Sorted by the stalled minutes that the change added, so that a tiny region with a wild ratio does not come first.
WITH toDateTime(intDiv(toUnixTimestamp({from:DateTime}) + toUnixTimestamp({to:DateTime}), 2)) AS half
SELECT cdn, region, sumIf(stalled_ms, event_time < half) / nullIf(sumIf(played_ms + stalled_ms, event_time < half), 0) AS before,
  sumIf(stalled_ms, event_time >= half) / nullIf(sumIf(played_ms + stalled_ms, event_time >= half), 0) AS after,
  (after - before) * sumIf(played_ms + stalled_ms, event_time >= half) / 60000 AS minutes_added
FROM heartbeat
WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
GROUP BY cdn, region
HAVING minutes_added IS NOT NULL
ORDER BY minutes_added DESC
LIMIT 20
