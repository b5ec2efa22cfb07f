import { createHmac, timingSafeEqual } from 'node:crypto'
import proxyAddr from 'proxy-addr'
import type { Inbound } from '../../schemas/eventRoute.ts'
import { keyOf } from './authenticate.ts'
import type { KeyRing } from './keyRing.ts'

/** Ways beside a server key in which a tenant's media servers show who they are. */
export interface HookPolicy {
  /** Addresses or CIDR ranges of servers that can show nothing else; their hooks name the tenant by its public key. */
  readonly addresses?: readonly string[]
  /** Secrets of servers that sign their hooks; several are valid at once. */
  readonly secrets?: readonly string[]
}

type Hook = Pick<Inbound, 'query' | 'headers' | 'remoteAddress' | 'body'>

/** Whose hook it is, or undefined: then it is refused. */
export type HookTenant = (hook: Hook, source: string) => string | undefined

const SIGNATURE = /^(?:sha256=)?([0-9a-f]{64})$/i

/**
 * A step: whose hook it is. A hook may cut a publisher and reports that an encoder is gone, so a public key is not
 * enough. Taken are, in this order:
 * - a server key of this source or of any, where the media server can put one: `?key=` in its address, a header, a bearer token;
 * - the public key with the header `x-firstframe-signature: sha256=…` (HMAC-SHA256 of the body, hex);
 * - the public key from an address on the tenant's list.
 */
export function authenticateHooks(options: {
  readonly ring: KeyRing
  readonly policies: Readonly<Record<string, HookPolicy>>
}): HookTenant {
  const lists = new Map(
    Object.entries(options.policies).map(([tenant, { addresses = [], secrets = [] }]) => [
      tenant,
      { secrets, listed: addresses.length === 0 ? undefined : proxyAddr.compile([...addresses]) },
    ]),
  )
  return function hookTenant(hook, source) {
    const key = keyOf(hook)
    const entry = key === undefined ? undefined : options.ring.find(key)
    if (entry === undefined) return undefined
    if (entry.role === 'server')
      return entry.source === undefined || entry.source === source ? entry.tenant : undefined
    const policy = lists.get(entry.tenant)
    if (policy === undefined) return undefined
    if (policy.secrets.some((secret) => isSigned(hook, secret))) return entry.tenant
    return policy.listed?.(hook.remoteAddress.replace(/^::ffff:/, ''), 0) === true ? entry.tenant : undefined
  }
}

function isSigned({ headers, body }: Hook, secret: string): boolean {
  const header = headers['x-firstframe-signature']
  const given = typeof header === 'string' ? SIGNATURE.exec(header.trim())?.[1] : undefined
  if (given === undefined) return false
  return timingSafeEqual(Buffer.from(given, 'hex'), createHmac('sha256', secret).update(body).digest())
}
