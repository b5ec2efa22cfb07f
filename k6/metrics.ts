import { Counter, Rate, Trend } from 'k6/metrics'

/** Named as in the catalogue (docs/data/metrics.md), so that thresholds and boards speak of the same thing. */
export const metrics = {
  video_startup_time: new Trend('video_startup_time', true),
  /** Added once a tick of every viewer: stalled ticks ÷ ticks is Σ stalled ÷ Σ (played + stalled). */
  rebuffering_ratio: new Rate('rebuffering_ratio'),
  rebuffering_frequency: new Trend('rebuffering_frequency'),
  stalled_viewers: new Rate('stalled_viewers'),
  video_start_failure: new Rate('video_start_failure'),
  live_latency: new Trend('live_latency', true),
  bitrate: new Trend('bitrate'),
  media_request_failure: new Rate('media_request_failure'),
  dropped_frames: new Rate('dropped_frames'),
  interaction_success: new Rate('interaction_success'),
  interaction_latency: new Trend('interaction_latency', true),
  beacons_sent: new Counter('beacons_sent'),
  beacons_refused: new Counter('beacons_refused'),
  /** How many values each metric got, by the tag `metric`: a threshold over no value is a failure. */
  samples: new Counter('samples'),
}

/** Adds a value to a metric and counts it, so that `thresholdsOf` can require that there was one. */
export function record(
  metric: Exclude<keyof typeof metrics, 'samples' | 'beacons_sent' | 'beacons_refused'>,
  value: number | boolean,
): void {
  metrics[metric].add(value as number & boolean)
  metrics.samples.add(1, { metric })
}
