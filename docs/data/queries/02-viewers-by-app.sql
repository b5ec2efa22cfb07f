-- Who came, and how long did they stay, by app?
-- People are counted once however many sessions they had; minutes are minutes played.
SELECT app, uniqExact(viewer) AS viewers, uniqExact(session) AS sessions, sum(weight * played_ms) / 60000 AS minutes, minutes / viewers AS minutes_a_viewer
FROM heartbeat
WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
GROUP BY app
ORDER BY viewers DESC, app
