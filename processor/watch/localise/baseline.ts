import type { Cells, Matched } from './cells.ts'
import { cardinalityOf, type Grouping, oneGroup, refine } from './group.ts'

/** More than this many (cell, frame) pairs and neighbouring frames are pooled, so that memory stays bounded. */
const MAX_PAIRS = 4_000_000

export interface BaselineOptions {
  readonly now: Cells
  readonly before: Cells
  readonly countPerViewer: number
  /** Viewers a frame by which a cell's ratio is drawn towards the typical one. */
  readonly shrinkage: number
  /** How far the typical ratio of a cell follows its dimension values: 0 not at all, 1 fully. */
  readonly structure: number
}

/**
 * Joins now with before and says what each cell of now should have been.
 *
 * - A cell's *typical* ratio is everybody's, times what each of its dimension values is usually worse or better than
 *   everybody (median over the frames), damped by `structure` because dimensions overlap.
 * - Its expected ratio is the median over the frames of its own ratio, drawn towards the typical one as if
 *   `shrinkage` more viewers had been seen: three viewers a minute say little. A cell never seen is typical.
 *
 * Medians: a burst in fewer than half of the frames does not become normal.
 */
export const matchBaseline = (options: BaselineOptions): Matched => {
  const { now, before, countPerViewer, shrinkage } = options
  const nowRows = now.value.length
  const { of, joined } = join(now, before)

  // Rows of now come first, so the cells of now are the groups 0 … size-1.
  let size = 0
  for (let i = 0; i < nowRows; i++) if (of[i]! >= size) size = of[i]! + 1
  const value = new Float64Array(size)
  const count = new Float64Array(size)
  const first = new Int32Array(size).fill(-1)
  for (let i = 0; i < nowRows; i++) {
    const cell = of[i]!
    value[cell] = value[cell]! + now.value[i]! / countPerViewer
    count[cell] = count[cell]! + now.count[i]! / countPerViewer
    if (first[cell]! < 0) first[cell] = i
  }
  const codes = joined.map((column) => {
    const own = new Int32Array(size)
    for (let cell = 0; cell < size; cell++) own[cell] = column[first[cell]!]! - 1
    return own
  })

  const { frameOf, frames, ratio } = framesOf(before, size)
  const cellValue = new Float64Array(size * frames)
  const cellCount = new Float64Array(size * frames)
  for (let i = 0; i < before.value.length; i++) {
    const frame = frameOf[i]!
    const cell = of[nowRows + i]!
    if (frame < 0 || cell >= size) continue
    const at = cell * frames + frame
    cellValue[at] = cellValue[at]! + before.value[i]! / countPerViewer
    cellCount[at] = cellCount[at]! + before.count[i]! / countPerViewer
  }

  const everybody = frames ? ratio : ratioOf(value, count)
  const expected = typical({ codes, cellValue, cellCount, frames, everybody, structure: options.structure })
  const ratios = new Float64Array(frames)
  for (let cell = 0; cell < size; cell++) {
    let known = 0
    for (let at = cell * frames; at < (cell + 1) * frames; at++) {
      const n = cellCount[at]!
      if (n > 0) ratios[known++] = (cellValue[at]! + shrinkage * expected[cell]!) / (n + shrinkage)
    }
    if (known) expected[cell] = median(ratios, known)
  }
  // At now's own mix of cells.
  let were = 0
  let are = 0
  for (let cell = 0; cell < size; cell++) {
    were += count[cell]! * expected[cell]!
    are += value[cell]!
  }
  const rise = were > 0 ? are / were : 1
  return { size, codes, value, count, expected, rise }
}

/**
 * Numbers the cells over the rows of now and, behind them, before. "Not told" (-1) is a value of its own here, so the
 * joined codes are one higher than those given.
 */
const join = (now: Cells, before: Cells): { of: Int32Array; joined: Int32Array[] } => {
  const nowRows = now.value.length
  const rows = nowRows + before.value.length
  let grouping: Grouping = oneGroup(rows)
  const joined = now.codes.map((column, d) => {
    const earlier = before.codes[d]!
    const codes = new Int32Array(rows)
    for (let i = 0; i < nowRows; i++) codes[i] = Math.max(0, column[i]! + 1)
    for (let i = nowRows; i < rows; i++) codes[i] = Math.max(0, earlier[i - nowRows]! + 1)
    grouping = refine(grouping, codes, cardinalityOf(codes))
    return codes
  })
  return { of: grouping.of, joined }
}

/** Which frame each row of before belongs to, numbered in the order of time, and the median ratio of the frames. */
const framesOf = (before: Cells, cells: number): { frameOf: Int32Array; frames: number; ratio: number } => {
  const rows = before.value.length
  const totals = new Map<number, { value: number; count: number }>()
  for (let i = 0; i < rows; i++) {
    const frame = before.frame ? before.frame[i]! : 0
    const total = totals.get(frame) ?? { value: 0, count: 0 }
    total.value += before.value[i]!
    total.count += before.count[i]!
    totals.set(frame, total)
  }
  const kept = [...totals].filter(([, { count }]) => count > 0).sort(([a], [b]) => a - b)
  const pool = Math.ceil(kept.length / Math.max(1, Math.floor(MAX_PAIRS / Math.max(1, cells))))
  const number = new Map(kept.map(([frame], i) => [frame, Math.floor(i / pool)]))
  const frameOf = new Int32Array(rows)
  for (let i = 0; i < rows; i++) frameOf[i] = number.get(before.frame ? before.frame[i]! : 0) ?? -1
  const ratios = Float64Array.from(kept, ([, { value, count }]) => value / count)
  return {
    frameOf,
    frames: kept.length ? Math.ceil(kept.length / pool) : 0,
    ratio: kept.length ? median(ratios, kept.length) : 0,
  }
}

/** Viewers a frame by which the ratio of one dimension value is drawn towards everybody's. */
const VALUE_SHRINKAGE = 100

const typical = (options: {
  codes: readonly Int32Array[]
  cellValue: Float64Array
  cellCount: Float64Array
  frames: number
  everybody: number
  structure: number
}): Float64Array => {
  const { codes, cellValue, cellCount, frames, everybody, structure } = options
  const size = codes[0]?.length ?? 0
  const ratios = new Float64Array(size).fill(everybody)
  if (!frames || everybody <= 0 || structure <= 0) return ratios
  const ofFrames = new Float64Array(frames)
  for (const column of codes) {
    const cardinality = cardinalityOf(column)
    const value = new Float64Array(cardinality * frames)
    const count = new Float64Array(cardinality * frames)
    for (let cell = 0; cell < size; cell++) {
      const code = column[cell]!
      if (code < 0) continue
      for (let f = 0; f < frames; f++) {
        const at = code * frames + f
        value[at] = value[at]! + cellValue[cell * frames + f]!
        count[at] = count[at]! + cellCount[cell * frames + f]!
      }
    }
    const factor = new Float64Array(cardinality).fill(1)
    for (let code = 0; code < cardinality; code++) {
      let known = 0
      for (let at = code * frames; at < (code + 1) * frames; at++) {
        const n = count[at]!
        if (n > 0) ofFrames[known++] = (value[at]! / everybody + VALUE_SHRINKAGE) / (n + VALUE_SHRINKAGE)
      }
      if (known) factor[code] = median(ofFrames, known) ** structure
    }
    for (let cell = 0; cell < size; cell++) {
      const code = column[cell]!
      if (code >= 0) ratios[cell] = ratios[cell]! * factor[code]!
    }
  }
  return ratios
}

const ratioOf = (value: Float64Array, count: Float64Array): number => {
  let v = 0
  let n = 0
  for (let i = 0; i < value.length; i++) {
    v += value[i]!
    n += count[i]!
  }
  return n > 0 ? v / n : 0
}

/** Median of the first `length` entries; sorts them in place (insertion: they are few). */
const median = (entries: Float64Array, length: number): number => {
  for (let i = 1; i < length; i++) {
    const entry = entries[i]!
    let j = i - 1
    while (j >= 0 && entries[j]! > entry) {
      entries[j + 1] = entries[j]!
      j--
    }
    entries[j + 1] = entry
  }
  const middle = length >> 1
  return length % 2 ? entries[middle]! : (entries[middle - 1]! + entries[middle]!) / 2
}
