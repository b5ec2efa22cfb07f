import { readFileSync } from 'node:fs'
import type { Cells } from '../../processor/watch/localise/cells.ts'
import { readHistory } from '../../rehearsal/history/readHistory.ts'
import { scene } from './scene.ts'

/** Cells of some minutes of a platform (`table.frame` numbers them), and the minutes in which all was as usual. */
export interface Platform {
  readonly name: string
  readonly dimensions: readonly string[]
  readonly table: Cells & { readonly frame: Int32Array }
  /** Frames that have enough of the past before them, and no trouble in all. */
  readonly quiet: readonly number[]
}

/** A cause as `dimension=code&…`, the dimensions ascending: equal causes have equal keys. */
export const causeKey = (cause: readonly { readonly dimension: number; readonly code: number }[]): string =>
  [...cause]
    .sort((a, b) => a.dimension - b.dimension)
    .map(({ dimension, code }) => `${dimension}=${code}`)
    .join('&')

export interface Case {
  /** Cases of one group share their past: they never stand on both sides of a fold. */
  readonly group: number
  readonly dimensions: readonly string[]
  readonly now: Cells
  readonly before: Cells
  /** Keys of the right answers, any of which is a hit; empty: nothing got worse. */
  readonly causes: readonly string[]
}

/** Frames of the past that a minute needs before it may be used. */
const PAST = 4
/** A minute is quiet if its ratio is below so many times the median. */
const QUIET = 1.35

/** The rows of a table whose frame is wanted. */
export const framesOf = (table: Platform['table'], wanted: (frame: number) => boolean): Platform['table'] => {
  const rows: number[] = []
  table.frame.forEach((frame, row) => {
    if (wanted(frame)) rows.push(row)
  })
  return {
    codes: table.codes.map((column) => Int32Array.from(rows, (row) => column[row]!)),
    value: Float64Array.from(rows, (row) => table.value[row]!),
    count: Float64Array.from(rows, (row) => table.count[row]!),
    frame: Int32Array.from(rows, (row) => table.frame[row]!),
  }
}

/** Frames before `until` with no more than the usual ratio and enough of the past. */
const quietFrames = (table: Platform['table'], until: number): number[] => {
  const sums = new Map<number, [number, number]>()
  table.frame.forEach((frame, row) => {
    if (frame >= until) return
    const [value, count] = sums.get(frame) ?? [0, 0]
    sums.set(frame, [value + table.value[row]!, count + table.count[row]!])
  })
  const ratios = [...sums]
    .sort(([a], [b]) => a - b)
    .map(([frame, [value, count]]) => ({ frame, ratio: value / count }))
  const middle = ratios.map(({ ratio }) => ratio).sort((a, b) => a - b)[ratios.length >> 1] ?? 0
  return ratios.flatMap(({ frame, ratio }, i) => (i >= PAST && ratio < QUIET * middle ? [frame] : []))
}

/** `labels.json` of a folder: which minute of which file to explain, and what explains it. */
interface Label {
  readonly file: string
  readonly at: number
  readonly causes: readonly Readonly<Record<string, string>>[]
}

/** A labelled incident with its platform. */
export interface Incident {
  readonly platform: Platform
  readonly case: Case
  readonly text: string
  readonly label: Label
}

/** Reads a folder of labelled incidents: `labels.json` and CSV files of `min`, `value`, `cnt` and any dimensions. */
export const readIncidents = (folder: URL): Incident[] => {
  const labels: Label[] = JSON.parse(readFileSync(new URL('labels.json', folder), 'utf8'))
  return labels.map((label, group) => {
    const text = readFileSync(new URL(label.file, folder), 'utf8')
    const history = readHistory(text, { time: 'min', value: 'value', count: 'cnt' })
    if ('code' in history) throw new Error(`${label.file}: ${history.message}`)
    const names = history.columns.map(() => new Map<string, number>())
    const codeOf = (d: number, value: string): number => {
      const known = names[d]!.get(value) ?? names[d]!.size
      names[d]!.set(value, known)
      return known
    }
    const combinations = history.combinations.map((values) => values.map((value, d) => codeOf(d, value)))
    const rows = history.minutes.flatMap(({ cells }, frame) => cells.map((cell) => ({ ...cell, frame })))
    const table = {
      codes: history.columns.map((_, d) => Int32Array.from(rows, ({ cell }) => combinations[cell]![d]!)),
      value: Float64Array.from(rows, ({ value }) => value),
      count: Float64Array.from(rows, ({ count }) => count),
      frame: Int32Array.from(rows, ({ frame }) => frame),
    }
    const at = history.minutes.findIndex(({ start_s }) => start_s === label.at)
    const causes = label.causes.map((cause) =>
      causeKey(
        Object.entries(cause).map(([name, value]) => {
          const dimension = history.columns.indexOf(name)
          return { dimension, code: codeOf(dimension, value) }
        }),
      ),
    )
    return {
      text,
      label,
      platform: { name: label.file, dimensions: history.columns, table, quiet: quietFrames(table, at) },
      case: {
        group,
        dimensions: history.columns,
        now: framesOf(table, (frame) => frame === at),
        before: framesOf(table, (frame) => frame < at),
        causes,
      },
    }
  })
}

/** Cell structures of other kinds of platforms: values of each dimension, viewers a minute, failing share. */
const SHAPES = [
  { cardinalities: [4, 5, 3, 6], viewers: 20_000, base: 0.02 },
  { cardinalities: [4, 5, 3, 6], viewers: 4000, base: 0.02 },
  { cardinalities: [4, 4], viewers: 600, base: 0.01 },
  { cardinalities: [12, 8, 5], viewers: 30_000, base: 0.05 },
  { cardinalities: [6, 4, 4, 3, 3], viewers: 60_000, base: 0.005 },
]

/** Made-up platforms of several kinds: calm, but their values differ in how often they fail. */
export const madePlatforms = (): Platform[] =>
  SHAPES.map(({ cardinalities, viewers, base }, i) => {
    const { dimensions, before } = scene({
      seed: 100 + i,
      cardinalities,
      viewers,
      base,
      causes: [],
      lift: 0,
      frames: 12,
    })
    const table = { ...before, frame: before.frame! }
    return { name: `made-${i + 1}`, dimensions, table, quiet: quietFrames(table, Number.POSITIVE_INFINITY) }
  })
