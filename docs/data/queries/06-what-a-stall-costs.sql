-- What does a stall cost in watch time?
-- Sessions that stalled against those that did not, within the same app, so that an app with short visits does not look like a stall's effect; apps are weighted by the sessions that stalled.
SELECT sum(stalled_sessions * (smooth_s - stalled_s)) / sum(stalled_sessions) AS seconds_lost_a_session, sum(stalled_sessions) AS sessions_compared
FROM (
  SELECT app, countIf(stalled > 0) AS stalled_sessions, countIf(stalled = 0) AS smooth_sessions,
    avgIf(watched, stalled > 0) / 1000 AS stalled_s, avgIf(watched, stalled = 0) / 1000 AS smooth_s
  FROM (
    SELECT session, any(h.app) AS app, sum(played_ms) AS watched, sum(stalled_ms) AS stalled
    FROM heartbeat AS h
    WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
    GROUP BY session
  )
  GROUP BY app
  HAVING stalled_sessions > 0 AND smooth_sessions > 0
)
