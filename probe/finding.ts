import {
  PROBE_REASON_CODES,
  PROBE_REASONS,
  type ProbeLimits,
  type ProbeReason,
} from '../schemas/probeReasons.ts'
import type { Measures } from './measures.ts'
import type { CheckMemory, Observations } from './observations.ts'

/** Something that is not as it should be. */
export interface Finding {
  readonly reason: ProbeReason
  readonly detail: string
}

export interface Verdict {
  readonly verdict: 'healthy' | 'degraded' | 'failed'
  /** Stage and reason of the first finding; '' when healthy. */
  readonly stage: string
  readonly reason: ProbeReason | ''
  readonly detail: string
  /** All of them, causes before consequences; notices too. */
  readonly findings: readonly Finding[]
}

/** What a judge works on. */
export interface Case {
  readonly seen: Observations
  readonly limits: ProbeLimits
  readonly declared_kbps?: number
  readonly memory?: CheckMemory
}

/** Findings and numbers of one side of a case. */
export interface Judged {
  readonly findings: readonly Finding[]
  readonly measures: Partial<Measures>
}

const rank = new Map(PROBE_REASON_CODES.map((code, index) => [code, index]))

/** Orders findings and draws the verdict from them; one finding a reason. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  const byReason = new Map<ProbeReason, Finding>()
  for (const finding of findings) if (!byReason.has(finding.reason)) byReason.set(finding.reason, finding)
  const ordered = [...byReason.values()].sort((a, b) => (rank.get(a.reason) ?? 0) - (rank.get(b.reason) ?? 0))
  const bad = ordered.filter((finding) => PROBE_REASONS[finding.reason].severity !== 'notice')
  const first = bad[0]
  if (first === undefined) return { verdict: 'healthy', stage: '', reason: '', detail: '', findings: ordered }
  const failed = bad.some((finding) => PROBE_REASONS[finding.reason].severity === 'failed')
  return {
    verdict: failed ? 'failed' : 'degraded',
    stage: PROBE_REASONS[first.reason].stage,
    reason: first.reason,
    detail: first.detail,
    findings: ordered,
  }
}

/** A time in ms for a finding’s text. */
export const inMs = (ms: number): string =>
  ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`
