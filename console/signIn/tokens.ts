import { randomUUID } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { type Principal, ROLES, type Role } from './principal.ts'

/** What a signed text is for; one is never taken for another. */
type Audience = 'session' | 'token' | 'openid'

/** Signs and reads sessions and tokens. They are kept nowhere: whoever has the secret can check them. */
export interface Tokens {
  sign(audience: Audience, claims: Readonly<Record<string, unknown>>, lifetime_s: number): Promise<string>
  /** The claims; undefined when it is not ours, is for something else, or is over. */
  read(audience: Audience, text: string): Promise<Readonly<Record<string, unknown>> | undefined>
}

/** @param options.secret 32 bytes or more; @param options.clock ms since the epoch */
export function createTokens({
  secret,
  clock,
}: {
  readonly secret: string
  readonly clock: () => number
}): Tokens {
  const key = new TextEncoder().encode(secret)
  return {
    sign(audience, claims, lifetime_s) {
      const now = Math.floor(clock() / 1000)
      return new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuedAt(now)
        .setExpirationTime(now + lifetime_s)
        .setAudience(`firstframe ${audience}`)
        .setJti(randomUUID())
        .sign(key)
    },
    async read(audience, text) {
      try {
        const { payload } = await jwtVerify(text, key, {
          algorithms: ['HS256'],
          audience: `firstframe ${audience}`,
          requiredClaims: ['exp', 'jti'],
          currentDate: new Date(clock()),
        })
        return payload
      } catch {
        return undefined
      }
    },
  }
}

/** The claims of a session or a token as whoever asks; undefined when they do not say who. */
export function principalFrom(
  how: 'session' | 'token',
  claims: Readonly<Record<string, unknown>>,
): Principal | undefined {
  const { sub, role, tenants, jti, exp } = claims
  const listed =
    tenants === '*' || (Array.isArray(tenants) && tenants.every((each) => typeof each === 'string'))
  if (typeof sub !== 'string' || !ROLES.includes(role as Role) || !listed) return undefined
  return {
    name: sub,
    role: role as Role,
    tenants: tenants as Principal['tenants'],
    how,
    id: String(jti),
    expires_ms: Number(exp) * 1000,
  }
}
