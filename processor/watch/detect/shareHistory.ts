import { OTHER } from '../../../schemas/dimensions.ts'
import type { Cells, StreamView } from '../windows/view.ts'
import type { Signal } from './signals.ts'

/** Time is remembered in pieces of this length. */
export const PIECE_MS = 60_000
/** Cells of a piece beyond which pairs of values are not looked at. */
const MOST_ROWS = 20_000
/** Dimensions beyond which the rest is not paired. */
const MOST_PAIRED = 12

/** One piece of the past: what each combination of values brought. */
interface Piece {
  readonly from_ms: number
  readonly groups: readonly Map<number, Sums>[]
}

/** A numerator and its denominator. */
export interface Sums {
  bad: number
  all: number
}

/** What is looked at: the whole, one dimension, or a pair; indexes into the cells' dimensions. */
export type Group = readonly number[]

/** The cell of a group that a row belongs to; −1: of none, since a value is missing. */
export function cellOf(cells: Cells, group: Group, row: number): number {
  let key = 0
  for (const dimension of group) {
    const code = cells.codes[dimension]![row]!
    const value = cells.values[dimension]![code]!
    if (value === '' || value === OTHER) return -1
    key = key * 65_536 + code
  }
  return key
}

/** Values of a cell's key, in the order of the group. */
export function valuesOf(cells: Cells, group: Group, key: number): string[] {
  const codes = group.length === 2 ? [Math.floor(key / 65_536), key % 65_536] : [key]
  return group.map((dimension, at) => cells.values[dimension]![codes[at]!]!)
}

/** The groups to look at; a dimension with a single value adds nothing and is left out. */
export function groupsOf(cells: Cells, skip: ReadonlySet<string>): Group[] {
  const singles = cells.dimensions
    .map((name, at) => ({ name, at }))
    .filter(({ name, at }) => !skip.has(name) && cells.values[at]!.length > 1)
    .map(({ at }) => at)
  const groups: Group[] = [[], ...singles.map((at) => [at])]
  if (cells.rows > MOST_ROWS) return groups
  const paired = singles.slice(0, MOST_PAIRED)
  for (const [index, a] of paired.entries()) for (const b of paired.slice(index + 1)) groups.push([a, b])
  return groups
}

/** Sums of a group's cells. `rows`: only these rows; `known`: only these cells. */
export function sumsOf(
  cells: Cells,
  group: Group,
  { rows, known }: { rows?: readonly number[]; known?: ReadonlyMap<number, Sums> } = {},
): Map<number, Sums> {
  const found = new Map<number, Sums>()
  const [bad, all] = cells.sums as [Float64Array, Float64Array]
  const count = rows?.length ?? cells.rows
  for (let each = 0; each < count; each += 1) {
    const row = rows ? rows[each]! : each
    const key = cellOf(cells, group, row)
    if (key < 0 || (known !== undefined && !known.has(key))) continue
    const sums = found.get(key)
    if (sums === undefined) found.set(key, { bad: bad[row]!, all: all[row]! })
    else {
      sums.bad += bad[row]!
      sums.all += all[row]!
    }
  }
  return found
}

/**
 * The past minutes of one share of a stream, by every combination of one or two values: a view over the windows, made anew once a
 * minute from their blocks.
 */
export class ShareHistory {
  private readonly pieces: Piece[] = []
  /** Cells are numbered by the windows' own table; when that is a new one, the past is read again. */
  private values: readonly (readonly string[])[] | undefined
  private shape = ''

  /** Reads the pieces that ended by `to_ms`, and forgets those older than `keep_ms`. */
  advance(view: StreamView, signal: Signal, groups: readonly Group[], cells: Cells, keep_ms: number): void {
    const to_ms = view.watermark_ms
    const shape = JSON.stringify(groups)
    if (shape !== this.shape || this.values?.[0] !== cells.values[0]) {
      this.pieces.length = 0
      this.shape = shape
      this.values = cells.values
    }
    const first_ms = Math.ceil(Math.max(view.first_ms, to_ms - keep_ms) / 10_000) * 10_000
    const last = this.pieces.at(-1)
    let from_ms = last === undefined ? first_ms : last.from_ms + PIECE_MS
    for (; from_ms + PIECE_MS <= to_ms; from_ms += PIECE_MS) {
      const past = view.cells([signal.numerator, signal.denominator], from_ms, from_ms + PIECE_MS)
      this.pieces.push({ from_ms, groups: groups.map((group) => sumsOf(past, group)) })
    }
    while (this.pieces.length > 0 && this.pieces[0]!.from_ms < to_ms - keep_ms - PIECE_MS) this.pieces.shift()
  }

  /** How many pieces ended by `to_ms`. */
  until(to_ms: number): number {
    let count = this.pieces.length
    while (count > 0 && this.pieces[count - 1]!.from_ms + PIECE_MS > to_ms) count -= 1
    return count
  }

  /** Sums of a cell in the first `count` pieces, those in which it was heard. */
  of(group: number, key: number, count: number): Sums[] {
    const found: Sums[] = []
    for (let at = 0; at < count; at += 1) {
      const sums = this.pieces[at]!.groups[group]!.get(key)
      if (sums !== undefined && sums.all > 0) found.push(sums)
    }
    return found
  }
}
