import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { METRIC_NAMES, type Metric, metricOf } from '../../../schemas/metrics.ts'
import { nearest } from '../../../schemas/nearest.ts'
import type { Match, Override, RuleSet } from './activeRules.ts'

/** What is wrong with a file of rules, and where: both counted from 1. */
export interface RuleError {
  readonly line: number
  readonly column: number
  readonly message: string
}

export type LoadedRules = { readonly rules: RuleSet } | { readonly errors: readonly RuleError[] }

const KEYS = ['match', 'metric', 'rule', 'off', 'objective', 'set']
const MATCH = ['tenant', 'show', 'stream']
/** Values of rules that are shares of a whole. */
const SHARES = ['share', 'least']
const SEVERITIES = ['critical', 'warning', 'info']

/**
 * Reads an operator's changes of the catalogue's rules:
 *
 * ```yaml
 * rules:
 *   - match: { show: double-11, stream: main }   # `*` in a name matches anything; no match: everywhere
 *     metric: rebuffering_ratio
 *     rule: baseline                             # without it: all rules of the metric
 *     set: { factor: 4, step: 0.05, severity: warning }
 *   - metric: live_latency
 *     objective: 8000
 *   - metric: bitrate
 *     off: true
 * ```
 *
 * Every mistake is told with its line and column, all of them at once.
 */
export function loadRules(text: string): LoadedRules {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const errors: RuleError[] = []
  const tell = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset)
    errors.push({ line, column: col, message })
  }
  for (const { pos, message } of document.errors) tell(pos[0], message.split('\n')[0]!)
  if (errors.length > 0) return { errors }
  const offset = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0
  const root = document.contents
  if (root === null) return { rules: { overrides: [] } }
  if (!isMap(root)) {
    tell(offset(root), 'a file of rules is a map with the key rules')
    return { errors }
  }
  for (const { key } of root.items)
    if (String(key) !== 'rules') tell(offset(key), `unknown key ${String(key)}: only rules is known here`)
  const list = root.get('rules', true)
  if (list === undefined || (isScalar(list) && list.value === null))
    return errors.length > 0 ? { errors } : { rules: { overrides: [] } }
  if (!isSeq(list)) {
    tell(offset(list), 'rules is a list')
    return { errors }
  }
  const overrides: Override[] = []
  for (const item of list.items) {
    if (!isMap(item)) {
      tell(offset(item), 'a rule is a map')
      continue
    }
    const before = errors.length
    const keyAt = (map: typeof item, name: string) =>
      offset(map.items.find(({ key }) => String(key) === name)?.key ?? map)
    for (const { key } of item.items)
      if (!KEYS.includes(String(key)))
        tell(offset(key), `unknown key ${String(key)}${nearest(String(key), KEYS)}`)
    const data = item.toJSON() as Record<string, unknown>
    const metric = data.metric
    if (metric === undefined) {
      tell(offset(item), 'metric is missing')
      continue
    }
    if (typeof metric !== 'string' || !METRIC_NAMES.includes(metric as Metric)) {
      tell(
        offset(item.get('metric', true)),
        `no metric ${String(metric)}${nearest(String(metric), METRIC_NAMES)}`,
      )
      continue
    }
    const specs = metricOf(metric as Metric).rules ?? []
    const types = specs.map(({ type }) => type)
    const rule = data.rule
    if (rule !== undefined && !types.some((type) => type === rule))
      tell(
        offset(item.get('rule', true)),
        `${metric} has no rule ${String(rule)}: ${types.join(', ') || 'none at all'}`,
      )
    if (data.off !== undefined && typeof data.off !== 'boolean')
      tell(keyAt(item, 'off'), 'off is true or false')
    if (data.objective !== undefined && !isNumber(data.objective))
      tell(keyAt(item, 'objective'), 'objective is a number')
    const match = item.get('match', true)
    if (match !== undefined && !isMap(match)) tell(offset(match), 'match is a map of tenant, show, stream')
    if (isMap(match)) {
      for (const { key, value } of match.items) {
        if (!MATCH.includes(String(key)))
          tell(offset(key), `unknown key ${String(key)}${nearest(String(key), MATCH)}`)
        else if (!isScalar(value) || typeof value.value !== 'string')
          tell(offset(value), `${String(key)} is text`)
      }
    }
    const set = item.get('set', true)
    if (set !== undefined && !isMap(set)) tell(offset(set), 'set is a map')
    if (isMap(set)) {
      const known = specs.filter(({ type }) => rule === undefined || type === rule)
      for (const { key, value } of set.items) {
        const name = String(key)
        const example = known
          .map((spec) => (spec as unknown as Record<string, unknown>)[name])
          .find((entry) => entry !== undefined)
        const given = isScalar(value) ? value.value : undefined
        const names = [...new Set(known.flatMap((spec) => Object.keys(spec)))].filter(
          (entry) => entry !== 'type',
        )
        if (example === undefined || name === 'type')
          tell(offset(key), `no value ${name} in this rule${nearest(name, names)}`)
        else if (name === 'severity') {
          if (!SEVERITIES.includes(String(given)))
            tell(offset(value), `severity is one of ${SEVERITIES.join(', ')}`)
        } else if (typeof example === 'number' && !(isNumber(given) && given > 0))
          tell(offset(value), `${name} is a number above 0`)
        else if (SHARES.includes(name) && Number(given) > 1)
          tell(offset(value), `${name} is a share: at most 1, not ${String(given)}`)
        else if (typeof example !== 'number') tell(offset(key), `${name} cannot be changed here`)
      }
    }
    const says = [data.off, data.objective, set].some((each) => each !== undefined)
    if (!says && errors.length === before) tell(offset(item), 'changes nothing: give off, objective or set')
    if (data.off === true && set !== undefined)
      tell(keyAt(item, 'set'), 'a rule that is off has no values: take out off or set')
    if (errors.length > before) continue
    overrides.push({
      match: (data.match ?? {}) as Match,
      metric: metric as Metric,
      ...(rule !== undefined && { rule: rule as NonNullable<Override['rule']> }),
      ...(data.off !== undefined && { off: data.off as boolean }),
      ...(data.objective !== undefined && { objective: data.objective as number }),
      ...(data.set !== undefined && { set: data.set as NonNullable<Override['set']> }),
    })
  }
  return errors.length > 0 ? { errors } : { rules: { overrides } }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
