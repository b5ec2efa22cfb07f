-- What does delivery cost, by app and a viewer?
-- Gigabytes from the CDN (peers cost nothing) × the price of one, which is a parameter: `--param price_per_gb=0.02`.
SELECT app, sum(weight * (bytes - bytes_p2p)) / 1e9 * {price_per_gb:Float64} AS cost, cost / uniqExact(viewer) AS cost_a_viewer
FROM heartbeat
WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
GROUP BY app
ORDER BY cost DESC
