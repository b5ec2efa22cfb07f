import { DIMENSIONS, type Dimension, type DimensionSpec, OTHER } from '../../schemas/dimensions.ts'
import type { Emit } from '../../schemas/facts.ts'
import { ownText } from '../ownText.ts'

const HOUR_MS = 3_600_000

interface Seen {
  readonly values: Set<string>
  /** How many of the values came first from a network. */
  readonly networks: Map<string, number>
  last: string
  told: boolean
}

/**
 * The value, or `~other` when the tenant's budget of the hour is spent, or the part of it that one public network of viewers may
 * spend (undefined: a server or a proxy, which may spend it all).
 */
export type Budget = (tenant: string, value: string, received_ms: number, network?: string) => string

/** One network may bring a quarter of the values, and this many of a small budget: else it would take all from the others. */
const NETWORK_SHARE = 0.25
const NETWORK_LEAST = 10

/**
 * A step: one client that puts a session number into `device` must not make every rollup a million rows.
 * Each dimension's budgets begin anew each hour; the first value beyond one is told by a fact.
 */
export const keepBudgets = (options: {
  readonly emit: Emit
  readonly budgets?: Readonly<Record<string, number>>
}): ((dimension: Dimension) => Budget) =>
  function budgetOf(dimension) {
    const budget = options.budgets?.[dimension] ?? (DIMENSIONS[dimension] as DimensionSpec).budget
    const tenants = new Map<string, Seen>()
    let hourEnds_ms = 0
    // Most values are the one before again, so that is looked at first.
    let lastTenant: string | undefined
    let last: Seen = newSeen()

    function seenBy(tenant: string): Seen {
      let seen = tenants.get(tenant)
      if (seen === undefined) {
        seen = newSeen()
        tenants.set(tenant, seen)
      }
      lastTenant = tenant
      last = seen
      return seen
    }

    return function within(tenant, value, received_ms, network) {
      if (value === '' || budget === 0) return value
      if (received_ms >= hourEnds_ms) {
        hourEnds_ms = (Math.floor(received_ms / HOUR_MS) + 1) * HOUR_MS
        tenants.clear()
        lastTenant = undefined
      }
      const seen = tenant === lastTenant ? last : seenBy(tenant)
      if (value === seen.last) return value
      if (!seen.values.has(value)) {
        if (seen.values.size >= budget) {
          if (!seen.told) options.emit({ type: 'dimension_over_budget', tenant, dimension, budget })
          seen.told = true
          return OTHER
        }
        if (network !== undefined) {
          const own = seen.networks.get(network) ?? 0
          if (own >= Math.max(NETWORK_LEAST, NETWORK_SHARE * budget)) return OTHER
          seen.networks.set(ownText(network), own + 1)
        }
        value = ownText(value)
        seen.values.add(value)
      }
      seen.last = value
      return value
    }
  }

const newSeen = (): Seen => ({ values: new Set(), networks: new Map(), last: '', told: false })
