import type { Incident, StreamPart, Where } from '../../../schemas/incident.ts'
import type { Observation } from '../detect/observation.ts'
import { SIGNALS, type Signal } from '../detect/signals.ts'
import { streamOfName } from '../windows/pool.ts'
import type { StreamView } from '../windows/view.ts'
import { sharedPlace } from './joins.ts'

/** The excess of a pool is many streams' when it lies as if so many had the same … */
const FEWEST_STREAMS = 3
/** … and no stream has more than this share of it. */
const LARGEST_SHARE = 0.5
const LOOK_MS = 15_000
/** Streams of a pool's incident that are remembered. */
const MOST_STREAMS = 500

const signalOf = ({ metric, hop }: Observation): Signal | undefined =>
  SIGNALS.find((each) => each.metric === metric && each.hop === hop)

/**
 * Whether an observation means something in a pool. Streams come and go with their own bitrate, latency and audience, so only
 * shares are compared: of viewers, of time, of starts.
 */
export const isPoolable = (seen: Observation): boolean =>
  seen.rule === 'baseline' && seen.severity === 'critical' && signalOf(seen)?.nature === 'share'

/**
 * Whether what a pool shows is one trouble of many streams: it has a place that streams share, and the excess lies in at least
 * three of them, in none more than half. Otherwise it is a show's own trouble, which its own judgement finds.
 */
export function isOfMany(view: StreamView, seen: Observation, incident: Incident): boolean {
  if (sharedPlace(incident.cause) === undefined) return false
  const shares = excessByStream(view, seen, incident.cause).map(({ share }) => share)
  const equal = 1 / shares.reduce((sum, share) => sum + share * share, 0)
  return shares.length > 0 && shares[0]! <= LARGEST_SHARE && equal >= FEWEST_STREAMS
}

/** The streams of a pool that have a part of the excess: how many, and those with the most viewers within the cause. */
export function streamsWithin(
  view: StreamView,
  seen: Observation,
  cause: Where,
): { readonly streams: readonly StreamPart[]; readonly stream_count: number } {
  const excess = excessByStream(view, seen, cause)
  const to = view.watermark_ms
  const watched = view.groups(['interval_ms_sum'], 'stream', to - LOOK_MS, to, cause)
  const streams = excess
    .map(
      ({ name }): StreamPart => ({
        ...streamOfName(name),
        state: 'open',
        viewers: Math.round((watched.get(name)?.[0] ?? 0) / LOOK_MS),
      }),
    )
    .sort((a, b) => b.viewers - a.viewers)
  return { streams: streams.slice(0, MOST_STREAMS), stream_count: streams.length }
}

/** Each stream's share of what is too much within a cause, the largest first. */
function excessByStream(
  view: StreamView,
  seen: Observation,
  cause: Where,
): readonly { readonly name: string; readonly share: number }[] {
  const signal = signalOf(seen)
  if (signal === undefined) return []
  const to = view.watermark_ms
  const from = Math.max(to - LOOK_MS, Math.min(seen.onset_ms, to - 1000))
  // The part of the amount that is bad, whichever side the metric names.
  const bad = ([count, amount]: Float64Array): number =>
    signal.higher_is_worse ? count! : amount! / signal.scale - count!
  const normal = (signal.higher_is_worse ? seen.baseline : 1 - seen.baseline) / signal.scale
  const found = [...view.groups([signal.numerator, signal.denominator], 'stream', from, to, cause)]
    .map(([name, sums]) => ({ name, excess: bad(sums) - normal * sums[1]! }))
    .filter(({ excess }) => excess > 0)
  const all = found.reduce((sum, { excess }) => sum + excess, 0)
  return found.map(({ name, excess }) => ({ name, share: excess / all })).sort((a, b) => b.share - a.share)
}
