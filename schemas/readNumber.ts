import type { Emit } from './facts.ts'

/** Words by which a program says that it does not know a number yet. */
const UNKNOWN = new Set(['', '-', '--', 'n/a', 'na', 'nan', 'none', 'null', 'nil', 'unknown', 'undefined'])
/** Numbers that mean "not known" in C programs: the smallest and largest of 32 and 64 bits. */
const SENTINELS = new Set([-(2 ** 31), 2 ** 31 - 1, 2 ** 32 - 1, -(2 ** 63), 2 ** 63 - 1, 2 ** 64 - 1])

export interface NumberBounds {
  readonly min?: number
  readonly max?: number
}

/** Reads numbers of one source. What is there and cannot be right becomes missing, and is counted as a fact. */
export type NumberReader = (field: string, value: unknown, bounds?: NumberBounds) => number | undefined

/**
 * A reader of a source's numbers: text and numbers alike, a unit behind the number (`25.0 fps`, `1.02x`), and a list
 * where one number stood before (its numbers are added). A word for "unknown" and a sentinel are missing. Anything else
 * that is no number, or is out of bounds, is missing and counted as the fact `ingest_value_unread`.
 */
export function numberReader(source: string, emit: Emit): NumberReader {
  return function readNumber(field, value, { min = 0, max = Number.MAX_VALUE } = {}) {
    if (value === undefined || value === null) return undefined
    const number = readLoosely(value)
    if (number === 'unknown' || (number !== undefined && SENTINELS.has(number))) return undefined
    if (number !== undefined && number >= min && number <= max) return number
    emit({ type: 'ingest_value_unread', source, field, value: String(JSON.stringify(value)).slice(0, 80) })
    return undefined
  }
}

function readLoosely(value: unknown): number | 'unknown' | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) ? value : Number.isNaN(value) ? 'unknown' : undefined
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) {
    const numbers = value.map(readLoosely).filter((each) => each !== 'unknown')
    if (numbers.length === 0) return 'unknown'
    return numbers.includes(undefined)
      ? undefined
      : (numbers as number[]).reduce((sum, each) => sum + each, 0)
  }
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  if (UNKNOWN.has(text.toLowerCase())) return 'unknown'
  const found =
    /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(?:x|%|fps|ms|s|kbits\/s|kb\/s|kbps|bytes|b)?$/i.exec(text)
  if (found !== null) return Number(found[1])
  const parts = text.split(/\s*[,;:]\s*/)
  return parts.length > 1 && parts.length <= 16 ? readLoosely(parts) : undefined
}
