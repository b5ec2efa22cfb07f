import { type Metric, metricOf } from '../../../schemas/metrics.ts'
import type { RuleSpec } from '../../../schemas/rules.ts'
import type { Holds } from '../holds.ts'
import { SLICE_MS, type StreamView, type Where } from '../windows/view.ts'
import { KNOWN_MS, silent } from './absence.ts'
import type { ActiveRule } from './activeRules.ts'
import type { Observation } from './observation.ts'
import { threshold } from './tails.ts'

/** A branch that has said nothing for so long was taken away. */
const FORGOTTEN_MS = 5 * 60_000
/** The link is alive when a node of it was heard this lately. */
const ALIVE_MS = 6_000

interface BranchOptions {
  readonly rule: ActiveRule
  readonly view: StreamView
  readonly holds: Pick<Holds, 'longest'>
}

/** What a rule of a branch sees, node by node: silence while the link runs, or a value beyond what is tolerated. */
export function judgeBranch({ rule: { metric, spec }, view, holds }: BranchOptions): Observation[] {
  if (spec.type === 'limit') return beyondLimit(metric, spec, view)
  return spec.type === 'absence' && isLinkAlive(view) ? gone(metric, spec, view, holds) : []
}

function seenAt(
  metric: Metric,
  { type, severity }: RuleSpec,
  node: string,
): Omit<Observation, 'now' | 'baseline' | 'onset_ms'> {
  const bar = threshold(1)
  const scope: Where = node === '' ? {} : { node }
  return {
    metric,
    rule: type,
    severity,
    hop: metricOf(metric).hop,
    scope,
    score: 2 * bar,
    threshold: bar,
    firing: true,
  }
}

function beyondLimit(
  metric: Metric,
  rule: Extract<RuleSpec, { type: 'limit' }>,
  view: StreamView,
): Observation[] {
  const { numerator, denominator, where, better, scale = 1 } = metricOf(metric)
  const to = view.watermark_ms
  const from = to - rule.window_s * 1000
  const measures = denominator === undefined ? [numerator!] : [numerator!, denominator]
  const found: Observation[] = []
  for (const [node, [sum, amount = rule.window_s * 1000]] of view.groups(measures, 'node', from, to, where)) {
    if (amount! <= 0) continue
    const now = (sum! * scale) / amount!
    if (better === 'lower' ? now < rule.beyond : now > rule.beyond) continue
    const reasons = view.groups([numerator!], 'reason', from, to, { ...where, node })
    const [reason] = [...reasons].sort(([, a], [, b]) => b[0]! - a[0]!)[0] ?? ['']
    found.push({
      ...seenAt(metric, rule, node),
      now,
      baseline: better === 'lower' ? 0 : rule.beyond,
      onset_ms: firstOf(view, numerator!, from, to, { ...where, node }),
      note: reason || undefined,
    })
  }
  return found
}

/** The first second of a range in which a measure counted anything. */
function firstOf(
  view: StreamView,
  ...[measure, from, to, where]: [Parameters<StreamView['total']>[0], number, number, Record<string, string>]
): number {
  const steps = view.series(measure, from, to, SLICE_MS, where)
  return (
    from +
    Math.max(
      0,
      steps.findIndex((sum) => sum !== 0),
    ) *
      SLICE_MS
  )
}

function gone(
  metric: Metric,
  rule: Extract<RuleSpec, { type: 'absence' }>,
  view: StreamView,
  holds: Pick<Holds, 'longest'>,
): Observation[] {
  const now = view.watermark_ms
  const { where = {} } = metricOf(metric)
  return view.heard('hop', ['hop', 'node']).flatMap((node) => {
    const { values, last_ms, first_ms, status } = node
    if (values.hop !== where.hop || now - last_ms > FORGOTTEN_MS) return []
    const down = status === 'down'
    if (!down && (last_ms - first_ms < KNOWN_MS || !silent(node, now, holds, rule.after_s * 1000))) return []
    return [
      {
        ...seenAt(metric, rule, values.node ?? ''),
        now: 0,
        baseline: 1,
        onset_ms: down ? last_ms : last_ms + SLICE_MS,
        note: down ? 'down' : 'silent',
      },
    ]
  })
}

/** Where the picture comes from: without it no branch has anything to carry. */
const SOURCES: ReadonlySet<string> = new Set(['encoder', 'ingest'])

/** A branch that falls silent together with the picture says nothing of itself. */
const isLinkAlive = (view: StreamView): boolean =>
  view
    .heard('hop', ['hop', 'node'])
    .some(
      ({ values, last_ms, status }) =>
        SOURCES.has(values.hop!) && status !== 'down' && view.watermark_ms - last_ms < ALIVE_MS,
    )
