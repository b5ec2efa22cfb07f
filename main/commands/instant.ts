import { expectedError } from '../expectedError.ts'

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * A moment as every command takes it: ISO 8601 with a zone (`2026-11-11T20:00:00Z`, `+08:00`) or without (UTC), seconds or
 * milliseconds since 1970, or `-30m`, `-2h`, `-1d` from now. Gives ms since the epoch.
 */
export function instant(text: string, now_ms: number): number {
  const back = /^-(\d+)([smhd])$/.exec(text)
  if (back) return now_ms - Number(back[1]) * UNITS[back[2] as keyof typeof UNITS]
  const number = Number(text)
  if (Number.isFinite(number) && text.trim() !== '') return number < 1e11 ? number * 1000 : number
  const hasZone = /(z|[+-]\d\d:?\d\d)$/i.test(text) || !/\d\d:\d\d/.test(text)
  const at_ms = Date.parse(hasZone ? text : `${text.replace(' ', 'T')}Z`)
  if (!Number.isFinite(at_ms))
    throw expectedError(`${text} is not a time. Write 2026-11-11T20:00:00Z, epoch seconds, or -30m.`)
  return at_ms
}

/** `90s`, `30m`, `2h` or `1d` as ms. @param option its name, for the message */
export function lengthOf(text: string, option: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? []
  if (number === undefined || Number(number) === 0)
    throw expectedError(`${option} ${text} is not a length of time. Write 90s, 30m or 2h.`)
  return Number(number) * UNITS[unit as keyof typeof UNITS]
}
