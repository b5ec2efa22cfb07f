// Generated from the catalogue's objectives by `npm run generate`: change schemas/metrics.ts instead.
export const THRESHOLDS = {
  video_startup_time: ['avg<=1000', 'p(95)<=2500'],
  rebuffering_ratio: ['rate<=0.01'],
  rebuffering_frequency: ['avg<=0.2'],
  stalled_viewers: ['rate<=0.03'],
  video_start_failure: ['rate<=0.005'],
  live_latency: ['avg<=2000', 'p(95)<=4000'],
  media_request_failure: ['rate<=0.01'],
  dropped_frames: ['rate<=0.02'],
  interaction_success: ['rate>=0.995'],
  interaction_latency: ['avg<=500'],
} as const

export type Thresholds = typeof THRESHOLDS
