-- From the touch to taking part: where are viewers lost?
-- Each step counts the sessions that reached it: asked to play, saw a frame, watched thirty seconds, interacted.
SELECT count() AS attempts, countIf(started) AS started, countIf(watched >= 30000) AS watched_30s, countIf(acted > 0) AS interacted,
  started / attempts AS start_rate, interacted / started AS interaction_rate
FROM (
  SELECT session, max(outcome = 'started') AS started
  FROM startup
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
