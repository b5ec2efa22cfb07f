import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { Inbound } from '../../schemas/eventRoute.ts'
import { isKind, type Kind } from '../../schemas/kinds/kinds.ts'
import type { Refusal } from '../../schemas/reasons.ts'
import type { Speaker } from './speaker.ts'
import type { TenantPolicy } from './tenantPolicy.ts'

/**
 * Session tokens: a tenant's own server signs one (JWT, HS256) for each playback, so that a public key alone speaks for
 * nobody. Claims: `sub` the session, `exp`, and where wanted `origin` and `kinds` (a list).
 * A player sends it as the header `x-firstframe-token` or as `token` in the query.
 */
export interface SessionTokens {
  /** What is left of a player's rights when its token is looked at. */
  narrow(
    speaker: Speaker,
    request: Pick<Inbound, 'query' | 'headers'>,
    policy: TenantPolicy,
  ): Speaker | Refusal | Promise<Speaker | Refusal>
}

const LONGEST_TOKEN = 2_048

/** Reads session tokens (JWT, HS256): a good one narrows who speaks to its session, origin and kinds, a bad one is refused. */
export function checkTokens(options: {
  /** Secrets that sign, by tenant, newest first; several are valid at once. */
  readonly secrets: Readonly<Record<string, readonly string[]>>
  readonly clock: () => number
}): SessionTokens {
  const keys = new Map(
    Object.entries(options.secrets).map(([tenant, secrets]) => [
      tenant,
      secrets.map((secret) => new TextEncoder().encode(secret)),
    ]),
  )

  async function verified(tenant: string, token: string): Promise<JWTPayload | Refusal> {
    for (const key of keys.get(tenant) ?? []) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: ['HS256'],
          requiredClaims: ['sub', 'exp'],
          currentDate: new Date(options.clock()),
        })
        return payload
      } catch (error) {
        if (error instanceof errors.JWSSignatureVerificationFailed) continue
        return { code: 'bad_signature', detail: error instanceof errors.JOSEError ? error.code : 'token' }
      }
    }
    return { code: 'bad_signature', detail: 'token' }
  }

  async function narrowed(speaker: Speaker, token: string, origin: string | undefined) {
    const payload = await verified(speaker.tenant.name, token)
    if ('code' in payload && 'detail' in payload) return payload as Refusal
    const { sub, origin: own, kinds } = payload as JWTPayload & { origin?: unknown; kinds?: unknown }
    if (typeof own === 'string' && origin !== undefined && own !== origin)
      return { code: 'not_permitted', detail: 'origin: the token is for another' } satisfies Refusal
    return {
      ...speaker,
      session: sub,
      kinds: Array.isArray(kinds)
        ? new Set(kinds.filter((each): each is Kind => typeof each === 'string' && isKind(each)))
        : undefined,
    }
  }

  return {
    narrow(speaker, { query, headers }, policy) {
      const header = headers['x-firstframe-token']
      const token = typeof header === 'string' ? header : query.token
      if (token === undefined)
        return policy.tokensOnly === true
          ? { code: 'not_permitted', detail: 'this tenant’s players need a session token' }
          : speaker
      if (token.length > LONGEST_TOKEN) return { code: 'bad_signature', detail: 'the token is too long' }
      return narrowed(speaker, token, headers.origin)
    },
  }
}
