import { hash } from 'node:crypto'
import { HEARTBEAT_MS } from '../../schemas/beacon.ts'
import type { Tenant } from '../auth/tenants.ts'

/** How often to report, from no advice to the longest. */
const STEPS_MS = [HEARTBEAT_MS, 15_000, 20_000, 30_000] as const
/** A step has no effect before players have reported once more. */
const UP_AFTER_MS = 10_000
/** So long without overload before a step back: what eases must not swing. */
const DOWN_AFTER_MS = 30_000
/** How often a session outside the sample reports: its changes of state are sent all the same. */
export const OUTSIDE_MS = 60_000
/**
 * Reporting advice that follows admission: fewer reports are better than refused ones. A tenant may have a sample of its sessions counted.
 *
 * Who is in the sample is not the client's choice: it follows from a hash of the session with the tenant's secret salt, the same on
 * each collector. The weight of each heartbeat follows from it, too, so nothing a client says about sampling is believed, and sums
 * stay right whether a client follows the advice or not.
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
  let changed_ms = Number.NEGATIVE_INFINITY
  let busy_ms = Number.NEGATIVE_INFINITY
  function move(to: number, now_ms: number): void {
    step = to
    changed_ms = now_ms
  }
  return {
    header(tenant, session, received_ms) {
      const sample = sampleOf(tenant.name)
      if (sample === 1) return this.interval()
      const isInside = positionOf(tenant, session, received_ms) < sample
      return `interval_ms=${isInside ? STEPS_MS[step] : OUTSIDE_MS}, sample=${sample}`
    },
    interval: () => (step === 0 ? undefined : `interval_ms=${STEPS_MS[step]}`),
    weight(tenant, session, received_ms) {
      const sample = sampleOf(tenant.name)
      if (sample === 1) return undefined
      return positionOf(tenant, session, received_ms) < sample ? 1 / sample : 0
    },
    look(overloaded, now_ms) {
      if (overloaded) {
        busy_ms = now_ms
        if (step < STEPS_MS.length - 1 && now_ms - changed_ms >= UP_AFTER_MS) move(step + 1, now_ms)
      } else if (step > 0 && now_ms - Math.max(changed_ms, busy_ms) >= DOWN_AFTER_MS) move(step - 1, now_ms)
    },
  }
}

/** Where a session stands between 0 and 1: nobody without the salt can choose a name that is in the sample. */
function positionOf(tenant: Tenant, session: string, received_ms: number): number {
  const digest = hash('sha256', `${tenant.saltAt(received_ms)}\nsample\n${session}`, 'hex')
  return Number.parseInt(digest.slice(0, 12), 16) / 2 ** 48
}
