import type { Measure } from '../../../schemas/measures.ts'
import type { RuleSpec } from '../../../schemas/rules.ts'
import type { Cells } from '../windows/view.ts'
import type { Observation } from './observation.ts'
import { threshold } from './tails.ts'

/** What is read of the ledger's cells, in this order. */
export const POOL_MEASURES = [
  'reward_budget_amount_sum',
  'reward_issued_amount_sum',
  'reward_returned_amount_sum',
  'reward_doubled_amount_sum',
  'reward_ends_sum',
  'reward_ends_count',
] as const satisfies readonly Measure[]

type PoolRule = Extract<RuleSpec, { type: 'over_issue' | 'double_grant' | 'undistributed' }>
export const isPoolRule = (rule: RuleSpec): rule is PoolRule =>
  rule.type === 'over_issue' || rule.type === 'double_grant' || rule.type === 'undistributed'

interface Pool {
  readonly pool: string
  readonly round: string
  budget: number
  issued: number
  returned: number
  /** When its round ends, s since the epoch; 0: not known. */
  ends: number
  first_issued: number
  /** What was issued, and issued again, second by second, the newest last. */
  readonly recent: { readonly second: number; readonly issued: number; readonly doubled: number }[]
  heard: number
}

/** Seconds of a pool that are kept one by one. */
const KEEP_S = 120
/** A pool of which nothing was booked for so long is forgotten. */
const FORGOTTEN_S = 6 * 3600
/** Pools of one stream at most. */
const MOST_POOLS = 2_000
/** A pace is known after so many seconds of giving. */
const PACE_S = 8
/** How many standard errors the pace may be better than it looks. */
const DOUBT = 2
const EXACT = 1e-9

/** Prize pools and treasure boxes by round, as the ledger books them: whether they give too much, twice, or too little. */
export class Pools {
  private readonly pools = new Map<string, Pool>()

  /** Reads some seconds of the kind `ledger`; sums in the order of POOL_MEASURES. */
  read(second: number, cells: Cells): void {
    const label = (name: string) => {
      const at = cells.dimensions.indexOf(name)
      return (row: number) => (at < 0 ? '' : cells.values[at]![cells.codes[at]![row]!]!)
    }
    const [poolOf, roundOf] = [label('pool'), label('round')]
    for (let row = 0; row < cells.rows; row += 1) {
      const [budget, issued, returned, doubled, ends, named] = POOL_MEASURES.map(
        (_, at) => cells.sums[at]![row]!,
      ) as [number, number, number, number, number, number]
      if (budget === 0 && issued === 0 && returned === 0) continue
      const pool = this.poolOf(poolOf(row), roundOf(row))
      if (pool === undefined) continue
      pool.budget += budget
      pool.issued += issued
      pool.returned += returned
      if (named > 0) pool.ends = Math.max(pool.ends, ends / named / 1000)
      pool.heard = second
      if (issued === 0) continue
      if (pool.first_issued === 0) pool.first_issued = second
      const last = pool.recent.at(-1)
      if (last?.second === second) {
        pool.recent.pop()
        pool.recent.push({ second, issued: last.issued + issued, doubled: last.doubled + doubled })
      } else pool.recent.push({ second, issued, doubled })
    }
  }

  private poolOf(pool: string, round: string): Pool | undefined {
    const key = `${pool}\0${round}`
    let known = this.pools.get(key)
    if (known === undefined && this.pools.size < MOST_POOLS) {
      known = {
        pool,
        round,
        budget: 0,
        issued: 0,
        returned: 0,
        ends: 0,
        first_issued: 0,
        recent: [],
        heard: 0,
      }
      this.pools.set(key, known)
    }
    return known
  }

  /** What one rule sees of every pool at a second. */
  judge(rule: PoolRule, second: number): Observation[] {
    const found: Observation[] = []
    for (const [key, pool] of this.pools) {
      while (pool.recent.length > 0 && pool.recent[0]!.second < second - KEEP_S) pool.recent.shift()
      if (pool.heard < second - FORGOTTEN_S) this.pools.delete(key)
      const seen = JUDGES[rule.type](pool, rule as never, second)
      if (seen === undefined) continue
      const bar = threshold(1)
      found.push({
        metric: 'reward_issued',
        rule: rule.type,
        severity: rule.severity,
        hop: 'interaction',
        scope: pool.pool === '' ? {} : { pool: pool.pool },
        score: 2 * bar,
        threshold: bar,
        firing: true,
        ...seen,
        note: `${seen.note} ${pool.round}`.trim(),
      })
    }
    return found
  }
}

/** `note`: the amount that is too much, or the seconds that are left; the round stands after it. */
type Seen = Pick<Observation, 'now' | 'baseline' | 'onset_ms' | 'note'>
type Judge<T extends PoolRule['type']> = (
  pool: Pool,
  rule: Extract<PoolRule, { type: T }>,
  second: number,
) => Seen | undefined

const within = ({ recent }: Pool, window_s: number, second: number) =>
  recent.filter((each) => each.second > second - window_s)

/** Given out beyond the budget, while it still gives. */
const overIssue: Judge<'over_issue'> = (pool, { window_s }, second) => {
  const given = pool.issued - pool.returned
  const lately = within(pool, window_s, second)
  if (pool.budget <= 0 || given <= pool.budget * (1 + EXACT) || lately.length === 0) return undefined
  return {
    now: given / pool.budget,
    baseline: 1,
    onset_ms: onsetOf(pool, given - pool.budget) * 1000,
    note: String(given - pool.budget),
  }
}

/** The second in which the last `amount` began to be given. */
function onsetOf({ recent }: Pool, amount: number): number {
  let left = amount
  for (const { second, issued } of [...recent].reverse()) {
    left -= issued
    if (left <= 0) return second
  }
  return recent[0]?.second ?? 0
}

/** A grant that was given before. */
const doubleGrant: Judge<'double_grant'> = (pool, { window_s }, second) => {
  const again = within(pool, window_s, second).filter(({ doubled }) => doubled > 0)
  const amount = again.reduce((sum, { doubled }) => sum + doubled, 0)
  if (amount === 0) return undefined
  return {
    now: (pool.issued - pool.returned) / (pool.budget || pool.issued),
    baseline: 1,
    onset_ms: again[0]!.second * 1000,
    note: String(amount),
  }
}

/** At its pace it will not be given out by the end, even if the pace is better than it looks. */
const undistributed: Judge<'undistributed'> = (pool, { window_s, least }, second) => {
  const left_s = pool.ends - second - 1
  const since = second - pool.first_issued + 1
  if (pool.budget <= 0 || left_s <= 0 || pool.first_issued === 0 || since < PACE_S) return undefined
  const length = Math.min(window_s, since)
  const lately = within(pool, length, second).map(({ issued }) => issued)
  const pace = lately.reduce((sum, issued) => sum + issued, 0) / length
  const squares = lately.reduce(
    (sum, issued) => sum + (issued - pace) ** 2,
    (length - lately.length) * pace ** 2,
  )
  const error = Math.sqrt(squares / Math.max(1, length - 1) / length)
  const given = pool.issued - pool.returned
  const expected = given + (pace + DOUBT * error) * left_s
  if (expected >= pool.budget * least) return undefined
  return {
    now: (given + pace * left_s) / pool.budget,
    baseline: 1,
    onset_ms: Math.max(pool.first_issued, second - length + 1) * 1000,
    note: String(Math.round(left_s)),
  }
}

const JUDGES: { readonly [T in PoolRule['type']]: Judge<T> } = {
  over_issue: overIssue,
  double_grant: doubleGrant,
  undistributed,
}
