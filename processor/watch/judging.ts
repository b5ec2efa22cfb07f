import type { Log } from '../../log/log.ts'
import type { Emit } from '../../schemas/facts.ts'
import type { Holds } from './holds.ts'
import type { Judge } from './incident/judge.ts'
import { createOutbox, type Notifier } from './outbox.ts'
import { SLICE_MS } from './windows/view.ts'
import type { Windows } from './windows/windows.ts'

export interface JudgingOptions {
  readonly log: Log
  readonly windows: Windows
  readonly holds: Pick<Holds, 'longest'>
  readonly judge: Judge
  readonly notifier: Notifier | undefined
  readonly emit: Emit
  readonly clock: () => number
  /** The last moment that was judged before a restart. */
  readonly judged_ms: number
  /** Key of that moment in the compacted topic. */
  readonly key: string
}

/** A moment judged before a restart that is so far ahead of the clock was of a clock that has been set right since. */
const AHEAD_MS = 5_000
/** After a longer gap the seconds in between are not judged one by one: they are history. */
const MOST_STEPS = 120

/** Judges windows second by second; what must not be forgotten is in the log before anybody is told. */
export interface Judging {
  /**
   * Judges every second up to the last full one before `watermark_ms`. Calls queue up. Rejects when the log does not take
   * what was judged; the next call begins with that.
   */
  step(watermark_ms: number): Promise<void>
  /** Resolves when nothing is under way, and refuses from then on. */
  close(): Promise<void>
}

/** Makes the loop that judges windows second by second; see `Judging`. */
export function createJudging(options: JudgingOptions): Judging {
  const { log, windows, holds, judge, notifier, emit, clock, key } = options
  let judged_ms = options.judged_ms > clock() + AHEAD_MS ? 0 : options.judged_ms
  const outbox = createOutbox({ log, notifier })
  let queue = Promise.resolve()
  let closed = false

  async function judgeAt(time_ms: number): Promise<void> {
    const { changes, state } = judge.evaluate({
      views: windows.streams.values(),
      watermark_ms: time_ms,
      holds,
    })
    judged_ms = time_ms
    await outbox.put({ time_ms, changes, state: [...state, { key, value: String(time_ms) }] })
  }

  async function judgeTo(watermark_ms: number): Promise<void> {
    if (closed) return
    await outbox.flush()
    const to = Math.floor(watermark_ms / SLICE_MS) * SLICE_MS
    if (to <= windows.watermark_ms) return
    const first = Math.max(windows.watermark_ms, judged_ms, to - MOST_STEPS * SLICE_MS) + SLICE_MS
    for (let time = Math.min(first, to); time <= to; time += SLICE_MS) {
      windows.advance(time)
      if (time > judged_ms) await judgeAt(time)
    }
    emit({ type: 'watermark', lag_seconds: (clock() - to) / 1000, streams: windows.streamCount })
  }

  return {
    step(watermark_ms) {
      const next = queue.then(() => judgeTo(watermark_ms))
      queue = next.catch(() => undefined)
      return next
    },
    async close() {
      closed = true
      await queue
    },
  }
}
