import type { Log, LogMessage } from '../../log/log.ts'
import { createBuilder } from '../../schemas/arrow/builder.ts'
import { fingerprint } from '../../schemas/arrow/schema.ts'
import type { IncidentChange } from '../../schemas/incident.ts'
import { incidentRow } from '../../schemas/incidentRow.ts'
import { HEADERS, topicOf } from '../../schemas/topics.ts'
import type { StateEntry } from './incident/stateEntry.ts'
import { stateMessages } from './stateTopic.ts'

/** Tells receivers; `processor/watch/notify` has the real one. */
export interface Notifier {
  /** What was sent before, so that nobody is told twice. */
  restore(entries: Iterable<StateEntry>): void
  /** Queues what receivers are to be told; resolves at once. */
  take(changes: readonly IncidentChange[]): void
}

/** What was judged, until it is in the log: before that nobody is notified and nothing else is judged. */
export interface Outbox {
  /** Takes what was judged at a time, and sends it. */
  put(judged: {
    readonly time_ms: number
    readonly changes: readonly IncidentChange[]
    readonly state: readonly StateEntry[]
  }): Promise<void>
  /** Sends what an earlier call could not. Rejects when the log does not take it. */
  flush(): Promise<void>
}

/** Puts what was judged into the log first and tells receivers afterwards; see `Outbox`. */
export function createOutbox({ log, notifier }: { log: Log; notifier: Notifier | undefined }): Outbox {
  let waiting: { readonly messages: LogMessage[]; readonly changes: readonly IncidentChange[] } | undefined

  async function flush(): Promise<void> {
    if (waiting === undefined) return
    const { messages, changes } = waiting
    if (messages.length > 0) await log.append(messages)
    waiting = undefined
    notifier?.take(changes)
  }

  return {
    flush,
    put({ time_ms, changes, state }) {
      const messages = stateMessages(state)
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
      waiting = { messages, changes }
      return flush()
    },
  }
}
