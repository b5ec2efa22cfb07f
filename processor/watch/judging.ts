import type { Log } from '../../log/log.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { fingerprint } from '../../schemas/arrow/schema.ts'
import type { Emit } from '../../schemas/facts.ts'
import { HEADERS, topicOf } from '../../schemas/topics.ts'
import type { IncidentChange } from './incident/incident.ts'
import type { Judge, StateEntry } from './incident/judge.ts'
import { incidentRow } from './incident/row.ts'
import { stateMessages } from './state_topic.ts'
import { SLICE_MS } from './windows/view.ts'
import type { Windows } from './windows/windows.ts'

/** Tells receivers; `processor/watch/notify` has the real one. */
export interface Notifier {
  /** What was sent before, so that nobody is told twice. */
  restore(entries: Iterable<StateEntry>): void
  /** Queues what receivers are to be told; resolves at once. */
  take(changes: readonly IncidentChange[]): void
}

export interface JudgingOptions {
  readonly log: Log
  readonly windows: Windows
  readonly judge: Judge
  readonly notifier: Notifier | undefined
  readonly emit: Emit
  readonly clock: () => number
  /** The last moment that was judged before a restart. */
  readonly judged_ms: number
  /** Key of that moment in the compacted topic. */
  readonly key: string
}

/** After a longer gap the seconds in between are not judged one by one: they are history. */
const MOST_STEPS = 120

/** Judges windows second by second; what must not be forgotten is in the log before anybody is told. */
export interface Judging {
  /** Judges every second up to the last full one before `watermark_ms`. Calls queue up. */
  step(watermark_ms: number): Promise<void>
  /** Resolves when nothing is under way, and refuses from then on. */
  close(): Promise<void>
}

export function createJudging(options: JudgingOptions): Judging {
  const { log, windows, judge, notifier, emit, clock, key } = options
  let { judged_ms } = options
  let queue = Promise.resolve()
  let closed = false

  async function judgeAt(time_ms: number): Promise<void> {
    const { changes, state } = judge.evaluate({ views: windows.streams.values(), watermark_ms: time_ms })
    judged_ms = time_ms
    const messages = stateMessages([...state, { key, value: String(time_ms) }])
    if (changes.length > 0) {
      const builder = createBuilder('incident')
      for (const { incident } of changes) builder.pushRow(incidentRow(incident))
      const headers = {
        [HEADERS.type]: 'rows',
        [HEADERS.schema]: fingerprint('incident'),
        [HEADERS.rows]: String(changes.length),
        [HEADERS.time]: String(time_ms),
      }
      messages.push({ topic: topicOf('incident'), partition: 0, headers, value: builder.finish() })
    }
    await log.append(messages)
    notifier?.take(changes)
  }

  async function judgeTo(watermark_ms: number): Promise<void> {
    const to = Math.floor(watermark_ms / SLICE_MS) * SLICE_MS
    if (closed || to <= windows.watermark_ms) return
    const first = Math.max(windows.watermark_ms, judged_ms, to - MOST_STEPS * SLICE_MS) + SLICE_MS
    for (let time = Math.min(first, to); time <= to; time += SLICE_MS) {
      windows.advance(time)
      if (time > judged_ms) await judgeAt(time)
    }
    emit({ type: 'watermark', lag_seconds: (clock() - to) / 1000, streams: windows.streams.size })
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
