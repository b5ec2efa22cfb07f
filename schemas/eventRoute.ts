import type { IncomingHttpHeaders } from 'node:http'
import type { BeaconEvent } from './beacon.ts'
import type { ClientContext } from './envelope.ts'

/** What one source reports at one moment about one stream: one context, and its events as a beacon would have them. */
export interface EventGroup {
  /** Whose they are; `demo` when left out. */
  readonly tenant?: string
  /** What reported them; goes into the dimension `source` unless the context says. */
  readonly source?: string
  readonly context: ClientContext
  readonly events: readonly BeaconEvent[]
}

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
  /** How its sender should report from now on: the header `ADVICE`. */
  readonly advice?: string
}

export interface EventAnswer extends Answer {
  readonly events?: readonly EventGroup[]
  /** The answer is sent even when the log could not take the events (a hook whose refusal would cut a publisher). */
  readonly evenIfLost?: boolean
}

/**
 * An address that a collector mounts for another folder: it reads the request and gives back events. They are checked,
 * enriched and written like a beacon's, and the answer is sent when they are durable.
 */
export interface EventRoute {
  readonly method: 'GET' | 'POST'
  /** May end in `*`, or have `:name` parts. */
  readonly path: string
  /** Content types taken; undefined: any. */
  readonly contentTypes?: readonly string[]
  /**
   * For hooks whose refusal cuts a publisher: they are answered also while there is too much work, and this is the answer
   * when the request cannot be read or the handler fails. It gives undefined where somebody could publish without a key that way.
   */
  readonly letThrough?: () => Answer | undefined
  readonly handle: (request: Inbound) => Promise<EventAnswer>
}
