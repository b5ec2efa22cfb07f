import type { Inbound } from '../../schemas/eventRoute.ts'
import type { Refusal } from '../../schemas/reasons.ts'
import type { KeyRing, WriteKey } from './keyRing.ts'
import type { SessionTokens } from './sessionTokens.ts'
import type { Speaker } from './speaker.ts'
import type { TenantPolicy } from './tenantPolicy.ts'
import type { Tenant } from './tenants.ts'

export interface AuthenticateOptions {
  readonly ring: KeyRing
  readonly tenantNamed: (name: string) => Tenant
  readonly policies: Readonly<Record<string, TenantPolicy>>
  readonly tokens: SessionTokens
}

const BEARER = /^Bearer +(\S+)$/i

/** What a request shows as its key: the body's, the query's (`key`), a header's, or a bearer token's. */
export function keyOf(request: Pick<Inbound, 'query' | 'headers'>, inBody?: string): string | undefined {
  const { headers, query } = request
  if (inBody !== undefined) return inBody
  if (query.key !== undefined) return query.key
  const header = headers['x-firstframe-key'] ?? headers['x-firstframe-secret']
  if (typeof header === 'string') return header
  return headers.authorization === undefined ? undefined : BEARER.exec(headers.authorization)?.[1]
}

export type Authenticated = (
  request: Pick<Inbound, 'query' | 'headers'>,
  inBody?: string,
  withoutKey?: string,
) => Speaker | Refusal | Promise<Speaker | Refusal>

/** A step: whose request it is and what it may report, by its key and, where the tenant wants one, its session token. */
export function authenticate(options: AuthenticateOptions): Authenticated {
  const { ring, policies, tokens } = options
  const speakers = new Map<string, Speaker>()

  function speakerOf({ tenant, role = 'player', source }: WriteKey): Speaker {
    const name = `${role}\n${tenant}\n${source ?? ''}`
    let speaker = speakers.get(name)
    if (speaker === undefined) {
      const maxWeight = role === 'server' ? Number.POSITIVE_INFINITY : (policies[tenant]?.maxWeight ?? 1)
      speaker = { tenant: options.tenantNamed(tenant), role, source, maxWeight }
      speakers.set(name, speaker)
    }
    return speaker
  }

  /**
   * @param inBody the key the body named
   * @param withoutKey the key a request without one has, if any
   */
  return function authenticated(request, inBody, withoutKey) {
    const key = keyOf(request, inBody) ?? withoutKey
    if (key === undefined) return { code: 'unknown_key', detail: 'no key was given' }
    const entry = ring.find(key)
    if (entry === undefined) return { code: 'unknown_key', detail: key.slice(0, 40) }
    const speaker = speakerOf(entry)
    if (speaker.role === 'server') return speaker
    const policy = policies[entry.tenant]
    if (policy === undefined) return speaker
    const { origin } = request.headers
    if (policy.origins !== undefined && origin !== undefined && !policy.origins.includes(origin))
      return { code: 'not_permitted', detail: `origin: ${origin.slice(0, 100)}` }
    return tokens.narrow(speaker, request, policy)
  }
}
