import type { Incident, Where } from '../../../schemas/incident.ts'
import type { Metric } from '../../../schemas/metrics.ts'
import { SIGNALS } from '../detect/signals.ts'
import type { StreamView } from '../windows/view.ts'

/** A stall lasts about so long: what one more stall a minute costs a viewer. */
const STALL_MINUTES = 4 / 60
/** Time over which the loss is measured. */
const WINDOW_MS = 10_000

/**
 * What part of a viewer's time is lost while a metric is as bad as it is, where it cannot be measured in stalled time: a
 * viewer who is 10 s late still watches (0.05), an encoder that fell silent takes everything (1).
 */
const LOST_SHARE: Partial<Record<Metric, number>> = {
  concurrent_plays: 1,
  playback_failure: 0.5,
  video_start_failure: 0.5,
  video_startup_time: 0.1,
  live_latency: 0.05,
  live_latency_spread: 0.05,
  bitrate: 0.1,
  dropped_frames: 0.1,
  interaction_success: 0.2,
  interaction_latency: 0.1,
  interactions_per_minute: 0.1,
  message_delivery: 0.2,
  resource_level: 0.2,
}
/** Of every other metric: it hurts, and nobody measured how much. */
const LOST_USUALLY = 0.2
const LOST_BY_SILENCE = 1

/**
 * Viewer minutes lost in a minute, now: viewers × the share of their time that each of them loses. Stalled time is measured
 * (what exceeds the share before); what is not measured is taken from the table above; the larger of the two counts.
 *
 * Example: 16 viewers behind one CDN, stalls up from 0.2 to 6 a minute: 16 × 5.8 × 4/60 = 6.2 viewer minutes a minute.
 */
export function lostPerMinute(view: StreamView, incident: Incident): number {
  const { metric, rule, viewers, value, baseline } = incident
  const silent = rule.endsWith('-absence')
  const stalls = incident.children.find((child) => child.metric === 'rebuffering_frequency')
  const expected = silent
    ? viewers * LOST_BY_SILENCE
    : metric === 'rebuffering_frequency' || metric === 'rebuffering_ratio'
      ? 0
      : viewers * Math.min(shareChanged(metric, value, baseline), LOST_SHARE[metric] ?? LOST_USUALLY)
  const byStalls = stalls
    ? viewers * Math.min(1, Math.max(0, stalls.now - stalls.baseline) * STALL_MINUTES)
    : 0
  return Math.max(expected, byStalls, stalledMinutes(view, incident))
}

/** A share that rose by a tenth hurts a tenth of the viewers. Of what is no share: everybody. */
function shareChanged(metric: Metric, value: number, baseline: number): number {
  const signal = SIGNALS.find((each) => each.metric === metric)
  return signal?.nature === 'share' && signal.spec.unit === 'ratio'
    ? Math.min(1, Math.abs(value - baseline))
    : 1
}

/** Stalled time within the cause beyond what was usual, as viewer minutes a minute. */
function stalledMinutes(view: StreamView, incident: Incident): number {
  const known = view.dimensions('heartbeat')
  const where: Where = Object.fromEntries(
    Object.entries(incident.cause).filter(([name]) => known.includes(name)),
  )
  const to = view.watermark_ms
  const length = Math.min(WINDOW_MS, to - Math.floor(view.first_ms / 1000) * 1000)
  if (length <= 0) return 0
  const stalled = view.total('stalled_ms_sum', to - length, to, where)
  const usual = incident.children.find((child) => child.metric === 'rebuffering_ratio')?.baseline ?? 0
  const watched = view.total('interval_ms_sum', to - length, to, where)
  return Math.max(0, stalled - usual * watched) / length
}
