import type { MetricSpec } from '../../schemas/metrics.ts'

const round = (value: number, digits = 3): string => {
  const rounded = Number(value.toPrecision(digits))
  return rounded.toLocaleString('en', { maximumFractionDigits: 4 })
}

/** Three digits without a unit. */
export const plain = (value: number): string => round(value)
export const share = (value: number): string => `${round(value * 100)} %`
export const count = (value: number): string => Math.round(value).toLocaleString('en')
export const milliseconds = (value: number): string =>
  value >= 10_000 ? `${round(value / 1000)} s` : `${count(value)} ms`

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return ms < 10_000 ? `${round(ms / 1000, 2)} s` : `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 120
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export function bytes(value: number): string {
  for (const [unit, size] of [
    ['TB', 1e12],
    ['GB', 1e9],
    ['MB', 1e6],
  ] as const)
    if (Math.abs(value) >= size) return `${round(value / size)} ${unit}`
  return `${round(value / 1e3)} kB`
}

/** A metric's value with its unit. */
export function amount(value: number, unit: MetricSpec['unit']): string {
  if (unit === 'ratio') return share(value)
  if (unit === 'ms') return milliseconds(value)
  if (unit === 'bytes') return bytes(value)
  if (unit === 'per_minute') return `${round(value)} /min`
  if (unit === 'plays' || unit === 'count') return count(value)
  return `${round(value)} ${unit === 'fps' ? 'fps' : unit === 'kbps' ? 'kb/s' : 'Mb/s'}`
}

/** Hours and minutes of UTC. */
export const hour = (at_ms: number): string => new Date(at_ms).toISOString().slice(11, 16)
export const instant = (at_ms: number): string => new Date(at_ms).toISOString().slice(0, 19).replace('T', ' ')
