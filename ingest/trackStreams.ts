import type { BeaconEvent } from '../schemas/beacon.ts'
import type { ClientContext } from '../schemas/envelope.ts'
import type { EventGroup } from '../schemas/eventRoute.ts'

export interface TrackOptions<T> {
  readonly source: string
  /** Which hop and server reports. */
  readonly hop: BeaconEvent<'hop'>['hop']
  readonly node: string
  readonly context?: ClientContext
  /** The stream's name of a reading. */
  readonly streamOf: (reading: T) => string
  /** Whether somebody publishes it. */
  readonly publishing: (reading: T) => boolean
  /** Where the server has it, apart from its name: counters of two places are not compared. */
  readonly placeOf?: (reading: T) => string
  /** The hop's fields from two readings of one stream `interval_ms` apart; the first reading has no `before`. */
  readonly fields: (now: T, before: T | undefined, interval_ms: number) => Partial<BeaconEvent<'hop'>>
}

/** What one list covers. "Not listed" means "down" only within it. */
export interface Coverage {
  /**
   * Which process or server wrote the list (nginx: the worker's pid; SRS: the server's id). Streams that another scope
   * listed are not judged by it.
   */
  readonly scope: string
  /** The list has every stream of its scope. */
  readonly complete: boolean
  /** Lists in a row that must miss a stream before it is down; 2 where a list is put together from pages. */
  readonly absences?: number
}

interface Tracked<T> {
  readonly reading: T
  readonly at_ms: number
  readonly absences: number
}

/** A scope that has not answered for so long is forgotten: its streams are unheard, and the rules of absence judge them. */
const FORGET_SCOPE_MS = 600_000
const MOST_SCOPES = 64
/** A scope that has not answered for so long, and for ten readings, no longer speaks for its streams. */
const SILENT_SCOPE_MS = 10_000

/**
 * Turns readings of a server's counters into `hop` events, by the differences from one reading to the next.
 * A stream that is listed as not published is `down` once. A stream that is no longer listed is `down` once, where the
 * list is known to be complete for the scope that listed it; else nothing is said of it.
 */
export function trackStreams<T>(
  options: TrackOptions<T>,
): (readings: readonly T[], at_ms: number, coverage: Coverage) => EventGroup[] {
  const { placeOf = () => '' } = options
  const scopes = new Map<string, { streams: Map<string, Tracked<T>>; at_ms: number }>()
  let last_ms: number | undefined
  let heardSince_ms = 0

  const groupOf = (stream: string, fields: Partial<BeaconEvent<'hop'>>): EventGroup => {
    const event = { kind: 'hop', hop: options.hop, node: options.node, ...fields } as BeaconEvent<'hop'>
    return { source: options.source, context: { ...options.context, stream }, events: [event] }
  }
  /** Whether a scope that still answers lists the stream, too: then it moved, and is not down. */
  const elsewhere = (stream: string, scope: string): boolean =>
    [...scopes].some(
      ([name, other]) => name !== scope && other.at_ms >= heardSince_ms && other.streams.has(stream),
    )

  function forgetScopes(at_ms: number): void {
    for (const [name, scope] of scopes) if (at_ms - scope.at_ms > FORGET_SCOPE_MS) scopes.delete(name)
    for (const name of scopes.keys()) if (scopes.size > MOST_SCOPES) scopes.delete(name)
  }

  return function readStreams(readings, at_ms, { scope, complete, absences: needed = 1 }) {
    heardSince_ms = at_ms - Math.max(SILENT_SCOPE_MS, 10 * (at_ms - (last_ms ?? at_ms)))
    last_ms = at_ms
    const before = scopes.get(scope)?.streams ?? new Map<string, Tracked<T>>()
    const now = new Map<string, Tracked<T>>()
    const unpublished = new Set<string>()
    const groups: EventGroup[] = []
    for (const reading of readings) {
      const stream = options.streamOf(reading)
      if (stream === '' || now.has(stream)) continue
      if (!options.publishing(reading)) {
        unpublished.add(stream)
        continue
      }
      now.set(stream, { reading, at_ms, absences: 0 })
      const last = before.get(stream)
      const moved = last !== undefined && placeOf(last.reading) !== placeOf(reading)
      const interval_ms = last === undefined || moved ? 0 : Math.max(0, at_ms - last.at_ms)
      const fields = options.fields(reading, moved ? undefined : last?.reading, interval_ms)
      const begins = last === undefined && !elsewhere(stream, scope)
      groups.push(
        groupOf(stream, { interval_ms, status: 'up', ...(begins ? { event: 'publish' } : {}), ...fields }),
      )
    }
    for (const [stream, tracked] of before) {
      if (now.has(stream)) continue
      const absences = tracked.absences + 1
      if (unpublished.has(stream) || (complete && absences >= needed)) {
        if (!elsewhere(stream, scope)) groups.push(groupOf(stream, { status: 'down', event: 'unpublish' }))
      } else now.set(stream, { ...tracked, absences: complete ? absences : tracked.absences })
    }
    scopes.delete(scope)
    scopes.set(scope, { streams: now, at_ms })
    forgetScopes(at_ms)
    return groups
  }
}
