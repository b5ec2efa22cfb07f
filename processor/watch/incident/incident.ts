import { createHash } from 'node:crypto'
import type { Hop } from '../../../schemas/kinds/kinds.ts'
import type { Metric } from '../../../schemas/metrics.ts'
import type { RuleSpec, Severity } from '../../../schemas/rules.ts'
import type { Timeline } from '../verdict/timeline.ts'
import type { Where } from '../windows/view.ts'

/** Faults of the picture and faults of the game are two families: neither hides the other. */
export type Family = 'media' | 'interaction'

/** One rule's finding, folded into an incident. */
export interface Child {
  readonly metric: Metric
  readonly rule: RuleSpec['type']
  readonly hop: Hop
  severity: Severity
  scope: Where
  onset_ms: number
  last_bad_ms: number
  now: number
  /** What was normal when it began; kept so that a restart after the history is gone still sees the end. */
  baseline: number
  /** Farthest from normal so far. */
  worst: number
}

/** What was seen, for the page that is opened at night. */
export interface Evidence {
  readonly because: string
  readonly player_only: boolean
  readonly clean: readonly Hop[]
  readonly symptoms: readonly {
    readonly metric: Metric
    readonly rule: string
    readonly hop: Hop
    readonly scope: Where
    readonly now: number
    readonly baseline: number
    readonly onset_ms: number
  }[]
  readonly timeline: Timeline
  /** The dashboard at that moment, and what to do. */
  readonly dashboard: string
  readonly runbook: string
}

/** An incident as it is kept: plain JSON. */
export interface Incident {
  readonly id: string
  readonly tenant: string
  readonly show: string
  readonly stream: string
  readonly family: Family
  version: number
  state: 'open' | 'resolved'
  severity: Severity
  /** Metric and type of rule that name it, see `ruleId`. */
  rule: string
  metric: Metric
  hop: Hop
  cause: Where
  explains: number
  confidence: number
  viewers: number
  value: number
  baseline: number
  seconds_left?: number
  note?: string
  began_ms: number
  readonly opened_ms: number
  updated_ms: number
  resolved_ms: number
  /** How often it came back within the grace time. */
  reopened: number
  /** Somebody was told, so its end is told too. */
  paged: boolean
  summary_en: string
  summary_zh: string
  evidence: Evidence
  children: Child[]
}

/** Names an incident by what was seen first, so that the same facts judged again give the same name. */
export function incidentId(parts: readonly (string | number)[]): string {
  return `inc-${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)}`
}

/** What happened to an incident, as a value; whoever wires the judge stores and sends it. */
export interface IncidentChange {
  readonly change: 'opened' | 'updated' | 'reopened' | 'resolved'
  /** A copy: later changes do not touch it. */
  readonly incident: Incident
  /** What receivers are told: a page, its end, news for those that take updates, or nothing (silenced). */
  readonly notify: 'page' | 'update' | 'resolve' | 'nothing'
}
