import type { Change } from '../../schemas/change.ts'
import type { experienceOf } from '../../schemas/experience.ts'
import type { Where } from '../../schemas/incident.ts'
import type { Hop } from '../../schemas/kinds/kinds.ts'
import type { AnyMetric, Metric } from '../../schemas/metrics.ts'
import type { Severity } from '../../schemas/rules.ts'
import type { ShowPlan } from '../../schemas/showPlan.ts'
import type { PoolRound } from './ledger.ts'
import type { OrderStep } from './orders.ts'

export interface Quality {
  readonly metric: AnyMetric
  /** Null where nothing was measured. */
  readonly value: number | null
  readonly objective: number
  /** Minutes in which it was measured, and those in which the objective was met. */
  readonly minutes: number
  readonly minutes_met: number
  readonly clock: 'received_time' | 'event_time'
}

export interface Worst {
  readonly value: string
  readonly stall_ratio: number | null
  readonly stalled_minutes: number
  readonly minutes: number
}

/** What made an app late with a round: its page after its frame, its picture behind the others’, or clocks that do not say. */
export type LateBecause = 'page' | 'picture' | 'clocks'

export interface ShownRound {
  readonly round: string
  /** From the operator's trigger until the first app showed it, ms. */
  readonly first_ms: number
  /** Between the first app and the last, ms. */
  readonly spread_ms: number
  readonly last: string
  readonly because: LateBecause
  /** By how much each app would have to wait so that all show it together, ms; the last app waits 0. */
  readonly offsets: readonly { readonly app: string; readonly wait_ms: number }[]
}

/** What a report says, in plain numbers. Times are ms since the epoch. */
export interface ReportData {
  readonly tenant: string
  readonly show: string
  readonly from_ms: number
  readonly to_ms: number
  readonly audience: {
    readonly viewers: number
    readonly sessions: number
    readonly hours: number
    readonly peak: number
    readonly peak_ms: number
    readonly bytes: number
    readonly bytes_p2p: number
    readonly bytes_saved: number
    readonly saved: number | null
  }
  readonly minutes: readonly {
    readonly at_ms: number
    readonly watching: number
    readonly stall_ratio: number | null
  }[]
  readonly quality: readonly Quality[]
  readonly incidents: readonly {
    readonly id: string
    readonly show: string
    readonly stream: string
    readonly cause: Where
    readonly severity: Severity
    readonly hop: Hop
    readonly metric: Metric
    readonly state: 'open' | 'resolved'
    /** 0 while it is open. */
    readonly resolved_ms: number
    readonly summary_en: string
    readonly summary_zh: string
    readonly viewers: number
    readonly began_ms: number
    readonly opened_ms: number
    readonly ended_ms: number
    /** Viewers struck, added up over its time. */
    readonly viewer_minutes: number
  }[]
  /** What was changed from a quarter of an hour before the show on, in order. */
  readonly changes: readonly Change[]
  /** How the contingency plan went; missing where no console keeps one. */
  readonly plan?: ShowPlan
  readonly rounds: readonly {
    readonly round: string
    readonly began_ms: number
    readonly took_part: number
    /** Viewers who watched meanwhile. */
    readonly watched: number
    readonly interactions: number
    readonly success: number | null
    readonly round_trip_ms: number | null
  }[]
  /** When each app showed each round: whom the draw was unfair to, and why. */
  readonly shown: readonly ShownRound[]
  /** Rewards by round and pool. */
  readonly ledger: readonly PoolRound[]
  /** Orders of every ten seconds; empty where none were booked. */
  readonly orders: readonly OrderStep[]
  readonly apps: readonly {
    readonly app: string
    readonly viewers: number
    readonly hours: number
    readonly latency_ms: number | null
    readonly stall_ratio: number | null
  }[]
  readonly codecs: readonly {
    readonly codec: string
    readonly bytes: number
    readonly reference: number
    readonly saved: number | null
  }[]
  /** The experience score, what its parts take off it, and the cuts where it is lowest. */
  readonly experience: ReturnType<typeof experienceOf>
  readonly experience_cuts: readonly {
    readonly dimension: 'app' | 'cdn' | 'isp' | 'region'
    readonly value: string
    readonly score: number
    /** Hours watched. */
    readonly hours: number
  }[]
  readonly worst: {
    readonly cdn: readonly Worst[]
    readonly isp: readonly Worst[]
    readonly region: readonly Worst[]
  }
}

/** Whether a value is as good as its objective. */
export const meets = (better: 'lower' | 'higher', value: number, objective: number): boolean =>
  better === 'lower' ? value <= objective : value >= objective

/** Part of those who watched a round that took part in it; null where nobody was heard to watch. */
export const rateOf = ({ took_part, watched }: ReportData['rounds'][number]): number | null =>
  watched === 0 ? null : Math.min(1, took_part / watched)
