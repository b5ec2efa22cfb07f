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
  /** What a request gets that is not admitted: 503 with Retry-After. */
  readonly answer: Answer
  /** Looks at the signals; call it every `EVERY_MS`. */
  look(now_ms: number): void
  /** Whether requests are being refused. */
  readonly overloaded: boolean
}

export const EVERY_MS = 100

/** Older unanswered batches, or an event loop later than this, mean too much work, ms. */
const BATCH_MS = 600
const LAG_MS = 200
/** Each look with too much work lets this share of what was admitted in the last be admitted in the next. */
const DOWN = 0.8
const UP = 1.1
/**
 * What each tenant may send at least until the next look, bytes: about 800 small beacons a second. A tenant of that size
 * is never refused for what others send, and a busy disk does not bring everything to a stop.
 */
export const GUARANTEED_BYTES = 65_536
/** After it was lowered, it is not lowered again before that can have had an effect, ms. */
const PATIENCE_MS = 300
/** A request costs this much beside its body. */
const REQUEST_BYTES = 512
/** Names whose requests are counted apart; the others share one count. */
const MOST_NAMES = 1_000
const OTHERS = ''
/** Names of networks begin so: without a known key all share one count. */
export const UNKNOWN = '?'
const RETRY_AFTER_s = 2

/**
 * Admission by two signals: how long the oldest batch waits for the log, and how late the event loop is. While one is too
 * high, each look lowers the bytes admitted until the next; afterwards they rise again. They are shared out
 * fairly: who asks for less than an equal share is not refused at all, so a tenant that floods refuses itself.
 */
export function createOverload(options: {
  readonly emit: Emit
  /** How long the oldest unanswered batch has waited, ms. */
  readonly batchAge_ms: (now_ms: number) => number
}): Overload {
  let limit = Number.POSITIVE_INFINITY
  /** Bytes of one name admitted until the next look. */
  let cap = Number.POSITIVE_INFINITY
  let counts = new Map<string, { requested: number; admitted: number }>()
  let admitted = 0
  let refusedBytes = 0
  let looked_ms: number | undefined
  let lowered_ms = Number.NEGATIVE_INFINITY
  const { body, ...answer } = refusedFor('overloaded')

  function limitNext(now_ms: number): void {
    const lag_ms = looked_ms === undefined ? 0 : now_ms - looked_ms - EVERY_MS
    const busy = lag_ms > LAG_MS || options.batchAge_ms(now_ms) > BATCH_MS
    const requested = admitted + refusedBytes
    if (busy) {
      if (now_ms - lowered_ms < PATIENCE_MS) return
      const before = limit
      limit = Math.max(GUARANTEED_BYTES, Math.min(limit, Math.max(admitted, GUARANTEED_BYTES)) * DOWN)
      lowered_ms = now_ms
      if (before === Number.POSITIVE_INFINITY) options.emit({ type: 'overload_began', lag_ms, admitted })
    } else if (limit !== Number.POSITIVE_INFINITY) {
      limit = limit * UP
      if (limit > requested * 2 + GUARANTEED_BYTES) {
        limit = Number.POSITIVE_INFINITY
        options.emit({ type: 'overload_ended' })
      }
    }
  }

  return {
    answer: { ...answer, body, retryAfter: RETRY_AFTER_s },
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
      if (count.admitted >= cap) {
        refusedBytes += cost
        return false
      }
      count.admitted += cost
      admitted += cost
      return true
    },
    look(now_ms) {
      limitNext(now_ms)
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
