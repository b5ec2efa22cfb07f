import { useEffect } from 'preact/hooks'
import type { IncidentView } from '../../schemas/incident.ts'
import type { ShowList, ShowView } from '../api.ts'
import { lengthOf, timeOf, titleOf, whole } from './amount.ts'
import { EmptyPage } from './EmptyPage.tsx'
import { IncidentCard } from './IncidentCard.tsx'
import { usePlace } from './place.ts'
import { Shape } from './Shape.tsx'
import { Value } from './Tables.tsx'
import { Top } from './Top.tsx'
import { useFetch, useLive } from './useLive.ts'
import type { Words } from './words.ts'

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

/** Where it breaks, in two words: `Edge cdn-b Guangdong`. */
const brokenAt = ({ hop, cause }: IncidentView, words: Words): string =>
  [words.hops[hop], ...Object.values(cause)].join(' ')

/** A show that said nothing for so long, and has no incident, is over or not on yet. */
const SILENT_MS = 30_000

/** All shows; `home` goes on to the only one there is. */
export function ShowsPage({ home }: { readonly home: boolean }) {
  const { words, lang, href, query, go } = usePlace()
  const at = query.get('at')
  const tenant = query.get('tenant')
  const asked = tenant === null ? '' : `tenant=${encodeURIComponent(tenant)}`
  const live = useLive<ShowList>(at === null ? asked : undefined)
  const past = useFetch<ShowList>(at === null ? undefined : `/api/shows?${asked}&at=${at}`)
  const list = at === null ? live.data : past.data
  // What is broken first, what has fallen silent last.
  const rank = ({ open, data_ms }: ShowView) =>
    open > 0 ? 0 : (list?.at_ms ?? 0) - data_ms > SILENT_MS ? 2 : 1
  const names = Object.entries(list?.shows ?? {})
    .sort(([, a], [, b]) => rank(a) - rank(b) || b.watching - a.watching)
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
        {
          replace: true,
        },
      )
  }, [home, incident, show])
  useEffect(() => {
    if (only !== undefined)
      go(href(`/show/${encodeURIComponent(only)}`, at === null ? {} : { at }), { replace: true })
  }, [only])
  const lost = live.line === 'lost' || live.line === 'store_away'
  if (list !== undefined && names.length === 0 && list.live) return <EmptyPage line={live.line} />
  const open = Object.values(list?.incidents ?? {}).filter(({ state }) => state === 'open')
  return (
    <>
      <Top
        state={lost ? 'lost' : list === undefined ? 'opening' : list.live ? 'live' : 'past'}
        at_ms={list?.at_ms}
        alarm={lost ? 0 : open.length}
      >
        {list !== undefined && !lost && (
          <p class={`count ${open.length > 0 ? 'bad' : 'good'}`} role="status">
            {words.incidents(open.length)}
          </p>
        )}
      </Top>
      <main class={`page ${lost ? 'lost' : ''}`} id="main" aria-busy={list === undefined}>
        {lost && (
          <p class="banner lost" role="alert">
            {live.line === 'store_away'
              ? words.store_away
              : words.lost(lengthOf(live.now_ms - live.heard_ms, lang))}
          </p>
        )}
        <div class="current">
          {list === undefined && <div class="panel skeleton tall" />}
          {open.map((incident) => (
            <IncidentCard key={incident.id} incident={incident} now_ms={list!.at_ms} />
          ))}
          {list !== undefined && (
            <section class="panel shows">
              <h1>{words.shows}</h1>
              <ul>
                {names.map((name) => {
                  const show = list.shows[name]!
                  const broken = open.filter((one) => one.show === name)
                  const health = lost
                    ? 'unknown'
                    : show.open > 0
                      ? 'sick'
                      : list.at_ms - show.data_ms > SILENT_MS
                        ? 'absent'
                        : 'well'
                  return (
                    <li key={name}>
                      <a href={href(`/show/${encodeURIComponent(name)}`, { at: at ?? undefined })}>
                        <Shape health={health} />
                        <span class="name">
                          <b>{name}</b>
                          <span class={health === 'sick' ? 'alarmed' : 'muted'}>
                            {health === 'absent'
                              ? words.last_said(timeOf(show.data_ms, lang, list.at_ms))
                              : broken.length > 0 && !lost
                                ? broken.map((one) => brokenAt(one, words)).join(' · ')
                                : words.health[health]}
                          </span>
                          <small>
                            {[words.n_streams(show.streams), show.apps > 0 ? words.n_apps(show.apps) : '']
                              .filter(Boolean)
                              .join(' · ')}
                          </small>
                        </span>
                        <Spark series={show.series} to_ms={list.at_ms} />
                        <span class="cell">
                          <b class="figure">{whole(show.watching)}</b>{' '}
                          <span class="muted">{words.watching}</span>
                        </span>
                        <span class="cell">
                          <Value metric="rebuffering_ratio" value={show.stall_ratio} />{' '}
                          <span class="muted">{titleOf('rebuffering_ratio', lang)}</span>
                        </span>
                        <span class="cell">
                          <Value metric="video_startup_time" value={show.first_screen_ms} />{' '}
                          <span class="muted">{words.first_screen}</span>
                        </span>
                        <span class="cell">
                          <Value metric="live_latency" value={show.latency_ms} />{' '}
                          <span class="muted">{words.latency}</span>
                        </span>
                      </a>
                    </li>
                  )
                })}
              </ul>
            </section>
          )}
        </div>
      </main>
    </>
  )
}
