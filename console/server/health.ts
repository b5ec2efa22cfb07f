import type { IncidentView } from '../../schemas/incident.ts'
import { HOPS, type Hop } from '../../schemas/kinds/kinds.ts'
import { METRIC_NAMES, type Metric, metricOf } from '../../schemas/metrics.ts'
import type { HopView, Interval, Snapshot } from '../api.ts'
import type { Caused } from './readCaused.ts'
import type { MetricValues } from './state.ts'

/** The metrics that may stand under a hop: the first that has a value does. */
export const HEADLINES: Readonly<Record<Hop, readonly [Metric, ...Metric[]]>> = {
  encoder: ['encoder_fps', 'encoder_speed'],
  ingest: ['ingest_bitrate', 'ingest_fps', 'key_frame_interval'],
  transcode: ['transcode_speed', 'transcode_fps'],
  origin: ['origin_ttfb', 'origin_errors'],
  edge: ['edge_ttfb', 'edge_errors', 'probe_failure'],
  player: ['rebuffering_ratio', 'video_startup_time', 'concurrent_plays'],
  interaction: ['interaction_success', 'message_delivery', 'interaction_latency', 'resource_level'],
}

/** A silence shorter than this is a source that reports seldom. */
const SILENT_MS = 20_000

export interface HealthOptions {
  readonly values: MetricValues
  /** How sure counted shares are. */
  readonly intervals: Snapshot['intervals']
  readonly incidents: readonly IncidentView[]
  /** Newest fact of each hop that reported within the axis. */
  readonly heard_ms: Partial<Readonly<Record<Hop, number>>>
  /** What those who are ill show, by hop. */
  readonly caused: Partial<Readonly<Record<Hop, Caused>>>
  readonly at_ms: number
}

/** A counted share misses its objective when it surely does: one failure of a few is no news. */
function isMissed(metric: Metric, value: number | null | undefined, interval: Interval | undefined): boolean {
  const { objective, better } = metricOf(metric)
  if (objective === undefined || value === null || value === undefined) return false
  return better === 'lower' ? (interval?.low ?? value) > objective : (interval?.high ?? value) < objective
}

/** Who is ill, in one word or two: `cdn-b`, `cdn-b Guangdong`. */
const causeOf = (incident: IncidentView): string => Object.values(incident.cause).join(' ')

/** Whether the watcher looks at a hop and finds it well by now, whatever was seen there once. */
const isClean = ({ evidence }: IncidentView, hop: Hop): boolean => evidence.clean.includes(hop)

/** How each hop of the link is, by open incidents first, then by silence, then by objectives. */
export function judgeHops({
  values,
  intervals,
  incidents,
  heard_ms,
  caused,
  at_ms,
}: HealthOptions): Record<Hop, HopView> {
  const open = incidents
    .filter(({ state }) => state === 'open')
    .sort(
      (a, b) =>
        Number(b.severity === 'critical') - Number(a.severity === 'critical') || b.viewers - a.viewers,
    )
  const views = HOPS.map((hop): [Hop, HopView] => {
    const metrics = HEADLINES[hop]
    const sick = open.find((incident) => incident.hop === hop)
    const own = sick && metricOf(sick.metric)?.hop === hop ? sick.metric : undefined
    const felt = open.find(
      (incident) => incident.evidence.symptoms.some((one) => one.hop === hop) && !isClean(incident, hop),
    )
    const feltMetric = felt && metricOf(felt.metric)?.hop === hop ? felt.metric : undefined
    const usual = metrics.find((name) => values[name] !== null && values[name] !== undefined) ?? metrics[0]
    const told = [own, feltMetric].find((name) => name !== undefined && typeof values[name] === 'number')
    const among = caused[hop]
    const headline = among?.metric ?? told ?? usual
    const ill = among && {
      value: among.value,
      series: among.series,
    }
    if (sick !== undefined) {
      const cause = causeOf(open.find(({ id }) => id === among?.incident) ?? sick)
      return [
        hop,
        { health: 'sick', headline, incident: sick.id, ...(cause === '' ? {} : { cause }), ...ill },
      ]
    }
    const heard = heard_ms[hop]
    if (heard === undefined) return [hop, { health: 'absent', headline }]
    if (felt !== undefined) return [hop, { health: 'affected', headline, incident: felt.id, ...ill }]
    if (at_ms - heard > SILENT_MS) return [hop, { health: 'silent', headline }]
    const missed = METRIC_NAMES.find(
      (name) => metricOf(name).hop === hop && isMissed(name, values[name], intervals[name]),
    )
    return [
      hop,
      missed === undefined ? { health: 'well', headline } : { health: 'strained', headline: missed, missed },
    ]
  })
  return Object.fromEntries(views) as Record<Hop, HopView>
}
