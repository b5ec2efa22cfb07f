import { useEffect, useMemo } from 'preact/hooks'
import type { ShowList, ShowView } from '../api.ts'
import { groupIncidents, type IncidentGroup, struckBy } from '../incidentGroups.ts'
import { cutName, lengthOf, minuteOf, timeOf, titleOf, whole, zoneName } from './amount.ts'
import { EmptyPage } from './EmptyPage.tsx'
import { IncidentList } from './IncidentList.tsx'
import { placeOf } from './incidentText.ts'
import { LineBanner } from './LineBanner.tsx'
import { usePlace } from './place.ts'
import { Shape } from './Shape.tsx'
import { Value } from './Tables.tsx'
import { Top } from './Top.tsx'
import { isCut, useLine } from './useLine.ts'
import { useFetch, useLive } from './useLive.ts'
import { useSiren } from './useSiren.ts'

/** Steps come every ten seconds. */
const GAP_S = 25

/** A line without axes: how the audience went, from nobody to the most there were. */
function Spark({
  series,
  to_ms,
}: {
  readonly series: Readonly<Record<string, number>>
  readonly to_ms: number
}) {
  const points = Object.entries(series)
    .map(([at, value]) => [Number(at), value] as const)
    .sort(([a], [b]) => a - b)
  const high = Math.max(1, ...points.map(([, value]) => value))
  const first = Math.min(to_ms / 1000 - 180, points[0]?.[0] ?? Number.POSITIVE_INFINITY)
  const x = (at: number) => ((at - first) / (to_ms / 1000 - first)) * 120
  // A gap stays a gap.
  const path = points
    .map(([at, value], index) => {
      const begins = index === 0 || at - points[index - 1]![0] > GAP_S
      return `${begins ? 'M' : 'L'}${x(at).toFixed(1)} ${(30 - (value / high) * 28).toFixed(1)}`
    })
    .join('')
  return (
    <svg class="spark" viewBox="0 0 120 32" preserveAspectRatio="none" aria-hidden="true">
      <path d={path} vector-effect="non-scaling-stroke" />
    </svg>
  )
}

/** A show that said nothing for so long, and has no incident, is silent: over, or not on yet. */
const SILENT_MS = 30_000

type ShowHealth = 'sick' | 'silent' | 'ended' | 'well' | 'unknown'

const healthOf = (show: ShowView, at_ms: number, lost: boolean): ShowHealth =>
  lost
    ? 'unknown'
    : show.open > 0
      ? 'sick'
      : show.ended !== undefined
        ? 'ended'
        : at_ms - show.data_ms > SILENT_MS
          ? 'silent'
          : 'well'

/** What is broken first, what is over last. */
const RANKS: Readonly<Record<ShowHealth, number>> = { sick: 0, well: 1, unknown: 1, silent: 2, ended: 3 }

/** Most viewers harmed in a show, over all its open incidents. */
const harmOf = (groups: readonly IncidentGroup[], name: string): number =>
  Math.max(0, ...groups.filter(({ shows }) => shows.includes(name)).map(({ viewers }) => viewers))

/** All shows; `home` goes on to the only one there is. */
export function ShowsPage({ home }: { readonly home: boolean }) {
  const { words, lang, href, query, go } = usePlace()
  const line = useLine()
  const at = query.get('at')
  const tenant = query.get('tenant')
  const scope = tenant === null ? '' : `tenant=${encodeURIComponent(tenant)}`
  const live = useLive<ShowList>(at === null ? scope : undefined)
  const past = useFetch<ShowList>(at === null ? undefined : `/api/shows?${scope}&at=${at}`)
  const list = at === null ? live.data : past.data
  const lost = isCut(line) || live.stuck
  const groups = useMemo(
    () => groupIncidents(Object.values(list?.incidents ?? {}).filter(({ state }) => state === 'open')),
    [list?.incidents],
  )
  useSiren(at === null ? groups : [])
  const rank = (show: ShowView) => RANKS[healthOf(show, list?.at_ms ?? 0, false)]
  const names = Object.entries(list?.shows ?? {})
    .sort(
      ([nameA, a], [nameB, b]) =>
        rank(a) - rank(b) || harmOf(groups, nameB) - harmOf(groups, nameA) || b.watching - a.watching,
    )
    .map(([name]) => name)
  // Links of notifications name the show or the incident in the query.
  const [incident, show] = [query.get('incident'), query.get('show')]
  const only = home && show === null && names.length === 1 ? names[0] : undefined
  useEffect(() => {
    if (!home) return
    if (incident !== null) go(href(`/incident/${encodeURIComponent(incident)}`), { replace: true })
    else if (show !== null)
      go(
        href(`/show/${encodeURIComponent(show)}`, {
          stream: query.get('stream') ?? undefined,
          at: at ?? undefined,
        }),
        { replace: true },
      )
  }, [home, incident, show])
  useEffect(() => {
    if (only !== undefined)
      go(href(`/show/${encodeURIComponent(only)}`, { at: at ?? undefined }), { replace: true })
  }, [only])
  if (list !== undefined && names.length === 0 && list.live) return <EmptyPage />
  const watching = (group: IncidentGroup) =>
    group.shows.reduce((sum, name) => sum + (list?.shows[name]?.watching ?? 0), 0)
  return (
    <>
      <Top
        state={lost ? 'lost' : list === undefined ? 'opening' : list.live ? 'live' : 'past'}
        at_ms={list?.at_ms}
        alarm={lost ? 0 : groups.length}
      >
        {list !== undefined && !lost && (
          <p class={`count ${groups.length > 0 ? 'bad' : 'good'}`} role="status">
            {words.incidents(groups.length)}
          </p>
        )}
      </Top>
      <main class={`page ${lost ? 'lost' : ''}`} id="main" aria-busy={list === undefined}>
        <LineBanner as_of_ms={list?.at_ms} stuck={live.stuck} />
        {list === undefined && !lost && (
          <p class="muted waiting-first" role="status">
            {line.state === 'opening'
              ? words.opening(lengthOf(line.since_ms, lang))
              : past.slow
                ? words.slow_part
                : words.loading}
          </p>
        )}
        <div class="current">
          {list === undefined && <div class="panel skeleton tall" />}
          {list !== undefined && <IncidentList groups={groups} now_ms={list.at_ms} watching={watching} />}
          {list !== undefined && (
            <section class="panel shows">
              <h1>{words.shows}</h1>
              <ul>
                {names.map((name) => (
                  <ShowRow key={name} {...{ name, list, groups, lost, at }} show={list.shows[name]!} />
                ))}
              </ul>
            </section>
          )}
        </div>
      </main>
    </>
  )
}

function ShowRow({
  name,
  show,
  list,
  groups,
  lost,
  at,
}: {
  readonly name: string
  readonly show: ShowView
  readonly list: ShowList
  readonly groups: readonly IncidentGroup[]
  readonly lost: boolean
  readonly at: string | null
}) {
  const { words, lang, href } = usePlace()
  const health = healthOf(show, list.at_ms, lost)
  const { ended } = show
  const broken = groups.flatMap(({ incidents }) =>
    incidents.filter((each) => struckBy(each).some((struck) => struck.show === name)),
  )
  const state = {
    ended: ended && words.ended_peak(minuteOf(ended.at_ms, lang, Date.now()), whole(ended.peak)),
    silent: words.last_said(timeOf(show.data_ms, lang, list.at_ms)),
    sick: [...new Set(broken.map((each) => `${words.hops[each.hop as 'edge']} ${placeOf(each, lang)}`))].join(
      ' · ',
    ),
    well: words.health.well,
    unknown: words.health.unknown,
  }[health]
  return (
    <li class={`show ${health}`}>
      <a href={href(`/show/${encodeURIComponent(name)}`, { at: at ?? undefined })} title={name}>
        <Shape health={health === 'ended' ? 'absent' : health} />
        <span class="name">
          <b>{cutName(name, Object.keys(list.shows))}</b>
          <span class={health === 'sick' ? 'alarmed' : 'muted'}>{state}</span>
          {show.streams > 0 && (
            <small>
              {[words.n_streams(show.streams), show.apps > 0 ? words.n_apps(show.apps) : '']
                .filter(Boolean)
                .join(' · ')}
            </small>
          )}
        </span>
        <Spark series={show.series} to_ms={list.at_ms} />
        {health !== 'ended' && (
          <>
            <span class="cell">
              <b class="figure">{whole(show.watching)}</b> <span class="muted">{words.watching}</span>
            </span>
            <span class="cell">
              <Value metric="rebuffering_ratio" value={show.stall_ratio} n={show.watching} />{' '}
              <span class="muted">{titleOf('rebuffering_ratio', lang)}</span>
            </span>
            <span class="cell">
              <Value metric="video_startup_time" value={show.first_screen_ms} n={show.watching} />{' '}
              <span class="muted">{words.first_screen}</span>
            </span>
            <span class="cell">
              <Value metric="live_latency" value={show.latency_ms} n={show.watching} />{' '}
              <span class="muted">{words.latency}</span>
            </span>
          </>
        )}
      </a>
      {health === 'ended' && (
        <a
          class="report-link"
          href={href(`/api/report/${encodeURIComponent(name)}`, { zone: zoneName() })}
          data-native
        >
          {words.open_report}
        </a>
      )}
    </li>
  )
}
