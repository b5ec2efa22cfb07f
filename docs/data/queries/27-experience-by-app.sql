-- How good was it in each app, in one number, and which part costs the most?
-- The experience score and its parts (docs/score.md), from the view that joins starts, plays and interactions by minute; a part that nothing was measured of is left out of the mean.
SELECT app,
  100 * 8000 / (8000 + sum(first_screen_sum) / sum(first_screen_count)) * (1 - sum(start_failures_count) / sum(attempts_count)) * (1 - 0.5 * sum(abandons_count) / sum(attempts_count)) AS start,
  50 * (1 / sqrt(1 + pow(sum(stalls_sum) / (sum(interval_ms_sum) / 60000) / 2, 2)) + exp(-10 * sum(stalled_ms_sum) / sum(watched_ms_sum))) * greatest(0, 1 - sum(playback_failures_count) / (sum(interval_ms_sum) / 60000)) AS smoothness,
  100 * 8000 / (8000 + greatest(0, sum(live_latency_sum) / sum(live_latency_count) - 2000)) AS latency,
  if(sum(frames_total_sum) > 0, 100 * exp(-10 * sum(frames_dropped_sum) / sum(frames_total_sum)), NULL) AS picture,
  if(sum(interactions_count) > 0, 100 * sum(interaction_successes_count) / sum(interactions_count) * 4000 / (4000 + sum(interaction_rtt_sum) / sum(interaction_rtt_count))
    * if(sum(messages_expected_sum) > 0, least(1, sum(messages_received_sum) / sum(messages_expected_sum)), 1), NULL) AS interaction,
  (20 * start + 35 * smoothness + 15 * latency + 15 * ifNull(picture, 0) + 15 * ifNull(interaction, 0)) / (70 + if(isNull(picture), 0, 15) + if(isNull(interaction), 0, 15)) AS score
FROM experience_1m
WHERE tenant = {tenant:String} AND show = {show:String} AND time >= {from:DateTime} AND time < {to:DateTime} AND NOT synthetic
GROUP BY app
ORDER BY score
