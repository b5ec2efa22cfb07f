import type { Thresholds } from './generated/thresholds.ts'
import { THRESHOLDS } from './generated/thresholds.ts'

declare const __ENV: Record<string, string | undefined>

export const setting = (name: string, fallback: string): string => __ENV[name] ?? fallback

/** A number from the environment. Throws on what is none, before any load begins. */
export function numberSetting(name: string, fallback: number): number {
  const value = Number(setting(name, String(fallback)))
  if (Number.isNaN(value)) throw new Error(`${name} is not a number`)
  return value
}

/** A setting without a default. Throws, with what it is for, when it is missing. */
export function required(name: string, what: string): string {
  const value = __ENV[name]
  if (!value) throw new Error(`say ${what}: -e ${name}=…`)
  return value
}

/**
 * The thresholds of these metrics: the catalogue's objectives, unless `OBJECTIVES` says otherwise for a stream that
 * is built differently, e.g. `-e OBJECTIVES='{"live_latency":["avg<6000"]}'`.
 */
export function thresholdsOf(names: readonly (keyof Thresholds)[]): Record<string, string[]> {
  const other = JSON.parse(setting('OBJECTIVES', '{}')) as Record<string, string[]>
  const found: Record<string, string[]> = {}
  for (const name of names) found[name] = other[name] ?? [...THRESHOLDS[name]]
  return found
}
