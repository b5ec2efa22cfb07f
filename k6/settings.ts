import type { Thresholds } from './generated/thresholds.ts'
import { THRESHOLDS } from './generated/thresholds.ts'

declare const __ENV: Record<string, string | undefined>
/** k6's own: reads a file while the script is loaded; throws where there is none. */
declare function open(path: string): string

/** Names that are long enough for a slip of one letter to be no other variable of the machine. */
const NAMES = [
  'VIEWERS',
  'SECONDS',
  'RAMP_SECONDS',
  'ARRIVE_SECONDS',
  'HOLD_BACK_SEGMENTS',
  'START_TIMEOUT_SECONDS',
  'COLLECTOR',
  'STREAM',
  'OBJECTIVES',
  'INTERACTION_URL',
  'INTERACTION_TIMEOUT_MS',
  'ROUND_EVERY_SECONDS',
  'ROUND_WINDOW_SECONDS',
  'TAKE_PART',
  'PULSE_SECONDS',
  'PULSE_AT_SECONDS',
  'PULSE_TIMES',
]

/** Whether two names differ by one letter that is missing, added or another one. */
function isSlip(name: string, known: string): boolean {
  let begin = 0
  while (begin < name.length && name[begin] === known[begin]) begin += 1
  const rests = (ours: number, theirs: number) => name.slice(begin + ours) === known.slice(begin + theirs)
  return name !== known && (rests(1, 1) || rests(1, 0) || rests(0, 1))
}

/** Throws, before any load begins, for a setting that would be passed over: `-e VIEWER=50`. */
export function refuseMisspelt(environment: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(environment)) {
    const meant = NAMES.includes(name)
      ? undefined
      : NAMES.find((known) => isSlip(name.toUpperCase(), known) || name === known.toLowerCase())
    if (meant !== undefined) throw new Error(`${name} is no setting. Did you mean ${meant}?`)
  }
}
refuseMisspelt(__ENV)

/** A setting from `k6 run -e NAME=value`, or its default. */
export const setting = (name: string, fallback: string): string => __ENV[name] ?? fallback

/** A number from the environment. Throws, before any load begins, when the text is not a number, or is one below 0 or, for an amount of load, 0. */
export function numberSetting(name: string, fallback: number): number {
  const text = setting(name, String(fallback))
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new Error(`${name}=${text} is not a number`)
  if (value < 0 || (value === 0 && (name === 'VIEWERS' || name === 'SECONDS')))
    throw new Error(`${name}=${text}: nothing would be played. It must be more than 0`)
  return value
}

/** An address without slashes at its end; throws when it has no scheme. '' when it is not set. */
export function addressSetting(name: string): string {
  const text = setting(name, '').trim()
  if (text !== '' && !/^https?:\/\/[^/]/.test(text))
    throw new Error(`${name}=${text} is not an address; it begins with http:// or https://`)
  return text.replace(/\/+$/, '')
}

/** A setting without a default. Throws, with what it is for, when it is missing. */
export function required(name: string, what: string): string {
  const value = __ENV[name]
  if (!value) throw new Error(`${name} is missing: ${what}. Give it with -e ${name}=…`)
  return name === 'URL' || name === 'COLLECTOR' ? addressSetting(name) : value
}

/** The objectives of `OBJECTIVES`, checked: a misspelt metric would be judged by nothing. */
function declaredObjectives(names: readonly string[]): Record<string, readonly string[]> {
  const text = setting('OBJECTIVES', '{}')
  let objectives: unknown
  try {
    objectives = JSON.parse(text)
  } catch {
    throw new Error(`OBJECTIVES is not JSON: ${text}. Example: {"live_latency":["avg<=6000"]}`)
  }
  if (typeof objectives !== 'object' || objectives === null || Array.isArray(objectives))
    throw new Error('OBJECTIVES must be an object: metric → list of thresholds')
  for (const [name, list] of Object.entries(objectives)) {
    if (!names.includes(name))
      throw new Error(`OBJECTIVES: this script has no metric "${name}". It has: ${names.join(', ')}`)
    if (!Array.isArray(list) || list.some((each) => typeof each !== 'string'))
      throw new Error(`OBJECTIVES: "${name}" must be a list of thresholds, e.g. ["avg<=6000"]; [] drops it`)
  }
  return objectives as Record<string, readonly string[]>
}

/**
 * The thresholds of these metrics: the catalogue's objectives, unless `OBJECTIVES` gives others for a stream that
 * is built differently, e.g. `-e OBJECTIVES='{"live_latency":["avg<6000"]}'`; an empty list drops a metric.
 * Each metric must get at least one value: `samples{metric:NAME}` fails the run otherwise.
 */
export function thresholdsOf(names: readonly (keyof Thresholds)[]): Record<string, string[]> {
  const declared = declaredObjectives(names)
  const found: Record<string, string[]> = {}
  for (const name of names) {
    const thresholds = [...(declared[name] ?? THRESHOLDS[name])]
    if (thresholds.length === 0) continue
    found[name] = thresholds
    found[`samples{metric:${name}}`] = ['count>0']
  }
  return found
}

/** With `COLLECTOR`, beacons must be sent and none refused. For scripts that report to Firstframe. */
export const beaconThresholds = (): Record<string, string[]> =>
  addressSetting('COLLECTOR') === '' ? {} : { beacons_sent: ['count>0'], beacons_refused: ['count<=0'] }

/**
 * The folder of `OUT`, where reports are written. k6 cannot make a folder, and a report that cannot be written would
 * be lost with exit code 0: so a missing folder throws before any load begins. Call it while the script is loaded.
 */
export function reportFolder(): string {
  const folder = setting('OUT', '.')
  try {
    open(folder.startsWith('/') ? folder : `${setting('PWD', '.')}/${folder}`)
  } catch (error) {
    if (/no such file|not exist|cannot find/i.test(String(error)))
      throw new Error(`OUT: the folder ${folder} does not exist; make it first: mkdir -p ${folder}`)
  }
  return folder
}
