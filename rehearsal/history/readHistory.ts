import { parse } from 'csv-parse/sync'

/** One cell in one minute: a combination of dimension values. */
export interface HistoryCell {
  /** Number of the combination: the same in every minute. */
  readonly cell: number
  /** Viewers who stalled in the minute. */
  readonly value: number
  /** Viewers. */
  readonly count: number
}

/** A history by minute and cell, as a platform's own tables hold it. */
export interface History {
  /** Names of the dimension columns, as they stand in the file. */
  readonly columns: readonly string[]
  /** Values of every combination, in the order of `columns`. */
  readonly combinations: readonly (readonly string[])[]
  /** In the order of time; `start_s` is epoch seconds. */
  readonly minutes: readonly HistoryMinute[]
  /** Minutes at the ends that the export cut off in their middle, and that are left out; epoch seconds. */
  readonly incomplete_s: readonly number[]
}

export interface HistoryMinute {
  readonly start_s: number
  readonly cells: readonly HistoryCell[]
}

export interface ReadHistoryOptions {
  /** Column of the minutes: epoch seconds, epoch milliseconds or ISO 8601. */
  readonly time: string
  /** Column of the viewers who stalled. */
  readonly value: string
  /** Column of the viewers. */
  readonly count: string
}

/** What is wrong with a file: a code for programs, a sentence for people. */
export interface HistoryRefusal {
  readonly code: 'csv_malformed' | 'column_missing' | 'number_malformed' | 'history_empty'
  readonly message: string
}

const MINUTE_S = 60

/** Epoch seconds of an instant, cut to its minute; NaN if it is none. */
function minuteOf(text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  const seconds = Number.isFinite(number)
    ? Math.abs(number) > 1e11
      ? number / 1000
      : number
    : Date.parse(text) / 1000
  return Math.floor(seconds / MINUTE_S) * MINUTE_S
}

/** A first or last minute with a smaller share of its neighbour's viewers than this was cut off by the export. */
const CUT_SHARE = 0.2

const viewersOf = ({ cells }: HistoryMinute): number => cells.reduce((sum, { count }) => sum + count, 0)

/** The minutes without those that were cut off at the ends: an export that ends in a minute's first second is no audience that left. */
function wholeMinutes(minutes: readonly HistoryMinute[]): Pick<History, 'minutes' | 'incomplete_s'> {
  const isCut = (minute: HistoryMinute | undefined, neighbour: HistoryMinute | undefined): boolean =>
    minute !== undefined && neighbour !== undefined && viewersOf(minute) < CUT_SHARE * viewersOf(neighbour)
  const from = isCut(minutes[0], minutes[1]) ? 1 : 0
  const to = minutes.length - (isCut(minutes.at(-1), minutes.at(-2)) ? 1 : 0)
  const cut = [...minutes.slice(0, from), ...minutes.slice(to)]
  return { minutes: minutes.slice(from, to), incomplete_s: cut.map(({ start_s }) => start_s) }
}

const amountOf = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text))

/**
 * Reads a CSV with a header: the minute, the viewers who stalled, the viewers, and any number of dimensions in any order.
 * Rows of the same minute and combination are added up. More stalled viewers than viewers counts as all of them.
 */
export function readHistory(
  text: string,
  { time, value, count }: ReadHistoryOptions,
): History | HistoryRefusal {
  let rows: string[][]
  try {
    rows = parse(text, { bom: true, skip_empty_lines: true, relax_column_count: false })
  } catch (error) {
    return { code: 'csv_malformed', message: `the CSV cannot be read: ${(error as Error).message}` }
  }
  const header = (rows.shift() ?? []).map((name) => name.trim())
  const [timeAt, valueAt, countAt] = [time, value, count].map((name) => header.indexOf(name)) as [
    number,
    number,
    number,
  ]
  for (const [option, name, at] of [
    ['time', time, timeAt],
    ['value', value, valueAt],
    ['count', count, countAt],
  ] as const) {
    if (at < 0)
      return {
        code: 'column_missing',
        message: `there is no column "${name}" (--${option}). The columns are: ${header.join(', ')}.`,
      }
  }
  const dimensionsAt = header.map((_, at) => at).filter((at) => ![timeAt, valueAt, countAt].includes(at))
  const combinations: string[][] = []
  const known = new Map<string, number>()
  const minutes = new Map<number, Map<number, { value: number; count: number }>>()
  for (const [index, row] of rows.entries()) {
    const start_s = minuteOf(row[timeAt]!)
    const [stalled, viewers] = [amountOf(row[valueAt]!), amountOf(row[countAt]!)]
    if (![start_s, stalled, viewers].every((number) => Number.isFinite(number)) || stalled < 0 || viewers < 0)
      return {
        code: 'number_malformed',
        message: `row ${index + 1} after the header: ${time} is "${row[timeAt]}", ${value} is "${row[valueAt]}", ${count} is "${row[countAt]}". The first is an instant, the others are numbers from 0 up.`,
      }
    const values = dimensionsAt.map((at) => row[at]!)
    const key = JSON.stringify(values)
    let cell = known.get(key)
    if (cell === undefined) {
      known.set(key, (cell = combinations.length))
      combinations.push(values)
    }
    const cells = minutes.get(start_s) ?? new Map<number, { value: number; count: number }>()
    minutes.set(start_s, cells)
    const sums = cells.get(cell) ?? { value: 0, count: 0 }
    sums.value += stalled
    sums.count += viewers
    cells.set(cell, sums)
  }
  if (minutes.size === 0) return { code: 'history_empty', message: 'there is no row after the header.' }
  return {
    columns: dimensionsAt.map((at) => header[at]!),
    combinations,
    ...wholeMinutes(
      [...minutes]
        .sort(([a], [b]) => a - b)
        .map(([start_s, cells]) => ({
          start_s,
          cells: [...cells].map(([cell, sums]) => ({
            cell,
            value: Math.round(Math.min(sums.value, sums.count)),
            count: Math.round(sums.count),
          })),
        })),
    ),
  }
}
