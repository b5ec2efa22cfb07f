-- What did incidents cost, by hop?
-- Viewers affected × minutes; FINAL takes the newest version of each incident.
SELECT hop, count() AS incidents, sum(viewers * dateDiff('second', began_time, if(state = 'open', {to:DateTime}, resolved_time))) / 60 AS viewer_minutes,
  avg(dateDiff('millisecond', began_time, opened_time)) / 1000 AS found_after_s
FROM incident FINAL
WHERE tenant = {tenant:String} AND show = {show:String} AND began_time >= {from:DateTime} AND began_time < {to:DateTime}
GROUP BY hop
ORDER BY viewer_minutes DESC
