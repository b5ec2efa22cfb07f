import { type Change, changesBefore } from '../../../schemas/change.ts'
import type { Emit } from '../../../schemas/facts.ts'
import type { Incident, IncidentChange } from '../../../schemas/incident.ts'
import type { Planned } from '../../../schemas/planned.ts'
import type { Changes } from '../changes.ts'
import { POOLED } from '../windows/pool.ts'
import { compose, incidentOf, isPool, isTiny } from './compose.ts'
import { haveOneCause } from './joins.ts'
import { PageBudget } from './pageBudget.ts'
import { inMaintenance, isSilenced } from './planned.ts'
import { INCIDENT_PREFIX, incidentEntry, PAGES_PREFIX, type StateEntry } from './stateEntry.ts'

/** News of streams that joined is told no more often. */
const JOINED_NEWS_MS = 2_000

export interface DeskOptions {
  readonly emit: Emit
  /** Silences and maintenance by id, read anew at each step. */
  readonly plans: ReadonlyMap<string, Planned>
  /** What was changed lately, by tenant, read anew like `plans`. */
  readonly changes?: Changes
}

/**
 * Makes incidents of the streams' own: those with one cause are one incident, and each is paged at most once until its end was
 * sent. Works by state, not by events: `step` compares what the parts are with what is known of them, so a part whose change was
 * missed (a restart) is caught up with.
 */
export class Desk {
  incidents: Incident[] = []
  private readonly owners = new Map<string, Incident>()
  private readonly stale = new Set<Incident>()
  private readonly budget = new PageBudget()
  private readonly options: DeskOptions

  constructor(options: DeskOptions) {
    this.options = options
  }

  restore({ key, value }: StateEntry): void {
    if (value === null) return
    if (key.startsWith(PAGES_PREFIX)) this.budget.restore(key, value)
    if (!key.startsWith(INCIDENT_PREFIX)) return
    const incident = JSON.parse(value) as Incident
    // An incident of an older version is its own only part.
    incident.parts ??= { [incident.id]: incident.version }
    this.incidents.push(incident)
    for (const id of Object.keys(incident.parts)) this.owners.set(id, incident)
  }

  /** All incidents, as entries of the topic. */
  snapshot(): StateEntry[] {
    return this.incidents.map(incidentEntry)
  }

  /** @param parts all incidents of streams that are open or within their grace time */
  step(
    parts: readonly Incident[],
    now_ms: number,
  ): { readonly changes: IncidentChange[]; readonly state: StateEntry[] } {
    const changed = new Set<Incident>()
    const joined = new Set<Incident>()
    for (const part of [...parts].sort(byPrecedence)) {
      const known = this.owners.get(part.id)
      if (known !== undefined) {
        if (known.parts![part.id]! < part.version) changed.add(known)
      } else if (part.state === 'open') joined.add(this.admit(part))
    }
    const byId = new Map(parts.map((part) => [part.id, part]))
    const changes: IncidentChange[] = []
    const state: StateEntry[] = []
    for (const incident of [...this.incidents]) {
      const own = Object.keys(incident.parts!).flatMap((id) => byId.get(id) ?? [])
      if (joined.has(incident)) this.stale.add(incident)
      const change = this.follow(incident, own, changed.has(incident), now_ms)
      if (change !== undefined) {
        const copy = structuredClone(incident)
        changes.push({ ...change, incident: copy })
        state.push(incidentEntry(copy))
      }
      if (own.length > 0 || incident.state === 'open') continue
      this.forget(incident)
      state.push({ key: `${INCIDENT_PREFIX}${incident.id}`, value: null })
    }
    for (const { change, notify, incident } of changes) this.report(change, notify, incident)
    return { changes, state: [...state, ...this.budget.state(now_ms)] }
  }

  /** The incident that a new part belongs to, or a new one. */
  private admit(part: Incident): Incident {
    const incident =
      this.incidents.find(
        (known) => known.tenant === part.tenant && this.hasRoom(known, part) && haveOneCause(known, part),
      ) ?? this.open(part)
    incident.parts = { ...incident.parts, [part.id]: 0 }
    this.owners.set(part.id, incident)
    return incident
  }

  /** A stream's own judgement has told two troubles of one stream apart already. */
  private hasRoom(known: Incident, part: Incident): boolean {
    return !(known.streams ?? []).some(
      ({ show, stream, state }) =>
        show === part.show && stream === part.stream && state === 'open' && known.show !== '',
    )
  }

  private open(part: Incident): Incident {
    const incident = incidentOf(part)
    incident.parts = {}
    this.incidents.push(incident)
    return incident
  }

  private forget(incident: Incident): void {
    this.incidents = this.incidents.filter((each) => each !== incident)
    this.stale.delete(incident)
    for (const id of Object.keys(incident.parts!)) this.owners.delete(id)
  }

  private follow(
    incident: Incident,
    own: readonly Incident[],
    changed: boolean,
    now_ms: number,
  ): Omit<IncidentChange, 'incident'> | undefined {
    const isNew = incident.version === 0
    const was = incident.state
    const open = own.some(({ state }) => state === 'open')
    const due = this.stale.has(incident) && now_ms - incident.updated_ms >= JOINED_NEWS_MS
    if (own.length > 0 && (changed || isNew || due || this.stale.has(incident))) {
      const { changes: named = [] } = incident.evidence
      compose(incident, own)
      this.nameChanges(incident, named)
      incident.parts = Object.fromEntries(
        Object.keys(incident.parts!).map((id) => [
          id,
          own.find((part) => part.id === id)?.version ?? incident.parts![id]!,
        ]),
      )
    }
    incident.state = open ? 'open' : 'resolved'
    const change = isNew
      ? 'opened'
      : was === 'open' && !open
        ? 'resolved'
        : was === 'resolved' && open
          ? 'reopened'
          : changed || due
            ? 'updated'
            : undefined
    if (change === 'reopened') incident.reopened += 1
    if (change === 'resolved' || change === 'reopened')
      incident.resolved_ms = open ? 0 : resolvedAt(own, now_ms)
    // A warning that has become critical is news at once; a receiver of criticals only gets its page by it.
    const worse = open && incident.paged_as === 'warning' && incident.severity === 'critical'
    const notify = this.notify(incident, own, worse ? 'worse' : change, now_ms)
    if (change === undefined && notify === 'nothing') return undefined
    this.stale.delete(incident)
    incident.version += 1
    incident.updated_ms = now_ms
    return { change: change ?? 'updated', notify }
  }

  /** What was changed before it began; what was named once stays named. */
  private nameChanges(incident: Incident, named: readonly Change[]): void {
    const known = this.options.changes?.get(incident.tenant) ?? []
    const found = changesBefore(known, { ...incident, streams: incident.streams ?? [] })
    const changes = found.length > 0 ? found : named
    if (changes.length > 0) incident.evidence = { ...incident.evidence, changes }
  }

  /** What receivers get, now. An incident that was not paged when it opened is paged when the reason is gone. */
  private notify(
    incident: Incident,
    own: readonly Incident[],
    change: IncidentChange['change'] | 'worse' | undefined,
    now_ms: number,
  ): IncidentChange['notify'] {
    if (incident.state === 'resolved') {
      if (change !== 'resolved' || !incident.paged || incident.ended) return 'nothing'
      incident.ended = true
      return 'resolve'
    }
    const muted = this.mutedBy(incident, own, now_ms)
    if (incident.paged && !incident.ended) {
      if (change === 'worse') incident.paged_as = incident.severity
      return muted === '' && change !== undefined ? 'update' : 'nothing'
    }
    const shows = new Set(own.map(({ show }) => show))
    const { tenant, family } = incident
    const left = Math.min(...[...shows].map((show) => this.budget.left({ tenant, show, family }, now_ms)))
    const unpaged = muted !== '' ? muted : isTiny(incident) ? 'tiny' : left <= 0 ? 'folded' : ''
    incident.unpaged = unpaged
    if (unpaged !== '') return 'nothing'
    for (const show of shows)
      if (show !== POOLED || shows.size === 1) this.budget.spend({ tenant, show, family }, now_ms)
    incident.last_of_hour = left === 1
    incident.paged = true
    incident.paged_as = incident.severity
    incident.ended = false
    return 'page'
  }

  /** A silence or maintenance that holds for all open parts. */
  private mutedBy(
    incident: Incident,
    own: readonly Incident[],
    now_ms: number,
  ): 'silenced' | 'maintenance' | '' {
    const plans = [...this.options.plans.values()]
    if (plans.length === 0) return ''
    const open = own.filter(({ state }) => state === 'open')
    if (open.every((part) => inMaintenance(plans, streamOf(part), now_ms))) return 'maintenance'
    const { rule, hop, cause } = incident
    return open.every((part) => isSilenced(plans, { ...part, ...streamOf(part), rule, hop, cause }, now_ms))
      ? 'silenced'
      : ''
  }

  private report(
    change: IncidentChange['change'],
    notify: IncidentChange['notify'],
    incident: Incident,
  ): void {
    this.options.emit({
      type: 'incident_changed',
      change,
      hop: incident.hop,
      severity: incident.severity,
      notify,
      incident: incident.id,
      summary: incident.summary_en,
      stream: incident.stream,
    })
  }
}

const streamOf = ({ tenant, show, stream }: Incident) =>
  show === POOLED ? { tenant, show: '', stream: '' } : { tenant, show, stream }

const resolvedAt = (own: readonly Incident[], now_ms: number): number =>
  Math.max(...own.map(({ resolved_ms }) => resolved_ms), 0) || now_ms

/** A pool first, since it names the shared place; then what opened first. */
const byPrecedence = (a: Incident, b: Incident): number =>
  Number(isPool(b)) - Number(isPool(a)) || a.opened_ms - b.opened_ms || (a.id < b.id ? -1 : 1)
