import type { Where } from '../../../schemas/incident.ts'
import type { Observation } from '../detect/observation.ts'
import { SIGNALS } from '../detect/signals.ts'
import { excessWithin } from '../verdict/excess.ts'
import type { StreamView } from '../windows/view.ts'
import { SHARED_DIMENSIONS } from './joins.ts'

/** A value that holds this share of the excess holds most of it. */
const MOST = 0.7
const LOOK_MS = 15_000

/** For each dimension that streams share, the value that holds most of an observation's excess; without one it is left out. */
export function heldBy(view: StreamView, seen: Observation, began_ms: number): Where {
  const signal = SIGNALS.find(({ metric, hop }) => metric === seen.metric && hop === seen.hop)
  if (signal === undefined) return {}
  const to = view.watermark_ms
  const found: Record<string, string> = {}
  for (const dimension of SHARED_DIMENSIONS) {
    if (!view.dimensions(signal.kind).includes(dimension)) continue
    const groups = view.groups([signal.numerator], dimension, to - LOOK_MS, to)
    const [likeliest] = [...groups].sort(([, a], [, b]) => b[0]! - a[0]!)
    if (likeliest === undefined || likeliest[0] === '') continue
    const cause = { [dimension]: likeliest[0] }
    if (excessWithin({ view, seen, cause, began_ms }) >= MOST) found[dimension] = likeliest[0]
  }
  return found
}
