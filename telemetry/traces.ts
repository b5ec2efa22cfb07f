import { createHash } from 'node:crypto'
import type { Emit } from '../schemas/facts.ts'

/** How one range of the log came into the store, by the clocks of the processes that had it; ms since the epoch. */
export interface BatchWay {
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
/** Ways that wait while the receiver is away; older ones are given up. */
const MOST_WAITING = 1_000

const attribute = (key: string, value: string | number) => ({
  key,
  value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
})

/**
 * The spans of a way, as OTLP's JSON: the whole, and in it `append` (collector to log), `wait` (in the log) and `insert`. The ids
 * follow from the range, so that one that is written again after a crash is the same trace.
 */
export function spansOf(way: BatchWay) {
  const { topic, partition, from, to, taken_ms, appended_ms, insert_began_ms, insert_ended_ms } = way
  const id = createHash('sha256').update(`${topic}:${partition}:${from}:${to}`).digest('hex')
  const traceId = id.slice(0, 32)
  const idOf = (index: number) => id.slice(32 + index * 4, 48 + index * 4)
  const nanos = (ms: number) => `${Math.round(ms)}000000`
  const attributes = [
    attribute('messaging.destination.name', topic),
    attribute('messaging.destination.partition.id', String(partition)),
    attribute('firstframe.offset.from', from),
    attribute('firstframe.offset.to', to),
    attribute('firstframe.table', way.table),
    attribute('firstframe.rows', way.rows),
    attribute('firstframe.collector', way.collector),
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

/** Sends ways as traces each five seconds. A receiver that is away costs nobody anything: the oldest are given up. */
export function createTraceSender(options: {
  readonly target: TraceTarget
  readonly version: string
  readonly emit: Emit
}): {
  readonly add: (way: BatchWay) => void
  readonly flush: () => Promise<void>
  readonly close: () => Promise<void>
} {
  const { target, version, emit } = options
  const resource = {
    attributes: [attribute('service.name', 'firstframe'), attribute('service.version', version)],
  }
  let waiting: BatchWay[] = []
  let failing = false
  let sending: Promise<void> = Promise.resolve()

  async function send(): Promise<void> {
    const ways = waiting
    if (ways.length === 0) return
    waiting = []
    const scopeSpans = [{ scope: { name: 'firstframe', version }, spans: ways.flatMap(spansOf) }]
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
      waiting = [...ways, ...waiting].slice(-MOST_WAITING)
    }
  }
  const flush = () => {
    sending = sending.then(send)
    return sending
  }
  const timer = setInterval(() => void flush(), SEND_EVERY_MS)
  timer.unref()
  return {
    add(way) {
      waiting.push(way)
      if (waiting.length > MOST_WAITING) waiting.shift()
    },
    flush,
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
