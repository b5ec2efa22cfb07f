import type { ClientContext } from './envelope.ts'
import type { Kind, KindFields } from './kinds/kinds.ts'

/** One event of a beacon: kind, sequence number, time (ms since 1970), the kind’s fields, and the context values that differ from the beacon’s. */
export type BeaconEvent<K extends Kind = Kind> = {
  [Each in K]: { readonly kind: Each; readonly seq?: number; readonly time_ms?: number } & KindFields<Each> &
    ClientContext
}[K]

/** What `POST /v1/beacons` takes: the context once, then events. */
export interface Beacon {
  /** The tenant's write key; may stand in `?key=` or the header `x-firstframe-key` instead. */
  readonly key?: string
  /** The sender's clock when it sent this, ms; lets a wrong clock be corrected. */
  readonly sent_ms?: number
  /** Offset of the collector's clock against the sender's (`/v1/time`), and its bound of error. */
  readonly clock?: { readonly offset_ms: number; readonly error_ms?: number }
  readonly context?: ClientContext
  readonly events: readonly BeaconEvent[]
}

/** The answer when some events were refused; all accepted is 204 without a body. */
export interface BeaconAnswer {
  readonly accepted: number
  readonly refused: readonly { readonly index: number; readonly code: string; readonly detail?: string }[]
}

/** The answer of `GET /v1/time`. */
export interface TimeAnswer {
  readonly received_ms: number
  readonly sent_ms: number
}

/**
 * The answer's header with reporting advice, such as `interval_ms=20000, sample=0.1`: report an undisturbed playback this often
 * until an answer says otherwise. Changes of state are sent at once all the same. `sample` says which share of sessions counts
 * now; the collector weights them, so nothing has to be done about it. Unknown names are to be left out.
 */
export const ADVICE = 'firstframe-advice'

/** How often a playback that nothing disturbs reports, unless the page asks for another pace. */
export const HEARTBEAT_MS = 10_000

export const BEACON_LIMITS = {
  /** Largest body, bytes, after decompression. */
  body_bytes: 1_048_576,
  /** Most events a beacon. */
  events: 500,
  /** Older than this it is refused: the horizon of the dedupe. */
  late_ms: 30 * 60_000,
  /** Further ahead of the collector's clock than this, its time is clamped and flagged. */
  ahead_ms: 10_000,
} as const
