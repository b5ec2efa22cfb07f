import type { SeiMessage } from '../media/facts.ts'

/** The numbers a check comes to. Absent: it could not be measured. */
export interface Measures {
  readonly startup_ms?: number
  readonly freshness_ms?: number
  readonly liveLatency_ms?: number
  readonly gap_ms: number
  readonly stalled_ms: number
  readonly stalls: number
  readonly segmentDuration_ms?: number
  readonly keyFrameInterval_ms?: number
  /** Positive: sound ahead of the picture. */
  readonly avOffset_ms?: number
  readonly bitrate_kbps?: number
  readonly declared_kbps?: number
  readonly discontinuities: number
  readonly variants: number
  readonly videoCodec?: string
  readonly audioCodec?: string
  readonly width?: number
  readonly height?: number
  readonly fps?: number
  readonly seiMessages: number
  readonly lastSei?: SeiMessage
  readonly bytes: number
}

/** The median; undefined of no values. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] as number
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] as number) + high) / 2
}

/**
 * The longest distance between key frames. An interval still open at the end of a run counts as far as it goes, so
 * that a long one is noticed before it is over.
 */
export function longestKeyFrameInterval(
  runs: readonly { readonly keyFrames_ms: readonly number[]; readonly end_ms: number }[],
): number | undefined {
  const intervals = runs.flatMap(({ keyFrames_ms, end_ms }) =>
    keyFrames_ms.map((at, index) => (keyFrames_ms[index + 1] ?? end_ms) - at),
  )
  return intervals.length === 0 ? undefined : Math.max(...intervals)
}
