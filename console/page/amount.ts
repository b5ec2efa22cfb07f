import { type Metric, type MetricSpec, metricOf } from '../../schemas/metrics.ts'
import { type Lang, UNITS } from '../../schemas/words.ts'

/** A number and its unit, apart so that the unit can stand smaller. */
export interface Amount {
  readonly number: string
  readonly unit: string
}

const LOCALES = { en: 'en-GB', zh: 'zh-CN' } as const
const figures = (value: number, digits: number): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })

function percent(share: number): string {
  const value = share * 100
  if (value === 0 || value === 100) return String(value)
  if (value > 0 && value < 0.005) return '< 0.01'
  if (value > 99.995) return '100'
  if (value > 99) return figures(value, 2)
  return figures(value, Math.abs(value) >= 10 ? 1 : 2)
}

/** A value of a metric as a person reads it. */
export function amountOf(metric: Metric, value: number, lang: Lang): Amount {
  const { unit } = metricOf(metric) as MetricSpec
  const amount = (number: string, name: keyof typeof UNITS): Amount => ({ number, unit: UNITS[name][lang] })
  switch (unit) {
    case 'ratio':
      return metric.endsWith('_speed') ? amount(figures(value, 2), 'times') : amount(percent(value), 'ratio')
    case 'ms':
      return value >= 1000
        ? amount(figures(value / 1000, 2), 's')
        : amount(figures(value, value < 10 ? 1 : 0), 'ms')
    case 'kbps':
      return value >= 1000 ? amount(figures(value / 1000, 2), 'mbps') : amount(figures(value, 0), 'kbps')
    case 'fps':
      return amount(figures(value, 1), 'fps')
    case 'per_minute':
      return amount(figures(value, value < 10 ? 2 : 0), 'per_minute')
    case 'bytes':
      return amount(figures(value / 1e6, 1), 'mb')
    case 'mbps':
      return amount(figures(value, 1), 'mbps')
    default:
      return { number: figures(value, 0), unit: '' }
  }
}

/** A metric’s value with its unit, rounded as people say it. */
export const textOf = (metric: Metric, value: number, lang: Lang): string => {
  const { number, unit } = amountOf(metric, value, lang)
  return unit === '' ? number : `${number} ${unit}`
}

/** Milliseconds with their unit: `41 ms`. */
export const millisecondsOf = (ms: number, lang: Lang): string => `${Math.round(ms)} ${UNITS.ms[lang]}`

/** The objective as it stands beside a value: `≤ 200 ms`. */
export function objectiveOf(metric: Metric, lang: Lang): string | undefined {
  const { objective, better } = metricOf(metric) as MetricSpec
  if (objective === undefined) return undefined
  const { unit, number } = amountOf(metric, objective, lang)
  return `${better === 'lower' ? '≤' : '≥'} ${number.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')}${unit === '' ? '' : ` ${unit}`}`
}

/** Whether a value misses the metric's objective. */
export function misses(metric: Metric, value: number | undefined): boolean {
  const { objective, better } = metricOf(metric) as MetricSpec
  if (objective === undefined || value === undefined) return false
  return better === 'lower' ? value > objective : value < objective
}

/** Whether a metric counts people or things: its values, and the ends of its scale, are whole. */
export const isCount = (metric: Metric): boolean => ['plays', 'count'].includes(metricOf(metric).unit)

/** What values of a metric cannot exceed: a share is at most all. */
export const limitOf = (metric: Metric): number | undefined =>
  metricOf(metric).unit === 'ratio' && !metric.endsWith('_speed') ? 1 : undefined

/** A metric’s title in the page’s language. */
export const titleOf = (metric: Metric, lang: Lang): string => metricOf(metric).title[lang]
/** A whole number with separators: `12,345`. */
export const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
/** A share of 1 in per cent: `0.123` is `12 %`. */
export const share = (value: number): string => `${Math.round(value * 100)}\u00a0%`

/** Time of day, 24 hours, with the day when it is not today. */
export function timeOf(ms: number, lang: Lang, today_ms: number): string {
  const at = new Date(ms)
  const time = at.toLocaleTimeString('en-GB', { hour12: false })
  if (at.toDateString() === new Date(today_ms).toDateString()) return time
  return `${at.toLocaleDateString(LOCALES[lang], { month: 'short', day: 'numeric' })} ${time}`
}

/** The zone in which this machine tells the time: `UTC+8`. */
export function zoneOf(ms: number): string {
  const minutes = -new Date(ms).getTimezoneOffset()
  const hours = Math.trunc(minutes / 60)
  const rest = Math.abs(minutes % 60)
  return minutes === 0
    ? 'UTC'
    : `UTC${minutes > 0 ? '+' : '\u2212'}${Math.abs(hours)}${rest === 0 ? '' : `:${rest}`}`
}

/** The name of this machine's zone: `Asia/Shanghai`. */
export const zoneName = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

/** A length of time in at most two units. */
export function lengthOf(ms: number, lang: Lang): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const [s, min, h] = [UNITS.s[lang], UNITS.min[lang], UNITS.h[lang]]
  if (seconds < 60) return `${seconds} ${s}`
  if (seconds < 3600)
    return `${Math.floor(seconds / 60)} ${min}${seconds % 60 === 0 ? '' : ` ${seconds % 60} ${s}`}`
  const minutes = Math.floor(seconds / 60)
  return `${Math.floor(minutes / 60)} ${h}${minutes % 60 === 0 ? '' : ` ${minutes % 60} ${min}`}`
}

/** Hours and minutes, with the day when it is not today: `12:43`. */
export const minuteOf = (ms: number, lang: Lang, today_ms: number): string =>
  timeOf(ms, lang, today_ms).replace(/:\d\d$/, '')

/** A part of a whole, in per cent: `7 %`; undefined where the whole is unknown. */
export const partOf = (part: number, whole: number | undefined): string | undefined =>
  whole === undefined || whole <= 0
    ? undefined
    : part / whole < 0.005
      ? '< 1\u00a0%'
      : share(Math.min(1, part / whole))

/** Names longer than this are cut; the whole stands in the title. */
const NAME_MOST = 24

/** Letters as a reader sees them: an emoji is one, however many code units it has. */
const lettersOf = (name: string): string[] =>
  [...new Intl.Segmenter().segment(name)].map(({ segment }) => segment)

const cut = (letters: readonly string[], from: number): string => {
  const end = from + NAME_MOST - 2
  return `${from > 0 ? '…' : ''}${letters.slice(from, end).join('')}${end < letters.length ? '…' : ''}`
}

/**
 * A name of at most 24 characters, cut in its middle. Among names that would look the same, the part in which they differ is
 * shown: `…stage-camera-12-hevc…`.
 */
export function cutName(name: string, among: readonly string[] = []): string {
  if (name.length <= NAME_MOST) return name
  const letters = lettersOf(name)
  if (letters.length <= NAME_MOST) return name
  const half = NAME_MOST / 2
  const short = `${letters.slice(0, half).join('')}…${letters.slice(1 - half).join('')}`
  const alike = among.filter(
    (other) =>
      other !== name &&
      other.slice(0, half) === name.slice(0, half) &&
      other.slice(1 - half) === name.slice(1 - half),
  )
  if (alike.length === 0) return short
  const others = alike.map(lettersOf)
  const shared = Math.min(
    ...others
      .map((other) => letters.findIndex((letter, index) => other[index] !== letter))
      .filter((at) => at >= 0),
  )
  return cut(letters, Math.max(0, Math.min(shared - half, letters.length - NAME_MOST + 2)))
}
