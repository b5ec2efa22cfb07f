import { setTimeout as pause } from 'node:timers/promises'

/** The pauses between attempts: the first, doubled up to the longest. */
export interface RetryOptions {
  readonly first_ms: number
  readonly longest_ms: number
  /** Ends the attempts: the last error is thrown then. */
  readonly signal?: AbortSignal
  /** Whether another attempt can succeed; default: always. */
  readonly retriable?: (error: unknown) => boolean
  /** Called after each failed attempt that is followed by another one. */
  readonly failed?: (error: unknown) => void
  /** Waits between attempts; a test passes its own. */
  readonly wait?: (ms: number) => Promise<unknown>
}

/**
 * Calls `attempt` until it succeeds, with a pause that doubles after each failure.
 * @throws the attempt's error when it is not retriable, or when the signal aborts
 */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, retriable, failed } = options
  const aborted = (): boolean => signal?.aborted === true
  const wait =
    options.wait ?? ((ms: number) => pause(ms, undefined, { signal, ref: true }).catch(() => undefined))
  for (let pause_ms = options.first_ms; ; pause_ms = Math.min(pause_ms * 2, options.longest_ms)) {
    try {
      return await attempt()
    } catch (error) {
      if (aborted() || retriable?.(error) === false) throw error
      failed?.(error)
      await wait(pause_ms)
      if (aborted()) throw error
    }
  }
}
