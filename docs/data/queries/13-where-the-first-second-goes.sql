-- Which phase of the start takes the time?
-- Share of each phase in the sum of the phases, over starts that measured them.
SELECT phase, sum(ms) / count() AS mean_ms, sum(ms) / sum(sum(ms)) OVER () AS share
FROM (
  SELECT arrayJoin([('dns', dns_ms), ('tcp', tcp_ms), ('tls', tls_ms), ('manifest', manifest_ms), ('first byte', first_byte_ms), ('demux', demux_ms), ('decode', decode_ms), ('render', render_ms)]) AS pair,
    pair.1 AS phase, pair.2 AS ms
  FROM startup
  WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5))
)
WHERE ms IS NOT NULL
GROUP BY phase
ORDER BY share DESC, phase
