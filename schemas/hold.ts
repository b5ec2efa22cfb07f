/**
 * A time in which senders waited for an answer, by the collector's clock, ms since the epoch. Whoever waits says nothing, so its
 * silence then is no sign that it is ill.
 */
export interface Hold {
  readonly from_ms: number
  readonly until_ms: number
}

/** An answer that took less is as fast as always. */
export const HELD_MS = 500

/** Holds as the header of a tick: `from-until,from-until`. */
export const holdsText = (holds: readonly Hold[]): string =>
  holds.map(({ from_ms, until_ms }) => `${from_ms}-${until_ms}`).join(',')

/** Holds of a tick's header; what is no pair of times is left out. */
export function readHolds(text: string | undefined): Hold[] {
  if (text === undefined || text === '') return []
  return text
    .split(',')
    .map((each) => {
      const [from, until] = each.split('-').map(Number)
      return { from_ms: from ?? Number.NaN, until_ms: until ?? Number.NaN }
    })
    .filter(({ from_ms, until_ms }) => until_ms > from_ms)
}
