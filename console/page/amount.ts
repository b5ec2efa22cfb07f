import { type Metric, type MetricSpec, metricOf } from '../../schemas/metrics.ts'
import type { Lang } from './place.ts'

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
export function amountOf(metric: Metric, value: number): Amount {
  const { unit } = metricOf(metric) as MetricSpec
  switch (unit) {
    case 'ratio':
      return metric.endsWith('_speed')
        ? { number: figures(value, 2), unit: '×' }
        : { number: percent(value), unit: '%' }
    case 'ms':
      return value >= 1000
        ? { number: figures(value / 1000, 2), unit: 's' }
        : { number: figures(value, value < 10 ? 1 : 0), unit: 'ms' }
    case 'kbps':
      return value >= 1000
        ? { number: figures(value / 1000, 2), unit: 'Mb/s' }
        : { number: figures(value, 0), unit: 'kb/s' }
    case 'fps':
      return { number: figures(value, 1), unit: 'fps' }
    case 'per_minute':
      return { number: figures(value, value < 10 ? 2 : 0), unit: '/min' }
    case 'bytes':
      return { number: figures(value / 1e6, 1), unit: 'MB' }
    case 'mbps':
      return { number: figures(value, 1), unit: 'Mb/s' }
    default:
      return { number: figures(value, 0), unit: '' }
  }
}

export const textOf = (metric: Metric, value: number): string => {
  const { number, unit } = amountOf(metric, value)
  return unit === '' ? number : `${number} ${unit}`
}

/** The objective as it stands beside a value: `≤ 200 ms`. */
export function objectiveOf(metric: Metric): string | undefined {
  const { objective, better } = metricOf(metric) as MetricSpec
  if (objective === undefined) return undefined
  const { unit, number } = amountOf(metric, objective)
  return `${better === 'lower' ? '≤' : '≥'} ${number.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')}${unit === '' ? '' : ` ${unit}`}`
}

/** Whether a value misses the metric's objective. */
export function misses(metric: Metric, value: number | undefined): boolean {
  const { objective, better } = metricOf(metric) as MetricSpec
  if (objective === undefined || value === undefined) return false
  return better === 'lower' ? value > objective : value < objective
}

/** What values of a metric cannot exceed: a share is at most all. */
export const limitOf = (metric: Metric): number | undefined =>
  metricOf(metric).unit === 'ratio' && !metric.endsWith('_speed') ? 1 : undefined

export const titleOf = (metric: Metric, lang: Lang): string => metricOf(metric).title[lang]
export const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
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

/** A length of time in at most two units. */
export function lengthOf(ms: number, lang: Lang): string {
  const zh = lang === 'zh'
  const seconds = Math.max(0, Math.round(ms / 1000))
  const [s, min, h] = zh ? [' 秒', ' 分', ' 小时'] : [' s', ' min', ' h']
  if (seconds < 60) return `${seconds}${s}`
  if (seconds < 3600)
    return `${Math.floor(seconds / 60)}${min}${seconds % 60 === 0 ? '' : ` ${seconds % 60}${s}`}`
  const minutes = Math.floor(seconds / 60)
  return `${Math.floor(minutes / 60)}${h}${minutes % 60 === 0 ? '' : ` ${minutes % 60}${min}`}`
}
