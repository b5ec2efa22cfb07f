-- How many sessions watched, and how sure is that?
-- Sessions that reported, the number they stand for under sampling with its 95 % interval (score interval; without sampling all three are the same), and how complete their reports came: numbers that came ÷ numbers that were given out, by the gaps in `seq`.
WITH
  sessions AS (
    SELECT session, toFloat64(min(weight)) AS stands_for
    FROM heartbeat
    WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND weight > 0
    GROUP BY session
  ),
  numbers AS (
    SELECT session, uniqExact(seq) AS came, max(seq) - min(seq) + 1 AS given
    FROM (
      SELECT tenant, show, event_time, session, seq, weight > 0 OR bitTest(flags, 5) AS counts FROM heartbeat
      UNION ALL SELECT tenant, show, event_time, session, seq, weight > 0 OR bitTest(flags, 5) AS counts FROM startup
      UNION ALL SELECT tenant, show, event_time, session, seq, weight > 0 OR bitTest(flags, 5) AS counts FROM interaction
      UNION ALL SELECT tenant, show, event_time, session, seq, weight > 0 OR bitTest(flags, 5) AS counts FROM cue
      UNION ALL SELECT tenant, show, event_time, session, seq, weight > 0 OR bitTest(flags, 5) AS counts FROM cohost
    )
    WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND counts AND seq > 0
    GROUP BY session
  )
SELECT
  count() AS reported,
  sum(stands_for) AS watched,
  1.9208 * sum(stands_for * (stands_for - 1)) / nullIf(sum(stands_for), 0) AS half,
  greatest(toFloat64(reported), watched + half - sqrt(half * (half + 2 * watched))) AS low,
  watched + half + sqrt(half * (half + 2 * watched)) AS high,
  (SELECT sum(came) / nullIf(sum(given), 0) FROM numbers) AS completeness
FROM sessions
