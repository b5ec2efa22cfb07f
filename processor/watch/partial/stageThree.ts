import type { Log, LogBatch } from '../../../log/log.ts'
import type { Emit } from '../../../schemas/facts.ts'
import type { Incident } from '../../../schemas/incident.ts'
import type { Planned } from '../../../schemas/planned.ts'
import { STATE_TOPICS } from '../../../schemas/topics.ts'
import type { Changes } from '../changes.ts'
import { Desk } from '../incident/desk.ts'
import { PART_PREFIX } from '../incident/stateEntry.ts'
import { createOutbox, type Notifier, type Outbox } from '../outbox.ts'
import { readState } from '../stateTopic.ts'
import { JUDGED_PREFIX } from './stageTwo.ts'

export interface StageThreeOptions {
  readonly log: Log
  readonly notifier?: Notifier
  readonly emit: Emit
  /** Silences and maintenance by id, kept up to date by whoever follows what operators announce. */
  readonly plans: ReadonlyMap<string, Planned>
  /** What was changed lately, kept up to date like `plans`. */
  readonly changes?: Changes
  readonly group?: string
}

/** What the owner of the topic's only partition knows. */
interface Office {
  readonly desk: Desk
  readonly parts: Map<string, Incident>
  readonly outbox: Outbox
  /** The newest second that any judge has judged. */
  judged_ms: number
  stepped_ms: number
}

/**
 * The third stage: reads the streams' own incidents, which judges of all partitions write into the compacted
 * topic `incident_state`, makes incidents of them and notifies receivers. One watcher at a time owns it, since the topic has one
 * partition; whoever gets it next reads the topic and goes on.
 */
export async function startStageThree(options: StageThreeOptions): Promise<{ close(): Promise<void> }> {
  const { log, notifier, emit, plans, changes, group = 'desk' } = options
  let office: Office | undefined

  async function assigned({ end }: { readonly end: number }): Promise<number> {
    const entries = [...(await readState(log))].map(([key, value]) => ({ key, value }))
    const desk = new Desk({ emit, plans, changes })
    const parts = new Map<string, Incident>()
    for (const entry of entries) {
      desk.restore(entry)
      if (entry.key.startsWith(PART_PREFIX)) parts.set(entry.key, JSON.parse(entry.value) as Incident)
    }
    notifier?.restore(entries)
    office = { desk, parts, outbox: createOutbox({ log, notifier }), judged_ms: 0, stepped_ms: 0 }
    // What was appended since is read again: the desk compares states, so that it counts once.
    return end
  }

  async function handler({ records }: LogBatch): Promise<void> {
    if (office === undefined) return
    await office.outbox.flush()
    for (const { key, value } of records) {
      if (key === undefined) continue
      const text = Buffer.from(value).toString('utf8')
      if (key.startsWith(JUDGED_PREFIX)) office.judged_ms = Math.max(office.judged_ms, Number(text))
      if (!key.startsWith(PART_PREFIX)) continue
      if (text === '') office.parts.delete(key)
      else office.parts.set(key, JSON.parse(text) as Incident)
    }
    if (office.judged_ms <= office.stepped_ms) return
    const { desk, parts, outbox, judged_ms } = office
    office.stepped_ms = judged_ms
    await outbox.put({ time_ms: judged_ms, ...desk.step([...parts.values()], judged_ms) })
  }

  const subscription = await log.subscribe({
    group,
    topics: [STATE_TOPICS.incident_state.name],
    assigned,
    revoked: async () => {
      office = undefined
    },
    handler,
  })
  return { close: () => subscription.close() }
}
