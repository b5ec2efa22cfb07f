export interface WaitOptions {
  /** What is waited for, in words: it stands in the error. */
  readonly what: string
  /** Give up after this long; it is patience with a busy machine and no bound of what is tested. Default 60 000. */
  readonly timeout_ms?: number
  /** Look again after this long. Default 50. */
  readonly every_ms?: number
  /** Told in the error when time is up: a log, a last value. */
  readonly detail?: () => string
}

/**
 * Looks until `look` returns something other than undefined or false, and returns that.
 * Throws when the time is up; an error thrown by `look` counts as "not yet" and is told at the end.
 */
export async function waitFor<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  options: WaitOptions,
): Promise<T> {
  const { what, timeout_ms = 60_000, every_ms = 50, detail } = options
  const until = performance.now() + timeout_ms
  let last: unknown
  for (;;) {
    try {
      const found = await look()
      if (found !== undefined && found !== false) return found
      last = undefined
    } catch (error) {
      last = error
    }
    if (performance.now() > until) {
      const why = [last instanceof Error ? last.message : undefined, detail?.()].filter(Boolean).join('\n')
      throw new Error(`waited ${timeout_ms} ms for ${what}${why === '' ? '' : `\n${why}`}`)
    }
    await new Promise((resolve) => setTimeout(resolve, every_ms))
  }
}
