import { HEADERS } from '../schemas/topics.ts'
import type { LogMessage, Partition } from './log.ts'

/** How far a sender is: everything it took before `time_ms` stands before it in the partition, or in the message that carries it. */
export interface Tick {
  readonly sender: string
  /** By the sender's clock, ms since the epoch. */
  readonly time_ms: number
  /** When senders waited for an answer since the tick before (`schemas/hold.ts`); '' when they did not. */
  readonly held: string
}

const NO_BYTES = new Uint8Array()

/**
 * Messages with a tick for each of the partitions: the last message of a partition carries it in its headers, and a partition
 * without one gets an empty message, behind all others.
 */
export function withTicks(
  messages: readonly LogMessage[],
  partitions: Iterable<Partition>,
  { sender, time_ms, held }: Tick,
): LogMessage[] {
  const all = [...messages]
  const last = new Map(all.map(({ topic, partition }, at) => [`${topic}/${partition}`, at]))
  const about = { [HEADERS.collector]: sender, ...(held === '' ? {} : { [HEADERS.held]: held }) }
  for (const { topic, partition } of partitions) {
    const at = last.get(`${topic}/${partition}`)
    const carrier = at === undefined ? undefined : all[at]
    if (carrier === undefined) {
      const headers = { [HEADERS.type]: 'tick', [HEADERS.time]: String(time_ms), ...about }
      all.push({ topic, partition, headers, value: NO_BYTES })
    } else {
      all[at!] = { ...carrier, headers: { ...carrier.headers, ...about, [HEADERS.tick]: String(time_ms) } }
    }
  }
  return all
}

/** The tick that a message is or carries. */
export function tickOf(headers: LogMessage['headers']): Tick | undefined {
  const time = headers[HEADERS.type] === 'tick' ? headers[HEADERS.time] : headers[HEADERS.tick]
  if (time === undefined) return undefined
  return {
    sender: headers[HEADERS.collector] ?? '',
    time_ms: Number(time),
    held: headers[HEADERS.held] ?? '',
  }
}

/** Whether a message is a tick and nothing else: the next one says the same again, so it may be lost. */
export const isTick = ({ headers, value }: LogMessage): boolean =>
  value.length === 0 && headers[HEADERS.type] === 'tick'
