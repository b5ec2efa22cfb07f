import type { TimeAnswer } from '../../schemas/beacon.ts'
import { type ClockReading, createClockOffset } from './clockOffset.ts'
import type { Cancel } from './sender.ts'
import { CLOCK_APART_MS, CLOCK_REFRESH_MS, CLOCK_RETRY_MS } from './timings.ts'

export interface TimeSync {
  readonly reading: () => ClockReading | undefined
  /** This clock set right by the collector's, as far as it is known, ms since 1970. */
  readonly corrected: () => number
  /** Asks for the time so many times now, and two times in each five minutes from then on. */
  readonly measure: (samples: number) => void
  readonly stop: () => void
}

/** Holds this clock against the collector's. */
export function createTimeSync(options: {
  /** This clock, ms since 1970. */
  readonly wall: () => number
  readonly time: () => Promise<TimeAnswer | undefined>
  readonly later: (run: () => void, ms: number) => Cancel
}): TimeSync {
  const { wall, time, later } = options
  const { add, reading } = createClockOffset()
  let timer: Cancel | undefined
  let stopped = false
  const measure = (samples: number) => {
    timer?.()
    const sent = wall()
    void time().then((answer) => {
      if (stopped) return
      if (answer) add(sent, answer, wall())
      const more = samples > 1
      const wait = more ? CLOCK_APART_MS : answer ? CLOCK_REFRESH_MS : CLOCK_RETRY_MS
      timer = later(() => measure(more ? samples - 1 : 2), wait)
    })
  }
  return {
    reading,
    measure,
    corrected: () => wall() + (reading()?.offset_ms ?? 0),
    stop: () => {
      timer?.()
      stopped = true
    },
  }
}
