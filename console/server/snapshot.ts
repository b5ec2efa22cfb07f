import type { IncidentView } from '../../schemas/incident.ts'
import { type Hop, KIND_NAMES } from '../../schemas/kinds/kinds.ts'
import { METRIC_NAMES } from '../../schemas/metrics.ts'
import { kindOfMetric } from '../../schemas/sql.ts'
import type { Store } from '../../store/client.ts'
import type { ShowList, Snapshot } from '../api.ts'
import { AXIS_MS, STEP_MS } from '../windows.ts'
import { judgeHops } from './health.ts'
import type { Incidents } from './incidents.ts'
import { type Caused, readCaused } from './readCaused.ts'
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
    stale ? readSlow(store, subject, at_ms) : old,
    readFast(store, subject, at_ms, heard),
    readCaused(store, subject, at_ms, incidents),
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

/** Puts facts and incidents together. Pure: the same facts give the same page. */
export function compose(options: {
  readonly subject: Subject
  readonly at_ms: number
  readonly live: boolean
  readonly facts: ShowFacts
  readonly incidents: readonly IncidentView[]
}): Snapshot {
  const { subject, at_ms, live, facts } = options
  const { slow, fast } = facts
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
    step_ms: STEP_MS,
    data_ms: Math.max(0, ...Object.values(heard_ms)),
    hops: judgeHops({
      values: fast.values,
      intervals: fast.intervals,
      incidents,
      heard_ms,
      caused: facts.caused,
      at_ms,
    }),
    values,
    intervals: fast.intervals,
    series: slow.series,
    startup: slow.startup,
    heat: slow.heat,
    streams: slow.streams,
    apps: slow.apps,
    rounds: slow.rounds,
    incidents: Object.fromEntries(incidents.map((incident) => [incident.id, incident])),
  }
}

/** Incidents that belong to a page's axis. */
export const incidentsOf = (
  incidents: Incidents,
  subject: Subject,
  at_ms: number,
  now_ms: number,
): Promise<IncidentView[]> =>
  incidents.list({
    tenant: subject.tenant,
    show: subject.show,
    stream: subject.stream,
    from_ms: at_ms - AXIS_MS,
    to_ms: now_ms + 1,
    limit: 50,
  })

/** The list of all shows of a tenant. */
export async function readShowList(options: {
  readonly store: Store
  readonly incidents: Incidents
  readonly tenant: string
  readonly at_ms: number
  readonly now_ms: number
  readonly live: boolean
}): Promise<ShowList> {
  const { store, tenant, at_ms, now_ms, live } = options
  const to_ms = Math.floor(at_ms / STEP_MS) * STEP_MS
  const [shows, listed] = await Promise.all([
    readShows(store, { tenant, from_ms: to_ms - AXIS_MS, to_ms: at_ms }),
    options.incidents.list({ tenant, from_ms: at_ms - AXIS_MS, to_ms: now_ms + 1 }),
  ])
  const incidents = listed.map((incident) => brief(live ? incident : asItStood(incident, at_ms)))
  for (const [name, show] of Object.entries(shows))
    shows[name] = {
      ...show,
      open: incidents.filter((one) => one.show === name && one.state === 'open').length,
    }
  return {
    clock: 'received_time',
    tenant,
    at_ms,
    live,
    shows,
    incidents: Object.fromEntries(incidents.map((incident) => [incident.id, incident])),
  }
}
