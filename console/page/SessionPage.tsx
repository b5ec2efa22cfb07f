import { useEffect, useState } from 'preact/hooks'
import type { Hop } from '../../schemas/kinds/kinds.ts'
import { type Metric, metricOf } from '../../schemas/metrics.ts'
import { placeName } from '../../schemas/words.ts'
import type { SessionView } from '../api.ts'
import { misses, textOf, timeOf, titleOf, whole, zoneOf } from './amount.ts'
import { Charts } from './Charts.tsx'
import type { Band, ChartRow } from './chartRow.ts'
import { titleOfIncident } from './incidentText.ts'
import { LineBanner } from './LineBanner.tsx'
import { usePlace } from './place.ts'
import { Top } from './Top.tsx'
import { useFetch } from './useLive.ts'
import { Waterfall } from './Waterfall.tsx'

/** Play, stall and pause as a strip, with what the viewer did on it. */
function Strip({
  session,
  words,
}: {
  readonly session: SessionView
  readonly words: {
    readonly stalled: string
    readonly played: string
    readonly paused: string
    readonly touched: string
  }
}) {
  const wide = 1000
  const x = (ms: number) => ((ms - session.from_ms) / (session.to_ms - session.from_ms)) * wide
  return (
    <figure class="strip">
      <svg
        viewBox={`0 0 ${wide} 40`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${words.stalled}: ${session.beats.filter(({ stalled_ms }) => stalled_ms > 0).length}`}
      >
        {session.beats.map((beat) => {
          const left = x(beat.at_ms - beat.interval_ms)
          const part = (ms: number) => (ms / (session.to_ms - session.from_ms)) * wide
          return (
            <g key={`${beat.at_ms}-${beat.interval_ms}`}>
              <rect
                class="played"
                x={left}
                y="12"
                width={Math.max(0.5, part(beat.interval_ms))}
                height="16"
              />
              {beat.paused_ms > 0 && (
                <rect class="paused" x={left} y="12" width={part(beat.paused_ms)} height="16" />
              )}
              {beat.stalled_ms > 0 && (
                <rect
                  class="stalled"
                  x={x(beat.at_ms) - Math.max(2, part(beat.stalled_ms))}
                  y="4"
                  width={Math.max(2, part(beat.stalled_ms))}
                  height="32"
                />
              )}
            </g>
          )
        })}
        {session.interactions.map((interaction) => (
          <rect
            key={`${interaction.at_ms}-${interaction.action}`}
            class={`touch ${interaction.outcome}`}
            x={x(interaction.at_ms)}
            y="30"
            width="2"
            height="10"
          />
        ))}
      </svg>
      <figcaption class="muted legend">
        <span class="played">{words.played}</span>
        <span class="stalled">{words.stalled}</span>
        {session.beats.some(({ paused_ms }) => paused_ms > 0) && <span class="paused">{words.paused}</span>}
        {session.interactions.length > 0 && <span class="touch">{words.touched}</span>}
      </figcaption>
    </figure>
  )
}

/** A playback that goes on is read again so often; silent for so long it is over. */
const AGAIN_MS = 3000
const OVER_MS = 60_000

/** One viewer's playback, and the link under it on the same axis. */
export function SessionPage({ id }: { readonly id: string }) {
  const { words, lang, href, query } = usePlace()
  const requested = new URLSearchParams([...query].filter(([name]) => name === 'tenant' || name === 'at'))
  const [going, go] = useState(true)
  const {
    data: session,
    missing,
    failed,
  } = useFetch<SessionView>(
    `/api/sessions/${encodeURIComponent(id)}?${requested}`,
    going ? AGAIN_MS : undefined,
  )
  // Whoever was heard of lately may still watch.
  const last_ms = session?.to_ms
  useEffect(() => go(last_ms === undefined || Date.now() - last_ms < OVER_MS), [last_ms, session])
  if (session === undefined) {
    return (
      <>
        <Top state={failed ? 'lost' : missing ? 'past' : 'opening'} />
        <main class="page" id="main">
          <LineBanner />
          {missing ? <p class="banner past">{words.not_found}</p> : <div class="panel skeleton tall" />}
        </main>
      </>
    )
  }
  const own = (
    id: string,
    title: string,
    metric: Metric,
    value: (beat: SessionView['beats'][number]) => number | null,
  ): ChartRow => ({
    id,
    title,
    points: session.beats.map((beat) => [beat.at_ms, value(beat)]),
    text: (amount) => textOf(metric, amount, lang),
    tone: 'plain',
  })
  const link = (Object.entries(session.link) as [Metric, Record<string, number>][]).map(
    ([metric, points]): ChartRow => ({
      id: metric,
      title: words.hops[metricOf(metric).hop as Hop],
      about: titleOf(metric, lang),
      points: Object.entries(points).map(([at, value]) => [Number(at) * 1000, value]),
      text: (value) => textOf(metric, value, lang),
      tone: 'plain',
      objective: metricOf(metric).objective,
    }),
  )
  const bands: Band[] = [
    ...session.cues
      .filter(({ stage }) => stage === 'shown')
      .map(
        ({ at_ms, round }): Band => ({ from_ms: at_ms, to_ms: at_ms + 2000, tone: 'round', label: round }),
      ),
    ...session.incidents.map(
      (incident): Band => ({
        from_ms: incident.began_ms,
        to_ms: incident.state === 'open' ? session.to_ms : incident.resolved_ms,
        tone: 'incident',
        label: titleOfIncident(incident, lang),
        href: href(`/incident/${incident.id}`),
      }),
    ),
  ]
  const axis = { bands, from_ms: session.from_ms, to_ms: session.to_ms }
  const stalled = session.beats.reduce((sum, { stalled_ms }) => sum + stalled_ms, 0)
  const watched = session.beats.reduce((sum, { played_ms, stalled_ms }) => sum + played_ms + stalled_ms, 0)
  const trail = [
    { href: href('/shows'), text: words.all_shows },
    {
      href: href(`/show/${encodeURIComponent(session.show)}`, {
        at: session.to_ms,
        stream: session.stream || undefined,
      }),
      text: session.show,
    },
    ...session.incidents
      .slice(0, 1)
      .map((incident) => ({ href: href(`/incident/${incident.id}`), text: words.incident })),
    { href: '', text: words.session },
  ]
  return (
    <>
      <Top trail={trail} />
      <main class="page" id="main">
        <LineBanner as_of_ms={session.to_ms - 10_000} />
        <section class="panel about-session">
          <h1>
            {words.session} <code>{session.session}</code>
          </h1>
          <p class="facts">
            <span>
              {timeOf(session.from_ms + 10_000, lang, Date.now())} –{' '}
              {timeOf(session.to_ms - 10_000, lang, Date.now())}
            </span>
            {Object.entries(session.about).map(([name, value]) => (
              <span key={name}>
                <span class="muted">{words.dims[name] ?? name}</span> {placeName(value, lang)}
              </span>
            ))}
          </p>
          {watched > 0 && (
            <p class="facts">
              {session.experience !== undefined && (
                <span>
                  {metricOf('experience_score').title[lang]} <b>{whole(session.experience.score)}</b>
                </span>
              )}
              <span>
                {titleOf('rebuffering_ratio', lang)}{' '}
                <b class={misses('rebuffering_ratio', stalled / watched) ? 'missed' : ''}>
                  {textOf('rebuffering_ratio', stalled / watched, lang)}
                </b>
              </span>
              <span>
                {words.stalls} <b>{whole(session.beats.reduce((sum, { stalls }) => sum + stalls, 0))}</b>
              </span>
              {session.startup?.error ? <span class="missed">{session.startup.error}</span> : null}
            </p>
          )}
        </section>
        <section class="panel">
          <h2>
            {words.viewer_timeline} <span class="muted">{words.evidence_clock(zoneOf(session.from_ms))}</span>
          </h2>
          <div class="aligned">
            <Strip session={session} words={words} />
          </div>
          <Charts
            rows={[
              own('buffer', words.buffer, 'buffer', ({ buffer_ms }) => buffer_ms),
              own('bitrate', words.bitrate, 'bitrate', ({ bitrate_kbps }) => bitrate_kbps),
              own('latency', words.latency, 'live_latency', ({ latency_ms }) => latency_ms),
            ]}
            {...axis}
            label={words.viewer_timeline}
          />
        </section>
        {link.length > 0 && (
          <section class="panel">
            <h2>{words.link_under}</h2>
            <Charts rows={link} {...axis} label={words.link_under} height={40} />
          </section>
        )}
        {session.startup !== undefined && (
          <Waterfall
            phases={session.startup.phases}
            whole_ms={session.startup.first_screen_ms ?? undefined}
            note={words.outcomes[session.startup.outcome] ?? session.startup.outcome}
          />
        )}
      </main>
    </>
  )
}
