import type { Assignment, Log, LogBatch } from '../../log/log.ts'
import type { Emit } from '../../schemas/facts.ts'
import { KIND_NAMES, type Kind } from '../../schemas/kinds/kinds.ts'
import { topicOf } from '../../schemas/topics.ts'
import { remember } from '../dedupe/remember.ts'
import { SchemaRegistry } from '../schemaRegistry.ts'
import type { Judge } from './incident/judge.ts'
import type { StateEntry } from './incident/stateEntry.ts'
import { createJudging } from './judging.ts'
import type { Notifier } from './outbox.ts'
import { type ReadPlace, readBatchInto } from './readBatch.ts'
import { readState } from './stateTopic.ts'
import { createWatchCore, KEEP_MS } from './watchCore.ts'
import { Watermark } from './watermark.ts'

export interface WatcherOptions {
  readonly log: Log
  readonly judge: Judge
  readonly notifier?: Notifier
  readonly emit: Emit
  readonly clock: () => number
  /** A collector's clock was set back: close this watcher and start another. */
  readonly onSetBack?: () => void
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

export const kindOf: ReadonlyMap<string, Kind> = new Map(KIND_NAMES.map((kind) => [topicOf(kind), kind]))

/**
 * The moment judged last, ms. Collector and watcher share a clock here, so a later moment than now is of a clock that was
 * ahead: it does not count.
 */
const judgedBefore = (text: string | undefined, now_ms: number): number =>
  Number(text ?? 0) > now_ms + 2_000 ? 0 : Number(text ?? 0)

/** The first offset appended at or after a time; the end if there is none. */
export async function offsetAt(
  log: Log,
  { topic, partition, end }: Assignment,
  time_ms: number,
): Promise<number> {
  for await (const { offset } of log.replay({ topic, partition, from: { time_ms } })) return offset
  return end
}

/**
 * The watcher of a log whose partitions one process reads: every kind into windows, judged once a second of the watermark.
 * Windows are refilled from the log after a restart. Several watchers: `partial/`.
 */
export async function startWatcher({
  log,
  judge,
  notifier,
  emit,
  clock,
  onSetBack,
  group = 'watch',
}: WatcherOptions): Promise<Watcher> {
  const core = createWatchCore({ emit })
  const watermark = new Watermark({ clock, emit, onSetBack })
  const places = new Map<string, ReadPlace>()
  const registry = new SchemaRegistry()
  await registry.refresh(log)
  const state = await readState(log, emit)
  const entries = [...state].map(([key, value]): StateEntry => ({ key, value }))
  judge.restore(entries)
  notifier?.restore(entries)
  const judging = createJudging({
    log,
    windows: core.windows,
    holds: watermark.holds,
    judge,
    notifier,
    emit,
    clock,
    judged_ms: judgedBefore(state.get(JUDGED), clock()),
    key: JUDGED,
  })

  async function assigned(assignment: Assignment): Promise<number> {
    const { topic, partition } = assignment
    const kind = kindOf.get(topic)!
    watermark.add(`${topic}/${partition}`)
    const now = clock()
    const from = await offsetAt(log, assignment, now - KEEP_MS)
    const dedupe = core.dedupeOf(kind, partition)
    await remember({ log, registry, kind, partition: { topic, partition }, dedupe, until: from, now_ms: now })
    places.set(`${topic}/${partition}`, { kind, next: from, live_from: assignment.end })
    return from
  }

  async function handler(batch: LogBatch): Promise<void> {
    const place = places.get(`${batch.topic}/${batch.partition}`)
    if (place === undefined) return
    await readBatchInto({ log, registry, core, watermark, emit }, batch, place)
    await judging.step(watermark.value)
  }

  const subscription = await log.subscribe({
    group,
    topics: [...kindOf.keys()],
    assigned,
    revoked: async ({ topic, partition }) => {
      watermark.remove(`${topic}/${partition}`)
      places.delete(`${topic}/${partition}`)
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
      return core.windows.streamCount
    },
    async close() {
      await subscription.close()
      await judging.close()
      emit({ type: 'stopped', role: 'watch' })
    },
  }
}
