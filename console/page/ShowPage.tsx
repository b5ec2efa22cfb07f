import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Hop } from '../../schemas/kinds/kinds.ts'
import { type Metric, type MetricSpec, metricOf } from '../../schemas/metrics.ts'
import type { HopView, Snapshot } from '../api.ts'
import { AXIS_MS } from '../windows.ts'
import { lengthOf, limitOf, objectiveOf, share, textOf, timeOf, titleOf, whole, zoneOf } from './amount.ts'
import { type Band, type ChartRow, Charts } from './Charts.tsx'
import { EmptyPage } from './EmptyPage.tsx'
import { HeatMap } from './HeatMap.tsx'
import { IncidentCard } from './IncidentCard.tsx'
import { LinkPicture } from './LinkPicture.tsx'
import { type Place, usePlace } from './place.ts'
import { Fairness, Rounds, Streams } from './Tables.tsx'
import { Top } from './Top.tsx'
import { type Live, useFetch, useLive } from './useLive.ts'
import { Waterfall } from './Waterfall.tsx'

/** Nothing new for so long means that what is seen is old. */
const STALE_MS = 15_000

/** One show, live or at a past moment. */
export function ShowPage({ show }: { readonly show: string }) {
  const { query, words } = usePlace()
  const at = query.get('at')
  const asked = new URLSearchParams(
    [...query].filter(([name]) => ['tenant', 'stream', 'app', 'at'].includes(name)),
  )
  asked.delete('at')
  asked.set('show', show)
  const live = useLive<Snapshot>(at === null ? asked.toString() : undefined)
  asked.delete('show')
  if (at !== null) asked.set('at', at)
  const past = useFetch<Snapshot>(at === null ? undefined : `/api/show/${encodeURIComponent(show)}?${asked}`)
  // The last picture stays while the next is on its way.
  const [kept, keep] = useState<Snapshot>()
  const fresh = at === null ? live.data : past.data
  useEffect(() => {
    if (fresh !== undefined) keep(fresh)
  }, [fresh])
  const snapshot = fresh ?? (kept?.show === show ? kept : undefined)
  if (snapshot === undefined)
    return <Waiting lost={live.line === 'lost' || live.line === 'store_away' || past.failed} show={show} />
  if (snapshot.data_ms === 0 && snapshot.live && Object.keys(snapshot.incidents).length === 0)
    return <EmptyPage show={show} line={live.line} />
  return <Picture snapshot={snapshot} live={at === null ? live : undefined} words={words} />
}

function Waiting({ lost, show }: { readonly lost: boolean; readonly show: string }) {
  const { words } = usePlace()
  return (
    <>
      <Top state={lost ? 'lost' : 'opening'} trail={[{ href: '', text: show }]} />
      <main class="page" id="main" aria-busy={!lost}>
        {lost ? (
          <p class="banner lost" role="alert">
            {words.lost('4 s')}
          </p>
        ) : (
          <p class="hidden" role="status">
            {words.loading}
          </p>
        )}
        <div class="panel skeleton" />
        <div class="panel skeleton tall" />
      </main>
    </>
  )
}

function Picture({
  snapshot,
  live,
  words,
}: {
  readonly snapshot: Snapshot
  readonly live: Live<Snapshot> | undefined
  readonly words: Place['words']
}) {
  const { lang, href, with: to, query, go } = usePlace()
  const lost = live !== undefined && live.line !== 'open' && live.line !== 'opening'
  const since_ms = live === undefined ? 0 : live.now_ms - live.heard_ms
  const age_ms = snapshot.at_ms - snapshot.data_ms
  const incidents = Object.values(snapshot.incidents).sort(
    (a, b) => Number(b.state === 'open') - Number(a.state === 'open') || b.opened_ms - a.opened_ms,
  )
  const open = incidents.filter(({ state }) => state === 'open')
  const trail = [
    { href: href('/shows'), text: words.all_shows },
    { href: to({ stream: undefined, app: undefined }), text: snapshot.show },
    ...(snapshot.stream === undefined ? [] : [{ href: to({ app: undefined }), text: snapshot.stream }]),
    ...(snapshot.app === undefined ? [] : [{ href: to({}), text: snapshot.app }]),
  ]
  const watching = snapshot.values.concurrent_plays
  const completeness = snapshot.values.completeness
  const rows = useMemo(() => rowsOf(snapshot, words, lang), [snapshot, words, lang])
  const bands = useMemo(() => bandsOf(snapshot, lang, href), [snapshot, lang, href])
  const from_ms = axisOf(rows, snapshot.at_ms)
  const drag = (by_ms: number) => {
    const at = Math.round((snapshot.at_ms - by_ms) / 1000) * 1000
    go(to({ at: at >= Date.now() - 3000 ? undefined : at }))
  }
  return (
    <>
      <Top
        trail={trail}
        at_ms={snapshot.at_ms}
        state={lost ? 'lost' : snapshot.live ? 'live' : 'past'}
        alarm={lost ? 0 : open.length}
      >
        <p class="audience">
          <b class="figure">{lost || watching === undefined ? '–' : whole(watching)}</b> {words.watching}
        </p>
        <p class={`count ${lost ? '' : open.length > 0 ? 'bad' : 'good'}`} role="status">
          {lost ? words.health.unknown : words.incidents(open.length)}
        </p>
      </Top>
      <main class={`page ${lost ? 'lost' : ''} ${query.has('wall') ? 'wall' : ''}`} id="main">
        {lost && (
          <p class="banner lost" role="alert">
            {live?.line === 'store_away' ? words.store_away : words.lost(lengthOf(since_ms, lang))}
          </p>
        )}
        {!lost && snapshot.live && age_ms > STALE_MS && (
          <p class="banner stale" role="alert">
            {words.stale(lengthOf(age_ms, lang), timeOf(snapshot.data_ms, lang, snapshot.at_ms))}
          </p>
        )}
        {!snapshot.live && (
          <p class="banner past">
            {snapshot.data_ms === 0
              ? words.no_past
              : words.past_banner(timeOf(snapshot.at_ms, lang, Date.now()))}
          </p>
        )}
        {completeness !== undefined && completeness < 0.98 && (
          <p class="banner stale">{words.complete(share(completeness))}</p>
        )}
        <div class="current">
          <LinkPicture snapshot={snapshot} lost={lost} />
          {incidents.length > 0 && (
            <section class="incidents" aria-label={words.incidents(open.length)} aria-live="polite">
              {incidents.slice(0, 4).map((incident) => (
                <IncidentCard
                  key={incident.id}
                  incident={incident}
                  now_ms={snapshot.at_ms}
                  several={Object.keys(snapshot.streams).length > 1}
                />
              ))}
            </section>
          )}
          <section class="panel">
            <h2>
              {words.minutes(Math.ceil((snapshot.at_ms - from_ms) / 60_000))}{' '}
              <span class="muted">{words.timeline_clock(zoneOf(snapshot.at_ms))}</span>
            </h2>
            <Charts
              rows={rows}
              bands={bands}
              from_ms={from_ms}
              to_ms={snapshot.at_ms}
              label={words.minutes(Math.ceil((snapshot.at_ms - from_ms) / 60_000))}
              onDrag={drag}
            />
          </section>
          <div class="columns">
            <Waterfall
              phases={snapshot.startup as Record<string, number>}
              whole_ms={snapshot.values.video_startup_time}
              note={words.starts(whole(snapshot.startup.starts ?? 0))}
              p95_ms={snapshot.values.video_startup_time_p95}
            />
            <HeatMap heat={snapshot.heat} />
            <Fairness snapshot={snapshot} />
            <Streams snapshot={snapshot} />
            <Rounds snapshot={snapshot} />
          </div>
        </div>
        <p class="keys muted">{words.keys}</p>
      </main>
    </>
  )
}

/** One row of the axis a hop, under the audience; a step's value stands at the step's end, the newest at this moment. */
function rowsOf(snapshot: Snapshot, words: Place['words'], lang: 'en' | 'zh'): ChartRow[] {
  const pointsOf = (metric: Metric, own?: HopView): ChartRow['points'] => {
    const known = own?.series ?? snapshot.series[metric] ?? {}
    const points: [number, number | null][] = []
    const now = Math.floor(snapshot.at_ms / snapshot.step_ms) * snapshot.step_ms
    for (let at = now - AXIS_MS; at < now; at += snapshot.step_ms)
      points.push([at + snapshot.step_ms, known[at / 1000] ?? null])
    const value = own?.series === undefined ? snapshot.values[metric] : own.value
    if (value !== undefined && snapshot.at_ms > now) points.push([snapshot.at_ms, value])
    return points
  }
  const cause = Object.values(snapshot.hops).find((view) => view.cause !== undefined)?.cause
  const row = (
    id: string,
    title: string,
    metric: Metric,
    tone: ChartRow['tone'],
    own?: HopView,
  ): ChartRow => {
    const { objective } = metricOf(metric) as MetricSpec
    const objectiveText = objectiveOf(metric)
    return {
      id,
      title,
      about:
        id === 'watching' ? '' : [titleOf(metric, lang), own?.series && cause].filter(Boolean).join(' · '),
      points: pointsOf(metric, own),
      text: (value) => textOf(metric, value),
      objective,
      objectiveText,
      limit: limitOf(metric),
      tone: tone ?? 'plain',
    }
  }
  const hops = (Object.entries(snapshot.hops) as [Hop, Snapshot['hops'][Hop]][]).filter(
    ([, { health }]) => health !== 'absent',
  )
  return [
    row('watching', words.watching_title, 'concurrent_plays', 'plain'),
    ...hops.map(([hop, view]) =>
      row(
        hop,
        words.hops[hop],
        view.headline,
        view.health === 'sick' || view.health === 'silent'
          ? 'sick'
          : view.health === 'affected'
            ? 'strained'
            : 'plain',
        view,
      ),
    ),
  ]
}

/** The axis begins with the show, when that is less than a quarter of an hour ago, and is three minutes at least. */
function axisOf(rows: readonly ChartRow[], at_ms: number): number {
  const first = Math.min(
    at_ms,
    ...rows.flatMap(({ points }) => points.find(([, value]) => value !== null)?.[0] ?? []),
  )
  const from = Math.floor((Math.min(first, at_ms - 180_000) - 10_000) / 60_000) * 60_000
  return Math.max(at_ms - AXIS_MS, from)
}

function bandsOf(snapshot: Snapshot, lang: 'en' | 'zh', href: Place['href']): Band[] {
  return [
    ...Object.entries(snapshot.rounds).map(
      ([label, { from_ms, to_ms }]): Band => ({ from_ms, to_ms, tone: 'round', label }),
    ),
    ...Object.values(snapshot.incidents).map(
      (incident): Band => ({
        from_ms: incident.began_ms,
        to_ms: incident.state === 'open' ? snapshot.at_ms : incident.resolved_ms,
        tone: 'incident',
        label: (lang === 'zh' ? incident.summary_zh : incident.summary_en).split(' · ')[0]!,
        href: href(`/incident/${incident.id}`),
      }),
    ),
  ]
}
