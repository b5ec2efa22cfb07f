import type { Log } from '../log/log.ts'
import type { TimeAnswer } from '../schemas/beacon.ts'
import { json } from './http/answers.ts'
import type { Endpoint } from './http/endpoint.ts'

/** `GET /v1/time`, `/healthz` and `/readyz`. */
export function statusEndpoints(options: {
  readonly log: Log
  readonly clock: () => number
  /** Why no events can be taken, or undefined. */
  readonly unready: () => string | undefined
}): Endpoint[] {
  const { log, clock } = options
  return [
    {
      method: 'GET',
      path: '/v1/time',
      always: true,
      handle: () => {
        const received_ms = clock()
        return json({ received_ms, sent_ms: clock() } satisfies TimeAnswer)
      },
    },
    { method: 'GET', path: '/healthz', always: true, handle: () => json({ status: 'alive' }) },
    {
      method: 'GET',
      path: '/readyz',
      always: true,
      handle: () => {
        const { ok, reason } = log.health()
        const why = options.unready() ?? (ok ? undefined : (reason ?? 'the log takes nothing'))
        return why === undefined ? json({ status: 'ready' }) : json({ status: 'not ready', reason: why }, 503)
      },
    },
  ]
}
