import type { BeaconEvent } from '../schemas/beacon.ts'
import { PROBE_HEARTBEAT } from '../schemas/probeReasons.ts'
import type { CheckResult } from './check.ts'
import { codecFamily } from './parse/media.ts'
import type { Target } from './target.ts'

export type ProbeEvent = BeaconEvent<'probe'>

const MAX_DETAIL = 1_000

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
    time_ms: Math.round(seen.endedMs),
    target: target.name,
    verdict: result.verdict,
    stage: result.stage,
    reason: result.reason,
    detail: result.detail.slice(0, MAX_DETAIL),
    hop: target.hop ?? '',
    protocol: seen.protocol,
    ...(target.show === undefined ? {} : { show: target.show }),
    ...(target.stream === undefined ? {} : { stream: target.stream }),
    ...(target.cdn === undefined ? {} : { cdn: target.cdn }),
    ...(target.edge === undefined ? {} : { edge: target.edge }),
    ...(measures.videoCodec === undefined ? {} : { codec: codecFamily(measures.videoCodec) }),
    ...measured(phases),
    ...measured({
      startup_ms: measures.startupMs,
      freshness_ms: measures.freshnessMs,
      live_latency_ms: measures.liveLatencyMs === undefined ? undefined : Math.max(0, measures.liveLatencyMs),
      gap_ms: measures.gapMs,
      stalled_ms: measures.stalledMs,
      segment_duration_ms: measures.segmentDurationMs,
      key_frame_interval_ms: measures.keyFrameIntervalMs,
      av_offset_ms: measures.avOffsetMs,
      bitrate_kbps: measures.bitrateKbps,
      declared_kbps: measures.declaredKbps,
      discontinuities: measures.discontinuities,
      variants: measures.variants,
      bytes: measures.bytes,
    }),
  }
}

/** Says that the probe is there, whatever its checks find. */
export function heartbeatEvent(nowMs: number, seq: number): ProbeEvent {
  return {
    kind: 'probe',
    seq,
    time_ms: Math.round(nowMs),
    target: PROBE_HEARTBEAT.target,
    verdict: 'healthy',
  }
}
