import { DIMENSION_NAMES, DIMENSIONS, type DimensionSpec, OTHER } from '../../schemas/dimensions.ts'
import type { Emit } from '../../schemas/facts.ts'

const HOUR_ms = 3_600_000

interface Seen {
  readonly values: Set<string>
  last: string
  told: boolean
}

/** Bounds the distinct values of a dimension that a tenant may bring in an hour. */
export interface Budgets {
  /** The value, or `~other` when the dimension's budget is spent. */
  within(tenant: string, dimension: string, value: string, received_ms: number): string
}

/**
 * A step: one client that puts a session number into `device` must not make every rollup a million rows.
 * Budgets begin anew each hour; the first value beyond one is told by a fact.
 */
export function keepBudgets(options: {
  readonly emit: Emit
  readonly budgets?: Readonly<Record<string, number>>
}): Budgets {
  const budgets = new Map<string, number>(
    DIMENSION_NAMES.map((name) => [
      name,
      options.budgets?.[name] ?? (DIMENSIONS[name] as DimensionSpec).budget,
    ]),
  )
  const tenants = new Map<string, Map<string, Seen>>()
  let hour = 0
  return {
    within(tenant, dimension, value, received_ms) {
      if (value === '') return value
      const now = Math.floor(received_ms / HOUR_ms)
      if (now !== hour) {
        hour = now
        tenants.clear()
      }
      let dimensions = tenants.get(tenant)
      if (dimensions === undefined) {
        dimensions = new Map()
        tenants.set(tenant, dimensions)
      }
      let seen = dimensions.get(dimension)
      if (seen === undefined) {
        seen = { values: new Set(), last: '', told: false }
        dimensions.set(dimension, seen)
      }
      if (value === seen.last || seen.values.has(value)) {
        seen.last = value
        return value
      }
      const budget = budgets.get(dimension) ?? 0
      if (budget === 0 || seen.values.size < budget) {
        if (budget > 0) seen.values.add(value)
        return value
      }
      if (!seen.told) options.emit({ type: 'dimension_over_budget', tenant, dimension, budget })
      seen.told = true
      return OTHER
    },
  }
}
