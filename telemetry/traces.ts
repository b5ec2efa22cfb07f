import { createHash } from 'node:crypto'
import type { Emit } from '../schemas/facts.ts'

/** How one range of the log came into the store, by the clocks of the processes that had it; ms since the epoch. */
export interface BatchTimeline {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly to: number
  readonly table: string
  readonly rows: number
  readonly collector: string
  /** When the collector took the last row of the range's first message. */
  readonly taken_ms: number
  /** When the log took that message. */
  readonly appended_ms: number
  readonly insert_began_ms: number
  readonly insert_ended_ms: number
}

export interface TraceTarget {
  /** Address of OTLP over HTTP: `http://collector:4318/v1/traces`. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

const SEND_EVERY_MS = 5_000
const TIMEOUT_MS = 10_000
/** Timelines that wait while the receiver is away; older ones are given up. */
const MOST_WAITING = 1_000

const attribute = (key: string, value: string | number) => ({
  key,
  value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
})

/**
 * The spans of a timeline, as OTLP's JSON: the whole, and in it `append` (collector to log), `wait` (in the log) and `insert`. The ids
 * follow from the range, so that one that is written again after a crash is the same trace.
 */
export function spansOf(timeline: BatchTimeline) {
  const { topic, partition, from, to, taken_ms, appended_ms, insert_began_ms, insert_ended_ms } = timeline
  const id = createHash('sha256').update(`${topic}:${partition}:${from}:${to}`).digest('hex')
  const traceId = id.slice(0, 32)
  const idOf = (index: number) => id.slice(32 + index * 4, 48 + index * 4)
  const nanos = (ms: number) => `${Math.round(ms)}000000`
  const attributes = [
    attribute('messaging.destination.name', topic),
    attribute('messaging.destination.partition.id', String(partition)),
    attribute('firstframe.offset.from', from),
    attribute('firstframe.offset.to', to),
    attribute('firstframe.table', timeline.table),
    attribute('firstframe.rows', timeline.rows),
    attribute('firstframe.collector', timeline.collector),
  ]
  const span = (index: number, name: string, start_ms: number, end_ms: number, more: object) => ({
    traceId,
    spanId: idOf(index),
    name,
    kind: 1,
    startTimeUnixNano: nanos(start_ms),
    // Clocks of two machines may disagree: a span never ends before it begins.
    endTimeUnixNano: nanos(Math.max(start_ms, end_ms)),
    ...more,
  })
  const inside = { parentSpanId: idOf(0) }
  return [
    span(0, 'batch', taken_ms, insert_ended_ms, { attributes }),
    span(1, 'append', taken_ms, appended_ms, inside),
    span(2, 'wait', appended_ms, insert_began_ms, inside),
    span(3, 'insert', insert_began_ms, insert_ended_ms, inside),
  ]
}

/** Sends timelines as traces each five seconds. A receiver that is away costs nobody anything: the oldest are given up. */
export function createTraceSender(options: {
  readonly target: TraceTarget
  readonly version: string
  readonly emit: Emit
}): {
  readonly add: (timeline: BatchTimeline) => void
  readonly flush: () => Promise<void>
  readonly close: () => Promise<void>
} {
  const { target, version, emit } = options
  const resource = {
    attributes: [attribute('service.name', 'firstframe'), attribute('service.version', version)],
  }
  let waiting: BatchTimeline[] = []
  let failing = false
  let sending: Promise<void> = Promise.resolve()

  async function send(): Promise<void> {
    const timelines = waiting
    if (timelines.length === 0) return
    waiting = []
    const scopeSpans = [{ scope: { name: 'firstframe', version }, spans: timelines.flatMap(spansOf) }]
    try {
      const answer = await fetch(target.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...target.headers },
        body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      await answer.body?.cancel()
      if (!answer.ok) throw new Error(`status ${answer.status}`)
      failing = false
    } catch (error) {
      if (!failing) emit({ type: 'traces_failed', error })
      failing = true
      waiting = [...timelines, ...waiting].slice(-MOST_WAITING)
    }
  }
  const flush = () => {
    sending = sending.then(send)
    return sending
  }
  const timer = setInterval(() => void flush(), SEND_EVERY_MS)
  timer.unref()
  return {
    add(timeline) {
      waiting.push(timeline)
      if (waiting.length > MOST_WAITING) waiting.shift()
    },
    flush,
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
