import type { Emit } from '../../../schemas/facts.ts'
import type { Family, Incident } from '../../../schemas/incident.ts'
import { HOPS, type Hop } from '../../../schemas/kinds/kinds.ts'
import { awaitsUpstream } from '../detect/absence.ts'
import { type ActiveRule, type RuleSet, rulesOf } from '../detect/activeRules.ts'
import { detect } from '../detect/detect.ts'
import { type Observation, ruleId } from '../detect/observation.ts'
import { StreamMemory } from '../detect/streamMemory.ts'
import type { Holds } from '../holds.ts'
import { compatible, isEverywhere, sameCause, within } from '../verdict/compatible.ts'
import type { Localise } from '../verdict/places.ts'
import { timelineOf } from '../verdict/timeline.ts'
import { type Verdict, verdictOf } from '../verdict/verdict.ts'
import type { StreamView, Where } from '../windows/view.ts'
import { belongs, familyOf, YOUNG_MS } from './belongs.ts'
import { lately, noteChild, sinceFirst } from './children.ts'
import { isPool, isTiny } from './compose.ts'
import { lostPerMinute } from './harm.ts'
import { setHeadline, tellPeak } from './headline.ts'
import { heldBy } from './heldBy.ts'
import { incidentId } from './incidentId.ts'
import { isOfMany, isPoolable, streamsWithin } from './pools.ts'
import { stillBad } from './stillBad.ts'

/** A finding that is gone for so long is over. */
export const CLEAR_MS = 6_000
/** An incident that comes back within this time is the same one, and pages nobody again. */
export const GRACE_MS = 120_000
/** The baseline of an incident's time stays as it was for so long; then the new is normal. */
const NEW_NORMAL_MS = 60 * 60_000
/** A second trouble beside an open one is believed after so long: it may still turn out to be the same … */
const BESIDE_MS = 5_000
/** … or so long, where it lies in a part of the audience that has nothing in common with that of the open one. */
const ELSEWHERE_MS = 2_000
/** So long a page waits for a place that is surer than this … */
const UNSURE_MS = 3_000
/** … or so long, where all that was seen takes a minute to see … */
const SLOW_UNSURE_MS = 10_000
const SURE = 0.5
/** … and for the word of hops before the one that would be named. */
const UPSTREAM_MS = 3_000
/** The watermark jumped by more than this: nothing was received in between. */
const GAP_MS = 5_000
/** News of an open incident is told no more often. */
const NEWS_MS = 10_000
/** An incident that is no longer young is placed anew so often, and at once when something further is found. */
const PLACE_MS = 5_000
/** Observations of one rule that are looked at: the surest. */
const SUREST = 6

export interface StreamJudgeOptions {
  readonly rules: RuleSet
  readonly emit: Emit
  readonly localise: Localise
  readonly links: (incident: Incident) => { readonly dashboard: string; readonly runbook: string }
  /** By rule: how many times the usual surprise it takes to open an incident, see `schemas/mark.ts`. Default 1. */
  readonly bars?: ReadonlyMap<string, number>
}

/** One stream's judgement (or a pool's): what it remembers, and its own incidents. */
export class StreamJudge {
  readonly incidents: Incident[] = []
  private readonly memory = new StreamMemory()
  private readonly pending = new Map<Family, { since_ms: number; last_ms: number; draft?: Incident }>()
  /** Incidents with a finding that no update has reported yet. */
  private readonly unreported = new WeakSet<Incident>()
  /** When an incident was opened again: from then on its place is sought anew. */
  private readonly reopened = new WeakMap<Incident, number>()
  private readonly placed = new WeakMap<Incident, number>()
  private readonly options: Omit<StreamJudgeOptions, 'rules'>
  private set: RuleSet
  private rules: ActiveRule[] | undefined
  private last_ms = 0
  seen: readonly Observation[] = []

  constructor(options: StreamJudgeOptions) {
    this.options = options
    this.set = options.rules
  }

  useRules(rules: RuleSet): void {
    this.set = rules
    this.rules = undefined
  }

  restore(incident: Incident): void {
    this.incidents.push(incident)
  }

  /** Judges the seconds up to the view's watermark, and changes `incidents`. `maintenance`: nothing new is opened. */
  step(
    view: StreamView,
    { maintenance, holds }: { readonly maintenance: boolean; readonly holds: Pick<Holds, 'longest'> },
  ): void {
    const now = view.watermark_ms
    if (now <= this.last_ms) return
    // Nobody could see the end while nobody looked, so the time of clearing begins now.
    if (this.last_ms === 0 || now - this.last_ms > GAP_MS) {
      for (const { children } of this.incidents)
        for (const child of children) child.last_bad_ms = Math.max(child.last_bad_ms, now)
    }
    this.last_ms = now
    this.rules ??= rulesOf(this.set, view)
    this.memory.advance(
      view,
      (lane, from_s, to_s) => maintenance || this.tainted(lane, from_s * 1000, to_s * 1000),
    )
    const interaction_tainted = this.incidents.some(
      ({ family, state }) => family === 'interaction' && state === 'open',
    )
    const found = detect({
      view,
      memory: this.memory,
      rules: this.rules,
      holds,
      interaction_tainted,
    })
    this.seen = surest(
      found.filter((each) => !isPool(view) || isPoolable(each)).map((each) => this.barred(each)),
    )
    const own = new Map<Incident, Observation[]>()
    const left: Observation[] = []
    for (const observation of this.seen) {
      const owner = this.ownerOf(observation, view)
      if (owner) own.set(owner, [...(own.get(owner) ?? []), observation])
      else if (observation.firing) left.push(observation)
    }
    for (const incident of this.incidents) this.follow(incident, own.get(incident) ?? [], view)
    if (!maintenance) this.openNew(left, view)
    this.forget(now)
  }

  /**
   * An observation as the marks of the on-call let it count: a bar above 1 asks for more surprise, one below for less. What is
   * certain is not muted by marks: whoever expects a silence announces it.
   */
  private barred(seen: Observation): Observation {
    const bar = this.options.bars?.get(ruleId(seen)) ?? 1
    if (bar === 1 || (bar > 1 && CERTAIN.has(seen.rule))) return seen
    const threshold = seen.threshold * bar
    const firing =
      bar > 1 ? seen.firing && seen.score >= threshold : seen.firing || isBetween(seen, threshold)
    return { ...seen, threshold, firing }
  }

  /** The stream is not seen any more: nothing of it can be bad. */
  end(now_ms: number): void {
    for (const incident of this.incidents) {
      if (
        incident.state === 'open' &&
        now_ms - Math.max(...incident.children.map((c) => c.last_bad_ms)) > CLEAR_MS
      )
        this.resolve(incident, now_ms)
    }
    this.forget(now_ms)
  }

  private tainted(lane: string, from_ms: number, to_ms: number): boolean {
    const family: Family = lane === 'interaction' || lane === 'cue' ? 'interaction' : 'media'
    return this.incidents.some(
      (incident) =>
        incident.family === family &&
        to_ms > incident.began_ms - 1000 &&
        from_ms < (incident.state === 'open' ? incident.began_ms + NEW_NORMAL_MS : incident.resolved_ms),
    )
  }

  /** The incident that an observation is a part of; a weak one only keeps alive what it resembles. */
  private ownerOf(seen: Observation, view: StreamView): Incident | undefined {
    if (seen.firing) {
      const candidates = this.incidents.filter((incident) => belongs(incident, seen, view))
      return candidates.find(({ state }) => state === 'open') ?? candidates[0]
    }
    return this.incidents.find(
      (incident) =>
        incident.state === 'open' &&
        incident.children.some(({ metric, rule }) => metric === seen.metric && rule === seen.rule) &&
        (isEverywhere(seen.scope) ||
          (!isEverywhere(incident.cause) && compatible(seen.scope, incident.cause))),
    )
  }

  private follow(incident: Incident, seen: readonly Observation[], view: StreamView): void {
    const now = view.watermark_ms
    const before = incident.state
    if (before === 'resolved') {
      if (!seen.some(({ firing }) => firing)) return
      // Something else may have broken: what was bad before its end, and where, says nothing of that.
      incident.children = []
      incident.confidence = 0
      this.reopened.set(incident, now)
    }
    // What is over for long enough is no part of it any more; the last one goes with the incident.
    const over = incident.children.filter(({ last_bad_ms }) => now - last_bad_ms >= 3 * CLEAR_MS)
    if (over.length < incident.children.length)
      incident.children = incident.children.filter((entry) => !over.includes(entry))
    const critical = seen.some(({ firing, severity }) => firing && severity === 'critical')
    let further = critical && incident.severity !== 'critical'
    for (const item of seen) {
      if (!noteChild(incident, item, now)) continue
      this.unreported.add(incident)
      further = true
    }
    if (before === 'resolved') {
      incident.state = 'open'
      incident.resolved_ms = 0
      incident.reopened += 1
      this.place(incident, seen, view)
      changed(incident, now)
      return
    }
    for (const child of incident.children) {
      if (child.last_bad_ms < now && stillBad(child, incident, view, this.memory)) child.last_bad_ms = now
    }
    const firing = seen.some((entry) => entry.firing)
    const alive = incident.children.some(({ last_bad_ms }) => now - last_bad_ms < CLEAR_MS)
    incident.lost_minutes = (incident.lost_minutes ?? 0) + (incident.lost_per_min ?? 0) / 60
    if (!alive) {
      this.resolve(incident, now)
      return
    }
    const young = now - this.openedOf(incident) <= YOUNG_MS
    const due = now - incident.updated_ms >= NEWS_MS
    if (!firing || (!young && !due)) return
    if (!young && !further && now - (this.placed.get(incident) ?? 0) < PLACE_MS) return
    const { hop, cause, severity, viewers } = incident
    const tiny = isTiny(incident)
    this.place(incident, seen, view)
    const moved =
      incident.hop !== hop ||
      !sameCause(incident.cause, cause) ||
      incident.severity !== severity ||
      isTiny(incident) !== tiny
    const grown = due && Math.abs(incident.viewers - viewers) > Math.max(5, 0.25 * viewers)
    if (!moved && !grown && !(due && this.unreported.has(incident))) return
    this.unreported.delete(incident)
    changed(incident, now)
  }

  private openNew(left: readonly Observation[], view: StreamView): void {
    const now = view.watermark_ms
    for (const family of ['media', 'interaction', 'branch'] as const) {
      const all = left.filter((entry) => familyOf(entry) === family)
      // Two branches that break together are two troubles.
      const own = family === 'branch' ? all.slice(0, 1) : all
      if (own.length === 0) {
        const waiting = this.pending.get(family)
        if (waiting && now - waiting.last_ms > 3000) this.pending.delete(family)
        continue
      }
      const waiting = this.pending.get(family) ?? { since_ms: now, last_ms: now }
      waiting.last_ms = now
      this.pending.set(family, waiting)
      const beside = this.incidents.some(
        (incident) => incident.family === family && incident.state === 'open',
      )
      const certain = own.some(({ score, threshold }) => score >= 1.5 * threshold)
      const wait = beside ? ELSEWHERE_MS : certain ? 0 : 1000
      if (now - waiting.since_ms < wait) continue
      const latest = this.draft(family, own, view)
      if (beside && now - waiting.since_ms < BESIDE_MS && !this.isElsewhere(latest, own[0]!)) continue
      const same = this.openAt(latest)
      if (same !== undefined) {
        this.pending.delete(family)
        for (const symptom of own) if (noteChild(same, symptom, now)) this.unreported.add(same)
        continue
      }
      if (isPool(view) && !isOfMany(view, own[0]!, latest)) continue
      const waited_ms = now - waiting.since_ms
      const unsure_ms = own.every(({ window_ms }) => window_ms !== undefined) ? SLOW_UNSURE_MS : UNSURE_MS
      if (waited_ms < unsure_ms && latest.confidence < SURE) continue
      // What was clear before is blurred by its effects; only a hop before it says better.
      const { draft } = waiting
      const incident = draft && HOPS.indexOf(latest.hop) >= HOPS.indexOf(draft.hop) ? draft : latest
      if (family === 'media' && waited_ms < UPSTREAM_MS && awaitsUpstream(view, incident)) {
        waiting.draft = incident
        continue
      }
      this.pending.delete(family)
      this.incidents.push(incident)
      changed(incident, now)
    }
  }

  /** An incident as it would be opened now. */
  private draft(family: Family, symptoms: readonly Observation[], view: StreamView): Incident {
    const now = view.watermark_ms
    const began = Math.min(...symptoms.map(({ onset_ms }) => onset_ms))
    const { tenant, show, stream } = view
    const first = symptoms[0]!
    const incident: Incident = {
      id: incidentId([tenant, show, stream, family, began, ruleId(first)]),
      tenant,
      show,
      stream,
      family,
      version: 0,
      state: 'open',
      severity: 'info',
      rule: ruleId(first),
      metric: first.metric,
      hop: first.hop,
      cause: {},
      explains: 0,
      confidence: 0,
      viewers: 0,
      value: first.now,
      baseline: first.baseline,
      began_ms: began,
      opened_ms: now,
      updated_ms: now,
      resolved_ms: 0,
      reopened: 0,
      paged: false,
      summary_en: '',
      summary_zh: '',
      evidence: undefined as never,
      children: [],
    }
    for (const symptom of symptoms) noteChild(incident, symptom, now)
    this.place(incident, symptoms, view)
    return incident
  }

  /** The open incident that says the same already. */
  private openAt({ family, hop, cause }: Incident): Incident | undefined {
    return this.incidents.find(
      (known) =>
        known.state === 'open' &&
        known.family === family &&
        known.hop === hop &&
        sameCause(known.cause, cause),
    )
  }

  /** Whether a second trouble was seen at once, and in a part of the audience that has nothing in common with that of an open one. */
  private isElsewhere({ cause }: Incident, { scope, window_ms }: Observation): boolean {
    if (isEverywhere(scope) || window_ms !== undefined) return false
    return this.incidents.every((known) => known.state !== 'open' || !compatible(known.cause, cause))
  }

  private openedOf(incident: Incident): number {
    return this.reopened.get(incident) ?? incident.opened_ms
  }

  /** Says anew where it is, for whom, and in which words. */
  private place(incident: Incident, symptoms: readonly Observation[], view: StreamView): void {
    if (symptoms.length === 0) return
    this.placed.set(incident, view.watermark_ms)
    const reporting = this.reporting(view)
    // What hangs beside the link makes no hop of it ill, and no hop explains it.
    const related = this.seen.filter(
      (entry) => (familyOf(entry) === 'branch') === (incident.family === 'branch'),
    )
    const verdict = verdictOf({
      view,
      symptoms: symptoms.map((symptom) => sinceFirst(incident, symptom)),
      seen: [
        ...this.seen
          .filter((entry) => familyOf(entry) === incident.family)
          .map((entry) => sinceFirst(incident, entry)),
        ...lately(incident, this.seen),
      ],
      began_ms: incident.began_ms,
      localise: this.options.localise,
      reporting,
    })
    // What takes a minute to see is placed ever better for a minute.
    const longest_ms = Math.max(YOUNG_MS, ...symptoms.map(({ window_ms = 0 }) => window_ms))
    const age_ms = view.watermark_ms - this.openedOf(incident)
    // Another place than the one that was paged must be surer; the same place, seen better, need not.
    // What only viewers still show names no hop against one that was seen ill.
    const sameHop = verdict.hop === incident.hop || incident.hop === 'player'
    const samePlace =
      sameHop && (within(verdict.cause, incident.cause) || within(incident.cause, verdict.cause))
    const young = age_ms <= YOUNG_MS || (age_ms <= longest_ms && samePlace)
    // Everywhere is no better word for a part that was named, unless it is surer.
    const blurs = isEverywhere(verdict.cause) && !isEverywhere(incident.cause)
    const slack = young && !blurs ? 0.25 : samePlace ? 0 : -ELSEWHERE_SURER
    if (incident.version === 0 || verdict.confidence > incident.confidence - slack) settle(incident, verdict)
    const { lead } = verdict
    if (ruleId(lead) === incident.rule) {
      incident.value = lead.now
      incident.baseline = lead.baseline
    }
    incident.severity = incident.children.some(({ severity }) => severity === 'critical')
      ? 'critical'
      : lead.severity
    // Who has gone is not counted among those who are here.
    incident.viewers =
      incident.metric === 'concurrent_plays'
        ? Math.max(0, incident.baseline - incident.value)
        : incident.family === 'branch'
          ? 0
          : viewersOf(view, incident.cause)
    incident.held_by = heldBy(view, lead, incident.began_ms)
    incident.watching = viewersOf(view, {})
    incident.lost_per_min = lostPerMinute(view, incident)
    const open = this.incidents.filter(({ state }) => state === 'open')
    const clean_to_ms = Math.min(incident.began_ms, ...open.map(({ began_ms }) => began_ms))
    setHeadline(incident, { lead, view, clean_to_ms })
    if (isPool(view)) Object.assign(incident, streamsWithin(view, lead, incident.cause))
    incident.evidence = {
      because: verdict.because,
      player_only: verdict.player_only,
      clean: HOPS.filter(
        (hop) => reporting.has(hop) && !related.some((entry) => entry.hop === hop && entry.score >= 8),
      ),
      symptoms: incident.children.map(({ metric, rule, hop, scope, now, worst, baseline, onset_ms }) => ({
        metric,
        rule,
        hop,
        scope,
        now,
        worst,
        baseline,
        onset_ms,
      })),
      timeline: timelineOf({ view, seen: related, cause: incident.cause, reporting }),
      ...this.options.links(isPool(view) ? { ...incident, show: '', stream: '' } : incident),
    }
  }

  private reporting(view: StreamView): ReadonlySet<Hop> {
    const recent = view.watermark_ms / 1000 - 15
    const hops = new Set<Hop>()
    for (const [name, lane] of this.memory.lanes) {
      const measure = name === 'heartbeat' ? lane.at('interval_ms_sum') : -1
      const heard =
        measure >= 0
          ? lane.root.window(measure, Math.floor(recent) + 14, 15) > 0
          : lane.root.recent.some((sum) => sum !== 0)
      if (!heard) continue
      if (name.startsWith('hop:')) hops.add(name.slice(4) as Hop)
      else hops.add(name === 'interaction' || name === 'cue' ? 'interaction' : 'player')
    }
    return hops
  }

  private resolve(incident: Incident, now_ms: number): void {
    incident.state = 'resolved'
    incident.resolved_ms = now_ms
    tellPeak(incident)
    changed(incident, now_ms)
  }

  private forget(now_ms: number): void {
    for (let i = this.incidents.length - 1; i >= 0; i -= 1) {
      const { state, resolved_ms } = this.incidents[i]!
      if (state === 'resolved' && now_ms - resolved_ms > GRACE_MS) this.incidents.splice(i, 1)
    }
  }
}

function changed(incident: Incident, now_ms: number): void {
  incident.version += 1
  incident.updated_ms = now_ms
}

/** A cause that has nothing in common with the one that was paged replaces it when it is so much surer. */
const ELSEWHERE_SURER = 0.1

/** Missed the bar for its surprise alone, and reaches the lower one. */
/** Rules that see a fact and no surprise: no number of marks may keep them from paging. */
const CERTAIN: ReadonlySet<Observation['rule']> = new Set([
  'absence',
  'forecast',
  'quorum',
  'over_issue',
  'double_grant',
  'undistributed',
])

const isBetween = ({ score, threshold }: Observation, lower: number): boolean =>
  score >= lower && score < threshold

/** Takes a verdict over. */
function settle(incident: Incident, { hop, cause, explains, confidence, lead }: Verdict): void {
  incident.hop = hop
  incident.cause = cause
  incident.explains = explains
  incident.confidence = confidence
  incident.rule = ruleId(lead)
  incident.metric = lead.metric
  incident.value = lead.now
  incident.baseline = lead.baseline
  if (lead.note === undefined) delete incident.note
  else incident.note = lead.note
  if (lead.seconds_left === undefined) delete incident.seconds_left
  else incident.seconds_left = lead.seconds_left
}

/** Concurrent plays within a cause: time covered by beats ÷ time. */
function viewersOf(view: StreamView, cause: Where): number {
  const known = view.dimensions('heartbeat')
  const where = Object.fromEntries(Object.entries(cause).filter(([name]) => known.includes(name)))
  const to = view.watermark_ms
  const length = Math.min(20_000, Math.max(1000, to - Math.floor(view.first_ms / 1000) * 1000))
  return view.total('interval_ms_sum', to - length, to, where) / length
}

/** The surest few of every rule; the whole is always among them. */
function surest(all: readonly Observation[]): Observation[] {
  const counts = new Map<string, number>()
  return all.filter((entry) => {
    const id = `${ruleId(entry)}@${entry.hop}`
    const count = (counts.get(id) ?? 0) + 1
    counts.set(id, count)
    return count <= SUREST || isEverywhere(entry.scope)
  })
}
