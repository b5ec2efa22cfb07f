import type { MetricSpec } from '../../schemas/metrics.ts'

const round = (value: number, digits = 3): string => {
  const rounded = Number(value.toPrecision(digits))
  return rounded.toLocaleString('en', { maximumFractionDigits: 4 })
}

/** Three digits without a unit. */
export const plain = (value: number): string => round(value)
/** A share of 1 in per cent: `0.123` is `12.3 %`. */
export const share = (value: number): string => `${round(value * 100)} %`
/** A whole number with separators. */
export const count = (value: number): string => Math.round(value).toLocaleString('en')
/** A time in ms with its unit. */
export const milliseconds = (value: number): string =>
  value >= 10_000 ? `${round(value / 1000)} s` : `${count(value)} ms`

/** A length of time in ms with the units that fit: `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return ms < 10_000 ? `${round(ms / 1000, 2)} s` : `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 120
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** A number of bytes with the unit that fits. */
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
  if (unit === 'score') return value.toFixed(1)
  return `${round(value)} ${unit === 'fps' ? 'fps' : unit === 'kbps' ? 'kb/s' : 'Mb/s'}`
}

/** Parts of a moment in a zone: `Asia/Shanghai`. */
const partsOf = (at_ms: number, zone: string): Record<string, string> =>
  Object.fromEntries(
    new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    })
      .formatToParts(at_ms)
      .map(({ type, value }) => [type, value]),
  )

/** Hours and minutes in a zone: `20:14`. */
export const hour = (at_ms: number, zone: string): string => {
  const { hour: hours, minute } = partsOf(at_ms, zone)
  return `${hours}:${minute}`
}
/** Time of day of a moment (ms since 1970) in a time zone (IANA name): `20:14:05`. */
export const clockTime = (at_ms: number, zone: string): string =>
  `${hour(at_ms, zone)}:${partsOf(at_ms, zone).second}`
/** Date and time of a moment (ms since 1970) in a time zone (IANA name): `2026-11-11 20:14:05`. */
export const instant = (at_ms: number, zone: string): string => {
  const { year, month, day } = partsOf(at_ms, zone)
  return `${year}-${month}-${day} ${clockTime(at_ms, zone)}`
}
