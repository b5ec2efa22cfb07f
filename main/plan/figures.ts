import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { expectedError } from '../expectedError.ts'
import { type Figures, MEASURED } from './needs.ts'

/** A line that a bench writes with `--json`. */
interface BenchLine {
  readonly bench: string
  readonly case: string
  readonly role?: string
  readonly value: number
}

/** One rate of the bench `end-to-end`, with the processor time of each process. */
interface RateLine {
  readonly bench: 'end-to-end'
  readonly mode: string
  readonly rate: number
  readonly answered_per_s: number
  readonly cpu_us: Readonly<Record<string, number>>
}

interface Find {
  (bench: string, name: string, role?: string): BenchLine | undefined
  /** The highest rate on Kafka at which all was answered: idle cost is negligible there, and messages are largest. */
  readonly busiest: RateLine | undefined
}

/** How a file of figures is written. */
const COMMAND = 'npm run bench -- end-to-end scale sessions insert --json'

/** Below this share of answers the machine is saturated. */
const ANSWERED = 0.9
const perEvent = (role: string) => (find: Find) => find.busiest?.cpu_us[role]

/** Where each figure comes from: the bench that measures it, and how it is read. `undefined`: not in the file. */
const SOURCES: Readonly<
  Record<keyof Figures, { readonly bench: string; readonly read: (find: Find) => number | undefined }>
> = {
  collector_us: { bench: 'end-to-end', read: perEvent('collector') },
  write_us: { bench: 'end-to-end', read: perEvent('write') },
  watch_us: { bench: 'end-to-end', read: perEvent('watch') },
  // 2.5: the rollups' views read each row again.
  store_us: {
    bench: 'insert',
    read: (find) => {
      const row = find('insert', 'cpu-per-row-100000')
      return row && row.value * 2.5
    },
  },
  tick_us: { bench: 'scale', read: (find) => find('scale', 'tick', 'collector')?.value },
  session_bytes: { bench: 'sessions', read: (find) => find('sessions', 'memory a session')?.value },
  message_bytes: {
    bench: 'sessions',
    read: (find) => find('sessions', 'a heartbeat of 100 in a message')?.value,
  },
  compressed_bytes: {
    bench: 'sessions',
    read: (find) => find('sessions', 'a heartbeat of 100 with zstd')?.value,
  },
  row_bytes: { bench: 'panels', read: (find) => find('panels', 'bytes a row')?.value },
}

export interface ReadFigures {
  readonly figures: Figures
  /** Each figure: the bench it was read from on `machine`, or that it is the one measured here. */
  readonly from: Readonly<Record<keyof Figures, string>>
  readonly machine: string
}

/**
 * The figures of a file of bench lines, as `COMMAND` writes them. A figure that the file lacks is the
 * one measured here, and is marked so. Later lines win.
 * @throws an error in a line where the file cannot be read or holds none of the figures
 */
export function readFigures(file: string | undefined): ReadFigures {
  const lines = file === undefined ? [] : linesOf(file)
  const find: Find = Object.assign(
    (bench: string, name: string, role?: string) =>
      lines.findLast((line) => line.bench === bench && line.case === name && line.role === role),
    { busiest: busiestOf(lines) },
  )
  const figures = { ...MEASURED } as Record<keyof Figures, number>
  const from = {} as Record<keyof Figures, string>
  for (const name of Object.keys(SOURCES) as (keyof Figures)[]) {
    const { bench, read } = SOURCES[name]
    const value = read(find)
    from[name] = value === undefined ? `ours (npm run bench -- ${bench})` : `bench ${bench}`
    if (value !== undefined) figures[name] = value
  }
  if (file !== undefined && figuresAreOurs(from))
    throw expectedError(`${file} has none of the figures: write it by \`${COMMAND} > ${file}\`.`)
  const machine =
    lines.find((line) => line.bench === 'machine')?.case ?? `${cpus()[0]?.model ?? 'a core'}, not measured`
  return { figures, from, machine: file === undefined ? 'one of two shared virtual cores' : machine }
}

const busiestOf = (lines: readonly (BenchLine | RateLine)[]): RateLine | undefined =>
  lines
    .filter(
      (line): line is RateLine => 'mode' in line && line.bench === 'end-to-end' && line.mode === 'kafka',
    )
    .filter(({ rate, answered_per_s }) => answered_per_s >= ANSWERED * rate)
    .reduce<RateLine | undefined>(
      (best, each) => (best !== undefined && best.rate > each.rate ? best : each),
      undefined,
    )

const figuresAreOurs = (from: ReadFigures['from']): boolean =>
  Object.values(from).every((source) => source.startsWith('ours'))

function linesOf(file: string): BenchLine[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw expectedError(`${file} cannot be read: ${(error as Error).message}`)
  }
  return text.split('\n').flatMap((line, index) => {
    // npm writes lines of its own before a script's.
    if (!line.startsWith('{')) return []
    try {
      return [JSON.parse(line) as BenchLine]
    } catch {
      throw expectedError(`${file}, line ${index + 1}: no JSON.`)
    }
  })
}
