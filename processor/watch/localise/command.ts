import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Cells } from './cells.ts'
import { type LocaliseOptions, localise } from './localise.ts'
import { readTable, type Table } from './readTable.ts'

export interface LocaliseCommand {
  /** A CSV with a header: the minute, value, count, and any number of dimensions, in any order. */
  readonly file: string
  /** The moment to explain, in epoch seconds, as it stands in the column of minutes. */
  readonly at: number | string
  readonly value: string
  readonly count: string
  readonly top?: number | string
  /** Name of the column of minutes. Default `min`. */
  readonly time?: string
  readonly kind?: string
  readonly worse?: string
}

/** A refusal: a code for programs, and for people what is wrong and how to mend it. */
export interface LocaliseRefusal {
  readonly code:
    | 'file_unreadable'
    | 'csv_malformed'
    | 'column_missing'
    | 'no_dimensions'
    | 'number_malformed'
    | 'option_malformed'
    | 'minute_missing'
    | 'no_rows_before'
  readonly message: string
}

/** One line of the answer. */
export interface NamedCause {
  readonly cause: Readonly<Record<string, string>>
  readonly explains: number
  readonly confidence: number
  readonly viewers: number
}

/**
 * `firstframe localise FILE.csv --at EPOCH --value value --count cnt [--top 5]`.
 * Output is JSON with a line break at its end: the causes (exit code 0), or `{ error: { code, message } }` (exit code 1).
 */
export const runLocalise = async (
  command: LocaliseCommand,
): Promise<{ output: string; exitCode: number }> => {
  let text: string
  try {
    text = await readFile(command.file, 'utf8')
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return refusal({
      code: 'file_unreadable',
      message: `Cannot read ${command.file} (${why}). Give the path of a CSV file.`,
    })
  }
  const result = localiseCsv(text, command)
  if ('code' in result) return refusal(result)
  return { output: `${JSON.stringify(result)}\n`, exitCode: 0 }
}

/** The same over the text of a CSV: causes, or the first thing that is wrong. */
export const localiseCsv = (text: string, command: LocaliseCommand): NamedCause[] | LocaliseRefusal => {
  const at = Number(command.at)
  if (!Number.isFinite(at) || String(command.at).trim() === '') {
    return { code: 'option_malformed', message: `--at ${command.at} is no number. Give epoch seconds.` }
  }
  const top = Number(command.top ?? 5)
  if (!Number.isInteger(top) || top < 1) {
    return {
      code: 'option_malformed',
      message: `--top ${command.top} is no number from 1 up. Leave it out for 5.`,
    }
  }
  const worse = oneOf(command.worse, ['higher', 'lower'] as const)
  if (worse === null) {
    return { code: 'option_malformed', message: `--worse ${command.worse}: say higher or lower.` }
  }
  const kind = oneOf(command.kind, ['share', 'level'] as const)
  if (kind === null)
    return { code: 'option_malformed', message: `--kind ${command.kind}: say share or level.` }

  const read = readTable(text)
  const file = basename(command.file)
  if (!read.ok) {
    return { code: 'csv_malformed', message: `${file}, line ${read.line}: ${read.why}. Mend that line.` }
  }
  const time = command.time ?? 'min'
  const { columns } = read.table
  for (const [option, name] of [
    ['time', time],
    ['value', command.value],
    ['count', command.count],
  ] as const) {
    if (!columns.has(name)) {
      return {
        code: 'column_missing',
        message: `${file} has no column "${name}" (--${option}). It has: ${[...columns.keys()].join(', ')}.`,
      }
    }
  }
  const dimensions = [...columns.keys()].filter(
    (name) => ![time, command.value, command.count].includes(name),
  )
  if (!dimensions.length) {
    return {
      code: 'no_dimensions',
      message: `${file} has no column beside ${time}, ${command.value} and ${command.count}. Add dimensions.`,
    }
  }
  const rows = numbersOf(read.table, { time, value: command.value, count: command.count }, file)
  if ('code' in rows) return rows

  const nowRows: number[] = []
  const beforeRows: number[] = []
  for (let row = 0; row < rows.minute.length; row++) {
    if (rows.minute[row] === at) nowRows.push(row)
    else if (rows.minute[row]! < at) beforeRows.push(row)
  }
  if (!nowRows.length) {
    return { code: 'minute_missing', message: `${file} has no row at ${at}. ${spanOf(rows.minute, time)}` }
  }
  if (!beforeRows.length) {
    return {
      code: 'no_rows_before',
      message: `${file} has no row before ${at} to compare with. Add earlier minutes, or choose a later --at.`,
    }
  }

  const names: string[][] = []
  const codes = dimensions.map((dimension) => {
    const { values, codes } = encode(columns.get(dimension)!)
    names.push(values)
    return codes
  })
  const pick = (which: number[]): Cells => ({
    codes: codes.map((column) => gather(column, which, new Int32Array(which.length))),
    value: gather(rows.value, which, new Float64Array(which.length)),
    count: gather(rows.count, which, new Float64Array(which.length)),
    frame: rankOf(gather(rows.minute, which, new Float64Array(which.length))),
  })
  const options: LocaliseOptions = {
    dimensions,
    now: pick(nowRows),
    before: pick(beforeRows),
    top,
    ...(kind && { kind }),
    ...(worse && { worse }),
  }
  return localise(options).map(({ cause, explains, confidence, viewers }) => ({
    cause: Object.fromEntries(
      cause.map(({ dimension, code }) => [dimensions[dimension]!, names[dimension]![code]!]),
    ),
    explains: rounded(explains),
    confidence: rounded(confidence),
    viewers,
  }))
}

const refusal = (error: LocaliseRefusal): { output: string; exitCode: number } => ({
  output: `${JSON.stringify({ error })}\n`,
  exitCode: 1,
})

const oneOf = <T extends string>(given: string | undefined, words: readonly T[]): T | undefined | null =>
  given === undefined ? undefined : (words.find((word) => word === given) ?? null)

const rounded = (share: number): number => Math.round(share * 10_000) / 10_000

const numbersOf = (
  table: Table,
  names: { time: string; value: string; count: string },
  file: string,
): { minute: Float64Array; value: Float64Array; count: Float64Array } | LocaliseRefusal => {
  const parsed = { minute: new Float64Array(), value: new Float64Array(), count: new Float64Array() }
  for (const [key, name] of [
    ['minute', names.time],
    ['value', names.value],
    ['count', names.count],
  ] as const) {
    const column = table.columns.get(name)!
    const numbers = new Float64Array(column.length)
    for (let row = 0; row < column.length; row++) {
      const number = Number(column[row])
      // Number('') is 0, but nothing is no number.
      numbers[row] = number === 0 && column[row]!.trim() === '' ? Number.NaN : number
    }
    const bad = numbers.findIndex((number) => !Number.isFinite(number) || (key !== 'minute' && number < 0))
    if (bad >= 0) {
      return {
        code: 'number_malformed',
        message: `${file}, row ${bad + 1} after the header: ${name} is "${column[bad]}". It must be a number from 0 up.`,
      }
    }
    parsed[key] = numbers
  }
  return parsed
}

const spanOf = (minutes: Float64Array, time: string): string => {
  if (!minutes.length) return 'It has no rows.'
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const minute of minutes) {
    if (minute < first) first = minute
    if (minute > last) last = minute
  }
  return `Its column ${time} reaches from ${first} to ${last}: give one of its minutes.`
}

const encode = (column: readonly string[]): { values: string[]; codes: Int32Array } => {
  const known = new Map<string, number>()
  const codes = new Int32Array(column.length)
  for (let row = 0; row < column.length; row++) {
    let code = known.get(column[row]!)
    if (code === undefined) known.set(column[row]!, (code = known.size))
    codes[row] = code
  }
  return { values: [...known.keys()], codes }
}

const gather = <T extends Int32Array | Float64Array>(from: T, rows: readonly number[], into: T): T => {
  for (let i = 0; i < rows.length; i++) into[i] = from[rows[i]!]!
  return into
}

/** Minutes as their rank: epoch seconds with fractions or beyond 32 bits are fine too. */
const rankOf = (minutes: Float64Array): Int32Array => {
  const rank = new Map([...new Set(minutes)].sort((a, b) => a - b).map((minute, i) => [minute, i]))
  const ranks = new Int32Array(minutes.length)
  for (let i = 0; i < minutes.length; i++) ranks[i] = rank.get(minutes[i]!)!
  return ranks
}
