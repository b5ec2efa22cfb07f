import type { TimeAnswer } from '../../schemas/beacon.ts'

export interface ClockReading {
  /** Collector's clock minus this one, ms. */
  readonly offset_ms: number
  /** Bound of its error: half the round trip, ms. */
  readonly error_ms: number
}

export interface ClockOffset {
  /** One exchange: sent and received by this clock, and the collector's two times. */
  readonly add: (sent_ms: number, answer: TimeAnswer, received_ms: number) => void
  /** The best reading known, or nothing yet. */
  readonly reading: () => ClockReading | undefined
}

/** Samples kept; the oldest leaves first, so a clock that drifts or jumps is followed. */
const KEPT = 8

/** Offset of the collector's clock by the least round trip of the last samples (RFC 5905, section 10). */
export function createClockOffset(): ClockOffset {
  let samples: ClockReading[] = []
  return {
    add: (sent_ms, answer, received_ms) => {
      const offset_ms = (answer.received_ms - sent_ms + (answer.sent_ms - received_ms)) / 2
      const round_ms = received_ms - sent_ms - (answer.sent_ms - answer.received_ms)
      if (!(round_ms >= 0)) return
      // A clock that jumped (a machine that slept) makes all older samples false.
      const kept = samples.filter(
        (each) => Math.abs(each.offset_ms - offset_ms) <= each.error_ms + round_ms / 2 + 500,
      )
      samples = [...kept, { offset_ms, error_ms: round_ms / 2 }].slice(-KEPT)
    },
    reading: () =>
      samples.reduce<ClockReading | undefined>(
        (best, each) => (best && best.error_ms <= each.error_ms ? best : each),
        undefined,
      ),
  }
}
