import type { Emit } from '../../../schemas/facts.ts'
import type { Incident, IncidentChange } from '../../../schemas/incident.ts'
import { barsOf, type Marked } from '../../../schemas/mark.ts'
import { PLANNED_PREFIX, type Planned, plannedKey } from '../../../schemas/planned.ts'
import type { Changes } from '../changes.ts'
import { CATALOGUE_RULES, type RuleSet } from '../detect/activeRules.ts'
import type { Observation } from '../detect/observation.ts'
import { type Holds, NO_HOLDS } from '../holds.ts'
import { localise as byLikelihood } from '../localise/localise.ts'
import type { Localise } from '../verdict/places.ts'
import type { StreamView } from '../windows/view.ts'
import { Desk } from './desk.ts'
import { inMaintenance } from './planned.ts'
import { INCIDENT_PREFIX, PART_PREFIX, partEntry, type StateEntry } from './stateEntry.ts'
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
  /** What the on-call marked, by incident, read anew like `plans`: it moves the bars of rules. */
  readonly marks?: ReadonlyMap<string, Marked>
  /** What was changed lately, by tenant, read anew like `plans`: an incident names what was changed before it. */
  readonly changes?: Changes
  /**
   * Whether this judge also makes incidents of the streams' own and says who is paged. False for one of several judges: then
   * `evaluate` gives the streams' own as state only, and a `Desk` elsewhere reads them. Default true.
   */
  readonly pages?: boolean
  /** Where an incident is looked at and what to do about it. */
  readonly links?: (incident: Incident) => { readonly dashboard: string; readonly runbook: string }
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
  marks = new Map(),
  changes,
  pages = true,
  links = () => ({ dashboard: '', runbook: '' }),
}: JudgeOptions): Judge {
  const streams = new Map<string, StreamJudge>()
  const desk = new Desk({ emit, plans: planned, changes })
  /** By part: the version that is in the topic. */
  const kept = new Map<string, number>()
  const bars = new Bars(marks)
  /** Streams whose judging failed at the last second: told once. */
  const broken = new Set<string>()
  let set = rules

  const keyOf = ({ tenant, show, stream }: { tenant: string; show: string; stream: string }) =>
    `${tenant}\0${show}\0${stream}`
  const judgeOf = (stream: { tenant: string; show: string; stream: string }) => {
    const key = keyOf(stream)
    let judge = streams.get(key)
    if (judge === undefined)
      streams.set(
        key,
        (judge = new StreamJudge({ rules: set, emit, localise, links, bars: bars.of(stream) })),
      )
    return judge
  }
  const parts = () => [...streams.values()].flatMap((judge) => judge.incidents)
  /** Entries of the streams' own incidents that changed since they were written, and of those that are forgotten. */
  const partEntries = (): StateEntry[] => {
    const entries: StateEntry[] = []
    const present = new Set<string>()
    for (const part of parts()) {
      present.add(part.id)
      if (kept.get(part.id) === part.version) continue
      kept.set(part.id, part.version)
      entries.push(partEntry(part))
    }
    for (const id of kept.keys()) {
      if (present.has(id)) continue
      kept.delete(id)
      entries.push({ key: `${PART_PREFIX}${id}`, value: null })
    }
    return entries
  }

  return {
    evaluate({ views, watermark_ms, holds = NO_HOLDS }) {
      bars.refresh()
      const here = new Set<string>()
      for (const view of views) {
        const key = keyOf(view)
        here.add(key)
        try {
          const maintenance = inMaintenance(planned.values(), view, watermark_ms)
          judgeOf(view).step(view, { maintenance, holds })
          broken.delete(key)
        } catch (error) {
          // A fault of ours in judging one stream must not leave all others unjudged.
          if (!broken.has(key)) emit({ type: 'bug', where: 'judge', error, stream: view.stream })
          broken.add(key)
        }
      }
      for (const [key, judge] of streams) {
        if (here.has(key)) continue
        judge.end(watermark_ms)
        if (judge.incidents.length > 0) continue
        streams.delete(key)
        broken.delete(key)
      }
      const past = [...planned.values()].filter(({ to_ms }) => to_ms + PAST_MS < watermark_ms)
      for (const { id } of past) planned.delete(id)
      const { changes, state } = pages ? desk.step(parts(), watermark_ms) : { changes: [], state: [] }
      state.push(...partEntries())
      for (const { id } of past) state.push({ key: plannedKey(id), value: null })
      return { changes, state }
    },
    snapshot: () => [
      ...desk.snapshot(),
      ...parts().map(partEntry),
      ...[...planned].map(([id, entry]) => ({ key: plannedKey(id), value: JSON.stringify(entry) })),
    ],
    restore(entries) {
      const all = [...entries]
      const owned = new Set(all.map(({ key }) => key))
      for (const { key, value } of all) {
        if (value === null) continue
        if (pages) desk.restore({ key, value })
        if (key.startsWith(PLANNED_PREFIX))
          planned.set(key.slice(PLANNED_PREFIX.length), JSON.parse(value) as Planned)
        // An incident of an older version is its own only part.
        const isPart = key.startsWith(PART_PREFIX) || isAlone(key, value, owned)
        if (!isPart) continue
        const part = JSON.parse(value) as Incident
        judgeOf(part).restore(part)
        kept.set(part.id, key.startsWith(PART_PREFIX) ? part.version : 0)
      }
    },
    plan(id, entry) {
      if (entry === null) planned.delete(id)
      else planned.set(id, entry)
      return [{ key: plannedKey(id), value: entry === null ? null : JSON.stringify(entry) }]
    },
    get planned() {
      return [...planned.values()]
    },
    get incidents() {
      return pages ? desk.incidents : parts()
    },
    seen: (stream) => streams.get(keyOf(stream))?.seen ?? [],
    setRules(next) {
      set = next
      for (const judge of streams.values()) judge.useRules(next)
    },
  }
}

/** Written by an older version, which had no parts. */
const isAlone = (key: string, value: string, keys: ReadonlySet<string>): boolean =>
  key.startsWith(INCIDENT_PREFIX) &&
  (JSON.parse(value) as Incident).parts === undefined &&
  !keys.has(`${PART_PREFIX}${key.slice(INCIDENT_PREFIX.length)}`)

/** The bars that marks have moved, by stream and rule. */
class Bars {
  private readonly marks: ReadonlyMap<string, Marked>
  private readonly streams = new Map<string, Map<string, number>>()
  private known = ''

  constructor(marks: ReadonlyMap<string, Marked>) {
    this.marks = marks
  }

  /** One stream's bars by rule; kept up to date by `refresh`. */
  of({
    tenant,
    show,
    stream,
  }: {
    tenant: string
    show: string
    stream: string
  }): ReadonlyMap<string, number> {
    const key = JSON.stringify([tenant, show, stream])
    let bars = this.streams.get(key)
    if (bars === undefined) this.streams.set(key, (bars = new Map()))
    return bars
  }

  refresh(): void {
    const now = [...this.marks.values()].map(({ incident, mark }) => `${incident}=${mark}`).join()
    if (now === this.known) return
    this.known = now
    for (const bars of this.streams.values()) bars.clear()
    for (const { rule, factor, ...stream } of barsOf(this.marks.values()))
      (this.of(stream) as Map<string, number>).set(rule, factor)
  }
}
