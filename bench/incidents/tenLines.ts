import type { History } from '../../rehearsal/history/readHistory.ts'
import type { Loudness } from './curve.ts'

/**
 * The detector of ten lines that anybody would write: the share of viewers who stalled in a minute against the minutes before,
 * beyond their own spread and fifteen per cent.
 */
export function tenLines({ minutes }: History, until_s: number): Loudness {
  const totals = minutes
    .filter(({ start_s }) => start_s <= until_s)
    .map(({ cells }) => ({
      bad: cells.reduce((sum, { value }) => sum + value, 0),
      all: cells.reduce((sum, { count }) => sum + count, 0),
    }))
  return totals.map(({ bad, all }, at) => {
    const shares = totals.slice(0, at).map((total) => total.bad / Math.max(1, total.all))
    if (shares.length < 3) return 0
    const mean = shares.reduce((a, b) => a + b, 0) / shares.length
    const spread = Math.sqrt(
      shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / (shares.length - 1),
    )
    const expected = mean * all
    return (bad - expected) / Math.sqrt(expected + (spread * all) ** 2 + (0.15 * expected) ** 2 + 1e-9)
  })
}
