import type { Answer, Inbound } from '../../schemas/eventRoute.ts'

/** One address of the collector. */
export interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Content types taken besides none at all; undefined: any. Parameters such as charset do not matter. */
  readonly contentTypes?: readonly string[]
  /** Largest body, bytes; BEACON_LIMITS.body_bytes when left out. */
  readonly body_bytes?: number
  /** Answered also while there is too much work: health, time, and hooks whose refusal would cut a publisher. */
  readonly always?: boolean
  /** The answer to a body that cannot be read, instead of the refusal. */
  readonly unread?: () => Answer | undefined
  readonly handle: (request: Inbound) => Answer | Promise<Answer>
}
