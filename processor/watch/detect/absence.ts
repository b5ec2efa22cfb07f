import { HOPS, type Hop } from '../../../schemas/kinds/kinds.ts'
import type { RuleSpec } from '../../../schemas/rules.ts'
import type { Holds } from '../holds.ts'
import { type Heard, SLICE_MS, type StreamView } from '../windows/view.ts'
import type { Farewell } from './farewells.ts'
import type { Observation } from './observation.ts'
import type { Signal } from './signals.ts'
import { threshold } from './tails.ts'

type AbsenceRule = Extract<RuleSpec, { type: 'absence' }>

/** A source must have been known for so long before its silence means anything. */
export const KNOWN_MS = 4_000
/** What a node measured in so long before its last report is its normal. */
const USUAL_MS = 60_000
/** Silent for longer than this it is gone, and its incident may end with the show. */
const FORGOTTEN_MS = 30 * 60_000

/**
 * A node that reported steadily fell silent, or said itself that the stream no longer goes through it.
 * How long a silence is too long follows from how steadily it reported. A goodbye that was said in good order
 * (`farewell`) is a planned end and nobody's fault.
 * @param holds when senders waited for an answer: nobody was heard then, and nobody was silent
 */
export function judgeAbsence({
  signal,
  rule,
  view,
  farewell,
  holds,
}: {
  signal: Signal
  rule: AbsenceRule
  view: StreamView
  farewell: Farewell
  holds: Pick<Holds, 'longest'>
}): Observation[] {
  const now = view.watermark_ms
  if (farewell.ended) return []
  const nodes = view
    .heard('hop', ['hop', 'node'])
    .filter(({ values, last_ms }) => values.hop === signal.hop && now - last_ms < FORGOTTEN_MS)
  const living = nodes.filter(
    (node) => !silent(node, now, holds, rule.after_s * 1000) && node.status !== 'down',
  )
  const found: Observation[] = []
  for (const node of nodes) {
    const down = node.status === 'down' && now - node.last_ms < FORGOTTEN_MS
    if (down) {
      // The last word of a killed encoder is its media server's; an orderly one says goodbye itself within a second.
      if (now - node.last_ms < farewell.patience_ms) continue
    } else if (node.last_ms - node.first_ms < KNOWN_MS || !silent(node, now, holds, rule.after_s * 1000))
      continue
    found.push({
      metric: signal.metric,
      rule: 'absence',
      severity: rule.severity,
      // A media server that says that its publisher left is well itself.
      hop: down && signal.hop === 'ingest' ? 'encoder' : signal.hop,
      scope: living.length > 0 && node.values.node ? { node: node.values.node } : {},
      now: 0,
      baseline: usual(view, signal, node),
      score: 2 * threshold(1),
      threshold: threshold(1),
      firing: true,
      onset_ms: down ? node.last_ms : node.last_ms + SLICE_MS,
      note: down ? 'down' : 'silent',
    })
  }
  return found
}

/** The metric's value in the last minute in which a node was heard; 1 (it reported) where it never measured it. */
function usual(view: StreamView, signal: Signal, { values, last_ms }: Heard): number {
  const where = { hop: values.hop!, node: values.node! }
  const [from, to] = [last_ms - USUAL_MS, last_ms]
  const amount = view.total(signal.denominator, from, to, where)
  return amount > 0 ? (view.total(signal.numerator, from, to, where) * signal.scale) / amount : 1
}

/**
 * Hops whose steady reporters have said nothing since a moment: whether they are well is not known yet.
 * @param since_ms what came in the second of this moment may have been said before it
 */
function undecided(view: StreamView, since_ms: number): ReadonlySet<string> {
  const second = Math.floor(since_ms / SLICE_MS) * SLICE_MS
  const hops = new Set<string>()
  for (const node of view.heard('hop', ['hop', 'node'])) {
    const known_s = (node.last_ms - node.first_ms) / SLICE_MS + 1
    const steady = known_s * SLICE_MS > KNOWN_MS && node.slices >= 0.7 * known_s
    if (steady && node.last_ms <= second && view.watermark_ms - node.last_ms < GONE_MS)
      hops.add(node.values.hop!)
  }
  return hops
}

/**
 * Whether a hop before the one that would be named has yet to say how it is: a page in a second that names the wrong hop helps less
 * than one in three that names the right one.
 */
export function awaitsUpstream(
  view: StreamView,
  { hop, began_ms }: { readonly hop: Hop; readonly began_ms: number },
): boolean {
  const silent = undecided(view, began_ms)
  return HOPS.slice(0, HOPS.indexOf(hop)).some((before) => silent.has(before))
}

/** Who has been silent for so long is gone, and nobody waits for a word. */
const GONE_MS = 10_000

/**
 * Longer silent than a steady reporter ever is: two and a half of its own intervals, and at least `after_ms`. It may have been heard
 * at the end of the slice in which it was heard last, so silence counts from there, less the time in which it could not be heard.
 */
export function silent(
  node: Heard,
  now_ms: number,
  holds: Pick<Holds, 'longest'>,
  after_ms: number,
): boolean {
  const since = node.last_ms + SLICE_MS
  const known = Math.max(1, (node.last_ms - node.first_ms) / 1000 + 1)
  const interval_ms = (known / Math.min(known, node.slices)) * 1000
  const silence_ms = now_ms - since - holds.longest(since, now_ms)
  return silence_ms >= Math.max(after_ms, interval_ms <= 1500 ? 0 : 2.5 * interval_ms)
}
