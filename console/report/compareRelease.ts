import { MEASURES, type MeasureSpec } from '../../schemas/measures.ts'
import { METRIC_NAMES, type Metric, type MetricSpec, metricOf } from '../../schemas/metrics.ts'
import type { RuleSpec } from '../../schemas/rules.ts'
import { measureOverRaw, metricWhere } from '../../schemas/sql.ts'
import type { Rows } from './ask.ts'

/** A release that is compared with the versions beside it, by real sessions of the same show and time. */
export interface Release {
  readonly show: string
  readonly tenant?: string | undefined
  /** The dimension that tells versions apart, and the new one's value. */
  readonly by: string
  readonly version: string
  /** Only rows with these values: `{ component: 'red-packet', app: 'shop' }`. */
  readonly where: Readonly<Record<string, string>>
  readonly from_ms: number
  readonly to_ms: number
}

export interface Comparison {
  readonly metric: Metric
  readonly verdict: 'worse' | 'well' | 'undecided'
  /** Of the new version and of the others; null when nothing was measured. */
  readonly now: number | null
  readonly before: number | null
  /** How much worse the new version is, with its interval of 99 %, in the metric's unit; below 0: better. */
  readonly harm: readonly [from: number, to: number] | undefined
  /** The change that matters: more than this must be ruled out. */
  readonly step: number
  readonly sessions: readonly [now: number, before: number]
}

interface Side {
  readonly fresh: number
  readonly sessions: number
  readonly sx: number
  readonly sy: number
  readonly sxx: number
  readonly sxy: number
  readonly syy: number
}

const FEWEST_SESSIONS = 30
/** Two-sided 99 %: some fifteen metrics are looked at. */
const Z = 2.576

/** Metrics of viewers and interactions that a rule judges against before: their step is the change that matters. */
const JUDGED = METRIC_NAMES.flatMap((metric) => {
  const { numerator, denominator, rules, where, complement }: MetricSpec = metricOf(metric)
  const rule = rules?.find((each: RuleSpec) => each.type === 'baseline')
  if (!numerator || !denominator || where || complement || rule?.type !== 'baseline') return []
  const measures = [numerator, denominator].map((name): MeasureSpec => MEASURES[name])
  const [{ kind }] = measures as [MeasureSpec]
  const fits = ['heartbeat', 'startup', 'interaction'].includes(kind)
  return fits && measures.every(({ aggregate }) => aggregate === 'sum' || aggregate === 'count')
    ? [{ metric, kind, numerator, denominator, step: rule.step }]
    : []
})

/** A quotient of sums over sessions and its variance, sessions being what was drawn (the delta method). */
function ratioOf({ sessions, sx, sy, sxx, sxy, syy }: Side): { ratio: number; variance: number } {
  const ratio = sx / sy
  const spread = Math.max(0, sxx - 2 * ratio * sxy + ratio * ratio * syy)
  return { ratio, variance: ((spread / (sy * sy)) * sessions) / Math.max(1, sessions - 1) }
}

/** Judges one metric from the sums of both sides. */
export function judgeRelease(
  metric: Metric,
  { step, now, before }: { step: number; now: Side | undefined; before: Side | undefined },
): Comparison {
  const { better, scale = 1 }: MetricSpec = metricOf(metric)
  const sessions = [now?.sessions ?? 0, before?.sessions ?? 0] as const
  const [a, b] = [now && ratioOf(now), before && ratioOf(before)]
  const known = {
    metric,
    step,
    sessions,
    now: a ? a.ratio * scale : null,
    before: b ? b.ratio * scale : null,
  }
  if (!a || !b || Math.min(...sessions) < FEWEST_SESSIONS)
    return { ...known, verdict: 'undecided', harm: undefined }
  const harm = (better === 'lower' ? a.ratio - b.ratio : b.ratio - a.ratio) * scale
  const half = Z * Math.sqrt(a.variance + b.variance) * scale
  // A certain change that is a twentieth of the one that matters pages nobody and stops no release.
  const verdict = harm - half > step / 20 ? 'worse' : harm + half < step ? 'well' : 'undecided'
  return { ...known, verdict, harm: [harm - half, harm + half] }
}

/** Compares a release by every metric that has a step. Metrics that nobody measured on either side are left out. */
export async function compareRelease(ask: Rows, release: Release): Promise<Comparison[]> {
  const { show, tenant, by, version, where, from_ms, to_ms } = release
  const chosen = Object.entries({ ...where, show, ...(tenant && { tenant }) })
  const params: Record<string, string> = { version, from: String(from_ms), to: String(to_ms) }
  for (const [name, value] of chosen) params[`d_${name}`] = value
  const rows = [
    'event_time >= fromUnixTimestamp64Milli({from:Int64}) AND event_time < fromUnixTimestamp64Milli({to:Int64})',
    `${by} != ''`,
    ...chosen.map(([name]) => `${name} = {d_${name}:String}`),
  ].join(' AND ')
  const found = await Promise.all(
    JUDGED.map(async ({ metric, kind, numerator, denominator, step }) => {
      const sides = await ask<Side>(
        `SELECT fresh, count() AS sessions, sum(x) AS sx, sum(y) AS sy, sum(x * x) AS sxx, sum(x * y) AS sxy, sum(y * y) AS syy
FROM (SELECT session, toUInt8(${by} = {version:String}) AS fresh, ${measureOverRaw(numerator)} AS x, ${measureOverRaw(denominator)} AS y
  FROM ${kind} WHERE ${rows} AND ${metricWhere(metric)} GROUP BY session, fresh)
WHERE y > 0 GROUP BY fresh`,
        params,
      )
      const side = (fresh: number) => sides.find((each) => Number(each.fresh) === fresh)
      return judgeRelease(metric, { step, now: side(1), before: side(0) })
    }),
  )
  return found.filter(({ sessions: [now, before] }) => now + before > 0)
}
