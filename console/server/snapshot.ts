import type { IncidentView } from '../../schemas/incident.ts'
import { type Hop, KIND_NAMES } from '../../schemas/kinds/kinds.ts'
import { METRIC_NAMES } from '../../schemas/metrics.ts'
import { kindOfMetric } from '../../schemas/sql.ts'
import type { Store } from '../../store/client.ts'
import type { EndedView, ShowList, ShowView, Snapshot } from '../api.ts'
import { struckBy } from '../incidentGroups.ts'
import { AXIS_MS, type Axis, axisOf, STEP_MS } from '../windows.ts'
import { type Caused, judgeHops } from './health.ts'
import type { Incidents } from './incidents.ts'
import { readCaused } from './readCaused.ts'
import { ENDED_MS } from './readEnded.ts'
import { readShows } from './readGroups.ts'
import { type FastFacts, readFast, readSlow, type SlowFacts, type Subject } from './readShow.ts'
import { withTodo } from './todo.ts'

/** Slow facts are read again when they are this old, or when the rollup's step is over. */
const SLOW_MS = 5_000

/** What was read for a snapshot, so that the next one reads only what may have changed. */
export interface ShowFacts {
  readonly slow: SlowFacts
  readonly fast: FastFacts
  readonly caused: Partial<Record<Hop, Caused>>
}

/** Reads what a snapshot needs; what the previous one read and is still fresh is taken over. */
export async function readFacts(
  store: Store,
  subject: Subject,
  at_ms: number,
  incidents: readonly IncidentView[],
  previous?: ShowFacts,
  axis: Axis = axisOf(),
): Promise<ShowFacts> {
  const old = previous?.slow
  const stale =
    old === undefined ||
    Math.abs(at_ms - old.read_ms) >= SLOW_MS ||
    Math.floor(at_ms / STEP_MS) !== Math.floor(old.read_ms / STEP_MS)
  // Nobody waits for the axis to learn which kinds speak: until that is known, all are asked.
  const named = Object.keys(old?.series ?? {})
  const heard = new Set<string>(
    named.length === 0 ? KIND_NAMES : METRIC_NAMES.filter((name) => named.includes(name)).map(kindOfMetric),
  )
  const [slow, fast, caused] = await Promise.all([
    stale ? readSlow(store, subject, at_ms, axis) : old,
    readFast(store, subject, at_ms, heard),
    readCaused(store, subject, at_ms, incidents, axis),
  ])
  return { slow, fast, caused }
}

/** An incident as it stood at a moment: what was resolved later was open then. */
export function asItStood(incident: IncidentView, at_ms: number): IncidentView {
  return incident.state === 'resolved' && incident.resolved_ms > at_ms
    ? { ...incident, state: 'open', resolved_ms: 0 }
    : incident
}

/** Without the second-by-second evidence, which its own page shows; with what is to be done. */
function brief(incident: IncidentView): IncidentView {
  return withTodo({ ...incident, evidence: { ...incident.evidence, timeline: undefined } })
}

/** Groups with the counts of the last seconds: all parts of the page count over the same time. */
const counted = (
  groups: Snapshot['streams'],
  counts: Readonly<Record<string, number>>,
): Snapshot['streams'] =>
  Object.fromEntries(
    Object.entries(groups)
      .map(([name, group]) => [name, { ...group, watching: counts[name] ?? 0 }] as const)
      .concat(
        Object.entries(counts).flatMap(([name, watching]) =>
          groups[name] === undefined && name !== '' ? [[name, { watching }] as const] : [],
        ),
      ),
  )

/** Puts facts and incidents together. Pure: the same facts give the same page. */
export function compose(options: {
  readonly subject: Subject
  readonly at_ms: number
  readonly live: boolean
  readonly facts: ShowFacts
  readonly incidents: readonly IncidentView[]
  readonly ended?: EndedView
  readonly earlier?: Snapshot['earlier']
}): Snapshot {
  const { subject, at_ms, live, facts, ended, earlier } = options
  const { slow, fast } = facts
  const counts = fast.watching
  const incidents = options.incidents.map((incident) => brief(live ? incident : asItStood(incident, at_ms)))
  const heard_ms = { ...slow.heard_ms, ...fast.heard_ms }
  const values = Object.fromEntries(
    Object.entries(fast.values).filter(([, value]) => value !== null && value !== undefined),
  )
  return {
    clock: 'received_time',
    ...subject,
    at_ms,
    live,
    window_ms: 10_000,
    from_ms: slow.from_ms,
    step_ms: slow.step_ms,
    data_ms: Math.max(0, ...Object.values(heard_ms)),
    ended,
    earlier,
    hops: judgeHops({
      values: fast.values,
      intervals: fast.intervals,
      incidents,
      heard_ms,
      caused: facts.caused,
      series: slow.series,
      at_ms,
    }),
    values,
    intervals: fast.intervals,
    series: slow.series,
    startup: slow.startup,
    heat: Object.fromEntries(
      Object.entries(slow.heat).map(([isp, cells]) => [
        isp,
        Object.fromEntries(
          Object.entries(cells).map(([cdn, cell]) => [
            cdn,
            { ...cell, watching: counts.cells[isp]?.[cdn] ?? 0 },
          ]),
        ),
      ]),
    ),
    streams: counted(slow.streams, counts.streams),
    apps: counted(slow.apps, counts.apps),
    rounds: slow.rounds,
    changes: slow.changes,
    set_apart: slow.set_apart,
    incidents: Object.fromEntries(incidents.map((incident) => [incident.id, incident])),
  }
}

/** Incidents that belong to a page's axis. */
export const incidentsOf = (
  incidents: Incidents,
  subject: Subject,
  at_ms: number,
  now_ms: number,
  { length_ms }: Axis = axisOf(),
): Promise<IncidentView[]> =>
  incidents.list({
    tenant: subject.tenant,
    show: subject.show,
    stream: subject.stream,
    from_ms: at_ms - length_ms,
    to_ms: now_ms + 1,
    limit: 100,
  })

type ShowsOver = Readonly<Record<string, EndedView>>

/** The list of all shows of a tenant. */
export async function readShowList(options: {
  readonly store: Store
  readonly incidents: Incidents
  readonly tenant: string
  readonly at_ms: number
  readonly now_ms: number
  readonly live: boolean
  /** Shows that reported within a day: those that say nothing now are over. */
  readonly last: ShowsOver | Promise<ShowsOver>
}): Promise<ShowList> {
  const { store, tenant, at_ms, now_ms, live } = options
  const to_ms = Math.floor(at_ms / STEP_MS) * STEP_MS
  const [last, shows, listed] = await Promise.all([
    options.last,
    readShows(store, { tenant, from_ms: to_ms - AXIS_MS, to_ms: at_ms }),
    options.incidents.list({ tenant, from_ms: at_ms - AXIS_MS, to_ms: now_ms + 1 }),
  ])
  const incidents = listed.map((incident) => brief(live ? incident : asItStood(incident, at_ms)))
  const listedShows: Record<string, ShowView> = {}
  for (const name of new Set([...Object.keys(shows), ...Object.keys(last)])) {
    const ended = last[name]
    const show = shows[name] ?? {
      watching: 0,
      streams: 0,
      apps: 0,
      data_ms: ended!.at_ms,
      open: 0,
      series: {},
    }
    const open = incidents.filter(
      (incident) => incident.state === 'open' && struckBy(incident).some(({ show }) => show === name),
    ).length
    const over = open === 0 && ended !== undefined && at_ms - show.data_ms > ENDED_MS
    listedShows[name] = { ...show, open, ended: over ? ended : undefined }
  }
  return {
    clock: 'received_time',
    tenant,
    at_ms,
    live,
    shows: listedShows,
    incidents: Object.fromEntries(incidents.map((incident) => [incident.id, incident])),
  }
}
