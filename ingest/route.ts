import type { IncomingHttpHeaders } from 'node:http'
import type { BeaconEvent } from '../schemas/beacon.ts'
import type { ClientContext } from '../schemas/envelope.ts'

/** What one source says at one moment about one stream: the context once, then events as a beacon has them. */
export interface EventGroup {
  /** Whose they are. */
  readonly tenant?: string
  /** Becomes the dimension `source`. */
  readonly source?: string
  readonly context: ClientContext
  readonly events: readonly BeaconEvent[]
}

/** Takes what sources say: into a collector of the same process, or by HTTP to one elsewhere (`sendBeacons`). */
export type Send = (groups: readonly EventGroup[]) => void | Promise<void>

/** A request as a collector hands it over. */
export interface IngestRequest {
  readonly method: string
  readonly path: string
  /** First value of each name. */
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  readonly remoteAddress: string
  readonly body: Buffer
}

export interface IngestAnswer {
  readonly status: number
  readonly contentType?: string
  readonly body?: string
  readonly events?: readonly EventGroup[]
  /** Answer like this even when the events were lost: a hook's refusal would cut a publisher who did nothing wrong. */
  readonly evenIfLost?: boolean
}

/** An address that a collector mounts. */
export interface IngestRoute {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Content types taken; undefined: any. */
  readonly contentTypes?: readonly string[]
  readonly handle: (request: IngestRequest) => Promise<IngestAnswer>
}
