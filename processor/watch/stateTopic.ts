import type { Log, LogMessage } from '../../log/log.ts'
import { stateText } from '../../log/stateMap.ts'
import type { Emit } from '../../schemas/facts.ts'
import { STATE_TOPICS } from '../../schemas/topics.ts'
import type { StateEntry } from './incident/stateEntry.ts'

const TOPIC = STATE_TOPICS.incident_state.name
const EMPTY = new Uint8Array()

/** Messages that keep entries of state in the compacted topic. */
export const stateMessages = (entries: Iterable<StateEntry>): LogMessage[] =>
  [...entries].map(({ key, value }) => ({
    topic: TOPIC,
    partition: 0,
    key,
    headers: {},
    value: value === null ? EMPTY : Buffer.from(value),
  }))

/** The newest value of every key that has one. */
export async function readState(log: Log, emit?: Emit): Promise<Map<string, string>> {
  const state = new Map<string, string>()
  for await (const { key, value } of log.replay({ topic: TOPIC, partition: 0 })) {
    if (key === undefined) continue
    const text = stateText(TOPIC, key, value, emit)
    if (text === undefined) state.delete(key)
    else state.set(key, text)
  }
  return state
}
