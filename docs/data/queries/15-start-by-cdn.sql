-- How do starts end, by CDN?
-- Failures and viewers who left first are shares of attempts (video_start_failure, exit_before_video_start).
SELECT cdn, sum(attempts_count) AS attempts, sum(start_failures_count) / attempts AS failed, sum(abandons_count) / attempts AS left_before_start, sum(first_screen_sum) / sum(first_screen_count) AS first_screen_ms
FROM startup_1m
WHERE tenant = {tenant:String} AND show = {show:String} AND time >= {from:DateTime} AND time < {to:DateTime} AND NOT synthetic
GROUP BY cdn
ORDER BY cdn
