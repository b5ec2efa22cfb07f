import type { Emit } from '../../../schemas/facts.ts'
import type { Incident, IncidentChange } from '../../../schemas/incident.ts'
import { PLANNED_PREFIX, type Planned, plannedKey } from '../../../schemas/planned.ts'
import { CATALOGUE_RULES, type RuleSet } from '../detect/activeRules.ts'
import type { Observation } from '../detect/observation.ts'
import { type Holds, NO_HOLDS } from '../holds.ts'
import { localise as byLikelihood } from '../localise/localise.ts'
import type { Localise } from '../verdict/places.ts'
import type { StreamView } from '../windows/view.ts'
import { inMaintenance, isSilenced } from './planned.ts'
import { StreamJudge } from './streamJudge.ts'

/** What was announced is forgotten so long after its end. */
const PAST_MS = 60 * 60_000

export interface JudgeOptions {
  /** The catalogue's rules with an operator's overrides (`loadRules`). */
  readonly rules?: RuleSet
  readonly emit: Emit
  readonly localise?: Localise
  /**
   * Silences and maintenance by id, read anew each second: whoever follows what operators announce keeps it up to date, for all
   * judges of a process. Default: a map of the judge's own.
   */
  readonly plans?: Map<string, Planned>
  /** Where an incident is looked at and what to do about it. */
  readonly links?: (incident: Incident) => { readonly dashboard: string; readonly runbook: string }
}

/** One entry of the compacted topic `incident_state`; `null` removes the key. */
export interface StateEntry {
  readonly key: string
  readonly value: string | null
}

export interface JudgeOutput {
  readonly changes: readonly IncidentChange[]
  /** To be appended to the compacted topic before anybody is told. */
  readonly state: readonly StateEntry[]
}

export interface Judge {
  /** Once a second, when the watermark moved. Views must not be beyond `watermark_ms`. */
  evaluate(now: {
    readonly views: Iterable<StreamView>
    readonly watermark_ms: number
    /** When nobody could be heard; default: never. */
    readonly holds?: Pick<Holds, 'longest'>
  }): JudgeOutput
  /** All that is kept, as entries of the topic. */
  snapshot(): StateEntry[]
  /** Entries of the topic, in any order; before the first `evaluate`. Unknown keys are left alone. */
  restore(entries: Iterable<StateEntry>): void
  /** Announces or (with `null`) withdraws a silence or a maintenance. */
  plan(id: string, planned: Planned | null): StateEntry[]
  readonly planned: readonly Planned[]
  /** Incidents open or within their grace time. */
  readonly incidents: readonly Incident[]
  /** What the rules saw last of a stream, for the console: also what is too weak to page. */
  seen(stream: { tenant: string; show: string; stream: string }): readonly Observation[]
  /** Other rules from now on. */
  setRules(rules: RuleSet): void
}

/**
 * Detection, localisation, hop verdict and incidents of all streams. No clock and no input but views: the same views
 * give the same incidents with the same names. What it remembers of numbers follows from the views; what it must not
 * forget (incidents, silences) is in `state`.
 */
export function createJudge({
  rules = CATALOGUE_RULES,
  emit,
  localise = byLikelihood,
  plans: planned = new Map(),
  links = () => ({ dashboard: '', runbook: '' }),
}: JudgeOptions): Judge {
  const streams = new Map<string, StreamJudge>()
  const kept = new Set<string>()
  /** Streams whose judging failed at the last second: told once. */
  const broken = new Set<string>()
  let set = rules

  const keyOf = ({ tenant, show, stream }: { tenant: string; show: string; stream: string }) =>
    `${tenant}\0${show}\0${stream}`
  const judgeOf = (stream: { tenant: string; show: string; stream: string }) => {
    const key = keyOf(stream)
    let judge = streams.get(key)
    if (judge === undefined)
      streams.set(key, (judge = new StreamJudge({ rules: set, emit, localise, links })))
    return judge
  }
  const incidents = () => [...streams.values()].flatMap((judge) => judge.incidents)
  const entryOf = (incident: Incident): StateEntry => ({
    key: `incident/${incident.id}`,
    value: JSON.stringify(incident),
  })

  return {
    evaluate({ views, watermark_ms, holds = NO_HOLDS }) {
      const changes: IncidentChange[] = []
      const here = new Set<string>()
      for (const view of views) {
        const key = keyOf(view)
        here.add(key)
        try {
          const maintenance = inMaintenance(planned.values(), view, watermark_ms)
          changes.push(...judgeOf(view).step(view, { maintenance, holds }))
          broken.delete(key)
        } catch (error) {
          // A fault of ours in judging one stream must not leave all others unjudged.
          if (!broken.has(key)) emit({ type: 'bug', where: 'judge', error, stream: view.stream })
          broken.add(key)
        }
      }
      for (const [key, judge] of streams) {
        if (here.has(key)) continue
        changes.push(...judge.end(watermark_ms))
        if (judge.incidents.length > 0) continue
        streams.delete(key)
        broken.delete(key)
      }
      const past = [...planned.values()].filter(({ to_ms }) => to_ms + PAST_MS < watermark_ms)
      for (const { id } of past) planned.delete(id)
      const told = changes.map((change): IncidentChange => {
        const { incident } = change
        let { notify } = change
        if (notify === 'page' && isSilenced(planned.values(), incident, watermark_ms)) notify = 'nothing'
        if (notify === 'page') incident.paged = true
        emit({
          type: 'incident_changed',
          change: change.change,
          hop: incident.hop,
          severity: incident.severity,
          notify,
          incident: incident.id,
          summary: incident.summary_en,
          stream: incident.stream,
        })
        return { change: change.change, notify, incident: structuredClone(incident) }
      })
      const state = told.map(({ incident }) => entryOf(incident))
      const present = new Set(incidents().map(({ id }) => `incident/${id}`))
      for (const { key } of state) kept.add(key)
      for (const key of kept) {
        if (present.has(key)) continue
        kept.delete(key)
        state.push({ key, value: null })
      }
      for (const { id } of past) state.push({ key: plannedKey(id), value: null })
      return { changes: told, state }
    },
    snapshot: () => [
      ...incidents().map(entryOf),
      ...[...planned].map(([id, one]) => ({ key: plannedKey(id), value: JSON.stringify(one) })),
    ],
    restore(entries) {
      for (const { key, value } of entries) {
        if (value === null) continue
        if (key.startsWith('incident/')) {
          const incident = JSON.parse(value) as Incident
          judgeOf(incident).restore(incident)
          kept.add(key)
        } else if (key.startsWith(PLANNED_PREFIX)) {
          planned.set(key.slice(PLANNED_PREFIX.length), JSON.parse(value) as Planned)
        }
      }
    },
    plan(id, one) {
      if (one === null) planned.delete(id)
      else planned.set(id, one)
      return [{ key: plannedKey(id), value: one === null ? null : JSON.stringify(one) }]
    },
    get planned() {
      return [...planned.values()]
    },
    get incidents() {
      return incidents()
    },
    seen: (stream) => streams.get(keyOf(stream))?.seen ?? [],
    setRules(next) {
      set = next
      for (const judge of streams.values()) judge.useRules(next)
    },
  }
}
