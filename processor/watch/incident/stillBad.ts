import type { Child, Incident } from '../../../schemas/incident.ts'
import { SIGNALS } from '../detect/signals.ts'
import type { StreamMemory } from '../detect/streamMemory.ts'
import type { StreamView, Where } from '../windows/view.ts'

const WINDOW_MS = 8_000
/** Nearer to its worst than this share of the way from normal is still bad. */
const NEARER = 0.35

/**
 * Whether a finding goes on although nothing is observed: after a restart the history may not reach back to the time
 * before it, so that there is nothing to compare with but what was noted when it began.
 */
export function stillBad(child: Child, incident: Incident, view: StreamView, memory: StreamMemory): boolean {
  if (child.rule !== 'baseline') return false
  const signal = SIGNALS.find(({ metric, hop }) => metric === child.metric && hop === child.hop)
  if (signal === undefined || (memory.lanes.get(signal.lane)?.root.blockCount ?? 0) >= 2) return false
  const known = view.dimensions(signal.kind)
  const scope: Where = Object.keys(child.scope).length > 0 ? child.scope : incident.cause
  const where: Record<string, string> = signal.kind === 'hop' ? { hop: signal.hop } : {}
  for (const [name, value] of Object.entries(scope)) if (known.includes(name)) where[name] = value
  const to = view.watermark_ms
  const amount = view.total(signal.denominator, to - WINDOW_MS, to, where)
  if (amount <= 0) return false
  const now = (view.total(signal.numerator, to - WINDOW_MS, to, where) * signal.scale) / amount
  return (now - child.baseline) / (child.worst - child.baseline) > NEARER
}
