import * as client from 'openid-client'
import { ROLES, type Role } from './principal.ts'

export interface OpenIdOptions {
  readonly issuer: string
  readonly client_id: string
  readonly client_secret: string
  readonly scope: string
  /** The claim whose values are granted roles. */
  readonly claim: string
  readonly grants: readonly Grant[]
  /** Where the provider sends people back to. */
  readonly callback: string
}

/** What a value of the claim brings. */
export interface Grant {
  readonly value: string
  readonly role: Role
  readonly tenants: readonly string[]
}

/** What has to be kept between leaving for the provider and coming back. */
export interface Pending {
  readonly verifier: string
  readonly state: string
  readonly nonce: string
}

export interface Person {
  readonly name: string
  readonly role: Role
  readonly tenants: readonly string[] | '*'
}

/** The strongest role and all tenants of the values somebody has; undefined when none of them is granted anything. */
export function grantedTo(
  values: readonly string[],
  grants: readonly Grant[],
): Omit<Person, 'name'> | undefined {
  const own = grants.filter(({ value }) => value === '*' || values.includes(value))
  if (own.length === 0) return undefined
  const role = ROLES[Math.max(...own.map((grant) => ROLES.indexOf(grant.role)))] as Role
  const tenants = [...new Set(own.flatMap((grant) => grant.tenants))]
  return { role, tenants: tenants.includes('*') ? '*' : tenants }
}

/** Sign-in by an OpenID Connect provider: authorization code with PKCE, state and nonce. The provider is asked when it is needed. */
export function createOpenId(options: OpenIdOptions) {
  let found: Promise<client.Configuration> | undefined
  const configuration = () => {
    const url = new URL(options.issuer)
    // a provider on this machine may speak plain HTTP
    const plain = url.protocol === 'http:' ? { execute: [client.allowInsecureRequests] } : undefined
    found ??= client
      .discovery(url, options.client_id, options.client_secret || undefined, undefined, plain)
      .catch((error: unknown) => {
        found = undefined
        throw error
      })
    return found
  }
  return {
    /** Where to send the browser, and what to keep meanwhile. */
    async begin(): Promise<{ readonly url: string; readonly pending: Pending }> {
      const verifier = client.randomPKCECodeVerifier()
      const pending = { verifier, state: client.randomState(), nonce: client.randomNonce() }
      const url = client.buildAuthorizationUrl(await configuration(), {
        redirect_uri: options.callback,
        scope: options.scope,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state: pending.state,
        nonce: pending.nonce,
      })
      return { url: url.href, pending }
    },
    /** Who came back. Throws when the provider's answer does not belong to `pending`; undefined when nothing is granted to them. */
    async finish(address: string, { verifier, state, nonce }: Pending): Promise<Person | undefined> {
      const tokens = await client.authorizationCodeGrant(await configuration(), new URL(address), {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      })
      const claims = tokens.claims() as Readonly<Record<string, unknown>>
      const raw = claims[options.claim]
      const values = (Array.isArray(raw) ? raw : [raw]).filter((each) => typeof each === 'string') as string[]
      const granted = grantedTo(values, options.grants)
      const name = [claims.email, claims.preferred_username, claims.sub].find(
        (each) => typeof each === 'string',
      )
      return granted && { name: String(name), ...granted }
    },
  }
}
