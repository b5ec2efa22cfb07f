import type { Emit } from './facts.ts'

/** Words by which a program says that it does not know a number yet. */
const UNKNOWN = new Set(['', '-', '--', 'n/a', 'na', 'nan', 'none', 'null', 'nil', 'unknown', 'undefined'])
/** Numbers that mean "not known" in C programs: the smallest and largest of 32 and 64 bits. */
const SENTINELS = new Set([-(2 ** 31), 2 ** 31 - 1, 2 ** 32 - 1, -(2 ** 63), 2 ** 63 - 1, 2 ** 64 - 1])

/** Units that programs write behind a number, in the base unit of their measure. */
const UNITS: Readonly<Record<string, readonly [measure: Measure, factor: number]>> = {
  x: ['count', 1],
  fps: ['count', 1],
  '%': ['count', 1],
  ns: ['time', 1e-6],
  us: ['time', 1e-3],
  µs: ['time', 1e-3],
  ms: ['time', 1],
  s: ['time', 1_000],
  sec: ['time', 1_000],
  b: ['size', 1],
  byte: ['size', 1],
  bytes: ['size', 1],
  kb: ['size', 1e3],
  mb: ['size', 1e6],
  gb: ['size', 1e9],
  kib: ['size', 2 ** 10],
  mib: ['size', 2 ** 20],
  gib: ['size', 2 ** 30],
  bps: ['rate', 1e-3],
  'bits/s': ['rate', 1e-3],
  kbps: ['rate', 1],
  'kb/s': ['rate', 1],
  'kbit/s': ['rate', 1],
  'kbits/s': ['rate', 1],
  mbps: ['rate', 1e3],
  'mbit/s': ['rate', 1e3],
  'mbits/s': ['rate', 1e3],
}
type Measure = 'count' | 'time' | 'size' | 'rate'

export interface NumberBounds {
  readonly min?: number
  readonly max?: number
  /** What the number counts where no unit stands behind it: `s`, `ms`, `bytes`, `kbps`. A written unit is converted to it. */
  readonly unit?: keyof typeof UNITS
}

/** Reads numbers of one source. What is there and cannot be right becomes missing, and is counted as a fact. */
export type NumberReader = (field: string, value: unknown, bounds?: NumberBounds) => number | undefined

/**
 * A reader of a source's numbers: text and numbers alike, a unit behind the number (`25.0 fps`, `12ms`, `1.5 MB`), and a
 * list where one number stood before (its numbers are added). A word for "unknown" and a sentinel are missing. Anything
 * else that is no number, has a unit of another measure, or is out of bounds, is missing and counted as the fact
 * `ingest_value_unread`.
 */
export function numberReader(source: string, emit: Emit): NumberReader {
  return function readNumber(field, value, { min = 0, max = Number.MAX_VALUE, unit } = {}) {
    if (value === undefined || value === null) return undefined
    const number = readLoosely(value, unit)
    if (number === 'unknown' || (number !== undefined && SENTINELS.has(number))) return undefined
    if (number !== undefined && number >= min && number <= max) return number
    const written = typeof value === 'bigint' ? String(value) : JSON.stringify(value)
    emit({ type: 'ingest_value_unread', source, field, value: String(written).slice(0, 80) })
    return undefined
  }
}

function readLoosely(value: unknown, unit?: string): number | 'unknown' | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) ? value : Number.isNaN(value) ? 'unknown' : undefined
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) {
    const numbers = value.map((each) => readLoosely(each, unit)).filter((each) => each !== 'unknown')
    if (numbers.length === 0) return 'unknown'
    return numbers.includes(undefined)
      ? undefined
      : (numbers as number[]).reduce((sum, each) => sum + each, 0)
  }
  return typeof value === 'string' ? readText(value.trim(), unit) : undefined
}

function readText(text: string, unit: string | undefined): number | 'unknown' | undefined {
  if (UNKNOWN.has(text.toLowerCase())) return 'unknown'
  // `1,234,567`: groups of three, and no list of numbers, which has a space behind its comma.
  const plain = /^[-+]?\d{1,3}(,\d{3})+(\.\d+)?\b/.test(text) ? text.replaceAll(',', '') : text
  const found = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([a-zµ%/]*)$/i.exec(plain)
  if (found !== null) {
    const number = Number(found[1])
    return found[2] === '' ? number : converted(number, found[2]!.toLowerCase(), unit)
  }
  // nginx separates what several servers answered by `, ` and ` : `.
  const parts = text.split(/[,;]\s+|\s+:\s+/)
  return parts.length > 1 && parts.length <= 16 ? readLoosely(parts, unit) : undefined
}

/** A number in the unit that is wanted; as it stands where none is. Undefined: its unit measures something else. */
function converted(number: number, written: string, wanted: string | undefined): number | undefined {
  const from = Object.hasOwn(UNITS, written) ? UNITS[written] : undefined
  if (from === undefined) return undefined
  const to = wanted === undefined ? undefined : UNITS[wanted]
  if (to === undefined) return number
  if (from[0] === 'count') return number
  return from[0] === to[0] ? (number * from[1]) / to[1] : undefined
}
