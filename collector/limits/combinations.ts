import type { Emit } from '../../schemas/facts.ts'
import { ownText } from '../ownText.ts'

const HOUR_MS = 3_600_000

export interface CombinationLimits {
  /** Pairs of show and stream that a tenant's players may bring in an hour. */
  readonly tenant: number
  /** Of these, how many may come first from one address prefix. */
  readonly prefix: number
}

export const COMBINATION_LIMITS: CombinationLimits = { tenant: 2_000, prefix: 256 }

export interface CombinationInput {
  readonly tenant: string
  readonly show: string
  readonly stream: string
  /** Whose address it came from; undefined: a server's word, which is not counted and opens the pair to players. */
  readonly prefix: string | undefined
  readonly received_ms: number
}

interface Pairs {
  readonly streams: Map<string, Set<string>>
  readonly prefixes: Map<string, number>
  count: number
  reported: boolean
}

const newPairs = (): Pairs => ({ streams: new Map(), prefixes: new Map(), count: 0, reported: false })

/**
 * A step: budgets bound how many values a dimension has, and this bounds how many pairs of show and stream there are,
 * since each pair is a stream that the watcher judges. A pair beyond the budget becomes `~other`. Pairs that servers or
 * declared shows named stay open whatever players send, so that nobody can use a tenant's budget up before its show.
 */
export function keepCombinations(options: {
  readonly emit: Emit
  readonly limitsOf: (tenant: string) => CombinationLimits
  /** The show that declared a stream. */
  readonly showOf?: (tenant: string, stream: string) => string | undefined
}): (input: CombinationInput) => boolean {
  const tenants = new Map<string, Pairs>()
  let hourEnds_ms = 0

  function fits(pairs: Pairs, { tenant, show, stream, prefix }: CombinationInput): boolean {
    if (prefix === undefined || options.showOf?.(tenant, stream) === show) return true
    const limits = options.limitsOf(tenant)
    const ofPrefix = pairs.prefixes.get(prefix) ?? 0
    if (pairs.count >= limits.tenant || ofPrefix >= limits.prefix) {
      if (!pairs.reported)
        options.emit({ type: 'streams_over_budget', tenant, streams: pairs.count, budget: limits.tenant })
      pairs.reported = true
      return false
    }
    pairs.count += 1
    pairs.prefixes.set(ownText(prefix), ofPrefix + 1)
    return true
  }

  return function withinBudget(input) {
    const { tenant, show, stream } = input
    if (input.received_ms >= hourEnds_ms) {
      hourEnds_ms = (Math.floor(input.received_ms / HOUR_MS) + 1) * HOUR_MS
      tenants.clear()
    }
    let pairs = tenants.get(tenant)
    if (pairs === undefined) tenants.set(tenant, (pairs = newPairs()))
    let streams = pairs.streams.get(show)
    if (streams?.has(stream)) return true
    if (!fits(pairs, input)) return false
    if (streams === undefined) pairs.streams.set(ownText(show), (streams = new Set()))
    streams.add(ownText(stream))
    return true
  }
}
