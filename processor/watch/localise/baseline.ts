import type { Cells, Matched } from './cells.ts'
import { cardinalityOf, type Grouping, oneGroup, refine } from './group.ts'

/** More than this many (cell, frame) pairs and neighbouring frames are pooled, so that memory stays bounded. */
const MAX_PAIRS = 4_000_000

/**
 * Joins now with before and says what each cell of now should have been.
 *
 * The expected ratio of a cell is the median over the frames before of its ratio in each, shrunk by `shrinkage`
 * viewers towards the median ratio of everybody: a median, because a minute before that had its own trouble must not
 * become normal; shrunk, because three viewers a minute say little. A cell never seen before is expected to be like all.
 */
export const matchBaseline = (options: {
  now: Cells
  before: Cells
  countPerViewer: number
  shrinkage: number
}): Matched => {
  const { now, before, countPerViewer, shrinkage } = options
  const nowRows = now.value.length
  const rows = nowRows + before.value.length
  let grouping: Grouping = oneGroup(rows)
  const joined: Int32Array[] = []
  now.codes.forEach((column, d) => {
    const codes = new Int32Array(rows)
    codes.set(column)
    codes.set(before.codes[d]!, nowRows)
    joined.push(codes)
    // "Not told" (-1) is a value of its own while joining.
    const shifted = codes.map((code) => (code < 0 ? 0 : code + 1))
    grouping = refine(grouping, shifted, cardinalityOf(shifted))
  })

  // Rows of now come first, so the cells of now are the groups 0 … size-1.
  let size = 0
  for (let i = 0; i < nowRows; i++) if (grouping.of[i]! >= size) size = grouping.of[i]! + 1
  const value = new Float64Array(size)
  const count = new Float64Array(size)
  const first = new Int32Array(size).fill(-1)
  for (let i = 0; i < nowRows; i++) {
    const cell = grouping.of[i]!
    value[cell] = value[cell]! + now.value[i]! / countPerViewer
    count[cell] = count[cell]! + now.count[i]! / countPerViewer
    if (first[cell]! < 0) first[cell] = i
  }
  const codes = joined.map((column) => Int32Array.from(first, (row) => column[row]!))

  const { frameOf, frames } = numberFrames(before, size)
  const frameValue = new Float64Array(frames)
  const frameCount = new Float64Array(frames)
  const cellValue = new Float64Array(size * frames)
  const cellCount = new Float64Array(size * frames)
  for (let i = 0; i < before.value.length; i++) {
    const f = frameOf[i]!
    const v = before.value[i]! / countPerViewer
    const n = before.count[i]! / countPerViewer
    frameValue[f] = frameValue[f]! + v
    frameCount[f] = frameCount[f]! + n
    const cell = grouping.of[nowRows + i]!
    if (cell >= size) continue
    cellValue[cell * frames + f] = cellValue[cell * frames + f]! + v
    cellCount[cell * frames + f] = cellCount[cell * frames + f]! + n
  }

  const ratios = new Float64Array(frames)
  let known = 0
  for (let f = 0; f < frames; f++) {
    if (frameCount[f]! > 0) ratios[known++] = frameValue[f]! / frameCount[f]!
  }
  const everybody = known ? median(ratios, known) : ratioOf(value, count)
  const expected = new Float64Array(size)
  for (let cell = 0; cell < size; cell++) {
    known = 0
    for (let f = cell * frames; f < (cell + 1) * frames; f++) {
      const n = cellCount[f]!
      if (n > 0) ratios[known++] = (cellValue[f]! + shrinkage * everybody) / (n + shrinkage)
    }
    expected[cell] = known ? median(ratios, known) : everybody
  }
  return { size, codes, value, count, expected }
}

/** Numbers the frames 0…F-1 in their order; pools neighbours when cells × frames would grow too large. */
const numberFrames = (before: Cells, cells: number): { frameOf: Int32Array; frames: number } => {
  const frameOf = new Int32Array(before.value.length)
  if (!before.frame || before.value.length === 0) return { frameOf, frames: 1 }
  const distinct = [...new Set(before.frame)].sort((a, b) => a - b)
  const most = Math.max(1, Math.floor(MAX_PAIRS / Math.max(1, cells)))
  const pool = Math.ceil(distinct.length / most)
  const numbered = new Map(distinct.map((frame, i) => [frame, Math.floor(i / pool)]))
  for (let i = 0; i < frameOf.length; i++) frameOf[i] = numbered.get(before.frame[i]!)!
  return { frameOf, frames: Math.ceil(distinct.length / pool) }
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
