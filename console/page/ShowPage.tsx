import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Snapshot } from '../api.ts'
import { groupIncidents } from '../incidentGroups.ts'
import { lengthOf, minuteOf, share, timeOf, whole, zoneName, zoneOf } from './amount.ts'
import { Charts } from './Charts.tsx'
import { EmptyPage } from './EmptyPage.tsx'
import { Experience } from './Experience.tsx'
import { HeatMap } from './HeatMap.tsx'
import { IncidentList } from './IncidentList.tsx'
import { LineBanner } from './LineBanner.tsx'
import { LinkPicture } from './LinkPicture.tsx'
import { PlanPanel } from './PlanPanel.tsx'
import { usePlace } from './place.ts'
import { Ranges } from './Ranges.tsx'
import { axisFrom, bandsOf, rowsOf, struckStreams } from './showRows.ts'
import { CellSessions, Fairness, Rounds, Streams } from './Tables.tsx'
import { Top } from './Top.tsx'
import { isCut, useLine } from './useLine.ts'
import { type Live, useFetch, useLive } from './useLive.ts'
import { useSiren } from './useSiren.ts'
import { Waterfall } from './Waterfall.tsx'

/** Nothing new for so long means that what is seen is old. */
const STALE_MS = 15_000

/** One show, live or at a past moment. */
export function ShowPage({ show }: { readonly show: string }) {
  const { query, lang, words } = usePlace()
  const at = query.get('at')
  const wanted = new URLSearchParams(
    [...query].filter(([name]) => ['tenant', 'stream', 'app', 'range', 'compare'].includes(name)),
  )
  const line = useLine()
  const pastUrl =
    at === null
      ? undefined
      : `/api/show/${encodeURIComponent(show)}?${new URLSearchParams([...wanted, ['at', at]])}`
  const live = useLive<Snapshot>(
    at === null ? new URLSearchParams([...wanted, ['show', show]]).toString() : undefined,
  )
  const past = useFetch<Snapshot>(pastUrl)
  // The last picture stays while the next is on its way.
  const [kept, keep] = useState<Snapshot>()
  const fresh = at === null ? live.data : past.data
  useEffect(() => {
    if (fresh !== undefined) keep(fresh)
  }, [fresh])
  const snapshot = fresh ?? (kept?.show === show ? kept : undefined)
  if (snapshot === undefined) return <Waiting show={show} />
  const waiting = Object.keys(snapshot.incidents).length === 0 && snapshot.ended === undefined
  if (snapshot.data_ms === 0 && snapshot.live && waiting) return <EmptyPage show={show} />
  const slow = at !== null && past.slow ? timeOf(Number(at), lang, Date.now()) : undefined
  const loading =
    fresh !== undefined
      ? undefined
      : words.loading_at(at === null ? words.live : timeOf(Number(at), lang, Date.now()))
  return (
    <Picture
      snapshot={snapshot}
      live={at === null ? live : undefined}
      loading={loading}
      slow={slow}
      lost={isCut(line) || live.stuck}
    />
  )
}

/** Nothing has come yet: says for how long, and why. */
function Waiting({ show }: { readonly show: string }) {
  const { words, lang } = usePlace()
  const line = useLine()
  const lost = isCut(line)
  return (
    <>
      <Top state={lost ? 'lost' : 'opening'} trail={[{ href: '', text: show }]} />
      <main class="page" id="main" aria-busy={!lost}>
        <LineBanner />
        {!lost && (
          <p class="muted waiting-first" role="status">
            {line.state === 'opening' ? words.opening(lengthOf(line.since_ms, lang)) : words.loading}
          </p>
        )}
        <div class="panel skeleton" />
        <div class="panel skeleton tall" />
      </main>
    </>
  )
}

interface PictureProps {
  readonly snapshot: Snapshot
  readonly live: Live<Snapshot> | undefined
  /** Another moment is on its way: "Loading 12:50 …". */
  readonly loading: string | undefined
  /** The moment that was asked for, when it takes long. */
  readonly slow: string | undefined
  readonly lost: boolean
}

function Picture({ snapshot, live, loading, slow, lost }: PictureProps) {
  const place = usePlace()
  const { lang, href, with: to, query, go, words } = place
  const groups = useMemo(() => groupIncidents(Object.values(snapshot.incidents)), [snapshot.incidents])
  const open = groups.filter((group) => group.open)
  useSiren(live === undefined ? [] : open)
  const trail = [
    { href: href('/shows'), text: words.all_shows },
    { href: to({ stream: undefined, app: undefined }), text: snapshot.show },
    ...(snapshot.stream === undefined ? [] : [{ href: to({ app: undefined }), text: snapshot.stream }]),
    ...(snapshot.app === undefined ? [] : [{ href: to({}), text: snapshot.app }]),
  ]
  const { ended } = snapshot
  const watching = ended === undefined ? snapshot.values.concurrent_plays : undefined
  const rows = useMemo(() => rowsOf(snapshot, place), [snapshot, place])
  const bands = useMemo(() => bandsOf(snapshot, lang, href), [snapshot, lang, href])
  const from_ms = axisFrom(rows, snapshot)
  const past = query.has('at') || ended !== undefined
  const wall = query.has('wall')
  const title = words.minutes(lengthOf(Math.round((snapshot.at_ms - from_ms) / 60_000) * 60_000, lang))
  const { earlier } = snapshot
  const compared = !query.has('compare')
    ? undefined
    : earlier === undefined
      ? words.no_earlier
      : words.compare_of(timeOf(snapshot.at_ms - earlier.shift_ms, lang, Date.now()))
  const state =
    loading !== undefined
      ? 'opening'
      : lost
        ? 'lost'
        : ended !== undefined
          ? 'ended'
          : snapshot.live
            ? 'live'
            : 'past'
  return (
    <>
      <Top
        trail={trail}
        at_ms={snapshot.at_ms}
        state={state}
        loading={loading}
        alarm={lost ? 0 : open.length}
      >
        {ended === undefined ? (
          <p class="audience">
            <b class="figure">{lost || watching === undefined ? '–' : whole(watching)}</b> {words.watching}
          </p>
        ) : (
          <p class="audience">
            {words.ended_peak(minuteOf(ended.at_ms, lang, Date.now()), whole(ended.peak))}
          </p>
        )}
        {ended === undefined && (
          <p class={`count ${lost ? '' : open.length > 0 ? 'bad' : 'good'}`} role="status">
            {lost ? words.health.unknown : words.incidents(open.length)}
          </p>
        )}
      </Top>
      <main class={`page ${lost ? 'lost' : ''} ${wall ? 'wall' : ''}`} id="main">
        <LineBanner as_of_ms={snapshot.at_ms} stuck={live?.stuck ?? false} />
        {slow !== undefined && !lost && (
          <p class="banner stale" role="alert">
            {words.slow_past(slow)}
          </p>
        )}
        <Notices snapshot={snapshot} lost={lost} />
        <div class="current">
          <LinkPicture snapshot={snapshot} lost={lost} />
          <IncidentList
            groups={wall ? open.slice(0, 1) : groups}
            now_ms={snapshot.at_ms}
            watching={() => watching}
            show={snapshot.show}
          />
          <section class="panel axis">
            <h2>
              {title}{' '}
              <span class="muted">
                {words.timeline_clock(zoneOf(snapshot.at_ms))}
                {compared !== undefined && ` · ${compared}`}
              </span>
              {!wall && <Ranges />}
            </h2>
            <Charts
              rows={rows}
              bands={bands}
              from_ms={from_ms}
              to_ms={snapshot.at_ms}
              label={title}
              old={lost || ended !== undefined}
              onZoom={(from, until) =>
                go(
                  to({
                    at: Math.round(until / 1000) * 1000,
                    range: Math.max(60_000, Math.round((until - from) / 1000) * 1000),
                  }),
                )
              }
              onPan={(by_ms) => {
                const at = Math.round((snapshot.at_ms - by_ms) / 1000) * 1000
                go(to({ at: at >= Date.now() - 3000 ? undefined : at }), { replace: past })
              }}
            />
          </section>
          {!wall && <Panels snapshot={snapshot} />}
        </div>
        <p class="keys muted">
          {wall
            ? `${words.wall_leave}${query.get('wall') === 'rotate' ? ` · ${words.wall_rotates}` : ''}`
            : words.keys}
        </p>
      </main>
    </>
  )
}

/** What must be known before anything below is believed. */
function Notices({ snapshot, lost }: { readonly snapshot: Snapshot; readonly lost: boolean }) {
  const { words, lang, href } = usePlace()
  const { ended, at_ms, data_ms, live } = snapshot
  const age_ms = at_ms - data_ms
  const { completeness } = snapshot.values
  if (ended !== undefined) {
    const report = href(`/api/report/${encodeURIComponent(snapshot.show)}`, { zone: zoneName() })
    return (
      <p class="banner past ended">
        {words.ended_banner(timeOf(ended.at_ms, lang, Date.now()), whole(ended.peak))}{' '}
        <a class="button" href={report} data-native>
          {words.open_report}
        </a>{' '}
        <a href={`${report}${report.includes('?') ? '&' : '?'}format=md`} data-native>
          {words.report_markdown}
        </a>
      </p>
    )
  }
  return (
    <>
      {!lost && live && age_ms > STALE_MS && (
        <p class="banner stale" role="alert">
          {words.stale(lengthOf(age_ms, lang), timeOf(data_ms, lang, at_ms))}
        </p>
      )}
      {!live && (
        <p class="banner past">
          {data_ms === 0 ? words.no_past : words.past_banner(timeOf(at_ms, lang, Date.now()))}{' '}
          <a
            href={href(`/api/report/${encodeURIComponent(snapshot.show)}`, { zone: zoneName() })}
            data-native
          >
            {words.open_report}
          </a>
        </p>
      )}
      {completeness !== undefined && completeness < 0.98 && (
        <p class="banner stale">{words.complete(share(completeness))}</p>
      )}
      {snapshot.set_apart > 0 && (
        <p class="banner note-filter">{words.set_apart(whole(snapshot.set_apart))}</p>
      )}
      {snapshot.app !== undefined && <p class="banner note-filter">{words.filter_note(snapshot.app)}</p>}
    </>
  )
}

/** What is under the axis: first screen, heat map, streams, apps, rounds. */
function Panels({ snapshot }: { readonly snapshot: Snapshot }) {
  const { words, lang } = usePlace()
  const many = Object.keys(snapshot.streams).length > 6
  const struck = struckStreams(snapshot)
  return (
    <>
      <PlanPanel snapshot={snapshot} />
      <CellSessions snapshot={snapshot} />
      {many && <Streams snapshot={snapshot} struck={struck} />}
      <div class="columns">
        <Waterfall
          phases={snapshot.startup as Record<string, number>}
          whole_ms={snapshot.values.video_startup_time}
          note={words.starts(whole(snapshot.startup.starts ?? 0))}
          p95_ms={snapshot.values.video_startup_time_p95}
        />
        {snapshot.ended === undefined && <Experience values={snapshot.values} />}
        <HeatMap heat={snapshot.heat} />
        <Fairness snapshot={snapshot} />
        {!many && <Streams snapshot={snapshot} struck={struck} />}
        <Rounds snapshot={snapshot} lang={lang} />
      </div>
    </>
  )
}
