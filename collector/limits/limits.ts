import type { Answer } from '../../schemas/eventRoute.ts'
import type { Refusal } from '../../schemas/reasons.ts'
import type { Speaker } from '../auth/speaker.ts'
import { refused } from '../http/answers.ts'
import { createBuckets } from './buckets.ts'
import type { Network } from './networkOf.ts'

/** What the keys of a tenant may send a second to one collector; a second's worth may come at once. Left out: not bounded. */
export interface TenantLimits {
  readonly requests_per_s?: number
  readonly events_per_s?: number
  readonly bytes_per_s?: number
}

/** What one address prefix (IPv4 /24, IPv6 /48) may send a second with public keys, whatever the tenant. Private networks are those of proxies. */
export interface PrefixLimits {
  readonly events_per_s: number
  readonly bytes_per_s: number
}

export const PREFIX_LIMITS: PrefixLimits = { events_per_s: 50_000, bytes_per_s: 64 << 20 }

/** Events of sessions that are not believed which are kept a second, of one network and of a tenant; the burst may come at once. */
const APART = {
  network: { rate: 500, burst: 5_000 },
  tenant: { rate: 5_000, burst: 50_000 },
} as const

export interface Limits {
  /** Whether a request may be taken now; otherwise 429 with Retry-After. Counts requests, events and bytes. */
  admit(request: {
    readonly speaker: Speaker
    readonly network: Network
    readonly events: number
    readonly bytes: number
    readonly received_ms: number
  }): Answer | undefined
  /** Whether an event of a session that is not believed is kept: nobody counts it, so a flood of them shall cost nobody a store. */
  keepsApart(event: {
    readonly tenant: string
    /** Undefined: a private network, which may be a proxy that nobody declared. */
    readonly network: string | undefined
    readonly received_ms: number
  }): boolean
}

export interface LimitsOptions {
  readonly tenants: Readonly<Record<string, TenantLimits>>
  readonly prefix: PrefixLimits
  /** Counts a request that was refused. */
  readonly refused: (tenant: string, refusal: Refusal) => void
}

const UNITS = ['requests', 'events', 'bytes'] as const

/** The bounds of tenants and of address prefixes; see `Limits`. */
export function createLimits(options: LimitsOptions): Limits {
  const unbounded = { rate: Number.POSITIVE_INFINITY }
  const ofKey = {
    requests: createBuckets(unbounded),
    events: createBuckets(unbounded),
    bytes: createBuckets(unbounded),
  }
  const ofPrefix = {
    events: createBuckets({ rate: options.prefix.events_per_s }),
    bytes: createBuckets({ rate: options.prefix.bytes_per_s }),
  }
  const apart = { network: createBuckets(APART.network), tenant: createBuckets(APART.tenant) }
  function refuse(tenant: string, wait_ms: number, detail: string): Answer {
    const refusal: Refusal = { code: 'rate_limited', detail }
    options.refused(tenant, refusal)
    return refused(refusal, Math.min(60, Math.max(1, Math.ceil(wait_ms / 1000))))
  }
  return {
    admit({ speaker, network, events, bytes, received_ms }) {
      const tenant = speaker.tenant.name
      const limits = options.tenants[tenant]
      const amounts = { requests: 1, events, bytes }
      if (limits !== undefined) {
        // Servers have a share of their own: what players send does not silence them.
        const name = `${tenant}\n${speaker.role}`
        for (const unit of UNITS) {
          const rate = limits[`${unit}_per_s`]
          if (rate === undefined) continue
          const wait_ms = ofKey[unit].take(name, amounts[unit], received_ms, rate)
          if (wait_ms > 0) return refuse(tenant, wait_ms, `${rate} ${unit} a second`)
        }
      }
      if (speaker.role === 'server' || network.isPrivate) return undefined
      for (const unit of ['events', 'bytes'] as const) {
        const wait_ms = ofPrefix[unit].take(network.prefix, amounts[unit], received_ms)
        if (wait_ms > 0)
          return refuse(tenant, wait_ms, `${options.prefix[`${unit}_per_s`]} ${unit} a second of one network`)
      }
      return undefined
    },
    keepsApart: ({ tenant, network, received_ms }) =>
      network === undefined ||
      (apart.network.take(`${tenant}\n${network}`, 1, received_ms) === 0 &&
        apart.tenant.take(tenant, 1, received_ms) === 0),
  }
}
