-- Does the edge slow down when viewers stall?
-- The edge's time to first byte beside the players' stall ratio of the same CDN, ten seconds by ten seconds, and their correlation.
SELECT cdn, count() AS steps, corr(ttfb, stall) AS correlation, avg(ttfb) AS mean_ttfb_ms, avg(stall) AS mean_stall_ratio
FROM (
  SELECT time, cdn, sum(stalled_ms_sum) / sum(watched_ms_sum) AS stall
  FROM heartbeat_stream_10s
  WHERE tenant = {tenant:String} AND show = {show:String} AND time >= {from:DateTime} AND time < {to:DateTime} AND NOT synthetic
  GROUP BY time, cdn
) AS felt
INNER JOIN (
  SELECT time, cdn, sum(hop_ttfb_sum) / sum(hop_ttfb_requests_sum) AS ttfb
  FROM hop_10s
  WHERE tenant = {tenant:String} AND show = {show:String} AND time >= {from:DateTime} AND time < {to:DateTime} AND hop = 'edge'
  GROUP BY time, cdn
) AS edge USING (time, cdn)
GROUP BY cdn
ORDER BY cdn
