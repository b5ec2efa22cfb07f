import { measureOf } from '../../schemas/measures.ts'
import type { Rows } from './ask.ts'

/** What one pool gave in one round, by amount. */
export interface PoolRound {
  readonly round: string
  readonly pool: string
  readonly tier: '' | 'high' | 'low'
  readonly currency: string
  readonly budget: number
  readonly issued: number
  readonly claimed: number
  readonly expired: number
  readonly returned: number
  /** References that were issued more than once, and the amount beyond their first issue. */
  readonly doubled: number
  readonly doubled_amount: number
}

/** What a reconciliation finds: each is money, or a promise that was not kept. */
export type LedgerFinding = 'double_grant' | 'over_issue' | 'over_claim' | 'unbalanced' | 'undistributed'

/** Amounts are sums of floating-point numbers: a difference below this share of the round’s amount counts as zero. */
const EXACT = 1e-9

/** Issued, and neither claimed nor expired nor returned: 0 when the round is closed. */
export const openOf = ({ issued, claimed, expired, returned }: PoolRound): number =>
  issued - claimed - expired - returned

/** What is wrong with a pool's round once it is over, the dearest kind first. */
export function findingsOf(row: PoolRound): LedgerFinding[] {
  const { budget, issued, claimed, returned, doubled } = row
  const least = Math.max(budget, issued) * EXACT
  const found: LedgerFinding[] = []
  if (doubled > 0) found.push('double_grant')
  if (budget > 0 && issued - returned > budget + least) found.push('over_issue')
  if (claimed > issued + least) found.push('over_claim')
  if (Math.abs(openOf(row)) > least && !found.includes('over_claim')) found.push('unbalanced')
  if (budget > 0 && issued - returned < budget - least) found.push('undistributed')
  return found
}

/** What does not balance first; the rounds of each in their order, `round-10` after `round-9`. */
export const findingsFirst = (ledger: readonly PoolRound[]): PoolRound[] =>
  [...ledger].sort(
    (a, b) =>
      Number(findingsOf(a).length === 0) - Number(findingsOf(b).length === 0) ||
      a.round.localeCompare(b.round, 'en', { numeric: true }) ||
      a.pool.localeCompare(b.pool),
  )

/** Pools that are listed. */
const MOST_ROWS = 200

/** Reads the ledger by round and pool. @param where the condition on tenant, show and time, without synthetic facts */
export async function readLedger(
  rows: Rows,
  where: string,
  params: Record<string, string>,
): Promise<PoolRound[]> {
  const { within, reference } = measureOf('reward_doubled_amount_sum').repeated!
  const keys = within.join(', ')
  const booked = (['budget', 'issued', 'claimed', 'expired', 'returned'] as const)
    .map((entry) => `sumIf(amount, entry = '${entry}') AS ${entry}`)
    .join(', ')
  const real = where.replaceAll(' time ', ' event_time ')
  return rows<PoolRound>(
    `SELECT ${keys}, any(of.tier) AS tier, sum(of.budget) AS budget, sum(of.issued) AS issued, sum(of.claimed) AS claimed, sum(of.expired) AS expired, sum(of.returned) AS returned,
       toFloat64(sum(of.again > 0)) AS doubled, sum(of.again) AS doubled_amount
     FROM (SELECT ${keys}, max(l.tier) AS tier, ${booked}, if(${reference} != '' AND countIf(entry = 'issued') > 1, sumIf(amount, entry = 'issued') - minIf(amount, entry = 'issued'), 0) AS again
       FROM ledger AS l WHERE ${real} AND entry NOT IN ('order', 'refund') GROUP BY ${keys}, ${reference}) AS of
     GROUP BY ${keys} ORDER BY round, pool, currency LIMIT ${MOST_ROWS}`,
    params,
  )
}
