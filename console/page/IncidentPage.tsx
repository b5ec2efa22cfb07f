import { useState } from 'preact/hooks'
import { changeText, timeBefore } from '../../schemas/change.ts'
import type { IncidentView, Todo } from '../../schemas/incident.ts'
import type { Hop } from '../../schemas/kinds/kinds.ts'
import { type MetricSpec, metricOf } from '../../schemas/metrics.ts'
import { causeName } from '../../schemas/words.ts'
import type { CourseRow, Frame, IncidentCourse, SessionRow, Snapshot } from '../api.ts'
import { limitOf, objectiveOf, textOf, timeOf, titleOf, zoneOf } from './amount.ts'
import { Charts } from './Charts.tsx'
import type { ChartRow, Points } from './chartRow.ts'
import { Frames } from './Frames.tsx'
import { Handling } from './Handling.tsx'
import { IncidentCard, runbookPath, soleGroup } from './IncidentCard.tsx'
import { ruledOut, type Seen, seenOf, symptomText } from './incidentText.ts'
import { LineBanner } from './LineBanner.tsx'
import { OnCall } from './OnCall.tsx'
import { PlanStep } from './PlanStep.tsx'
import { type Place, usePlace } from './place.ts'
import { changeBand } from './showRows.ts'
import { Sessions, Table } from './Tables.tsx'
import { Top } from './Top.tsx'
import { isCut, useLine } from './useLine.ts'
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

function courseRows(course: IncidentCourse, incident: IncidentView, { words, lang }: Place): ChartRow[] {
  const { symptoms = [] } = seenOf(incident)
  const out = ruledOut(incident)
  const hops = Object.entries(course.hops) as [Hop, CourseRow][]
  return hops.map(([hop, { metric, series, others, worst }]) => {
    const { objective } = metricOf(metric) as MetricSpec
    const seen = symptoms.some((symptom) => symptom.hop === hop) && !out.includes(hop)
    const sick = hop === incident.hop
    return {
      id: hop,
      title: words.hops[hop],
      about: [titleOf(metric, lang), others === undefined ? '' : causeName(incident.cause, lang)]
        .filter(Boolean)
        .join(' · '),
      points: bridged(series, course),
      others: others === undefined ? undefined : bridged(others, course),
      text: (value) => textOf(metric, value, lang),
      tone: sick ? 'sick' : seen ? 'strained' : 'plain',
      objective,
      objectiveText: objectiveOf(metric, lang),
      worstText:
        worst === undefined || !(sick || seen) ? undefined : words.peak_of(textOf(metric, worst, lang)),
      limit: limitOf(metric),
      step_ms: Math.max(course.step_ms, BRIDGE_MS / 2),
    }
  })
}

/** What the watcher itself had before its eyes, for when the facts are past their retention. */
function seenRows(timeline: NonNullable<Seen['timeline']>, { words, lang }: Place): ChartRow[] {
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
      text: (value) => textOf(metric, value, lang),
    }))
}

/** The incident over time, hop by hop, on one axis. */
function Course({ incident, course }: { readonly incident: IncidentView; readonly course: IncidentCourse }) {
  const place = usePlace()
  const { words, lang } = place
  const { timeline } = seenOf(incident)
  const rows = courseRows(course, incident, place)
  const known = rows.length > 0
  if (!known && timeline === undefined) return null
  const length = Math.max(0, ...(timeline?.hops ?? []).map(({ series }) => series.length))
  const from_ms = known ? course.from_ms : timeline!.from_ms
  const to_ms = known ? course.to_ms : from_ms + length * timeline!.step_ms
  const label = known ? words.course : words.evidence_axis
  const about = rows.some(({ others }) => others !== undefined)
    ? words.course_about(causeName(incident.cause, lang))
    : ''
  return (
    <section class="panel">
      <h2>
        {label}{' '}
        <span class="muted">
          {[about, words.evidence_clock(zoneOf(from_ms))].filter(Boolean).join(' · ')}
        </span>
      </h2>
      <Charts
        rows={known ? rows : seenRows(timeline!, place)}
        bands={[
          ...(seenOf(incident).changes ?? []).map((change) => changeBand(change.at_ms, changeText(change))),
          {
            from_ms: incident.began_ms,
            to_ms: incident.state === 'open' ? to_ms : incident.resolved_ms,
            tone: 'incident',
            label: words.since(timeOf(incident.began_ms, lang, to_ms)),
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
function WhatToDo({
  todo,
  runbook,
  incident,
}: {
  readonly todo: Todo
  readonly runbook: string | undefined
  readonly incident: IncidentView
}) {
  const { words, lang } = usePlace()
  const acts = ['manual', 'automatic', 'standby'] as const
  const stepOf = (act: (typeof acts)[number]) => incident.plan?.steps.find(({ level }) => level === act)
  const does = (act: (typeof acts)[number]) => stepOf(act)?.does
  const zh = lang === 'zh'
  return (
    <section class="panel todo">
      <h2>{words.todo}</h2>
      <dl>
        {acts.map((act) => (
          <div key={act} class={act}>
            <dt>{words.acts[act]}</dt>
            <dd>
              {does(act) !== undefined && <b>{does(act)}. </b>}
              {(zh && todo[`${act}_zh`]) || todo[act]}
              <PlanStep id={incident.id} open={incident.state === 'open'} step={stepOf(act)} />
            </dd>
          </div>
        ))}
        <div>
          <dt>{words.tell}</dt>
          <dd>
            <ol>
              {((zh && todo.tell_zh) || todo.tell).map((look) => (
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

/** What was changed before it began: possible causes. */
function Changes({ incident }: { readonly incident: IncidentView }) {
  const { words, lang } = usePlace()
  const { changes = [] } = seenOf(incident)
  if (changes.length === 0) return null
  return (
    <section class="panel">
      <h2>{words.changed_before}</h2>
      <ul>
        {changes.map((change) => (
          <li key={`${change.at_ms} ${change.changed}`}>
            <b>{timeBefore(change, incident.began_ms)[lang]}</b> · {changeText(change)}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Symptoms({ incident, now_ms }: { readonly incident: IncidentView; readonly now_ms: number }) {
  const { words, lang } = usePlace()
  const { symptoms = [] } = seenOf(incident)
  if (symptoms.length === 0) return null
  const worst = symptoms.some((each) => each.worst !== undefined)
  return (
    <section class="panel">
      <h2>{words.symptoms}</h2>
      <Table
        words={2}
        heads={[words.metric, words.where, words.before, worst ? words.at_worst : words.now, words.onset]}
        rows={[...symptoms]
          .sort((a, b) => a.onset_ms - b.onset_ms)
          .map((each, index) => ({
            key: `${each.metric}-${index}`,
            cells: [
              `${words.hops[each.hop]} · ${titleOf(each.metric, lang)}`,
              causeName(each.scope, lang) || words.everywhere,
              symptomText(each, each.baseline, words, lang),
              symptomText(each, each.worst ?? each.now, words, lang),
              timeOf(each.onset_ms, lang, now_ms),
            ],
          }))}
      />
    </section>
  )
}

/** Copies the page's address; says so. */
function CopyLink() {
  const { words } = usePlace()
  const [copied, done] = useState(false)
  return (
    <button
      type="button"
      class="button copy-link"
      onClick={() => void navigator.clipboard?.writeText(location.href).then(() => done(true))}
    >
      {copied ? words.copied : words.copy_link}
    </button>
  )
}

/** An open incident is read again so often, ms. */
const AGAIN_MS = 2_000

/** One incident: the sentence, what to do, how it went hop by hop, and who is affected. */
export function IncidentPage({ id }: { readonly id: string }) {
  const { words, href, query } = usePlace()
  const line = useLine()
  const tenant = query.get('tenant')
  const scope = tenant === null ? '' : `?tenant=${encodeURIComponent(tenant)}`
  const path = `/api/incidents/${encodeURIComponent(id)}`
  const { data: incident, missing } = useFetch<IncidentView>(`${path}${scope}`, AGAIN_MS)
  const open = incident?.state === 'open'
  const { data: course, slow: slowCourse } = useFetch<IncidentCourse>(
    incident === undefined ? undefined : `${path}/course${scope}`,
    open ? 5000 : undefined,
  )
  const { data: frames } = useFetch<Frame[]>(
    incident === undefined ? undefined : `${path}/frames${scope}`,
    open ? 10_000 : undefined,
  )
  const { data: sessions, slow: slowSessions } = useFetch<SessionRow[]>(
    incident === undefined
      ? undefined
      : `/api/sessions${scope === '' ? '?' : `${scope}&`}incident=${encodeURIComponent(id)}`,
    open ? 10_000 : undefined,
  )
  const { data: snapshot } = useFetch<Pick<Snapshot, 'values'>>(
    incident === undefined || !open ? undefined : `/api/show/${encodeURIComponent(incident.show)}${scope}`,
    open ? 10_000 : undefined,
  )
  const lost = isCut(line)
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
      <Top trail={trail} {...(lost ? { state: 'lost' as const } : {})}>
        {incident !== undefined && !lost && (
          <p class={`count ${open ? 'bad' : 'good'}`} role="status">
            {open ? words.open : words.resolved}
          </p>
        )}
      </Top>
      <main
        class={`page ${lost ? 'lost' : ''}`}
        id="main"
        aria-busy={incident === undefined && !missing && !lost}
      >
        {missing && <p class="banner past">{words.not_found}</p>}
        <LineBanner as_of_ms={incident?.updated_ms} />
        {incident === undefined && !missing && <div class="panel skeleton tall" />}
        {incident !== undefined && (
          <div class="current incident-page">
            <IncidentCard
              group={soleGroup(incident)}
              now_ms={now_ms}
              watching={snapshot?.values.concurrent_plays}
              full
            />
            <div class="tools-row">
              <CopyLink />
              <Handling incident={incident} />
            </div>
            <OnCall incident={incident} />
            <Changes incident={incident} />
            {course === undefined ? (
              <div class="panel skeleton tall">{slowCourse && <p class="muted">{words.slow_part}</p>}</div>
            ) : (
              <Course incident={incident} course={course} />
            )}
            <Frames frames={frames ?? []} now_ms={now_ms} />
            {incident.todo !== undefined && (
              <WhatToDo todo={incident.todo} runbook={seenOf(incident).runbook} incident={incident} />
            )}
            <Symptoms incident={incident} now_ms={now_ms} />
            <Sessions rows={sessions} slow={slowSessions} />
          </div>
        )}
      </main>
    </>
  )
}
