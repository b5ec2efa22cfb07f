/**
 * Gateway or polling: the parts of a room's server and client that decide who polls while its push gateway is near its limit. The
 * contract stands in docs/players/routing.md. Pure: time is an argument.
 */

/** What a server answers at `GET /route`, and pushes when it changes. */
export interface Route {
  /** Clients whose position is below it poll. */
  readonly poll_share: number
  /** How often they poll. */
  readonly poll_ms: number
}

/** Load over limit at which clients are sent to polling, and below which they may come back. */
const HIGH = 0.85
const LOW = 0.7
/** Where a change of the share leads. */
const TARGET = 0.78
/** A change has no effect before clients have heard of it: two polls. */
const SETTLED_MS = 10_000
const BACK_AFTER_MS = 30_000
/** Nobody comes back faster than this: a reconnect costs the gateway more than a message. */
const BACK_STEP = 0.1
const POLL_MS = 5_000

/**
 * The server's half: the share of clients that poll, from the gateway's level. Up at once and as far as needed; back in small steps
 * after half a minute of calm. Between `LOW` and `HIGH` nothing moves, so a level at rest never flaps.
 */
export function createRouter() {
  let share = 0
  let changed_ms = Number.NEGATIVE_INFINITY
  let busy_ms = Number.NEGATIVE_INFINITY
  return {
    /** @param level the gateway's load ÷ its limit, with what polls already left out */
    look(level: number, now_ms: number): Route {
      if (level > LOW) busy_ms = now_ms
      const settled = now_ms - changed_ms >= SETTLED_MS
      // The load that there would be if nobody polled; who polls everything leaves nothing to reckon with.
      const demand = level / Math.max(0.02, 1 - share)
      const wanted = Math.min(0.98, Math.max(0, 1 - TARGET / Math.max(demand, 1e-9)))
      if (level > HIGH && settled && wanted > share) {
        share = wanted
        changed_ms = now_ms
      } else if (share > 0 && now_ms - Math.max(busy_ms, changed_ms) >= BACK_AFTER_MS) {
        share = share - BACK_STEP < 0.01 ? 0 : Math.max(wanted, share - BACK_STEP)
        changed_ms = now_ms
      }
      return { poll_share: share, poll_ms: POLL_MS }
    },
  }
}

/** The client's half: its position between 0 and 1, drawn once and kept, so that a change of the share moves only those between. */
export const polls = ({ poll_share }: Route, position: number): boolean => position < poll_share

/** When a client asks the next time: spread, so that who was sent away together does not come together. */
export const nextPoll_ms = ({ poll_ms }: Route, random: number): number => poll_ms * (0.8 + random * 0.4)
