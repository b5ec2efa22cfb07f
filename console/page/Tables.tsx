import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Metric } from '../../schemas/metrics.ts'
import { type Lang, placeName } from '../../schemas/words.ts'
import type { SessionRow, Snapshot } from '../api.ts'
import {
  cutName,
  lengthOf,
  millisecondsOf,
  misses,
  objectiveOf,
  textOf,
  timeOf,
  titleOf,
  whole,
} from './amount.ts'
import { usePlace } from './place.ts'
import { useFetch } from './useLive.ts'

interface TableProps {
  readonly heads: readonly string[]
  /** How many columns are words, the first among them; the others are numbers and stand to the right. */
  readonly words?: number
  readonly rows: readonly { readonly key: string; readonly cells: readonly ComponentChildren[] }[]
}

/** A table whose first column names the row. */
export function Table({ heads, rows, words = 1 }: TableProps) {
  const kind = (column: number) => (column < words ? 'word' : 'number')
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <div class="scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {heads.map((head, column) => (
              <th scope="col" key={head} class={kind(column)}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells }) => (
            <tr key={key}>
              <th scope="row">{cells[0]}</th>
              {cells.slice(1).map((cell, index) => (
                <td key={heads[index + 1]} class={kind(index + 1)} data-head={heads[index + 1]}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Of fewer viewers than this no value shouts. */
export const FEW = 10

/** A metric's value, marked where it misses its objective; of fewer than ten viewers it stays quiet. */
export function Value({
  metric,
  value,
  n,
}: {
  readonly metric: Metric
  readonly value: number | null | undefined
  /** How many viewers it is of, where that is known. */
  readonly n?: number
}) {
  const { lang } = usePlace()
  if (value === undefined || value === null) return <>–</>
  const few = n !== undefined && n < FEW
  const bad = misses(metric, value) && !few
  return (
    <span class={bad ? 'missed' : few ? 'few' : ''}>
      {bad && <span aria-hidden="true">◆ </span>}
      {textOf(metric, value, lang)}
    </span>
  )
}

/** How far apart the apps see the show. */
export function Fairness({ snapshot }: { readonly snapshot: Snapshot }) {
  const { words, lang, with: to } = usePlace()
  const apps = Object.entries(snapshot.apps)
  const first = Math.min(...apps.map(([, { latency_ms }]) => latency_ms ?? Number.POSITIVE_INFINITY))
  const behind = (latency_ms: number | undefined) =>
    latency_ms === undefined
      ? '–'
      : latency_ms === first
        ? words.first
        : `+ ${millisecondsOf(latency_ms - first, lang)}`
  return (
    <section class="panel">
      <h2>
        {words.fairness}{' '}
        <span class="muted">
          {words.last_minute} · {words.latency} {objectiveOf('live_latency', lang)}
        </span>
      </h2>
      {apps.length === 0 ? (
        <p class="muted">{words.no_data}</p>
      ) : (
        <Table
          heads={[words.app, words.watching, words.latency, words.behind]}
          rows={apps.map(([app, { watching, latency_ms }]) => ({
            key: app,
            cells: [
              <a key="a" href={to({ app })} title={app}>
                {cutName(
                  app,
                  apps.map(([name]) => name),
                ) || words.unnamed}
              </a>,
              whole(watching),
              <Value key="v" metric="live_latency" value={latency_ms} n={watching} />,
              behind(latency_ms),
            ],
          }))}
        />
      )}
    </section>
  )
}

/** The rounds that were played, newest first. */
export function Rounds({ snapshot, lang }: { readonly snapshot: Snapshot; readonly lang: Lang }) {
  const { words } = usePlace()
  const rounds = Object.entries(snapshot.rounds).sort(([, a], [, b]) => b.from_ms - a.from_ms)
  /** From the first app's screen to the last one's, and whose that was. */
  const reached = (apps: Snapshot['rounds'][string]['apps']) => {
    const times = Object.entries(apps).flatMap(([app, { production_ms }]) =>
      production_ms === undefined ? [] : [[app, production_ms] as const],
    )
    times.sort(([, a], [, b]) => a - b)
    const [first, last] = [times[0], times.at(-1)]
    if (first === undefined || last === undefined) return '–'
    const text = (ms: number) => textOf('cue_production_latency', ms, lang)
    return (
      <>
        {first === last ? '' : `${text(first[1]).replace(/ (s|秒)$/, '')} – `}
        {text(last[1])} <small class="under">{last[0]}</small>
      </>
    )
  }
  if (rounds.length === 0) return null
  return (
    <section class="panel">
      <h2>{words.rounds}</h2>
      <Table
        heads={[words.round, words.took_part, words.arrived, words.on_screen]}
        rows={rounds.slice(0, 8).map(([name, round]) => ({
          key: name,
          cells: [
            <span key="n">
              {name} <small class="under">{timeOf(round.from_ms, lang, snapshot.at_ms)}</small>
            </span>,
            round.interactions === undefined ? '–' : whole(round.interactions),
            <Value key="v" metric="interaction_success" value={round.success} />,
            reached(round.apps),
          ],
        }))}
      />
    </section>
  )
}

/** Streams that are listed; of more, the ones that are well stay out. */
const STREAMS = 12

/** The streams of a show, those that an incident strikes first, then the worst. */
export function Streams({
  snapshot,
  struck,
}: {
  readonly snapshot: Snapshot
  readonly struck: ReadonlySet<string>
}) {
  const { words, lang, with: to } = usePlace()
  const streams = Object.entries(snapshot.streams).sort(
    ([nameA, a], [nameB, b]) =>
      Number(struck.has(nameB)) - Number(struck.has(nameA)) ||
      (b.stall_ratio ?? 0) - (a.stall_ratio ?? 0) ||
      b.watching - a.watching,
  )
  const [all, showAll] = useState(false)
  if (streams.length < 2) return null
  const names = streams.map(([name]) => name)
  return (
    <section class="panel">
      <h2>
        {words.n_streams(streams.length)} <span class="muted">{words.last_minute}</span>
      </h2>
      <Table
        heads={[words.stream, words.watching, titleOf('rebuffering_ratio', lang), words.first_screen]}
        rows={(all ? streams : streams.slice(0, STREAMS)).map(([stream, group]) => ({
          key: stream,
          cells: [
            <a key="a" href={to({ stream })} title={stream}>
              {struck.has(stream) && (
                <span class="alarmed" aria-hidden="true">
                  ▲{' '}
                </span>
              )}
              {cutName(stream, names) || words.unnamed}
            </a>,
            whole(group.watching),
            <Value key="s" metric="rebuffering_ratio" value={group.stall_ratio} n={group.watching} />,
            <Value key="f" metric="video_startup_time" value={group.first_screen_ms} n={group.watching} />,
          ],
        }))}
      />
      {streams.length > STREAMS && (
        <p class="more">
          <button type="button" onClick={() => showAll(!all)}>
            {all ? words.fewer : words.more_streams(whole(streams.length - STREAMS))}
          </button>
        </p>
      )}
    </section>
  )
}

/** Sessions of a cell of the heat map within the last quarter of an hour. */
export function CellSessions({ snapshot }: { readonly snapshot: Snapshot }) {
  const { words, query, with: to, lang } = usePlace()
  const [isp, cdn] = [query.get('isp'), query.get('cdn')]
  const chosen = isp !== null && cdn !== null
  const { tenant, show, stream, app, at_ms, live } = snapshot
  const wanted = Object.entries({ tenant, show, stream, app, isp, cdn, to: live ? undefined : String(at_ms) })
  const { data, slow } = useFetch<SessionRow[]>(
    chosen
      ? `/api/sessions?${new URLSearchParams(wanted.filter((each): each is [string, string] => typeof each[1] === 'string'))}`
      : undefined,
    live ? 10_000 : undefined,
  )
  // It stands where the cell was: it is brought into sight.
  useEffect(() => {
    if (chosen) document.getElementById('sessions')?.scrollIntoView({ block: 'nearest' })
  }, [chosen, isp, cdn, data === undefined])
  if (!chosen) return null
  const place = [placeName(isp, lang), cdn].filter(Boolean).join(' · ')
  return (
    <Sessions rows={data} slow={slow} title={words.sessions_of(place || words.unnamed)}>
      <a href={to({ isp: undefined, cdn: undefined })}>✕ {words.close}</a>
    </Sessions>
  )
}

/** Sessions that an incident names, those that suffered most first. */
export function Sessions({
  rows,
  slow,
  title,
  children,
}: {
  readonly title?: string
  readonly children?: ComponentChildren
  readonly rows: readonly SessionRow[] | undefined
  /** They take long to come. */
  readonly slow: boolean
}) {
  const { words, href, lang } = usePlace()
  return (
    <section class="panel" id="sessions">
      <h2>
        {title ?? words.sessions} {children}
      </h2>
      {rows === undefined ? (
        <p class="muted">{slow ? words.slow_part : words.loading}</p>
      ) : rows.length === 0 ? (
        <p class="muted">{words.none_affected}</p>
      ) : (
        <Table
          words={5}
          heads={[
            words.session,
            words.app,
            words.dims.cdn!,
            words.operator,
            words.dims.region!,
            words.stalled,
            words.stalls,
            words.latency,
          ]}
          rows={rows.map((row) => ({
            key: row.session,
            cells: [
              <a key="a" href={href(`/session/${encodeURIComponent(row.session)}`, { at: row.last_ms })}>
                {row.session}
              </a>,
              row.app || '–',
              row.cdn || '–',
              placeName(row.isp, lang) || '–',
              placeName(row.region, lang) || '–',
              lengthOf(row.stalled_ms, lang),
              whole(row.stalls),
              row.latency_ms === null ? '–' : textOf('live_latency', row.latency_ms, lang),
            ],
          }))}
        />
      )}
    </section>
  )
}
