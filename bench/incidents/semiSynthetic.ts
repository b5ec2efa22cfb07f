import type { History, HistoryCell, HistoryMinute } from '../../rehearsal/history/readHistory.ts'
import { createRandom, type Random } from '../../rehearsal/random.ts'
import type { Label } from './score.ts'

/** Minutes before the fault; the rule needs five to know a stream. */
const BEFORE = 6
const MINUTE_S = 60
/** Audience of a cause, as a share of all; fewer tell nothing, more are everybody. */
const LEAST_SHARE = 0.02
const MOST_SHARE = 0.6
/** Part of a cause's viewers who stall on top of those who stall anyway. */
const LEAST_LIFT = 0.05
const MOST_LIFT = 0.6
/** A minute whose share is this many times the middle one of its file is not quiet, whatever its label says. */
const MOST_QUIET = 2.5

export interface SemiSynthetic {
  readonly history: History
  readonly label: Label
  readonly lift: number
}

/**
 * Real quiet minutes of a labelled incident's file with a fault of known place and lift put into the last of them. Files with few
 * minutes are drawn from again, so that every case has the same past.
 */
export function semiSynthetic(history: History, label: Label, seed: number): SemiSynthetic | undefined {
  const random = createRandom(seed)
  const quiet = quietOf(history.minutes.filter(({ start_s }) => start_s < label.at))
  if (quiet.length < 3) return undefined
  const from = quiet.length > BEFORE ? Math.floor(random.next() * (quiet.length - BEFORE)) : 0
  const run = quiet.slice(from, from + BEFORE + 1)
  while (run.length <= BEFORE) run.unshift(quiet[Math.floor(random.next() * quiet.length)]!)
  const cause = anyCause(history, run.at(-1)!.cells, random)
  if (cause === undefined) return undefined
  const lift = Math.exp(random.between(Math.log(LEAST_LIFT), Math.log(MOST_LIFT)))
  const start_s = Math.floor(label.at / MINUTE_S) * MINUTE_S
  const minutes = run.map(({ cells }, at) => ({
    start_s: start_s + (at - BEFORE) * MINUTE_S,
    cells:
      at < BEFORE
        ? cells
        : cells.map((cell) =>
            within(history, cell, cause)
              ? { ...cell, value: cell.value + hits(random, cell.count - cell.value, lift) }
              : cell,
          ),
  }))
  return { history: { ...history, minutes }, label: { file: label.file, at: start_s, causes: [cause] }, lift }
}

/** The minutes without those in which nobody labelled a trouble that is plainly there: drawn again, one would stand in many cases. */
function quietOf(minutes: readonly HistoryMinute[]): readonly HistoryMinute[] {
  const shareOf = ({ cells }: HistoryMinute): number =>
    cells.reduce((sum, { value }) => sum + value, 0) /
    Math.max(
      1,
      cells.reduce((sum, { count }) => sum + count, 0),
    )
  const middle = minutes.map(shareOf).sort((a, b) => a - b)[minutes.length >> 1] ?? 0
  return minutes.filter((minute) => shareOf(minute) <= MOST_QUIET * middle)
}

const within = (
  { columns, combinations }: History,
  { cell }: HistoryCell,
  cause: Readonly<Record<string, string>>,
): boolean => columns.every((name, at) => !(name in cause) || cause[name] === combinations[cell]![at])

/** One to three values of a random cell, whose audience is neither too small nor everybody. */
function anyCause(
  history: History,
  cells: readonly HistoryCell[],
  random: Random,
): Record<string, string> | undefined {
  const all = cells.reduce((sum, { count }) => sum + count, 0)
  for (let tries = 0; tries < 200; tries += 1) {
    const { cell } = cells[Math.floor(random.next() * cells.length)]!
    const kind = random.next()
    const length = kind < 0.5 ? 1 : kind < 0.85 ? 2 : 3
    const names = [...history.columns].sort(() => random.next() - 0.5).slice(0, length)
    const cause = Object.fromEntries(
      names.map((name) => [name, history.combinations[cell]![history.columns.indexOf(name)]!]),
    )
    const own = cells
      .filter((cell) => within(history, cell, cause))
      .reduce((sum, { count }) => sum + count, 0)
    if (own >= LEAST_SHARE * all && own <= MOST_SHARE * all) return cause
  }
  return undefined
}

const hits = (random: Random, viewers: number, chance: number): number => {
  if (viewers > 200) {
    const [mean, spread] = [viewers * chance, Math.sqrt(viewers * chance * (1 - chance))]
    const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
    return Math.min(viewers, Math.max(0, Math.round(mean + spread * normal)))
  }
  let count = 0
  for (let each = 0; each < viewers; each += 1) if (random.chance(chance)) count += 1
  return count
}
