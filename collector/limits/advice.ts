import { hash } from 'node:crypto'
import { HEARTBEAT_MS } from '../../schemas/beacon.ts'
import type { Tenant } from '../auth/tenants.ts'

/** What is advised, from nothing to the least: how often to report, and which share of sessions counts. */
const STEPS = [
  { interval_ms: HEARTBEAT_MS, sample: 1 },
  { interval_ms: 15_000, sample: 1 },
  { interval_ms: 20_000, sample: 1 },
  { interval_ms: 30_000, sample: 1 },
  { interval_ms: 30_000, sample: 0.5 },
  { interval_ms: 30_000, sample: 0.25 },
  { interval_ms: 30_000, sample: 0.1 },
] as const
/** A step has no effect before players have reported once more. */
const UP_AFTER_MS = 10_000
/** So long without overload before a step back: what eases must not swing. */
const DOWN_AFTER_MS = 30_000
/** How often a session outside the sample reports: its changes of state are sent all the same. */
export const OUTSIDE_MS = 60_000
/** After so long every session outside a sample has reported, and was advised anew. */
export const HEARD_AFTER_MS = 1.5 * OUTSIDE_MS

/**
 * Reporting advice that follows admission: fewer reports are better than refused ones, and a sample is better than both.
 *
 * Who is in the sample is not the client's choice: it follows from a hash of the session with the tenant's secret salt, the same on
 * each collector. The weight of each heartbeat follows from it, too, so nothing a client says about sampling is believed, and sums
 * stay right whether a client follows the advice or not. Collectors whose load differs advise differently: a session should stay
 * at one collector, as a kept connection does.
 */
export interface Advice {
  /** The header `ADVICE` for a session, or undefined while everything is taken. */
  header(tenant: Tenant, session: string, received_ms: number): string | undefined
  /** The header for whoever is refused before it is known who it is. */
  interval(): string | undefined
  /** How many sessions a heartbeat of this one stands for: 0 outside the sample; undefined while nothing is sampled. */
  weight(tenant: Tenant, session: string, received_ms: number): number | undefined
  /** Follows the load; call it several times a second. */
  look(overloaded: boolean, now_ms: number): void
}

/** @param sampleOf the share of sessions that a tenant wants counted */
export function createAdvice(sampleOf: (tenant: string) => number = () => 1): Advice {
  let step = 0
  /** The share that counts by load: a larger one only after those who come in were advised to report again. */
  let counted: number = STEPS[0].sample
  let sampled_ms = Number.NEGATIVE_INFINITY
  let changed_ms = Number.NEGATIVE_INFINITY
  let busy_ms = Number.NEGATIVE_INFINITY
  function move(to: number, now_ms: number): void {
    if (STEPS[to]!.sample !== STEPS[step]!.sample) sampled_ms = now_ms
    step = to
    changed_ms = now_ms
  }
  return {
    header(tenant, session, received_ms) {
      const advised = STEPS[step]!
      const sample = Math.min(advised.sample, sampleOf(tenant.name))
      if (sample === 1) return this.interval()
      const isInside = positionOf(tenant, session, received_ms) < sample
      return `interval_ms=${isInside ? advised.interval_ms : OUTSIDE_MS}, sample=${sample}`
    },
    interval: () => (step === 0 ? undefined : `interval_ms=${STEPS[step]!.interval_ms}`),
    weight(tenant, session, received_ms) {
      const sample = Math.min(counted, sampleOf(tenant.name))
      if (sample === 1) return undefined
      return positionOf(tenant, session, received_ms) < sample ? 1 / sample : 0
    },
    look(overloaded, now_ms) {
      if (overloaded) {
        busy_ms = now_ms
        if (step < STEPS.length - 1 && now_ms - changed_ms >= UP_AFTER_MS) move(step + 1, now_ms)
      } else if (step > 0 && now_ms - Math.max(changed_ms, busy_ms) >= DOWN_AFTER_MS) move(step - 1, now_ms)
      const { sample } = STEPS[step]!
      if (sample <= counted || now_ms - sampled_ms >= HEARD_AFTER_MS) counted = sample
    },
  }
}

/** Where a session stands between 0 and 1: nobody without the salt can choose a name that is in the sample. */
function positionOf(tenant: Tenant, session: string, received_ms: number): number {
  const digest = hash('sha256', `${tenant.saltAt(received_ms)}\nsample\n${session}`, 'hex')
  return Number.parseInt(digest.slice(0, 12), 16) / 2 ** 48
}
