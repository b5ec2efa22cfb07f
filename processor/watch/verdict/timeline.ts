import type { HopEvidence, Timeline } from '../../../schemas/incident.ts'
import { HOPS, type Hop } from '../../../schemas/kinds/kinds.ts'
import type { Metric } from '../../../schemas/metrics.ts'
import type { Observation } from '../detect/observation.ts'
import { SIGNALS } from '../detect/signals.ts'
import type { StreamView, Where } from '../windows/view.ts'
import { isEverywhere } from './compatible.ts'

const LENGTH_S = 60
/** What a healthy hop is drawn by. */
const USUAL: Record<Hop, Metric> = {
  encoder: 'encoder_fps',
  ingest: 'ingest_bitrate',
  transcode: 'transcode_speed',
  origin: 'origin_ttfb',
  edge: 'edge_ttfb',
  player: 'rebuffering_ratio',
  interaction: 'interaction_success',
}

/** All hops of the stream on one time axis, so that cause is seen to stand left of its effect. */
export function timelineOf({
  view,
  seen,
  cause,
  reporting,
}: {
  view: StreamView
  seen: readonly Observation[]
  cause: Where
  reporting: ReadonlySet<Hop>
}): Timeline {
  const to = view.watermark_ms
  const from = Math.max(to - LENGTH_S * 1000, Math.floor(view.first_ms / 1000) * 1000)
  const hops = HOPS.map((hop): HopEvidence => {
    const ill = seen.filter((o) => o.hop === hop && (o.firing || o.score >= 8))
    const worst = new Map<Metric, Observation>()
    for (const entry of ill) {
      const known = worst.get(entry.metric)
      if (known === undefined || entry.score > known.score) worst.set(entry.metric, entry)
    }
    const findings = [...worst.values()].sort((a, b) => b.score / b.threshold - a.score / a.threshold)
    const metric =
      findings.find((o) => SIGNALS.some((s) => s.metric === o.metric && s.hop === hop))?.metric ?? USUAL[hop]
    return {
      hop,
      state: findings.length > 0 ? 'sick' : reporting.has(hop) ? 'clean' : 'silent',
      findings: findings.slice(0, 3).map(({ metric: name, now, baseline, onset_ms }) => ({
        metric: name,
        now: round(now),
        baseline: round(baseline),
        onset_ms,
      })),
      metric,
      series: reporting.has(hop) ? seriesOf(view, hop, metric, from, to, cause) : [],
    }
  })
  return { from_ms: from, step_ms: 1000, hops }
}

function seriesOf(
  view: StreamView,
  hop: Hop,
  metric: Metric,
  from: number,
  to: number,
  cause: Where,
): (number | null)[] {
  const signal = SIGNALS.find((signal) => signal.metric === metric && signal.hop === hop)
  if (signal === undefined) return []
  const known = view.dimensions(signal.kind)
  // Several values at once are slow to sum at every second; the first tells enough for a picture.
  const first = isEverywhere(cause) ? undefined : Object.entries(cause).find(([name]) => known.includes(name))
  const where = signal.kind === 'hop' ? { hop } : first ? { [first[0]]: first[1] } : undefined
  const counts = view.series(signal.numerator, from, to, 1000, where)
  const amounts = view.series(signal.denominator, from, to, 1000, where)
  return Array.from(counts, (count, i) =>
    amounts[i]! > 0 ? round((count * signal.scale) / amounts[i]!) : null,
  )
}

const round = (value: number): number => (Number.isFinite(value) ? Number(value.toPrecision(4)) : 0)
