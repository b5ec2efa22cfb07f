import type { Assignment, Log, LogBatch } from '../../../log/log.ts'
import { tickOf } from '../../../log/ticks.ts'
import type { Emit } from '../../../schemas/facts.ts'
import type { Incident } from '../../../schemas/incident.ts'
import { STATE_TOPICS, topicOf } from '../../../schemas/topics.ts'
import type { Judge } from '../incident/judge.ts'
import { PART_PREFIX, type StateEntry } from '../incident/stateEntry.ts'
import { createJudging, type Judging } from '../judging.ts'
import { offsetAt } from '../sourceTopics.ts'
import { readState } from '../stateTopic.ts'
import { KEEP_MS } from '../watchCore.ts'
import { Watermark } from '../watermark.ts'
import { Windows } from '../windows/windows.ts'
import { readPartials } from './codec.ts'
import { judgePartition } from './stageOne.ts'

export interface StageTwoOptions {
  readonly log: Log
  /** A judge of its own for each partition of streams; it makes no pages (`pages: false`), the third stage does. */
  readonly createJudge: () => Judge
  readonly emit: Emit
  readonly clock: () => number
  readonly group?: string
}

/** Prefix of the keys under which each judge keeps the last time it judged. */
export const JUDGED_PREFIX = 'judged/'

/** How long a source partition without an owner is waited for: a watcher died and its partitions move. */
const ABSENT_MS = 60_000

interface Unit {
  readonly windows: Windows
  readonly watermark: Watermark
  readonly judging: Judging
  readonly judge: Judge
  /** Records before this offset were in the log when reading began. */
  readonly live_from: number
}

/**
 * The second stage: partials of all source partitions added up by stream, and judged. Each partition of the topic of partials
 * has windows, a judge and a state of its own, so it can move to another watcher as a whole.
 */
export async function startStageTwo(options: StageTwoOptions): Promise<{
  readonly watermark_ms: number
  readonly streams: number
  close(): Promise<void>
}> {
  const { log, createJudge, emit, clock, group = 'judge' } = options
  const topic = STATE_TOPICS.partial.name
  const partitions = log.topics.get(topic)?.partitions ?? 1
  const units = new Map<number, Unit>()

  async function assigned(assignment: Assignment): Promise<number> {
    const { partition } = assignment
    const state = await readState(log, emit)
    const own = [...state]
      .map(([key, value]): StateEntry => ({ key, value }))
      .filter(
        ({ key, value }) =>
          key.startsWith(PART_PREFIX) &&
          judgePartition(JSON.parse(value!) as Incident, partitions) === partition,
      )
    const judge = createJudge()
    judge.restore(own)
    const windows = new Windows({ keep_ms: KEEP_MS })
    // A source partition that changed its owner hands on all its seconds at once: a gap between its ticks is no silence.
    const watermark = new Watermark({
      gone_ms: ABSENT_MS,
      clock,
      emit,
      unheard_ms: Number.POSITIVE_INFINITY,
    })
    watermark.add(String(partition), sourcePartitions(log))
    const key = `${JUDGED_PREFIX}${partition}`
    const judging = createJudging({
      notifier: undefined,
      log,
      windows,
      holds: watermark.holds,
      judge,
      emit,
      clock,
      judged_ms: Number(state.get(key) ?? 0),
      key,
    })
    units.set(partition, { windows, watermark, judging, judge, live_from: assignment.end })
    return offsetAt(log, assignment, clock() - KEEP_MS)
  }

  async function handler({ partition, records }: LogBatch): Promise<void> {
    const unit = units.get(partition)
    if (unit === undefined) return
    const { windows, watermark, judging } = unit
    for (const { headers, value, appended_ms, offset } of records) {
      for (const partial of value.length === 0 ? [] : readPartials(value)) {
        const window = windows.stream(partial.tenant, partial.show, partial.stream).kind(partial.kind)
        window.replace(partial.start_ms, partial.partition, partial.addTo(window), windows.watermark_ms)
      }
      const tick = tickOf(headers)
      if (tick === undefined) continue
      const live = offset >= unit.live_from
      watermark.tick(String(partition), tick.sender, tick.time_ms, appended_ms, tick.held, live)
    }
    await judging.step(watermark.value)
  }

  const subscription = await log.subscribe({
    group,
    topics: [topic],
    assigned,
    revoked: async ({ partition }) => {
      const unit = units.get(partition)
      units.delete(partition)
      await unit?.judging.close()
    },
    handler,
  })
  return {
    get watermark_ms() {
      return Math.min(
        ...[...units.values()].map(({ windows }) => windows.watermark_ms),
        Number.MAX_SAFE_INTEGER,
      )
    },
    get streams() {
      return [...units.values()].reduce((sum, { windows }) => sum + windows.streamCount, 0)
    },
    close: () => subscription.close(),
  }
}

/** Every partition number the first stage reads, as it names itself in its ticks. */
const sourcePartitions = (log: Log): string[] =>
  Array.from({ length: log.topics.get(topicOf('heartbeat'))?.partitions ?? 1 }, (_, index) => String(index))
