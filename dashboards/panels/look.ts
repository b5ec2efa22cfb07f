import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { type AnyMetric, type MetricSpec, metricOf } from '../../schemas/metrics.ts'

/** Whole things with separators between thousands: `1,124`, never `1.12 K`. */
export const WHOLE = 'locale'

/** Grafana's name of a unit. */
export const UNITS: Readonly<Record<MetricSpec['unit'], string>> = {
  ratio: 'percentunit',
  ms: 'ms',
  kbps: 'Kbits',
  mbps: 'Mbits',
  fps: 'suffix: fps',
  plays: WHOLE,
  count: WHOLE,
  bytes: 'decbytes',
  per_minute: 'suffix: /min',
  score: 'none',
}

/** The unit of a metric; a speed against real time is told as a multiple. */
export const unitOf = (name: AnyMetric): string =>
  name.endsWith('_speed') ? 'suffix:×' : UNITS[metricOf(name).unit]

/** People and things are counted whole. */
export const decimalsOf = ({ unit }: Pick<MetricSpec, 'unit'>): number | undefined =>
  unit === 'plays' || unit === 'count' ? 0 : unit === 'score' ? 1 : undefined

/** Series are no verdict: shades of blue. Green is what is good, red what is bad, and both are said by thresholds only. */
export const neutral = () => new FieldColorBuilder().mode(FieldColorModeId.Shades).fixedColor('blue')

/** Where the objective is missed twice over. */
export function twiceMissed({ objective, better, unit }: MetricSpec): number | undefined {
  if (objective === undefined) return undefined
  if (better === 'lower') return objective * 2
  const twice = unit === 'ratio' ? Math.max(0, 1 - 2 * (1 - objective)) : objective / 2
  return Number(twice.toPrecision(6))
}

/**
 * What the scale of a metric's lines holds at least, so that calm is not magnified into mountains and the objective is in the picture. A
 * share that should be near 1 is shown from where it is missed twice over.
 */
export function softScale(name: AnyMetric): { readonly min: number; readonly max?: number } {
  const { objective, better, unit } = metricOf(name)
  if (unit === 'ratio' && better === 'higher' && !name.endsWith('_speed'))
    return objective === undefined ? { min: 0 } : { min: twiceMissed(metricOf(name))!, max: 1 }
  if (unit === 'score') return { min: 50, max: 100 }
  if (objective !== undefined && better === 'lower') return { min: 0, max: objective * 1.2 }
  return { min: 0 }
}

const [GOOD, WORSE, BAD, PLAIN] = ['green', 'orange', 'red', 'text'] as const

const steps = (list: readonly { readonly value: number | null; readonly color: string }[]) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(list as never)

/** Colours by the objective: missed is orange; missed twice over is red. Without an objective nothing is judged. */
export function thresholdsOf(spec: MetricSpec) {
  const { objective, better } = spec
  if (objective === undefined) return steps([{ value: null, color: PLAIN }])
  if (better === 'lower')
    return steps([
      { value: null, color: GOOD },
      { value: objective, color: WORSE },
      { value: objective * 2, color: BAD },
    ])
  return steps([
    { value: null, color: BAD },
    { value: twiceMissed(spec)!, color: WORSE },
    { value: objective, color: GOOD },
  ])
}

/** Thresholds of a number that is neither good nor bad. */
export const plainThresholds = () => steps([{ value: null, color: PLAIN }])
/** For counts that should be 0. */
export const noneIsGood = () =>
  steps([
    { value: null, color: GOOD },
    { value: 1, color: BAD },
  ])
