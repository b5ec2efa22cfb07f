import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export const DEMO = 'demo'

/** A tenant as the collector knows it. */
export interface Tenant {
  readonly name: string
  /**
   * What viewers are hashed with at this moment. Collectors with the same secret give the same, also after a restart.
   * @param received_ms counts where the tenant's salt changes each day (UTC)
   */
  readonly saltAt: (received_ms: number) => string
}

export interface TenantSalt {
  /** The tenant's own salt; without it, it is derived from the collectors' common secret. */
  readonly salt?: string
  /** Whether viewers get another hash each day (UTC), so that nobody can be followed from day to day. */
  readonly daily?: boolean
}

const DAY_MS = 86_400_000

/** Finds or makes a tenant. */
export function createTenants(
  secret: string,
  salts: Readonly<Record<string, TenantSalt>> = {},
): (name: string) => Tenant {
  const known = new Map<string, Tenant>()
  return function tenantNamed(name) {
    let tenant = known.get(name)
    if (tenant === undefined) {
      const { salt, daily = false } = salts[name] ?? {}
      const base = salt ?? createHmac('sha256', secret).update(name).digest('hex')
      tenant = { name, saltAt: daily ? dailySalt(base) : () => base }
      known.set(name, tenant)
    }
    return tenant
  }
}

function dailySalt(base: string): (received_ms: number) => string {
  let today = -1
  let salt = ''
  return function saltAt(received_ms) {
    const day = Math.floor(received_ms / DAY_MS)
    if (day !== today) {
      today = day
      salt = createHmac('sha256', base).update(String(day)).digest('hex')
    }
    return salt
  }
}

/** Compares secrets in a time that does not tell how much of them is right. */
export function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
