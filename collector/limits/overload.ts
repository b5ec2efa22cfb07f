import type { Answer } from '../../schemas/eventRoute.ts'
import type { Emit } from '../../schemas/facts.ts'
import { refusedFor } from '../http/answers.ts'

/** Whether a request is taken at all, decided before its body is read. */
export interface Overload {
  /**
   * @param bytes of the body: what it costs to take it
   * @param name whose request it is; called only while there is too much work
   */
  admits(bytes: number, name: () => string): boolean
  /** What a request gets that is not admitted: 503 with a `Retry-After` that grows with how much too much is asked. */
  answer(): Answer
  /** Looks at the signals; call it every `EVERY_MS`. */
  look(now_ms: number): void
  /** Whether requests are being refused. */
  readonly overloaded: boolean
}

export const EVERY_MS = 100

/** Signals above these mean too much work, ms. */
export const MOST = {
  /** How long the oldest batch has waited for the log. */
  batch_ms: 600,
  /** How long the oldest request has waited to be decoded. */
  turn_ms: 100,
  /** How late the event loop is, twice in a row. */
  lag_ms: 200,
} as const
/** With too much work, this share of what was admitted since the last look is admitted until the next. */
const DOWN = 0.85
const UP = 1.05
/** While the log keeps up, this share of what is usually taken is taken in any case. */
const LEAST = 0.6
const FORGETTING = 0.999
/**
 * What each tenant may send at least until the next look, bytes: about 450 beacons of one event a second. A tenant of that
 * size is never refused for what others send, and a busy disk does not bring everything to a stop.
 */
export const GUARANTEED_BYTES = 131_072
/** After it was lowered, it is not lowered again before that can have had an effect, ms. */
const PATIENCE_MS = 200
/** A request costs as much as this many bytes of events. */
const REQUEST_BYTES = 2_048
/** Names whose requests are counted apart; the others share one count. */
const MOST_NAMES = 1_000
const OTHERS = ''
/** Names of networks begin so: without a known key all share one count. */
export const UNKNOWN = '?'
/**
 * Who waits keeps what it has and sends it together later, which costs a fraction: at three times the best, a player
 * that reports every 10 s has to wait for about three reports.
 */
const RETRY = { least_s: 2, excess_s: 10, most_s: 60 } as const
/** How fast what is measured follows, a look. */
const SMOOTHING = 0.2

export interface OverloadSignals {
  readonly emit: Emit
  /** ms, monotonic; the same as that of `look`. */
  readonly clock: () => number
  /** How long the oldest unanswered batch has waited, ms. */
  readonly batchAge_ms: (now_ms: number) => number
  /** How long the oldest request has waited to be decoded, ms. */
  readonly turnAge_ms: (now_ms: number) => number
  /** 0 to 1: spreads what comes back. */
  readonly random: () => number
  /** What whoever is refused is advised. */
  readonly advice?: () => string | undefined
}

/**
 * Admission by three signals: how long the oldest batch waits for the log, how long the oldest request waits to be decoded,
 * and how late the event loop is. While one is too high, each look lowers the bytes admitted until the next; afterwards they
 * rise again. They are shared out fairly: who asks for less than an equal share is not refused at all, so a tenant that
 * floods refuses itself.
 */
export function createOverload(signals: OverloadSignals): Overload {
  let limit = Number.POSITIVE_INFINITY
  /** Bytes of one name admitted until the next look. */
  let cap = Number.POSITIVE_INFINITY
  let counts = new Map<string, { requested: number; admitted: number }>()
  let admitted = 0
  let refusedBytes = 0
  let looked_ms: number | undefined
  /** Consecutive checks that ran too late: a single one may be a pause of the machine. */
  let late = 0
  let lowered_ms = Number.NEGATIVE_INFINITY
  /** Bytes admitted between two looks at the best time without too much work, slowly forgotten. */
  let usual = 0
  /** How many times what is admitted is requested. */
  let excess = 1
  const { body, ...answer } = refusedFor('overloaded')

  function limitNext(now_ms: number): void {
    const passed_ms = looked_ms === undefined ? EVERY_MS : Math.max(1, now_ms - looked_ms)
    const lag_ms = passed_ms - EVERY_MS
    late = lag_ms > MOST.lag_ms ? late + 1 : 0
    const logBusy = signals.batchAge_ms(now_ms) > MOST.batch_ms
    const busy = logBusy || late > 1 || signals.turnAge_ms(now_ms) > MOST.turn_ms
    // A late look has counted more than its share.
    const share = Math.min(1, EVERY_MS / passed_ms)
    const requested = (admitted + refusedBytes) * share
    if (busy) {
      if (now_ms - lowered_ms < PATIENCE_MS) return
      const before = limit
      // Refusing is work, too: a loop that is late because of it would not be sooner if less were taken.
      const least = Math.max(GUARANTEED_BYTES, logBusy ? 0 : usual * LEAST)
      limit = Math.max(least, Math.min(limit, admitted * share) * DOWN)
      lowered_ms = now_ms
      if (before === Number.POSITIVE_INFINITY) signals.emit({ type: 'overload_began', lag_ms, admitted })
      return
    }
    const now = admitted * share
    usual = now > usual ? usual + (now - usual) * SMOOTHING : usual * FORGETTING
    if (limit !== Number.POSITIVE_INFINITY) {
      limit = limit * UP
      if (limit > requested * 2 + GUARANTEED_BYTES) {
        limit = Number.POSITIVE_INFINITY
        signals.emit({ type: 'overload_ended' })
      }
    }
  }

  return {
    answer() {
      const wait_s = (RETRY.least_s + RETRY.excess_s * (excess - 1)) * (0.7 + signals.random() * 0.6)
      return {
        ...answer,
        body,
        retryAfter: Math.min(RETRY.most_s, Math.ceil(wait_s)),
        advice: signals.advice?.(),
      }
    },
    get overloaded() {
      return limit !== Number.POSITIVE_INFINITY
    },
    admits(bytes, name) {
      const cost = bytes + REQUEST_BYTES
      if (limit === Number.POSITIVE_INFINITY) {
        admitted += cost
        return true
      }
      const known = name()
      const isKnown = !known.startsWith(UNKNOWN) && (counts.has(known) || counts.size < MOST_NAMES)
      const counted = isKnown ? known : OTHERS
      let count = counts.get(counted)
      if (count === undefined) counts.set(counted, (count = { requested: 0, admitted: 0 }))
      count.requested += cost
      // What piled up while the event loop was late came in that time, not at once.
      const looks = count.admitted < cap ? 1 : Math.max(1, (signals.clock() - (looked_ms ?? 0)) / EVERY_MS)
      if (count.admitted >= cap * looks) {
        refusedBytes += cost
        return false
      }
      count.admitted += cost
      admitted += cost
      return true
    },
    look(now_ms) {
      limitNext(now_ms)
      const now = admitted === 0 ? 1 : (admitted + refusedBytes) / admitted
      excess += (now - excess) * SMOOTHING
      const demands = [...counts.values()].map(({ requested }) => requested)
      cap = Math.max(GUARANTEED_BYTES, fairShare(demands, limit))
      looked_ms = now_ms
      counts = new Map()
      admitted = refusedBytes = 0
    },
  }
}

/** The largest number that each may have, so that all together have no more than `limit`: small demands are met whole. */
export function fairShare(demands: readonly number[], limit: number): number {
  if (limit === Number.POSITIVE_INFINITY) return limit
  let left = limit
  let names = demands.length
  for (const demand of [...demands].sort((a, b) => a - b)) {
    if (demand * names > left) break
    left -= demand
    names -= 1
  }
  // All demands fit: a name that was not there before may have what is free.
  return names === 0 ? limit : Math.max(1, Math.floor(left / names))
}
