import type { Evidence, IncidentView, Todo } from '../../schemas/incident.ts'
import type { Hop } from '../../schemas/kinds/kinds.ts'
import { type MetricSpec, metricOf } from '../../schemas/metrics.ts'
import type { CourseRow, IncidentCourse, SessionRow } from '../api.ts'
import { lengthOf, limitOf, objectiveOf, textOf, timeOf, titleOf, zoneOf } from './amount.ts'
import { type ChartRow, Charts, type Points } from './Charts.tsx'
import { IncidentCard, runbookPath } from './IncidentCard.tsx'
import { type Place, usePlace } from './place.ts'
import { Sessions, Table } from './Tables.tsx'
import { Top } from './Top.tsx'
import { useFetch } from './useLive.ts'

/** A seldom reporter's line is drawn across steps without a report, up to this long. */
const BRIDGE_MS = 12_000

/** Points of every step; a gap that is short is bridged from its first to its last known value. */
export function bridged(
  series: CourseRow['series'],
  { from_ms, to_ms, step_ms }: Pick<IncidentCourse, 'from_ms' | 'to_ms' | 'step_ms'>,
): Points {
  const points: [number, number | null][] = []
  let known: { index: number; value: number } | undefined
  for (let at = from_ms; at < to_ms; at += step_ms) {
    const value = series[at / 1000] ?? null
    const index = points.push([at + step_ms, value]) - 1
    if (value === null) continue
    if (known !== undefined && (index - known.index) * step_ms <= BRIDGE_MS)
      for (let between = known.index + 1; between < index; between += 1)
        points[between]![1] =
          known.value + ((value - known.value) * (between - known.index)) / (index - known.index)
    known = { index, value }
  }
  return points
}

/** Who is ill, as one reads it: `cdn-b Guangdong`. */
const whereOf = (incident: IncidentView): string => Object.values(incident.cause).join(' ')

function courseRows(course: IncidentCourse, incident: IncidentView, { words, lang }: Place): ChartRow[] {
  const { symptoms, clean } = incident.evidence
  const hops = Object.entries(course.hops) as [Hop, CourseRow][]
  return hops.map(([hop, { metric, series, others }]) => {
    const { objective } = metricOf(metric) as MetricSpec
    const seen = symptoms.some((symptom) => symptom.hop === hop) && !clean.includes(hop)
    return {
      id: hop,
      title: words.hops[hop],
      about: [titleOf(metric, lang), others === undefined ? '' : whereOf(incident)]
        .filter(Boolean)
        .join(' · '),
      points: bridged(series, course),
      ...(others === undefined ? {} : { others: bridged(others, course) }),
      text: (value) => textOf(metric, value),
      tone: hop === incident.hop ? 'sick' : seen ? 'strained' : 'plain',
      ...(objective === undefined ? {} : { objective, objectiveText: objectiveOf(metric)! }),
      limit: limitOf(metric),
    }
  })
}

/** What the watcher itself had before its eyes, for when the facts are past their retention. */
function seenRows(timeline: NonNullable<Evidence['timeline']>, { words, lang }: Place): ChartRow[] {
  return timeline.hops
    .filter(({ series }) => series.some((value) => value !== null))
    .map(({ hop, state, metric, series }) => ({
      id: hop,
      title: words.hops[hop],
      about: titleOf(metric, lang),
      tone: state === 'sick' ? 'sick' : 'plain',
      points: series.map(
        (value, index) => [timeline.from_ms + (index + 1) * timeline.step_ms, value] as const,
      ),
      text: (value) => textOf(metric, value),
    }))
}

/** The incident over time, hop by hop, on one axis. */
function Course({ incident, course }: { readonly incident: IncidentView; readonly course: IncidentCourse }) {
  const place = usePlace()
  const { words } = place
  const { timeline } = incident.evidence
  const rows = courseRows(course, incident, place)
  const told = rows.length > 0
  if (!told && timeline === undefined) return null
  const length = Math.max(0, ...(timeline?.hops ?? []).map(({ series }) => series.length))
  const from_ms = told ? course.from_ms : timeline!.from_ms
  const to_ms = told ? course.to_ms : from_ms + length * timeline!.step_ms
  const label = told ? words.course : words.evidence_axis
  const about = rows.some(({ others }) => others !== undefined) ? words.course_about(whereOf(incident)) : ''
  return (
    <section class="panel">
      <h2>
        {label}{' '}
        <span class="muted">
          {[about, words.evidence_clock(zoneOf(from_ms))].filter(Boolean).join(' · ')}
        </span>
      </h2>
      <Charts
        rows={told ? rows : seenRows(timeline!, place)}
        bands={[
          {
            from_ms: incident.began_ms,
            to_ms: incident.state === 'open' ? to_ms : incident.resolved_ms,
            tone: 'incident',
            label: words.since(timeOf(incident.began_ms, place.lang, to_ms)),
          },
        ]}
        from_ms={from_ms}
        to_ms={to_ms}
        label={label}
      />
    </section>
  )
}

/** Who acts and how, and the quickest looks that tell what it is. */
function WhatToDo({ todo, runbook }: { readonly todo: Todo; readonly runbook: string | undefined }) {
  const { words } = usePlace()
  const acts = ['manual', 'automatic', 'standby'] as const
  return (
    <section class="panel todo">
      <h2>{words.todo}</h2>
      <dl lang="en">
        {acts.map((act) => (
          <div key={act} class={act}>
            <dt>{words.acts[act]}</dt>
            <dd>{todo[act]}</dd>
          </div>
        ))}
        <div>
          <dt>{words.tell}</dt>
          <dd>
            <ol>
              {todo.tell.map((look) => (
                <li key={look}>{look}</li>
              ))}
            </ol>
          </dd>
        </div>
      </dl>
      {runbook !== undefined && runbook !== '' && (
        <p>
          <a href={runbookPath(runbook)}>{words.runbook}</a>
        </p>
      )}
    </section>
  )
}

function Symptoms({ incident, now_ms }: { readonly incident: IncidentView; readonly now_ms: number }) {
  const { words, lang } = usePlace()
  const { symptoms } = incident.evidence
  if (symptoms.length === 0) return null
  return (
    <section class="panel">
      <h2>{words.symptoms}</h2>
      <Table
        words={2}
        heads={[words.metric, words.where, words.before, words.now, words.onset]}
        rows={[...symptoms]
          .sort((a, b) => a.onset_ms - b.onset_ms)
          .map((one, index) => ({
            key: `${one.metric}-${index}`,
            cells: [
              `${words.hops[one.hop]} · ${titleOf(one.metric, lang)}`,
              Object.values(one.scope).join(' ') || words.everywhere,
              textOf(one.metric, one.baseline),
              textOf(one.metric, one.now),
              timeOf(one.onset_ms, lang, now_ms),
            ],
          }))}
      />
    </section>
  )
}

/** One incident: the sentence, what to do, how it went hop by hop, and who is affected. */
export function IncidentPage({ id }: { readonly id: string }) {
  const { words, lang, href, query } = usePlace()
  const tenant = query.get('tenant')
  const asked = tenant === null ? '' : `?tenant=${encodeURIComponent(tenant)}`
  const path = `/api/incidents/${encodeURIComponent(id)}`
  const { data: incident, missing, failed, since_ms } = useFetch<IncidentView>(`${path}${asked}`, 2000)
  const open = incident?.state === 'open'
  const { data: course } = useFetch<IncidentCourse>(
    incident === undefined ? undefined : `${path}/course${asked}`,
    open ? 5000 : undefined,
  )
  const { data: sessions } = useFetch<SessionRow[]>(
    incident === undefined
      ? undefined
      : `/api/sessions${asked === '' ? '?' : `${asked}&`}incident=${encodeURIComponent(id)}`,
    open ? 10_000 : undefined,
  )
  const now_ms = Date.now()
  const show = `/show/${encodeURIComponent(incident?.show ?? '')}`
  const moment =
    incident === undefined || open ? {} : { at: Math.min(incident.resolved_ms, incident.opened_ms + 60_000) }
  const trail = [
    { href: href('/shows'), text: words.all_shows },
    ...(incident === undefined ? [] : [{ href: href(show, moment), text: incident.show }]),
    { href: href(`/incident/${id}`), text: words.incident },
  ]
  return (
    <>
      <Top trail={trail} {...(failed ? { state: 'lost' as const } : {})}>
        {incident !== undefined && !failed && (
          <p class={`count ${open ? 'bad' : 'good'}`} role="status">
            {open ? words.open : words.resolved}
          </p>
        )}
      </Top>
      <main
        class={`page ${failed ? 'lost' : ''}`}
        id="main"
        aria-busy={incident === undefined && !missing && !failed}
      >
        {missing && <p class="banner past">{words.not_found}</p>}
        {failed && (
          <p class="banner lost" role="alert">
            {words.lost(lengthOf(since_ms, lang))}
          </p>
        )}
        {incident === undefined && !missing && !failed && <div class="panel skeleton tall" />}
        {incident !== undefined && (
          <div class="current">
            <IncidentCard incident={incident} now_ms={now_ms} full />
            {course === undefined ? (
              <div class="panel skeleton tall" />
            ) : (
              <Course incident={incident} course={course} />
            )}
            {incident.todo !== undefined && (
              <WhatToDo todo={incident.todo} runbook={incident.evidence.runbook} />
            )}
            <Symptoms incident={incident} now_ms={now_ms} />
            <Sessions rows={sessions} />
          </div>
        )}
      </main>
    </>
  )
}
