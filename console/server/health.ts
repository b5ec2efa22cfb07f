import type { IncidentView } from '../../schemas/incident.ts'
import { HOPS, type Hop } from '../../schemas/kinds/kinds.ts'
import { METRIC_NAMES, type Metric, metricOf } from '../../schemas/metrics.ts'
import type { HopView, Interval, Snapshot } from '../api.ts'
import { windowOf } from '../windows.ts'
import type { MetricValues } from './state.ts'

/** The metrics that may stand under a hop: the first that has a value does. */
export const HEADLINES: Readonly<Record<Hop, readonly [Metric, ...Metric[]]>> = {
  encoder: ['encoder_fps', 'encoder_speed'],
  ingest: ['ingest_bitrate', 'ingest_fps', 'key_frame_interval'],
  transcode: ['transcode_speed', 'transcode_fps'],
  origin: ['origin_ttfb', 'origin_errors'],
  edge: ['edge_ttfb', 'edge_errors', 'probe_failure'],
  player: ['rebuffering_ratio', 'video_startup_time', 'concurrent_plays'],
  interaction: [
    'interaction_success',
    'message_delivery',
    'interaction_latency',
    'api_errors',
    'api_latency',
    'resource_level',
  ],
}

/** A hop that reported within this time is heard; a longer silence is said. */
const SILENT_MS = 20_000

/** A hop's metric among those whom an incident names, so that a part's illness does not drown in the whole. */
export interface Caused {
  readonly incident: string
  readonly cause: Readonly<Record<string, string>>
  readonly metric: Metric
  readonly value?: number
  readonly series: Readonly<Record<string, number>>
  /** At its worst while the incident lasted. */
  readonly worst?: number
}

export interface HealthOptions {
  readonly values: MetricValues
  /** How sure counted shares are. */
  readonly intervals: Snapshot['intervals']
  readonly incidents: readonly IncidentView[]
  /** Newest fact of each hop that reported within the axis. */
  readonly heard_ms: Partial<Readonly<Record<Hop, number>>>
  /** What those whom an incident names show, by hop. */
  readonly caused: Partial<Readonly<Record<Hop, Caused>>>
  /** Steps of the axis, for the last value of a hop that says nothing now. */
  readonly series?: Snapshot['series']
  readonly at_ms: number
}

/** A counted share misses its objective when it surely does: one failure of a few is no news. */
function isMissed(metric: Metric, value: number | null | undefined, interval: Interval | undefined): boolean {
  const { objective, better } = metricOf(metric)
  if (objective === undefined || value === null || value === undefined) return false
  return better === 'lower' ? (interval?.low ?? value) > objective : (interval?.high ?? value) < objective
}

interface Symptoms {
  readonly clean?: readonly Hop[]
  readonly symptoms?: readonly { readonly hop: Hop; readonly metric: Metric }[]
}

/** What an incident's evidence says was seen, by hop. */
export const symptomsOf = ({ evidence }: IncidentView) => (evidence as Symptoms | null)?.symptoms ?? []

/** Whether the watcher looks at a hop and finds it well by now, whatever was seen there once. */
const isClean = ({ evidence }: IncidentView, hop: Hop): boolean =>
  (evidence as Symptoms | null)?.clean?.includes(hop) ?? false

/** The worst first: open before resolved, then by viewers harmed, then critical before warning. */
export const byHarm = (a: IncidentView, b: IncidentView): number =>
  Number(b.state === 'open') - Number(a.state === 'open') ||
  b.viewers - a.viewers ||
  Number(b.severity === 'critical') - Number(a.severity === 'critical') ||
  b.resolved_ms - a.resolved_ms

/** The worst of some values of a metric, as an incident sees it: the level of a load is bad when it is high, that of a stock when it is low. */
export function worstOf(
  metric: Metric,
  values: readonly number[],
  { evidence }: { readonly evidence: Pick<IncidentView['evidence'], 'symptoms'> },
): number | undefined {
  if (values.length === 0) return undefined
  const seen = evidence.symptoms.find((symptom) => symptom.metric === metric)
  const isHighBad =
    seen === undefined ? metricOf(metric).better === 'lower' : (seen.worst ?? seen.now) > seen.baseline
  return isHighBad ? Math.max(...values) : Math.min(...values)
}

/** The newest known step of a metric. */
const lastOf = (series: Snapshot['series'] | undefined, metric: Metric): number | undefined =>
  Object.entries(series?.[metric] ?? {}).reduce<readonly [number, number] | undefined>(
    (found, [at, value]) => (found !== undefined && found[0] >= Number(at) ? found : [Number(at), value]),
    undefined,
  )?.[1]

const known = (value: number | null | undefined): value is number => typeof value === 'number'

/** How one hop is, and the metric that says so. */
function judgeHop(
  hop: Hop,
  open: readonly IncidentView[],
  { values, intervals, heard_ms, caused, at_ms }: HealthOptions,
): Pick<HopView, 'health' | 'headline' | 'incident' | 'missed' | 'cause'> {
  const among = caused[hop]
  const sick = open.find((incident) => incident.hop === hop)
  const felt = open.find(
    (incident) => symptomsOf(incident).some((entry) => entry.hop === hop) && !isClean(incident, hop),
  )
  const ownMetric = (incident: IncidentView | undefined): Metric | undefined =>
    incident !== undefined && metricOf(incident.metric as Metric)?.hop === hop
      ? (incident.metric as Metric)
      : undefined
  const usual = HEADLINES[hop].find((name) => known(values[name])) ?? HEADLINES[hop][0]
  const headline =
    among?.metric ??
    [ownMetric(sick), ownMetric(felt)].find((name) => name !== undefined && known(values[name])) ??
    ownMetric(sick) ??
    usual
  if (sick !== undefined) {
    const { cause } = open.find(({ id }) => id === among?.incident) ?? sick
    return {
      health: 'sick',
      headline,
      incident: sick.id,
      cause: Object.keys(cause).length > 0 ? cause : undefined,
    }
  }
  const heard = heard_ms[hop]
  if (heard === undefined) return { health: 'absent', headline }
  if (felt !== undefined) return { health: 'affected', headline, incident: felt.id, cause: among?.cause }
  if (at_ms - heard > SILENT_MS) return { health: 'silent', headline }
  // What an incident that is over named stays the row's metric while the incident is on the axis.
  if (among !== undefined) return { health: 'well', headline, incident: among.incident, cause: among.cause }
  const missed = METRIC_NAMES.find(
    (name) => metricOf(name).hop === hop && isMissed(name, values[name], intervals[name]),
  )
  return missed === undefined
    ? { health: 'well', headline }
    : { health: 'strained', headline: missed, missed }
}

/** How each hop of the link is: by open incidents first, then by silence, then by objectives. */
export function judgeHops(options: HealthOptions): Record<Hop, HopView> {
  const { values, heard_ms, caused, series } = options
  const open = options.incidents.filter(({ state }) => state === 'open').sort(byHarm)
  const views = HOPS.map((hop): [Hop, HopView] => {
    const view = judgeHop(hop, open, options)
    const among = caused[hop]
    const now = among === undefined ? values[view.headline] : among.value
    const was = known(now)
      ? undefined
      : lastOf(among ? { [among.metric]: among.series } : series, view.headline)
    return [
      hop,
      {
        ...view,
        value: among?.value,
        series: among?.series,
        worst: among?.worst,
        window_ms: windowOf(view.headline),
        heard_ms: heard_ms[hop],
        was,
      },
    ]
  })
  return Object.fromEntries(views) as Record<Hop, HopView>
}
