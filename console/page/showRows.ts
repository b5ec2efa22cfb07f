import type { Hop } from '../../schemas/kinds/kinds.ts'
import { type Metric, type MetricSpec, metricOf } from '../../schemas/metrics.ts'
import { causeName, type Lang } from '../../schemas/words.ts'
import type { HopView, Snapshot } from '../api.ts'
import { groupIncidents, struckBy } from '../incidentGroups.ts'
import { isCount, limitOf, objectiveOf, textOf, titleOf } from './amount.ts'
import type { Band, ChartRow } from './chartRow.ts'
import { titleOfIncident } from './incidentText.ts'
import type { Place } from './place.ts'

/** The value of this moment counts beside the steps when it is of the rollup's length. */
const FINE_STEP_MS = 10_000

/** One row of the axis a hop, under the audience; a step's value stands at the step's end, the newest at this moment. */
export function rowsOf(
  snapshot: Snapshot,
  { words, lang, href }: Pick<Place, 'words' | 'lang' | 'href'>,
): ChartRow[] {
  const { at_ms, step_ms, from_ms } = snapshot
  const pointsOf = (metric: Metric, own?: HopView): ChartRow['points'] => {
    const known = own?.series ?? snapshot.series[metric] ?? {}
    const counted = (value: number | undefined): number | null =>
      value === undefined ? null : isCount(metric) ? Math.round(value) : value
    const points: [number, number | null][] = []
    const now = Math.floor(at_ms / step_ms) * step_ms
    for (let at = Math.floor(from_ms / step_ms) * step_ms; at < now; at += step_ms)
      points.push([at + step_ms, counted(known[at / 1000])])
    const value = own?.series === undefined ? snapshot.values[metric] : own.value
    // The newest point is this moment's value, as it stands in the header and under the hop.
    if (value !== undefined && step_ms === FINE_STEP_MS && !snapshot.ended) {
      if (at_ms === now) points.pop()
      points.push([at_ms, counted(value)])
    }
    return points
  }
  const earlierOf = (metric: Metric, points: ChartRow['points']): Partial<ChartRow> => {
    const known = snapshot.earlier?.series[metric]
    if (known === undefined) return {}
    return {
      others: points.map(([ms]) => [ms, known[(Math.ceil(ms / step_ms) * step_ms - step_ms) / 1000] ?? null]),
      othersText: (value) => `${words.compare} ${value}`,
    }
  }
  const row = (
    id: string,
    title: string,
    metric: Metric,
    tone: ChartRow['tone'],
    own?: HopView,
  ): ChartRow => {
    const { objective } = metricOf(metric) as MetricSpec
    const points = pointsOf(metric, own)
    return {
      id,
      title,
      about:
        id === 'watching'
          ? ''
          : [titleOf(metric, lang), own?.series && own.cause ? causeName(own.cause, lang) : '']
              .filter(Boolean)
              .join(' · '),
      points,
      ...(own?.series === undefined ? earlierOf(metric, points) : {}),
      text: (value) => textOf(metric, value, lang),
      objective,
      objectiveText: objectiveOf(metric, lang),
      worstText: own?.worst === undefined ? undefined : words.peak_of(textOf(metric, own.worst, lang)),
      limit: limitOf(metric),
      href: own?.incident === undefined ? undefined : href(`/incident/${own.incident}`),
      whole: isCount(metric),
      tone: snapshot.ended === undefined ? tone : 'over',
      step_ms,
    }
  }
  const hops = (Object.entries(snapshot.hops) as [Hop, HopView][]).filter(
    ([, { health }]) => health !== 'absent',
  )
  return [
    row('watching', words.watching_title, 'concurrent_plays', 'plain'),
    ...hops.map(([hop, view]) =>
      row(
        hop,
        words.hops[hop],
        view.headline,
        view.health === 'sick' ? 'sick' : view.health === 'affected' ? 'strained' : 'plain',
        view,
      ),
    ),
  ]
}

/** The axis begins with the show, when that is later than the range's beginning, and is three minutes at least. */
export function axisFrom(rows: readonly ChartRow[], { at_ms, from_ms }: Snapshot): number {
  const first = Math.min(
    at_ms,
    ...rows.flatMap(({ points }) => points.find(([, value]) => value !== null)?.[0] ?? []),
  )
  const from = Math.floor((Math.min(first, at_ms - 180_000) - 10_000) / 60_000) * 60_000
  return Math.max(from_ms, from)
}

/** A change is a moment: a second of the axis. */
export const changeBand = (at_ms: number, label: string): Band => ({
  from_ms: at_ms,
  to_ms: at_ms + 1000,
  tone: 'change',
  label,
})

/** Rounds, changes, and incidents by cause, as bands over the axis. */
export function bandsOf(snapshot: Snapshot, lang: Lang, href: Place['href']): Band[] {
  return [
    ...Object.entries(snapshot.rounds).map(
      ([label, { from_ms, to_ms }]): Band => ({ from_ms, to_ms, tone: 'round', label }),
    ),
    ...Object.values(snapshot.changes).map(({ at_ms, label }) => changeBand(at_ms, label)),
    ...groupIncidents(Object.values(snapshot.incidents)).map(
      ({ lead, began_ms, open, resolved_ms }): Band => ({
        from_ms: began_ms,
        to_ms: open ? snapshot.at_ms : resolved_ms,
        tone: 'incident',
        label: titleOfIncident(lead, lang),
        href: href(`/incident/${lead.id}`),
      }),
    ),
  ]
}

/** Streams of a show that an open incident strikes. */
export const struckStreams = (snapshot: Snapshot): ReadonlySet<string> =>
  new Set(
    Object.values(snapshot.incidents)
      .filter(({ state }) => state === 'open')
      .flatMap(struckBy)
      .filter(({ show }) => show === snapshot.show)
      .map(({ stream }) => stream),
  )
