import { stringify } from 'yaml'
import { CATALOGUE_RULES } from '../processor/watch/detect/activeRules.ts'
import { loadRules } from '../processor/watch/detect/loadRules.ts'
import { createJudge, type Judge, type JudgeOutput } from '../processor/watch/incident/judge.ts'
import { createWatchCore } from '../processor/watch/watchCore.ts'
import { expectationsOf } from '../rehearsal/expectations.ts'
import type { Batch } from '../rehearsal/rows.ts'
import type { Scenario } from '../rehearsal/scenarioSchema.ts'
import { type Happening, type Scorecard, scorecardOf } from '../rehearsal/scorecard.ts'
import { createShow } from '../rehearsal/show.ts'
import type { Emit } from '../schemas/facts.ts'

export interface RehearsalOptions {
  readonly scenario: Scenario
  readonly seed?: number
  readonly emit?: Emit
  /** When the show begins, ms since the epoch, whole seconds. */
  readonly start_time?: number
  /** Called after each second that was judged, for showing progress or for keeping the pace of a clock. */
  readonly each?: (second: {
    readonly at_s: number
    readonly viewers: number
    readonly happenings: readonly Happening[]
  }) => void | Promise<void>
  /** How reports reach the judge; without it straight into the watcher's windows. */
  readonly path?: (judge: Judge) => RehearsalPath | Promise<RehearsalPath>
  /** For tests: restarts the watcher after a second was judged, when it says so. */
  readonly restartAfter?: (at_s: number, judge: Judge) => boolean
}

/** What a second's reports go through until they are judged. */
export interface RehearsalPath {
  /** Takes the reports of one second, and judges up to its end. */
  play(batches: readonly Batch[], watermark_ms: number): JudgeOutput | Promise<JudgeOutput>
  close(): void | Promise<void>
}

/** Saturday evening: rehearsals are repeatable, so their clock is too. */
const START = Date.UTC(2026, 10, 21, 12)
/** What the real path adds between a second's end and its judgement: the batch's linger, the log, the tick. */
const PATH_MS = 250
/** Watched on after the show, so that incidents can end. */
const TAIL_S = 40

/** Plays a scenario in virtual time through the real dedupe, windows, detection, localisation and incidents. */
export async function rehearse({
  scenario,
  seed = scenario.seed ?? 1,
  emit = () => {},
  start_time = START,
  each,
  path = (judge) => straight(judge, emit),
  restartAfter,
}: RehearsalOptions): Promise<Scorecard & { readonly happenings: readonly Happening[] }> {
  const loaded =
    scenario.rules === undefined
      ? { rules: CATALOGUE_RULES }
      : loadRules(stringify({ rules: scenario.rules }))
  if ('errors' in loaded)
    throw Object.assign(new Error(loaded.errors.map(({ message }) => message).join('; ')), { expected: true })
  const show = createShow({ scenario, seed, start_time })
  const create = () => {
    const judge = createJudge({ rules: loaded.rules, emit })
    for (const { at_s, for_s, how } of scenario.breaks ?? []) {
      if (how !== 'maintenance') continue
      const [from_ms, to_ms] = [start_time + at_s * 1000, start_time + (at_s + for_s) * 1000]
      judge.plan(`break-${at_s}`, { type: 'maintenance', id: `break-${at_s}`, match: {}, from_ms, to_ms })
    }
    return judge
  }
  let judge = create()
  let method = await path(judge)
  const kept: { at_ms: number; batches: readonly Batch[] }[] = []
  const happenings: Happening[] = []
  const state = new Map<string, string>()
  for (let at_s = 1; at_s <= scenario.length_s + TAIL_S; at_s += 1) {
    const watermark_ms = start_time + at_s * 1000
    const batches = show.advance(at_s * 1000)
    const output = await method.play(batches, watermark_ms)
    for (const { key, value } of output.state) {
      if (value === null) state.delete(key)
      else state.set(key, value)
    }
    const news = output.changes.map(
      ({ change, notify, incident }): Happening => ({
        at_ms: watermark_ms + PATH_MS,
        change,
        notify,
        incident,
      }),
    )
    happenings.push(...news)
    await each?.({ at_s, viewers: show.alive, happenings: news })
    if (restartAfter === undefined) continue
    kept.push({ at_ms: watermark_ms, batches })
    if (!restartAfter(at_s, judge)) continue
    // What a restart finds: the log's last quarter of an hour, and the compacted topic.
    judge = create()
    method = straight(judge, emit, kept.slice(-900))
    judge.restore([...state].map(([key, value]) => ({ key, value })))
  }
  await method.close()
  const scorecard = scorecardOf({
    title: scenario.title,
    seed,
    viewers: scenario.audience.viewers,
    length_s: scenario.length_s,
    start_ms: start_time,
    expectations: expectationsOf(scenario, show.troubles),
    happenings,
  })
  return { ...scorecard, happenings }
}

/** Dedupe, windows and the judge, with what was received before. */
function straight(
  judge: Judge,
  emit: Emit,
  before: readonly { at_ms: number; batches: readonly Batch[] }[] = [],
): RehearsalPath {
  const core = createWatchCore({ emit })
  const take = (batches: readonly Batch[], at_ms: number) => {
    for (const { kind, bytes } of batches) core.ingest({ kind, partition: 0, bytes })
    core.advance(at_ms)
  }
  for (const { at_ms, batches } of before) take(batches, at_ms)
  return {
    play(batches, watermark_ms) {
      take(batches, watermark_ms)
      return judge.evaluate({ views: core.windows.streams.values(), watermark_ms })
    },
    close() {},
  }
}
