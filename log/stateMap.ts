import type { Emit } from '../schemas/facts.ts'
import type { Log } from './log.ts'

/** The newest value of each key of a compacted topic, kept up to date in memory. */
export interface StateMap {
  readonly values: ReadonlyMap<string, string>
  /** Resolves when the change is durable; the map shows it as soon as it is read back. */
  put(key: string, value: string | null): Promise<void>
  onChange(callback: (key: string, value: string | undefined) => void): () => void
  close(): Promise<void>
}

/** The text of an entry of state; undefined when it was deleted, or is damaged and no JSON: a fact says so. */
export function stateText(
  topic: string,
  key: string,
  bytes: Uint8Array,
  emit: Emit | undefined,
): string | undefined {
  if (bytes.byteLength === 0) return undefined
  const text = Buffer.from(bytes).toString('utf8')
  try {
    JSON.parse(text)
    return text
  } catch (error) {
    emit?.({ type: 'state_damaged', topic, key: key.slice(0, 80), error })
    return undefined
  }
}

/**
 * Follows partition 0 of a compacted topic.
 * @param options.group a name of this reader's own: every process reads everything
 */
export async function openStateMap({
  log,
  topic,
  group,
  emit,
}: {
  readonly log: Log
  readonly topic: string
  readonly group: string
  readonly emit?: Emit
}): Promise<StateMap> {
  const values = new Map<string, string>()
  const listeners = new Set<(key: string, value: string | undefined) => void>()
  const take = (key: string | undefined, bytes: Uint8Array): void => {
    if (key === undefined) return
    const value = stateText(topic, key, bytes, emit)
    if (value === undefined) values.delete(key)
    else values.set(key, value)
    for (const listener of listeners) listener(key, value)
  }
  const { end } = await log.bounds({ topic, partition: 0 })
  for await (const { key, value } of log.replay({ topic, partition: 0, until: end })) take(key, value)
  const subscription = await log.subscribe({
    group,
    topics: [topic],
    assigned: async () => end,
    handler: async ({ records }) => {
      for (const { key, value } of records) take(key, value)
    },
  })
  return {
    values,
    put: (key, value) =>
      log.append([
        {
          topic,
          partition: 0,
          key,
          headers: {},
          value: value === null ? new Uint8Array() : Buffer.from(value),
        },
      ]),
    onChange(callback) {
      listeners.add(callback)
      return () => listeners.delete(callback)
    },
    close: () => subscription.close(),
  }
}
