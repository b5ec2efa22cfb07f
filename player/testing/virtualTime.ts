import type { Cancel } from '../core/sender.ts'

export interface VirtualTime {
  readonly now: () => number
  readonly later: (run: () => void, ms: number) => Cancel
  /** Runs everything due in the next `ms`, in order, letting promises settle between. */
  readonly pass: (ms: number) => Promise<void>
  /** Time goes by and nothing runs. */
  readonly sleep: (ms: number) => void
}

/** A clock that stands until a test moves it. */
export function createVirtualTime(start = 1_000): VirtualTime {
  let now = start
  let due: { at: number; run: () => void }[] = []
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    now: () => now,
    later: (run, ms) => {
      const entry = { at: now + ms, run }
      due.push(entry)
      return () => {
        due = due.filter((each) => each !== entry)
      }
    },
    sleep: (ms) => {
      now += ms
    },
    pass: async (ms) => {
      const until = now + ms
      for (;;) {
        await settle()
        const next = due.filter((each) => each.at <= until).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        due = due.filter((each) => each !== next)
        now = Math.max(now, next.at)
        next.run()
      }
      now = until
      await settle()
    },
  }
}
