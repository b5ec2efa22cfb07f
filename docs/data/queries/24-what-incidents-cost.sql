-- What did incidents cost, by hop?
-- Viewers × how much each of them lost × minutes, as the judge added it up; FINAL takes the newest version of each incident.
SELECT hop, count() AS incidents, sum(lost_minutes) AS viewer_minutes_lost,
  avg(dateDiff('millisecond', began_time, opened_time)) / 1000 AS found_after_s
FROM incident FINAL
WHERE tenant = {tenant:String} AND show = {show:String} AND began_time >= {from:DateTime} AND began_time < {to:DateTime}
GROUP BY hop
ORDER BY viewer_minutes_lost DESC
