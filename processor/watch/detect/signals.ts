import { HOPS, type Hop, type Kind } from '../../../schemas/kinds/kinds.ts'
import { type Measure, measureOf } from '../../../schemas/measures.ts'
import { isBranch, METRIC_NAMES, type Metric, type MetricSpec, metricOf } from '../../../schemas/metrics.ts'

/**
 * - `share`: events among opportunities (failures of attempts, stalls in minutes played), judged as counts
 * - `level`: the mean of something measured (milliseconds, frames a second), judged by its spread
 */
export type Nature = 'share' | 'level'

/** A metric as it is judged: in one lane (a kind; of `hop`, one hop of it), with the direction that hurts. */
export interface Signal {
  readonly metric: Metric
  readonly spec: MetricSpec
  readonly kind: Kind
  /** Cells are kept by lane: `heartbeat`, `hop:encoder`, … */
  readonly lane: string
  readonly hop: Hop
  readonly nature: Nature
  readonly numerator: Measure
  readonly denominator: Measure
  readonly scale: number
  readonly higher_is_worse: boolean
  /** How much numerator one independent event brings: stalls come as seconds, dropped frames as bursts. */
  readonly clump: number
  /** The objective as a bad share or a level in the metric's unit; undefined if there is none. */
  readonly objective: number | undefined
}

/** The lane of a kind: its name; of `hop` one for each hop. */
export const laneOf = (kind: Kind, hop: string): string => (kind === 'hop' ? `hop:${hop}` : kind)

const CLUMPS: Partial<Record<Measure, number>> = {
  stalled_ms_sum: 4000,
  fast_ms_sum: 4000,
  slow_ms_sum: 4000,
  frames_dropped_sum: 60,
  messages_received_sum: 5,
  hop_errors_sum: 2,
  hop_refused_sum: 2,
  hop_hotlinked_sum: 2,
}

function natureOf(numerator: Measure, denominator: Measure): Nature {
  const { where = {} } = measureOf(denominator)
  const fields = measureOf(numerator).add ?? []
  const measured = fields.some((field) => field in where && typeof where[field] === 'object')
  return measured ? 'level' : 'share'
}

function signalsOf(metric: Metric): Signal[] {
  const spec = metricOf(metric)
  const { numerator, denominator } = spec
  if (numerator === undefined || denominator === undefined || spec.quantile) return []
  const kind = measureOf(numerator).kind
  if (kind === 'probe' || kind === 'resource' || isBranch(metric)) return []
  const hops: readonly Hop[] =
    kind !== 'hop'
      ? [spec.hop]
      : spec.where?.hop
        ? [spec.where.hop as Hop]
        : HOPS.filter((hop) => hop === 'encoder' || hop === 'ingest')
  return hops.map((hop) => ({
    metric,
    spec,
    kind,
    lane: laneOf(kind, hop),
    hop,
    nature: natureOf(numerator, denominator),
    numerator,
    denominator,
    scale: spec.scale ?? 1,
    higher_is_worse: spec.better === 'lower',
    clump: CLUMPS[numerator] ?? 1,
    objective: spec.objective,
  }))
}

/** Every quotient of the catalogue that can be judged, upstream hops first. */
export const SIGNALS: readonly Signal[] = METRIC_NAMES.flatMap(signalsOf).sort(
  (a, b) => HOPS.indexOf(a.hop) - HOPS.indexOf(b.hop),
)

/** Measures that a lane must remember. */
export const measuresOfLane = (lane: string): Measure[] => {
  const own = SIGNALS.filter((signal) => signal.lane === lane)
  const measures = new Set(own.flatMap(({ numerator, denominator }) => [numerator, denominator]))
  if (lane === 'heartbeat') measures.add('interval_ms_sum').add('heartbeats_count')
  return [...measures]
}

export const LANES: readonly string[] = [...new Set(SIGNALS.map(({ lane }) => lane))]
