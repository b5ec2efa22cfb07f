-- The same funnel by app: which app loses its viewers, and at which step?
-- Sessions are compared by the app that asked to play.
SELECT app, count() AS attempts, countIf(started) AS started, countIf(watched >= 30000) AS watched_30s, countIf(acted > 0) AS interacted
FROM (
  SELECT session, any(s.app) AS app, max(outcome = 'started') AS started
  FROM startup AS s
  WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
  GROUP BY session
) AS starts
LEFT JOIN (
  SELECT session, sum(played_ms) AS watched FROM heartbeat
  WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
  GROUP BY session
) AS plays USING (session)
LEFT JOIN (
  SELECT session, count() AS acted FROM interaction
  WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
  GROUP BY session
) AS acts USING (session)
GROUP BY app
ORDER BY app
