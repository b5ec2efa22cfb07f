import type { Change } from './change.ts'
import type { Handling } from './handling.ts'
import type { Hop } from './kinds/kinds.ts'
import type { Mark } from './mark.ts'
import type { Metric } from './metrics.ts'
import type { WalkedPlan } from './planWalk.ts'
import type { RuleSpec, Severity } from './rules.ts'

/**
 * An incident, typed once: as the watcher keeps it (`Incident`, JSON in the compacted topic `incident_state`), as the table
 * `incident` holds it (`incidentRow.ts`), and as the console's API and page show it (`IncidentView`).
 * Times are ms since the epoch by the collector's clock (`received_time`).
 */

/** Dimension values that name a place, e.g. `{ cdn: 'cdn-b', region: 'Guangdong' }`; `{}` is everywhere. */
export type Where = Readonly<Record<string, string>>

/** Faults of the picture (`media`), of the game (`interaction`), and of what hangs beside the link (`branch`): none hides another. */
export type Family = 'media' | 'interaction' | 'branch'

/** One rule's finding within an incident, as it is shown. */
export interface Symptom {
  readonly metric: Metric
  readonly rule: RuleSpec['type']
  readonly hop: Hop
  readonly scope: Where
  /** The metric now and before, in its own unit. */
  readonly now: number
  /** The value farthest from the baseline so far. */
  readonly worst?: number
  readonly baseline: number
  readonly onset_ms: number
}

/** One hop on the incident's time axis. */
export interface HopEvidence {
  readonly hop: Hop
  /** `silent`: nothing reports from this hop. */
  readonly state: 'sick' | 'clean' | 'silent'
  /** What is bad, the worst first. */
  readonly findings: readonly Pick<Symptom, 'metric' | 'now' | 'baseline' | 'onset_ms'>[]
  /** The metric that is drawn for this hop, one value a step; `null`: nothing was reported. */
  readonly metric: Metric
  readonly series: readonly (number | null)[]
}

/** All hops of the stream on one time axis. */
export interface Timeline {
  readonly from_ms: number
  readonly step_ms: number
  readonly hops: readonly HopEvidence[]
}

/** What was seen, for the page that is opened at night. */
export interface Evidence {
  /** Why this hop was named: a code of the verdict, e.g. `behind`, `felt`. */
  readonly because: string
  /** All hops before the player report and are well. */
  readonly player_only: boolean
  /** Hops that report and are well. */
  readonly clean: readonly Hop[]
  readonly symptoms: readonly Symptom[]
  /** What was changed before it began, the latest first: possible causes. */
  readonly changes?: readonly Change[]
  /** Left out in lists. */
  readonly timeline?: Timeline
  /** Links to the dashboard at that moment and to the runbook; '' if there is none. */
  readonly dashboard: string
  readonly runbook: string
}

/** One stream's part in an incident. */
export interface StreamPart {
  readonly show: string
  readonly stream: string
  readonly state: 'open' | 'resolved'
  /** Concurrent viewers within the cause. */
  readonly viewers: number
}

/** One rule's finding as the watcher remembers it, to see its end. */
export interface Child extends Omit<Symptom, 'now' | 'worst' | 'scope' | 'onset_ms'> {
  severity: Severity
  scope: Where
  onset_ms: number
  last_bad_ms: number
  now: number
  /** The value farthest from the baseline so far. */
  worst: number
}

/**
 * An incident as the watcher keeps it: plain JSON. Each stream is judged alone and has incidents of its own (`part/ID` in the
 * topic). Parts with one cause are one incident (`incident/ID`), which has the id, show and stream of the part that came first.
 */
export interface Incident {
  readonly id: string
  readonly tenant: string
  readonly show: string
  readonly stream: string
  readonly family: Family
  /** Counts the changes from 1. */
  version: number
  state: 'open' | 'resolved'
  severity: Severity
  /** Metric and type of the rule that names it, e.g. `bitrate-baseline`; names the runbook. */
  rule: string
  metric: Metric
  hop: Hop
  cause: Where
  /** Share of the excess that lies within the cause, 0 to 1. */
  explains: number
  /** How sure the cause is, 0 to 1. */
  confidence: number
  /** Concurrent viewers within the cause. */
  viewers: number
  /** The metric now and before, in its own unit. */
  value: number
  baseline: number
  /** Of a stream's own incident: the worst numbers under its present rule and cause; what is over is told by them. */
  peak?: {
    readonly rule: string
    readonly cause: Where
    readonly value: number
    readonly baseline: number
    readonly viewers: number
  }
  /** Of a forecast: until the stock is empty or the load is full. */
  seconds_left?: number
  note?: string
  began_ms: number
  readonly opened_ms: number
  updated_ms: number
  /** 0 while it is open. */
  resolved_ms: number
  /** How often it came back within the grace time. */
  reopened: number
  /** Receivers got a page of it, so they get its end too. */
  paged: boolean
  summary_en: string
  summary_zh: string
  evidence: Evidence
  children: Child[]
  /**
   * Of a stream's own incident: for each dimension that streams share (CDN, operator, …), the value that holds most of its
   * excess, whether or not it was named as the cause.
   */
  held_by?: Where
  /** Viewer minutes lost so far, and lost a minute now; see `harm.ts`. */
  lost_minutes?: number
  lost_per_min?: number
  /** Concurrent viewers of its streams in all. */
  watching?: number
  /** Of an incident: the ids and versions of the parts it is made of. */
  parts?: Readonly<Record<string, number>>
  /** Of an incident: its streams, those with the most viewers first; at most 50. */
  streams?: readonly StreamPart[]
  stream_count?: number
  show_count?: number
  /** Why nobody was paged although it is open: it is too small, or the show had its pages of this hour. */
  unpaged?: 'tiny' | 'folded' | 'silenced' | 'maintenance' | ''
  /** Receivers got its end; if it comes back they get a page again. */
  ended?: boolean
  /** Its severity as receivers know it: a warning that becomes critical is told to them once more. */
  paged_as?: Severity
  /** Its page was the last that the show may send within this hour. */
  last_of_hour?: boolean
}

/** What happened to an incident, as a value; whoever wires the judge stores and sends it. */
export interface IncidentChange {
  readonly change: 'opened' | 'updated' | 'reopened' | 'resolved'
  /** A copy: later changes do not touch it. */
  readonly incident: Incident
  /** What receivers get: a page, its end, news for those that take updates, or nothing (silenced). */
  readonly notify: 'page' | 'update' | 'resolve' | 'nothing'
}

/** What the runbook of an incident says in short. */
export interface Todo {
  /** Who acts, and how. */
  readonly manual: string
  readonly manual_zh: string
  readonly standby: string
  readonly standby_zh?: string
  readonly automatic: string
  readonly automatic_zh?: string
  /** How to tell what it is, the quickest look first. */
  readonly tell: readonly string[]
  readonly tell_zh?: readonly string[]
}

/** An incident as the API answers it and the page shows it. */
export interface IncidentView
  extends Pick<
    Readonly<Incident>,
    | 'id'
    | 'version'
    | 'tenant'
    | 'show'
    | 'stream'
    | 'state'
    | 'severity'
    | 'rule'
    | 'metric'
    | 'hop'
    | 'cause'
    | 'summary_en'
    | 'summary_zh'
    | 'value'
    | 'baseline'
    | 'explains'
    | 'confidence'
    | 'viewers'
    | 'evidence'
    | 'began_ms'
    | 'opened_ms'
    | 'updated_ms'
    | 'resolved_ms'
    | 'reopened'
  > {
  readonly streams: readonly StreamPart[]
  readonly stream_count: number
  readonly show_count: number
  readonly lost_minutes: number
  readonly unpaged: string
  /** What the on-call said of it; filled in where an incident is shown. */
  readonly mark?: Mark
  /** The bar of its rule on its stream, where marks have moved it, and by how many; filled in where an incident is shown. */
  readonly bar?: { readonly factor: number; readonly marks: number }
  /** Who has it, and a note; filled in where an incident is shown. */
  readonly handling?: Handling
  /** Filled in where an incident is shown. */
  readonly todo?: Todo
  /** Where its contingency plan has got to; filled in where an incident is shown. */
  readonly plan?: WalkedPlan
}
