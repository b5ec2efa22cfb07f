import type { IncomingHttpHeaders } from 'node:http'
import type { Inbound } from '../../schemas/eventRoute.ts'
import { keyOf } from '../auth/authenticate.ts'
import type { KeyRing } from '../auth/keyRing.ts'
import type { Origin } from '../enrich/trustedProxies.ts'
import { networkOf } from './networkOf.ts'
import { UNKNOWN } from './overload.ts'

/** A beacon that names its key in the body has it near the beginning. */
const LOOKED_BYTES = 256
const KEY = /"key"\s*:\s*"([^"\\]{1,128})"/

/** Whose turn a request takes: a tenant, or a network where no key is known. */
export type TurnOf = (request: Pick<Inbound, 'query' | 'headers' | 'remoteAddress' | 'body'>) => string

/**
 * Whose turn a request takes, before it is decoded: its tenant's, by the key in the address, a header or the beginning of
 * the body; where none is known, its network's. Servers and players of a tenant take turns of their own.
 */
export function nameTurns(options: {
  readonly ring: KeyRing
  readonly originOf: (remoteAddress: string, headers: IncomingHttpHeaders) => Origin
}): TurnOf {
  return function turnOf(request) {
    const key = keyOf(request) ?? KEY.exec(request.body.toString('latin1', 0, LOOKED_BYTES))?.[1]
    const known = key === undefined ? undefined : options.ring.find(key)
    if (known !== undefined) return `${known.tenant}\n${known.role ?? 'player'}`
    return `${UNKNOWN}${networkOf(options.originOf(request.remoteAddress, request.headers).address).prefix}`
  }
}
