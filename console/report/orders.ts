import { ROLLUPS } from '../../schemas/rollups.ts'
import type { Rows } from './ask.ts'

/** Orders of one step. */
export interface OrderStep {
  readonly at_ms: number
  readonly orders: number
  readonly sales: number
}

/** What an incident cost, with its 95 % interval. */
export interface OrdersLost {
  readonly orders: number
  readonly low: number
  readonly high: number
  /** At the mean amount of the orders compared with. */
  readonly sales: number
  /** Seconds that were compared with. */
  readonly compared_s: number
}

export interface Spell {
  readonly began_ms: number
  readonly ended_ms: number
}

const STEP_MS = ROLLUPS.ledger_10s.step_s * 1000
/** How far before and after an incident is looked. */
const BESIDE_MS = 600_000
/** With fewer quiet steps nothing can be said. */
const LEAST = 12
/** 97.5 % point of the normal distribution. */
const Z = 1.96
/** Neighbouring steps are never taken for more alike than this. */
const MOST_ALIKE = 0.9

const touches = ({ began_ms, ended_ms }: Spell, at_ms: number): boolean =>
  at_ms < ended_ms && at_ms + STEP_MS > began_ms

/** How alike neighbouring steps are: the correlation at lag one, 0 at least. */
function alike(quiet: readonly OrderStep[], mean: number, variance: number): number {
  const pairs = quiet.slice(1).flatMap((each, index) => {
    const before = quiet[index]!
    return each.at_ms - before.at_ms === STEP_MS ? (each.orders - mean) * (before.orders - mean) : []
  })
  if (pairs.length === 0 || variance === 0) return 0
  const covariance = pairs.reduce((sum, each) => sum + each, 0) / pairs.length
  return Math.min(MOST_ALIKE, Math.max(0, covariance / variance))
}

/**
 * What incidents cost in orders: the show's own rate in the ten minutes before and the ten after, of steps that no incident touches,
 * says what their steps would have sold (the counterfactual); what they did sell is taken off. The interval is a prediction interval
 * for the sum of those steps: the variance from step to step, at least that of a Poisson count, times (1 + r) ÷ (1 − r) for
 * neighbours that are alike (r: correlation at lag one; a show sells in pulses). Undefined with less than two quiet minutes beside it.
 * @param steps every step of the show, one without orders too
 * @param spells when the incidents struck; one that is asked for alone is alone
 * @param incidents of the show, those that cost viewers something
 */
export function ordersLost(
  steps: readonly OrderStep[],
  spells: readonly Spell[],
  incidents: readonly Spell[],
): OrdersLost | undefined {
  const struck = steps.filter(({ at_ms }) => spells.some((each) => touches(each, at_ms)))
  const quiet = steps.filter(
    ({ at_ms }) =>
      spells.some(
        ({ began_ms, ended_ms }) => at_ms >= began_ms - BESIDE_MS && at_ms < ended_ms + BESIDE_MS,
      ) && ![...spells, ...incidents].some((each) => touches(each, at_ms)),
  )
  if (struck.length === 0 || quiet.length < LEAST) return undefined
  const sum = (list: readonly OrderStep[], of: 'orders' | 'sales') =>
    list.reduce((all, each) => all + each[of], 0)
  const mean = sum(quiet, 'orders') / quiet.length
  const spread = quiet.reduce((all, { orders }) => all + (orders - mean) ** 2, 0) / (quiet.length - 1)
  const r = alike(quiet, mean, spread)
  const variance = (Math.max(spread, mean) * (1 + r)) / (1 - r)
  const half = Z * Math.sqrt(variance * (struck.length + struck.length ** 2 / quiet.length))
  const lost = mean * struck.length - sum(struck, 'orders')
  const price = sum(quiet, 'orders') === 0 ? 0 : sum(quiet, 'sales') / sum(quiet, 'orders')
  return {
    orders: lost,
    low: lost - half,
    high: lost + half,
    sales: lost * price,
    compared_s: (quiet.length * STEP_MS) / 1000,
  }
}

/** Orders of every step of the show; empty where none were booked. @param where the condition on tenant, show and time */
export async function readOrders(
  rows: Rows,
  where: string,
  params: Record<string, string>,
  { from_ms, to_ms }: { readonly from_ms: number; readonly to_ms: number },
): Promise<OrderStep[]> {
  const found = await rows<OrderStep>(
    `SELECT toFloat64(toUnixTimestamp(time)) * 1000 AS at_ms, sum(orders_sum) AS orders, sum(sales_sum) AS sales FROM ledger_10s WHERE ${where} GROUP BY time HAVING orders > 0 ORDER BY time`,
    params,
  )
  if (found.length === 0) return []
  const known = new Map(found.map((each) => [each.at_ms, each]))
  const first = Math.ceil(from_ms / STEP_MS) * STEP_MS
  const count = Math.max(0, Math.floor((to_ms - first) / STEP_MS))
  return Array.from({ length: count }, (_, index) => first + index * STEP_MS).map(
    (at_ms) => known.get(at_ms) ?? { at_ms, orders: 0, sales: 0 },
  )
}
