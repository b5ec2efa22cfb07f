import { HEARTBEAT_MS } from '../../schemas/beacon.ts'

/** How often players are advised to report, from no advice to the longest. */
const INTERVALS_MS = [HEARTBEAT_MS, 15_000, 20_000, 30_000] as const
/** A step has no effect before players have reported once more. */
const UP_AFTER_MS = 10_000
/** So long without overload before a step back: what eases must not swing. */
const DOWN_AFTER_MS = 30_000

/** What an answer advises its sender: the header `ADVICE` of `schemas/beacon.ts`. */
export interface Advice {
  /** The header's value, or undefined while everything is taken. */
  header(): string | undefined
  /** Follows the load; call it about once a second. */
  look(overloaded: boolean, now_ms: number): void
}

/** Reporting advice that follows admission: fewer reports are better than refused ones. */
export function createAdvice(): Advice {
  let step = 0
  let header: string | undefined
  let changed_ms = Number.NEGATIVE_INFINITY
  let busy_ms = Number.NEGATIVE_INFINITY
  function move(to: number, now_ms: number): void {
    step = to
    changed_ms = now_ms
    header = step === 0 ? undefined : `interval_ms=${INTERVALS_MS[step]}`
  }
  return {
    header: () => header,
    look(overloaded, now_ms) {
      if (overloaded) {
        busy_ms = now_ms
        if (step < INTERVALS_MS.length - 1 && now_ms - changed_ms >= UP_AFTER_MS) move(step + 1, now_ms)
      } else if (step > 0 && now_ms - Math.max(changed_ms, busy_ms) >= DOWN_AFTER_MS) move(step - 1, now_ms)
    },
  }
}
