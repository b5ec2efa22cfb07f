import type { Log } from '../../log/log.ts'
import { openStateMap } from '../../log/stateMap.ts'
import { followChanges } from '../../processor/watch/changes.ts'
import { createJudge } from '../../processor/watch/incident/judge.ts'
import { createNotifier } from '../../processor/watch/notify/notifier.ts'
import { stateMessages } from '../../processor/watch/stateTopic.ts'
import { startWatcher } from '../../processor/watch/watcher.ts'
import type { Incident } from '../../schemas/incident.ts'
import { MARK_PREFIX, type Marked } from '../../schemas/mark.ts'
import { PLANNED_PREFIX, type Planned } from '../../schemas/planned.ts'
import { retry } from '../../schemas/retry.ts'
import { STATE_TOPICS } from '../../schemas/topics.ts'
import type { Context, Role } from '../context.ts'
import { readReceivers, readRules, refusePrivateReceivers } from '../receivers.ts'

/** Nothing judged for longer than this makes the watcher not ready. */
const BEHIND_MS = 15_000

/** Where an incident is looked at, at its moment, and what to do about it: both are pages of the console. */
const linksOf = (base: string) => (incident: Incident) => {
  const query = new URLSearchParams({
    show: incident.show,
    stream: incident.stream,
    incident: incident.id,
    at: String(incident.opened_ms),
  })
  return { dashboard: `${base}/?${query}`, runbook: `${base}/runbooks/${incident.rule}` }
}

/** Judges the log as it comes, beside other watchers on Kafka. */
export async function startWatch({ config, emit, clock, name }: Context, log: Log): Promise<Role> {
  const rules = readRules(config.rules)
  const receivers = readReceivers(config.receivers)
  await refusePrivateReceivers(receivers)
  const base = (config.public_url || `http://localhost:${config.console_port}`).replace(/\/$/, '')
  // One map for all judges: Kafka takes partitions away and gives others, and each that comes has a judge of its own.
  const plans = new Map<string, Planned>()
  const announced = await openStateMap({
    log,
    topic: STATE_TOPICS.incident_state.name,
    group: `planned-${name}`,
  })
  const marks = new Map<string, Marked>()
  const note = (key: string, value: string | undefined): void => {
    if (key.startsWith(MARK_PREFIX)) {
      if (value === undefined) marks.delete(key)
      else marks.set(key, JSON.parse(value) as Marked)
    }
    if (!key.startsWith(PLANNED_PREFIX)) return
    const id = key.slice(PLANNED_PREFIX.length)
    if (value === undefined) plans.delete(id)
    else plans.set(id, JSON.parse(value) as Planned)
  }
  for (const [key, value] of announced.values) note(key, value)
  announced.onChange(note)
  const newJudge = () => createJudge({ rules, emit, plans, marks, pages: false, links: linksOf(base) })
  const notifier = createNotifier({
    receivers,
    emit,
    clock,
    keep: (entries) => log.append(stateMessages(entries)),
  })
  const followed = await followChanges({ log, group: `changes-${name}`, emit, clock })
  const { changes } = followed
  const start = () =>
    startWatcher({ log, createJudge: newJudge, notifier, plans, changes, emit, clock, onSetBack })
  let restarting: Promise<void> | undefined
  /** Windows and judge stand at a time that is ahead now: they are filled again from the log, as after a start. */
  function onSetBack(): void {
    restarting ??= restart().finally(() => {
      restarting = undefined
    })
  }
  async function restart(): Promise<void> {
    emit({ type: 'watch_set_back' })
    await watcher.close()
    watcher = await retry(start, {
      first_ms: 100,
      longest_ms: 5_000,
      failed: (error) => emit({ type: 'bug', where: 'watch restart', error }),
    })
  }
  let watcher = await start()
  const began = performance.now()
  return {
    name: 'watch',
    readiness() {
      if (restarting !== undefined) return 'it starts anew, since a clock was set back'
      const { watermark_ms } = watcher
      // Other watchers have all the partitions.
      if (watermark_ms === Number.MAX_SAFE_INTEGER) return undefined
      if (watermark_ms === 0)
        return performance.now() - began < BEHIND_MS
          ? undefined
          : 'no collector has ticked yet, or their clocks are far from this one'
      const behind = clock() - watermark_ms
      return Math.abs(behind) < BEHIND_MS
        ? undefined
        : `judging stands ${Math.round(behind / 1000)} s behind the clock: do collectors tick, and are their clocks right?`
    },
    async close() {
      await restarting
      await watcher.close()
      await notifier.close()
      await announced.close()
      await followed.close()
    },
  }
}
