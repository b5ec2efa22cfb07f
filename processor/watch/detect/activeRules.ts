import { METRIC_NAMES, type Metric, metricOf } from '../../../schemas/metrics.ts'
import type { RuleSpec } from '../../../schemas/rules.ts'

/** A rule that is on for a stream, with the objective it is held against. */
export interface ActiveRule {
  readonly metric: Metric
  readonly spec: RuleSpec
  readonly objective: number | undefined
}

/** Which streams an override is for; `*` matches any part of a name. */
export interface Match {
  readonly tenant?: string
  readonly show?: string
  readonly stream?: string
}

/** One change of the catalogue's rules. */
export interface Override {
  readonly match: Match
  readonly metric: Metric
  /** Only this type of rule of the metric; without it all of them. */
  readonly rule?: RuleSpec['type']
  readonly off?: boolean
  readonly set?: Readonly<Record<string, number | string>>
  readonly objective?: number
}

/** The catalogue's rules and what an operator changed, in the order in which they apply. */
export interface RuleSet {
  readonly overrides: readonly Override[]
}

export const CATALOGUE_RULES: RuleSet = { overrides: [] }

const fits = (pattern: string | undefined, name: string): boolean => {
  if (pattern === undefined || pattern === '*') return true
  if (!pattern.includes('*')) return pattern === name
  const parts = pattern.split('*')
  if (!name.startsWith(parts[0]!) || !name.endsWith(parts.at(-1)!)) return false
  let at = parts[0]!.length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= name.length - parts.at(-1)!.length
}

/** Whether a stream is one that `match` means. */
export const matches = (match: Match, stream: { tenant: string; show: string; stream: string }): boolean =>
  fits(match.tenant, stream.tenant) && fits(match.show, stream.show) && fits(match.stream, stream.stream)

/** The rules of one stream: the catalogue's, with every override that fits, later ones last. */
export function rulesOf(
  rules: RuleSet,
  stream: { tenant: string; show: string; stream: string },
): ActiveRule[] {
  const own = rules.overrides.filter(({ match }) => matches(match, stream))
  return METRIC_NAMES.flatMap((metric) => {
    const spec = metricOf(metric)
    const changes = own.filter((override) => override.metric === metric)
    let objective = spec.objective
    for (const change of changes) objective = change.objective ?? objective
    return (spec.rules ?? []).flatMap((rule): ActiveRule[] => {
      let result: RuleSpec = rule
      let off = false
      for (const change of changes) {
        if (change.rule !== undefined && change.rule !== rule.type) continue
        if (change.off !== undefined) off = change.off
        if (change.set) result = { ...result, ...change.set } as RuleSpec
      }
      return off ? [] : [{ metric, spec: result, objective }]
    })
  })
}
