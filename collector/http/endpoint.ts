import type { IncomingHttpHeaders } from 'node:http'
import type { BeaconEvent } from '../../schemas/beacon.ts'
import type { ClientContext } from '../../schemas/envelope.ts'

/** A request as the handlers see it, whatever carried it. */
export interface Inbound {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** First value of each name; has no prototype. */
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  readonly remoteAddress: string
  /** Decompressed and within the bound. */
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  readonly contentType?: string
  readonly body?: string | Buffer
  /** Seconds after which to try again. */
  readonly retryAfter?: number
}

/** One address of the collector. */
export interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Content types taken besides none at all; undefined: any. Parameters such as charset do not matter. */
  readonly contentTypes?: readonly string[]
  /** Largest body, bytes; BEACON_LIMITS.body_bytes when left out. */
  readonly body_bytes?: number
  /** Answered also while there is too much work: health and time. */
  readonly always?: true
  readonly handle: (request: Inbound) => Answer | Promise<Answer>
}

/** Events of an extra route: one context, and its events as a beacon would have them. */
export interface EventGroup {
  /** Whose they are; `demo` when left out. */
  readonly tenant?: string
  /** What reported them; goes into the dimension `source` unless the context says. */
  readonly source?: string
  readonly context: ClientContext
  readonly events: readonly BeaconEvent[]
}

/**
 * An address another folder brings: it reads the request and gives back events. They are checked, enriched and
 * written like a beacon's, and the answer is sent when they are durable.
 */
export interface ExtraRoute {
  readonly method: 'GET' | 'POST'
  /** May end in `*`, or have `:name` parts. */
  readonly path: string
  readonly contentTypes?: readonly string[]
  readonly handle: (request: Inbound) => Promise<
    Answer & {
      readonly events?: readonly EventGroup[]
      /** The answer is sent even when the log could not take the events (a hook whose refusal would cut a publisher). */
      readonly evenIfLost?: boolean
    }
  >
}
