import type { Cells } from '../../processor/watch/localise/cells.ts'
import { generator } from './random.ts'

const CARDINALITIES = [40, 30, 20, 10, 8, 4]
const ROWS = 100_000

/** 100,000 distinct cells of six dimensions; one value of the first together with one of the third fails if `faulty`. */
export const manyCells = (faulty: boolean): Cells => {
  const places = generator(7)
  const codes = CARDINALITIES.map(() => new Int32Array(ROWS))
  const count = new Float64Array(ROWS)
  const seen = new Set<number>()
  for (let row = 0; row < ROWS; ) {
    let key = 0
    CARDINALITIES.forEach((size, d) => {
      const code = Math.floor(places() ** 1.5 * size)
      codes[d]![row] = code
      key = key * size + code
    })
    if (seen.has(key)) continue
    seen.add(key)
    count[row++] = 1 + Math.floor(1 / (places() + 0.001))
  }
  const random = generator(faulty ? 11 : 12)
  const value = count.map((n, row) => {
    const rate = faulty && codes[0]![row] === 3 && codes[2]![row] === 1 ? 0.2 : 0.02
    let hits = 0
    for (let i = 0; i < n; i++) if (random() < rate) hits++
    return hits
  })
  return { codes, value, count }
}
