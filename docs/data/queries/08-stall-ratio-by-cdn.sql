-- Which CDN stalls more, at first sight?
-- The catalogue's rebuffering_ratio from the rollup; the next query says whether the comparison is fair.
SELECT cdn, sum(stalled_ms_sum) / sum(watched_ms_sum) AS stall_ratio, sum(watched_ms_sum) / 60000 AS minutes
FROM heartbeat_1m
WHERE tenant = {tenant:String} AND show = {show:String} AND time >= {from:DateTime} AND time < {to:DateTime} AND NOT synthetic
GROUP BY cdn
ORDER BY cdn
