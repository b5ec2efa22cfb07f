-- Who came back, and had they stalled the first time?
-- A viewer's first session decides; coming back is a second session in the same show.
SELECT first_stalled, count() AS viewers, countIf(visits > 1) AS came_back, came_back / viewers AS share
FROM (
  SELECT viewer, count() AS visits, argMin(stalled, began) > 0 AS first_stalled
  FROM (
    SELECT viewer, session, min(event_time) AS began, sum(stalled_ms) AS stalled
    FROM heartbeat
    WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
    GROUP BY viewer, session
  )
  GROUP BY viewer
)
GROUP BY first_stalled
ORDER BY first_stalled
