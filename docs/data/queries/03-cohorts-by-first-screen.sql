-- Do those who waited longer for the first frame watch less?
-- Cohorts by first-screen time; watch time of each session from its heartbeats.
SELECT multiIf(waited < 600, '1: under 0.6 s', waited < 1000, '2: 0.6 – 1 s', '3: 1 s and more') AS cohort,
  count() AS sessions, avg(watched) / 1000 AS seconds_watched
FROM (
  SELECT session, any(video_startup_time_ms) AS waited
  FROM startup
  WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5)) AND outcome = 'started'
  GROUP BY session
) AS starts
LEFT JOIN (
  SELECT session, sum(played_ms) AS watched
  FROM heartbeat
  WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
  GROUP BY session
) AS plays USING (session)
GROUP BY cohort
ORDER BY cohort
