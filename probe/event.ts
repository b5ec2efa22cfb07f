import { codecFamily } from '../media/facts.ts'
import type { BeaconEvent } from '../schemas/beacon.ts'
import { PROBE_HEARTBEAT } from '../schemas/probeReasons.ts'
import type { CheckResult } from './check.ts'
import type { Target } from './target.ts'

export type ProbeEvent = BeaconEvent<'probe'>

const MAX_DETAIL = 1_000
/** A picture that cannot be told in so many characters is left out. */
const MAX_FRAME = 40_000

/** Leaves out what was not measured, so that a missing number stays missing. */
function measured<T extends Record<string, number | undefined>>(
  numbers: T,
): Partial<Record<keyof T, number>> {
  return Object.fromEntries(
    Object.entries(numbers).filter(([, value]) => value !== undefined && Number.isFinite(value)),
  ) as Partial<Record<keyof T, number>>
}

/** The `probe` event of a check. `seq` counts the events of this probe's session. */
export function probeEvent(result: CheckResult, target: Target, seq: number): ProbeEvent {
  const { measures, seen } = result
  const phases = Object.fromEntries(seen.phases.map((span) => [span.phase, span.ms]))
  return {
    kind: 'probe',
    seq,
    time_ms: Math.round(seen.ended_ms),
    target: target.name,
    verdict: result.verdict,
    stage: result.stage,
    reason: result.reason,
    detail: result.detail.slice(0, MAX_DETAIL),
    hop: target.hop ?? '',
    protocol: seen.protocol,
    show: target.show,
    stream: target.stream,
    cdn: target.cdn,
    edge: target.edge,
    ...(measures.videoCodec === undefined ? {} : { codec: codecFamily(measures.videoCodec) }),
    ...(seen.picture?.shot && seen.picture.shot.length <= MAX_FRAME ? { frame: seen.picture.shot } : {}),
    ...measured(phases),
    ...measured({
      startup_ms: measures.startup_ms,
      freshness_ms: measures.freshness_ms,
      live_latency_ms: measures.liveLatency_ms,
      gap_ms: measures.gap_ms,
      stalled_ms: measures.stalled_ms,
      segment_duration_ms: measures.segmentDuration_ms,
      key_frame_interval_ms: measures.keyFrameInterval_ms,
      av_offset_ms: measures.avOffset_ms,
      bitrate_kbps: measures.bitrate_kbps,
      declared_kbps: measures.declared_kbps,
      discontinuities: measures.discontinuities,
      variants: measures.variants,
      bytes: measures.bytes,
    }),
  }
}

/** Says that the probe is there, whatever its checks find. */
export function heartbeatEvent(now_ms: number, seq: number): ProbeEvent {
  return {
    kind: 'probe',
    seq,
    time_ms: Math.round(now_ms),
    target: PROBE_HEARTBEAT.target,
    verdict: 'healthy',
  }
}
