import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard'
import type { MetricSpec } from '../../schemas/metrics.ts'

/** Grafana's name of a unit. */
export const UNITS: Readonly<Record<MetricSpec['unit'], string>> = {
  ratio: 'percentunit',
  ms: 'ms',
  kbps: 'Kbits',
  mbps: 'Mbits',
  fps: 'suffix: fps',
  plays: 'short',
  count: 'short',
  bytes: 'decbytes',
  per_minute: 'suffix: /min',
}

const [GOOD, WORSE, BAD, PLAIN] = ['green', 'orange', 'red', 'text'] as const

const steps = (list: readonly { readonly value: number | null; readonly color: string }[]) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(list as never)

/** Colours by the objective: missed is orange; missed twice over is red. Without an objective nothing is judged. */
export function thresholdsOf({ objective, better, unit }: MetricSpec) {
  if (objective === undefined) return steps([{ value: null, color: PLAIN }])
  if (better === 'lower')
    return steps([
      { value: null, color: GOOD },
      { value: objective, color: WORSE },
      { value: objective * 2, color: BAD },
    ])
  const twice = unit === 'ratio' ? Math.max(0, 1 - 2 * (1 - objective)) : objective / 2
  return steps([
    { value: null, color: BAD },
    { value: Number(twice.toPrecision(6)), color: WORSE },
    { value: objective, color: GOOD },
  ])
}

export const plainThresholds = () => steps([{ value: null, color: PLAIN }])
/** For counts that should be 0. */
export const noneIsGood = () =>
  steps([
    { value: null, color: GOOD },
    { value: 1, color: BAD },
  ])
