import type { Hop } from '../../../schemas/kinds/kinds.ts'
import type { Metric } from '../../../schemas/metrics.ts'
import type { RuleSpec, Severity } from '../../../schemas/rules.ts'
import type { Where } from '../windows/view.ts'

/** What one rule sees at one moment in one place. */
export interface Observation {
  readonly metric: Metric
  readonly rule: RuleSpec['type']
  readonly severity: Severity
  readonly hop: Hop
  /** Where it was seen; {} is everywhere. A first idea: localisation says more. */
  readonly scope: Where
  /** In the metric's unit. */
  readonly now: number
  readonly baseline: number
  /** How improbable it is by chance, nats, and what it had to surpass. */
  readonly score: number
  readonly threshold: number
  /** Sure enough to begin a finding; otherwise it only keeps one alive, or tells a hop's health. */
  readonly firing: boolean
  /** Beginning of the second in which the first affected beacon came. */
  readonly onset_ms: number
  /** Length of time that the finding is made of, where it is longer than the usual few seconds. */
  readonly window_ms?: number
  /** What kind of thing was seen, for the text: a silence, a goodbye without warning, … */
  readonly note?: string
  /** Seconds until a level is gone or full. */
  readonly seconds_left?: number
}

/** Names a rule, its runbook, and its overrides. */
export const ruleId = ({ metric, rule }: { metric: string; rule: string }): string => `${metric}-${rule}`
