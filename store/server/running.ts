import { literal } from '../../schemas/sql.ts'
import type { Engine } from './engine.ts'
import { refusal } from './errors.ts'

/** The queries in the house, by the client's query id, so that they can be stopped. */
export interface RunningQueries {
  /** Refuses an id that is in use, as ClickHouse does. */
  begin(options: { queryId: string; user: string }): RunningQuery
  /** Stops a query that is running or waiting; false when there is none such (of this user, if one is given). */
  cancel(queryId: string, user?: string): boolean
  readonly size: number
}

export interface RunningQuery {
  /** Aborted once somebody wants it stopped. */
  readonly signal: AbortSignal
  cancel(): void
  end(): void
}

/** Between a kill and the next try: the engine may not have heard of the query yet. */
const AGAIN_MS = 100

/** The queries that run now, by their id, so that they can be stopped. */
export function createRunningQueries(engine: Engine): RunningQueries {
  const running = new Map<string, { user: string; stop: AbortController; done: boolean }>()

  /** The engine knows our id as the setting log_comment. Its own abort would leave the query running. */
  const kill = async (queryId: string, entry: { done: boolean }) => {
    while (!entry.done) {
      const connection = engine.connect()
      try {
        await connection.run(`KILL QUERY WHERE Settings['log_comment'] = ${literal(queryId)} ASYNC`)
      } catch {
        // the next round tries again, and max_execution_time is behind it
      } finally {
        connection.close()
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    }
  }

  return {
    get size() {
      return running.size
    },
    begin({ queryId, user }) {
      if (running.has(queryId)) {
        throw refusal('queryIdInUse', `Query with id = ${queryId} is already running`)
      }
      const entry = { user, stop: new AbortController(), done: false }
      running.set(queryId, entry)
      const cancel = () => {
        if (entry.done || entry.stop.signal.aborted) return
        entry.stop.abort()
        void kill(queryId, entry)
      }
      return {
        signal: entry.stop.signal,
        cancel,
        end() {
          entry.done = true
          running.delete(queryId)
        },
      }
    },
    cancel(queryId, user) {
      const entry = running.get(queryId)
      if (!entry || entry.done || (user !== undefined && entry.user !== user)) return false
      if (!entry.stop.signal.aborted) {
        entry.stop.abort()
        void kill(queryId, entry)
      }
      return true
    },
  }
}
