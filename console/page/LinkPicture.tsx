import type { Hop } from '../../schemas/kinds/kinds.ts'
import type { Metric } from '../../schemas/metrics.ts'
import { causeName, type Lang } from '../../schemas/words.ts'
import type { HopView, Snapshot } from '../api.ts'
import { amountOf, lengthOf, misses, objectiveOf, textOf, titleOf, whole } from './amount.ts'
import { isAbsence } from './incidentText.ts'
import { usePlace } from './place.ts'
import { Shape } from './Shape.tsx'

/** A value of an earlier step counts as current for two steps of the rollup, no longer. */
const CURRENT_MS = 20_000

/** A silence is said from this length on: every report is a little old. */
const SILENT_SHOWN_MS = 5_000

/** What stands under a hop: a current value, or since when there is none and what the last one was. */
export interface Reading {
  readonly value: number | undefined
  /** There is no current value: how long nothing was reported, ms. */
  readonly silent_ms?: number
  readonly was?: number | undefined
}

/** The newest step of a course, with its end. */
function newest(
  series: Readonly<Record<string, number>> | undefined,
  step_ms: number,
): { readonly end_ms: number; readonly value: number } | undefined {
  let found: { end_ms: number; value: number } | undefined
  for (const [at, value] of Object.entries(series ?? {})) {
    const end_ms = Number(at) * 1000 + step_ms
    if (found === undefined || end_ms > found.end_ms) found = { end_ms, value }
  }
  return found
}

/** The value of a hop's headline; an old one never poses as current. */
export function readingOf(snapshot: Snapshot, view: HopView): Reading {
  const { at_ms, step_ms, incidents, series, values } = snapshot
  const incident = view.incident === undefined ? undefined : incidents[view.incident]
  const last = newest(view.series ?? series[view.headline], step_ms)
  const gone =
    view.health === 'silent' || (incident?.state === 'open' && isAbsence(incident) && view.health === 'sick')
  const now = view.series === undefined ? (view.value ?? values[view.headline]) : view.value
  if (!gone && now !== undefined) return { value: now }
  if (!gone && last !== undefined && at_ms - last.end_ms <= CURRENT_MS) return { value: last.value }
  const heard_ms = view.heard_ms ?? last?.end_ms
  return {
    value: undefined,
    was: view.was ?? last?.value,
    ...(heard_ms === undefined ? {} : { silent_ms: Math.max(0, at_ms - heard_ms) }),
  }
}

/** The stretch of time that a figure counts, and of whom: `over 10 s · cdn-b Guangdong`. */
export const scopeOf = (
  { window_ms, cause, series }: HopView,
  words: { window(length: string): string; whole_show: string },
  lang: Lang,
): string =>
  [
    words.window(lengthOf(window_ms, lang)),
    cause === undefined ? '' : series === undefined ? words.whole_show : causeName(cause, lang),
  ]
    .filter(Boolean)
    .join(' · ')

/** The link: hops in the order of the data, the sick one unmissable, the healthy ones quiet. */
export function LinkPicture({ snapshot, lost }: { readonly snapshot: Snapshot; readonly lost: boolean }) {
  const { words } = usePlace()
  const hops = Object.entries(snapshot.hops) as [Hop, HopView][]
  return (
    <section class={`panel link ${snapshot.ended ? 'ended' : ''}`} aria-label={words.the_link}>
      <ol>
        {hops.map(([hop, view], index) => (
          <HopCell key={hop} {...{ hop, view, snapshot, lost }} next={hops[index + 1]?.[1].health} />
        ))}
      </ol>
    </section>
  )
}

function HopCell({
  hop,
  view,
  snapshot,
  lost,
  next,
}: {
  readonly hop: Hop
  readonly view: HopView
  readonly snapshot: Snapshot
  readonly lost: boolean
  readonly next: HopView['health'] | undefined
}) {
  const { words, lang, href } = usePlace()
  const over = snapshot.ended !== undefined
  const health = lost ? 'unknown' : over && view.health !== 'absent' ? 'well' : view.health
  const { value, silent_ms, was } = readingOf(snapshot, view)
  const metric: Metric = view.headline
  const shown = value === undefined || lost ? undefined : amountOf(metric, value, lang)
  const objective = objectiveOf(metric, lang)
  const interval = view.value === undefined && !lost ? snapshot.intervals[metric] : undefined
  const incident = view.incident === undefined ? undefined : snapshot.incidents[view.incident]
  const target = incident?.state === 'open' && !lost ? href(`/incident/${incident.id}`) : `#${hop}`
  const word = over
    ? words.ended_word
    : shown === undefined &&
        silent_ms !== undefined &&
        silent_ms >= SILENT_SHOWN_MS &&
        health !== 'absent' &&
        !lost
      ? words.no_report(lengthOf(silent_ms, lang))
      : words.health[health]
  return (
    <li class={`hop ${health}`}>
      <a href={target}>
        <span class="name">{words.hops[hop]}</span>
        <span class={`wire ${next === 'sick' && !lost ? 'torn' : ''}`} aria-hidden="true">
          <span class="node">
            <Shape health={over ? 'absent' : health} size={health === 'sick' ? 48 : 32} />
          </span>
        </span>
        <span class="word">
          {health === 'sick' && word !== words.health.sick ? `${words.health.sick} · ${word}` : word}
          {view.cause !== undefined && !lost && incident?.state === 'open' && (
            <b>{causeName(view.cause, lang)}</b>
          )}
        </span>
        <span class={`figure ${health !== 'well' && misses(metric, value) && !lost ? 'missed' : ''}`}>
          {shown !== undefined ? (
            <>
              {shown.number}
              <small> {shown.unit}</small>
            </>
          ) : was !== undefined && !lost ? (
            <span class="was">{words.was(textOf(metric, was, lang))}</span>
          ) : health === 'sick' && incident?.metric === metric && !isAbsence(incident) ? (
            // Of a hop that breaks and has no value of its own there is what the watcher saw.
            <span class="was">{words.as_found(textOf(metric, incident.value, lang))}</span>
          ) : (
            '–'
          )}
        </span>
        <span class="about">
          {titleOf(metric, lang)}
          {shown !== undefined && <span class="window">{scopeOf(view, words, lang)}</span>}
          {objective !== undefined && (
            <span class="objective">
              <span aria-hidden="true">{objective}</span>
              <span class="hidden">{words.objective(objective)}</span>
            </span>
          )}
          {view.worst !== undefined && incident !== undefined && !lost && (
            <span class="worst">{words.peak_of(textOf(metric, view.worst, lang))}</span>
          )}
          {interval !== undefined && shown !== undefined && interval.high - interval.low > 0.01 && (
            <span class="interval">
              {amountOf(metric, interval.low, lang).number} – {textOf(metric, interval.high, lang)} (
              {words.of_n(whole(interval.n))})
            </span>
          )}
        </span>
      </a>
    </li>
  )
}
