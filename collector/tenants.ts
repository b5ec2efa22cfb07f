import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Refusal } from '../schemas/reasons.ts'
import type { Inbound } from './http/endpoint.ts'
import type { WriteKey } from './options.ts'

export const DEMO = 'demo'

/** A tenant as the collector knows it. */
export interface Tenant {
  readonly name: string
  /** The prefix of what is hashed for it. */
  readonly salt: string
}

/** Finds or makes a tenant; the salt is derived from the collector's secret, so the same everywhere and after a restart. */
export function createTenants(salt: string): (name: string) => Tenant {
  const known = new Map<string, Tenant>()
  return function tenantNamed(name) {
    let tenant = known.get(name)
    if (tenant === undefined) {
      tenant = { name, salt: createHmac('sha256', salt).update(name).digest('hex') }
      known.set(name, tenant)
    }
    return tenant
  }
}

interface Entry {
  readonly tenant: Tenant
  readonly limit: number | undefined
  tokens: number
  at: number
}

export interface AuthenticateOptions {
  readonly keys: Readonly<Record<string, WriteKey>>
  readonly demo: boolean
  readonly tenantNamed: (name: string) => Tenant
  readonly clock: () => number
}

/** A step: whose request it is, by its write key in the body, the query or the header; and whether it is too often. */
export function authenticate(options: AuthenticateOptions) {
  const entries = new Map<string, Entry>()
  const add = (key: string, { tenant, requests_per_second }: WriteKey): void => {
    entries.set(key, {
      tenant: options.tenantNamed(tenant),
      limit: requests_per_second,
      tokens: requests_per_second ?? 0,
      at: options.clock(),
    })
  }
  if (options.demo) add(DEMO, { tenant: DEMO })
  for (const [key, value] of Object.entries(options.keys)) add(key, value)

  /**
   * @param inBody the key the body named
   * @param withoutKey the key a request without one has, if any
   */
  return function authenticated(request: Inbound, inBody?: string, withoutKey?: string): Tenant | Refusal {
    const key = inBody ?? request.query.key ?? request.headers['x-firstframe-key'] ?? withoutKey
    if (key === undefined) return { code: 'unknown_key', detail: 'no key was given' }
    const entry = typeof key === 'string' ? entries.get(key) : undefined
    if (entry === undefined) return { code: 'unknown_key', detail: String(key).slice(0, 40) }
    if (entry.limit !== undefined && !take(entry, entry.limit, options.clock()))
      return { code: 'rate_limited', detail: `${entry.limit} requests a second` }
    return entry.tenant
  }
}

/** A bucket that holds a second's worth of requests. */
function take(entry: Entry, limit: number, now: number): boolean {
  entry.tokens = Math.min(limit, entry.tokens + (Math.max(0, now - entry.at) / 1000) * limit)
  entry.at = now
  if (entry.tokens < 1) return false
  entry.tokens -= 1
  return true
}

/** Compares secrets in a time that does not tell how much of them is right. */
export function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
