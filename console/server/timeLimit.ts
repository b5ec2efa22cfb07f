import type { QueryOptions, Store } from '../../store/client.ts'
import { StoreError } from '../../store/storeError.ts'

/**
 * Longest that a query may take, ms. It is long, since a store that is only slow must not be asked the same again while it works;
 * that a store does not answer is told long before, by the pulse.
 */
export const STORE_LIMIT_MS = 20_000

/**
 * The store with a limit of time on every query: a store that hangs is a StoreError of fault `store` after `limit_ms`, and the
 * query is given up there too.
 */
export function limitedStore(store: Store, limit_ms = STORE_LIMIT_MS): Store {
  return {
    ...store,
    async query<T>(sql: string, options: QueryOptions = {}): Promise<T[]> {
      const limit = AbortSignal.timeout(limit_ms)
      const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit])
      try {
        return await store.query<T>(sql, { ...options, signal })
      } catch (error) {
        if (!limit.aborted) throw error
        throw new StoreError(`no answer within ${limit_ms} ms`, {
          code: 0,
          type: 'TIMEOUT',
          fault: 'store',
          cause: error,
        })
      }
    },
  }
}

/** Whether the store answers, and since when it does not. */
export interface Pulse {
  readonly store: boolean
  /** How long the store has not answered, ms; 0 while it does. */
  readonly silent_ms: number
}

/** A page asks each second; so long is one answer good for all pages, ms. A store that is away is asked more often. */
const FRESH_MS = 900
const AWAY_FRESH_MS = 200
/** Longest that a pulse waits for the store, ms. */
const WAIT_MS = 1_500

/**
 * Watches whether the store answers, only while somebody asks. All who ask within a second share one query.
 * @param monotonic ms of a clock that never jumps
 */
export function createPulse(store: Pick<Store, 'query'>, monotonic: () => number): () => Promise<Pulse> {
  let answered_ms = monotonic()
  let asked_ms = Number.NEGATIVE_INFINITY
  let pending: Promise<boolean> | undefined
  let healthy = true
  return async () => {
    const now = monotonic()
    if (pending === undefined && now - asked_ms >= (healthy ? FRESH_MS : AWAY_FRESH_MS)) {
      // Nobody asked since the last check: the store’s silence is counted from now.
      if (healthy) answered_ms = now
      asked_ms = now
      pending = store
        .query('SELECT 1', { signal: AbortSignal.timeout(WAIT_MS) })
        .then(
          () => true,
          () => false,
        )
        .then((ok) => {
          pending = undefined
          healthy = ok
          if (ok) answered_ms = monotonic()
          return ok
        })
    }
    const ok = await (pending ?? healthy)
    return { store: ok, silent_ms: ok ? 0 : Math.round(monotonic() - answered_ms) }
  }
}
