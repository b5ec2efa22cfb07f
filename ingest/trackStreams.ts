import type { BeaconEvent } from '../schemas/beacon.ts'
import type { ClientContext } from '../schemas/envelope.ts'
import type { EventGroup } from './route.ts'

export interface TrackOptions<T> {
  readonly source: string
  /** Which hop and server speaks. */
  readonly hop: BeaconEvent<'hop'>['hop']
  readonly node: string
  readonly context?: ClientContext
  /** The stream's name of a reading. */
  readonly streamOf: (reading: T) => string
  /** Whether somebody publishes it. */
  readonly publishing: (reading: T) => boolean
  /** The hop's fields from two readings of one stream `interval_ms` apart; the first reading has no `before`. */
  readonly fields: (now: T, before: T | undefined, interval_ms: number) => Partial<BeaconEvent<'hop'>>
}

/**
 * Turns readings of a server's counters into `hop` events, by the differences from one reading to the next.
 * A stream that is no longer there, or no longer published, says `down` once.
 */
export function trackStreams<T>(
  options: TrackOptions<T>,
): (readings: readonly T[], at_ms: number) => EventGroup[] {
  let before = new Map<string, { reading: T; at_ms: number }>()
  return function readStreams(readings, at_ms) {
    const now = new Map<string, { reading: T; at_ms: number }>()
    const groups: EventGroup[] = []
    const say = (stream: string, fields: Partial<BeaconEvent<'hop'>>) => {
      const event = { kind: 'hop', hop: options.hop, node: options.node, ...fields } as BeaconEvent<'hop'>
      groups.push({ source: options.source, context: { ...options.context, stream }, events: [event] })
    }
    for (const reading of readings) {
      const stream = options.streamOf(reading)
      if (!options.publishing(reading) || now.has(stream)) continue
      now.set(stream, { reading, at_ms })
      const last = before.get(stream)
      const interval_ms = last === undefined ? 0 : Math.max(0, at_ms - last.at_ms)
      const fields = options.fields(reading, last?.reading, interval_ms)
      say(stream, {
        interval_ms,
        status: 'up',
        ...(last === undefined ? { event: 'publish' } : {}),
        ...fields,
      })
    }
    for (const stream of before.keys()) {
      if (!now.has(stream)) say(stream, { status: 'down', event: 'unpublish' })
    }
    before = now
    return groups
  }
}
