-- Which errors kept viewers from starting?
-- Business errors (sold out, not in this country) are listed, and are no failures.
SELECT error_category, error_code, count() AS attempts, uniqExact(viewer) AS viewers, error_category != 'business' AS counts_as_failure
FROM startup
WHERE tenant = {tenant:String} AND show = {show:String} AND event_time >= {from:DateTime} AND event_time < {to:DateTime} AND NOT synthetic AND (weight > 0 OR bitTest(flags, 5)) AND outcome = 'failed'
GROUP BY error_category, error_code
ORDER BY attempts DESC
