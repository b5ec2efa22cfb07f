import type { Assignment, Log, LogBatch } from '../../log/log.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { fingerprint } from '../../schemas/arrow/schema.ts'
import type { Emit } from '../../schemas/facts.ts'
import { KIND_NAMES, type Kind } from '../../schemas/kinds/kinds.ts'
import { HEADERS, topicOf } from '../../schemas/topics.ts'
import { HORIZON_MS } from '../dedupe/dedupe.ts'
import { SchemaRegistry } from '../schema_registry.ts'
import type { IncidentChange } from './incident/incident.ts'
import type { Judge, StateEntry } from './incident/judge.ts'
import { incidentRow } from './incident/row.ts'
import { readState, stateMessages } from './state_topic.ts'
import { createWatchCore, KEEP_MS } from './watch_core.ts'
import { Watermark } from './watermark.ts'
import { SLICE_MS } from './windows/view.ts'

/** Tells receivers; `processor/watch/notify` has the real one. */
export interface Notifier {
  /** What was sent before, so that nobody is told twice. */
  restore(entries: Iterable<StateEntry>): void
  /** Queues what receivers are to be told; resolves at once. */
  take(changes: readonly IncidentChange[]): void
}

export interface WatcherOptions {
  readonly log: Log
  readonly judge: Judge
  readonly notifier?: Notifier
  readonly emit: Emit
  readonly clock: () => number
  readonly group?: string
}

export interface Watcher {
  /** Everything received before this is judged; 0 before the first tick. */
  readonly watermark_ms: number
  readonly streams: number
  close(): Promise<void>
}

/** Key of the moment that was judged last. */
const JUDGED = 'judged'
/** After a longer gap the seconds in between are not judged one by one: they are history. */
const MOST_STEPS = 120

const kindOf = new Map<string, Kind>(KIND_NAMES.map((kind) => [topicOf(kind), kind]))

/**
 * Reads every kind from the log into windows and judges them once a second of the watermark. What it must not forget is in
 * the compacted topic before anybody is told; windows are refilled from the log after a restart.
 */
export async function startWatcher({
  log,
  judge,
  notifier,
  emit,
  clock,
  group = 'watch',
}: WatcherOptions): Promise<Watcher> {
  const core = createWatchCore({ emit })
  const watermark = new Watermark()
  const registry = new SchemaRegistry()
  await registry.refresh(log)
  const state = await readState(log)
  const entries = [...state].map(([key, value]): StateEntry => ({ key, value }))
  judge.restore(entries)
  notifier?.restore(entries)
  let judged_ms = Number(state.get(JUDGED) ?? 0)
  let judging = Promise.resolve()
  let closed = false

  async function offsetAt({ topic, partition, end }: Assignment, time_ms: number): Promise<number> {
    for await (const { offset } of log.replay({ topic, partition, from: { time_ms } })) return offset
    return end
  }

  async function assigned(assignment: Assignment): Promise<number> {
    const { topic, partition } = assignment
    const kind = kindOf.get(topic)!
    watermark.add(`${topic}/${partition}`)
    const now = clock()
    const from = await offsetAt(assignment, now - KEEP_MS)
    for await (const record of log.replay({
      topic,
      partition,
      from: { time_ms: now - HORIZON_MS },
      until: from,
    })) {
      if (record.headers[HEADERS.type] === 'rows')
        core.remember({ kind, partition, bytes: registry.source(kind, record) })
    }
    return from
  }

  async function handler({ topic, partition, records }: LogBatch): Promise<void> {
    const kind = kindOf.get(topic)!
    for (const record of records) {
      const { headers } = record
      if (headers[HEADERS.type] === 'tick') {
        watermark.tick(
          `${topic}/${partition}`,
          headers[HEADERS.collector] ?? '',
          Number(headers[HEADERS.time]),
        )
      } else if (headers[HEADERS.type] === 'rows' && headers[HEADERS.spilled] === undefined) {
        try {
          core.ingest({ kind, partition, bytes: registry.source(kind, record) })
        } catch (error) {
          emit({ type: 'watch_skipped', topic, error })
          await registry.refresh(log)
        }
      }
    }
    judging = judging.then(step)
    await judging
  }

  /** Judges every second up to the watermark. */
  async function step(): Promise<void> {
    const to = Math.floor(watermark.value / SLICE_MS) * SLICE_MS
    if (closed || to <= core.windows.watermark_ms) return
    const first = Math.max(core.windows.watermark_ms, judged_ms, to - MOST_STEPS * SLICE_MS) + SLICE_MS
    for (let time = Math.min(first, to); time <= to; time += SLICE_MS) {
      core.advance(time)
      if (time > judged_ms) await judgeAt(time)
    }
    emit({ type: 'watermark', lag_seconds: (clock() - to) / 1000, streams: core.windows.streams.size })
  }

  async function judgeAt(time_ms: number): Promise<void> {
    const { changes, state } = judge.evaluate({ views: core.windows.streams.values(), watermark_ms: time_ms })
    judged_ms = time_ms
    const messages = stateMessages([...state, { key: JUDGED, value: String(time_ms) }])
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

  const subscription = await log.subscribe({
    group,
    topics: [...kindOf.keys()],
    assigned,
    revoked: async ({ topic, partition }) => {
      watermark.remove(`${topic}/${partition}`)
      core.forget(kindOf.get(topic)!, partition)
    },
    handler,
  })
  emit({ type: 'started', role: 'watch' })

  return {
    get watermark_ms() {
      return core.windows.watermark_ms
    },
    get streams() {
      return core.windows.streams.size
    },
    async close() {
      closed = true
      await subscription.close()
      await judging
      emit({ type: 'stopped', role: 'watch' })
    },
  }
}
