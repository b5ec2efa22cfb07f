import { BEACON_LIMITS } from '../schemas/beacon.ts'
import { FLAGS } from '../schemas/envelope.ts'

/** What a sender says about its clock. */
export interface SenderClock {
  readonly sent_ms?: number | undefined
  readonly clock?: { readonly offset_ms: number; readonly error_ms?: number | undefined } | undefined
}

/** Clocks that were never set begin at 1970 or at their firmware's year: before this (2015) a time says nothing. */
const SENSIBLE_ms = 1_420_070_400_000

/** When it happened and the flags that say how that is known; `late` by how much when it is beyond the horizon. */
export interface EventTime {
  readonly event_time: number
  readonly flags: number
  readonly late_ms?: number
}

/**
 * The session's time on the collector's clock: by the measured offset; else by how long before the sending it was
 * (both by the sender's clock, so its error cancels out); else as it stands. A time ahead of the collector's clock,
 * or a senseless one, becomes the time received.
 */
export function eventTime(
  time_ms: number | null | undefined,
  sender: SenderClock,
  received_ms: number,
): EventTime {
  if (time_ms === undefined || time_ms === null) return { event_time: received_ms, flags: 0 }
  let time = time_ms
  let flags = 0
  if (sender.clock !== undefined) {
    time += sender.clock.offset_ms
    if (sender.clock.offset_ms !== 0) flags = FLAGS.clock_corrected.bit
  } else if (sender.sent_ms !== undefined) time = received_ms - (sender.sent_ms - time_ms)
  if (!(time >= SENSIBLE_ms) || time > received_ms + BEACON_LIMITS.ahead_ms)
    return { event_time: received_ms, flags: flags | FLAGS.clock_clamped.bit }
  const late_ms = received_ms - time
  return late_ms > BEACON_LIMITS.late_ms ? { event_time: time, flags, late_ms } : { event_time: time, flags }
}
