-- Which CDN stalls more for the same networks?
-- A CDN that serves the worse networks looks worse than it is. Direct standardisation: each CDN's stall ratio a network operator, weighted by the whole audience's mix of operators, over the operators that every CDN serves.
WITH cells AS (
  SELECT cdn, isp, sum(stalled_ms_sum) AS stalled, sum(watched_ms_sum) AS watched
  FROM heartbeat_1m
  WHERE tenant = {tenant:String} AND show = {show:String} AND time >= {from:DateTime} AND time < {to:DateTime} AND NOT synthetic
  GROUP BY cdn, isp
  HAVING watched > 0
),
mix AS (
  SELECT isp, sum(watched) AS audience FROM cells
  GROUP BY isp
  HAVING uniqExact(cdn) = (SELECT uniqExact(cdn) FROM cells)
)
SELECT cdn, sum(audience * stalled / watched) / sum(audience) AS stall_ratio_same_mix, sum(stalled) / sum(watched) AS stall_ratio
FROM cells INNER JOIN mix USING (isp)
GROUP BY cdn
ORDER BY cdn
