import { retry } from '../schemas/retry.ts'
import { errorType, type FetchedMessage, type Fetcher } from './kafkajs.ts'
import { LogError, type LogRecord } from './log.ts'

const READ_WITHIN_MS = 30_000
const PAUSES = { first_ms: 50, longest_ms: 1_000 }
const EMPTY = new Uint8Array(0)

/** A message as kafkajs decodes it, as the log's. A deleted key's null is an empty value. */
export function toRecord(topic: string, partition: number, message: FetchedMessage): LogRecord {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    const entry = Array.isArray(value) ? value.at(-1) : value
    if (entry !== undefined) headers[name] = entry.toString()
  }
  const record = {
    topic,
    partition,
    offset: Number(message.offset),
    appended_ms: Number(message.timestamp),
    headers,
    value: message.value ?? EMPTY,
  }
  return message.key === null ? record : { ...record, key: message.key.toString() }
}

/** Reads [from, until) of a partition without a group. Rejects with a LogError when no broker answers for 30 s. */
export async function* readRange(
  fetcher: Fetcher,
  { topic, partition, from, until }: { topic: string; partition: number; from: number; until: number },
): AsyncGenerator<LogRecord> {
  let next = from
  while (next < until) {
    const { messages, end } = await fetchSome(fetcher, topic, partition, next)
    const fresh = messages.filter((message) => Number(message.offset) >= next)
    for (const message of fresh) {
      if (Number(message.offset) >= until) return
      if (message.isControlRecord !== true) yield toRecord(topic, partition, message)
    }
    if (fresh.length > 0) next = Number(fresh.at(-1)!.offset) + 1
    // Compaction leaves empty batches behind: step over. A partition that ends here for now has a new leader.
    else if (end > next) next += 1
  }
}

async function fetchSome(fetcher: Fetcher, topic: string, partition: number, offset: number) {
  const end = performance.now() + READ_WITHIN_MS
  async function fetchOnce() {
    const answer = await fetcher.fetch(topic, partition, offset).catch(async (error: unknown) => {
      await fetcher.refresh().catch(() => undefined)
      throw error
    })
    if (answer.messages.length > 0 || answer.end > offset) return answer
    throw new Error(`it ends at ${answer.end}, before ${offset}`)
  }
  try {
    return await retry(fetchOnce, { ...PAUSES, retriable: () => performance.now() < end })
  } catch (cause) {
    const reason = `${topic}/${partition} cannot be read: ${errorType(cause)}`
    throw new LogError('unavailable', reason, { retriable: true, cause })
  }
}

/** Cuts records into batches: a batch ends with the record that reaches the bound. */
export function* splitRecords(records: readonly LogRecord[], maxBytes: number): Iterable<LogRecord[]> {
  let part: LogRecord[] = []
  let bytes = 0
  for (const record of records) {
    part.push(record)
    bytes += record.value.length
    if (bytes < maxBytes) continue
    yield part
    part = []
    bytes = 0
  }
  if (part.length > 0) yield part
}
