import type { FaultScore, Scorecard } from './scorecard.ts'

/** Several scorecards in the numbers by which a release is held. */
export interface Summary {
  readonly shows: number
  /** Faults that ought to page. */
  readonly faults: number
  readonly paged: number
  /** From the first affected beacon to the page. */
  readonly median_s: number
  readonly p95_s: number
  readonly slowest_s: number
  /** Shares of the faults that were paged. */
  readonly hop_right: number
  readonly cause_right: number
  /** The same of what the page itself said, seconds into the fault. */
  readonly hop_right_at_page: number
  readonly cause_right_at_page: number
  readonly one_page: number
  readonly false_pages: number
  readonly unresolved: number
}

/** Adds scorecards up. */
export function summaryOf(cards: readonly Scorecard[]): Summary {
  const wanted = cards.flatMap(({ faults }) => faults.filter(({ expected }) => expected.page))
  const paged = wanted.filter((fault) => fault.paged)
  const seconds = paged.map(({ seconds_to_page }) => seconds_to_page!).sort((a, b) => a - b)
  const share = (right: (fault: FaultScore) => boolean) =>
    paged.length === 0 ? Number.NaN : paged.filter(right).length / paged.length
  const add = (of: (card: Scorecard) => number) => cards.reduce((sum, card) => sum + of(card), 0)
  return {
    shows: cards.length,
    faults: wanted.length,
    paged: paged.length,
    median_s: quantile(seconds, 0.5),
    p95_s: quantile(seconds, 0.95),
    slowest_s: quantile(seconds, 1),
    hop_right: share(({ hop_right }) => hop_right),
    cause_right: share(({ cause_right }) => cause_right),
    hop_right_at_page: share(({ at_page }) => at_page?.hop_right === true),
    cause_right_at_page: share(({ at_page }) => at_page?.cause_right === true),
    one_page: share(({ pages }) => pages === 1),
    false_pages: add(({ false_pages }) => false_pages.length),
    unresolved: add(({ unresolved }) => unresolved),
  }
}

/** Nearest rank: the smallest value that so many are not above. */
const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? Number.NaN

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`

/** The summary in two lines. */
export const tellSummary = (entry: Summary): string =>
  [
    `${entry.paged} of ${entry.faults} faults paged in ${entry.shows} shows; ${entry.false_pages} false pages, ${entry.unresolved} unresolved`,
    `page after ${entry.median_s} s (median), ${entry.p95_s} s (p95), ${entry.slowest_s} s (slowest); hop right ${percent(entry.hop_right)}, cause exact ${percent(entry.cause_right)} (in the page itself ${percent(entry.hop_right_at_page)} and ${percent(entry.cause_right_at_page)}), one page ${percent(entry.one_page)}`,
  ].join('\n')
