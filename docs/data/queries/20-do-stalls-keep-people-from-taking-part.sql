-- Do viewers who stalled take part less?
-- Share of sessions with at least one interaction, by whether the session stalled.
SELECT stalled > 0 AS had_stalled, count() AS sessions, countIf(acts > 0) / sessions AS took_part
FROM (
  SELECT session, sum(stalled_ms) AS stalled FROM heartbeat
  WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
  GROUP BY session
) AS plays
LEFT JOIN (
  SELECT session, count() AS acts FROM interaction
  WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
  GROUP BY session
) AS interactions USING (session)
GROUP BY had_stalled
ORDER BY had_stalled
