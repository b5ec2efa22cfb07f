import type { Emit } from '../schemas/facts.ts'
import { retry } from '../schemas/retry.ts'
import { errorType, type KafkaClient } from './kafkajs.ts'
import { type ProducerSlot, producerSlots } from './kafkaProducers.ts'
import { type Outgoing, startTickSender, type TickSender } from './kafkaTicks.ts'
import { LogError, type LogMessage, MAX_MESSAGE_BYTES } from './log.ts'
import { isTick } from './ticks.ts'

/** These say that the producer's numbering of a partition is broken: only a new producer goes on. */
const WEDGED = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'KafkaJSLockTimeout',
])
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD'])
const PAUSES = { first_ms: 50, longest_ms: 1_000 }

export interface Sender {
  /** Resolves when all replicas in sync have the messages; rejects with a LogError after `giveUpAfter_ms`. */
  send(topic: string, partition: number, messages: readonly LogMessage[]): Promise<void>
  /** Partitions whose last send failed, with the reason. */
  failing(): ReadonlyMap<string, string>
  /** The partition is seen to have a leader again. */
  recovered(lane: string): void
  close(): Promise<void>
}

export interface SenderOptions {
  readonly client: KafkaClient
  readonly codec: number
  readonly giveUpAfter_ms: number
  readonly compacted: (topic: string) => boolean
  readonly emit: Emit
  readonly clock: () => number
}

/** What the lanes of a sender share. */
interface Shared extends SenderOptions {
  readonly failing: Map<string, string>
  readonly ticks: TickSender
  readonly closed: AbortSignal
}

/** Messages of one `send` that go in one record batch. */
interface Item {
  readonly messages: readonly LogMessage[]
  readonly bytes: number
  readonly appended_ms: number
  /** Its sender no longer waits. */
  abandoned: boolean
  readonly resolve: () => void
  readonly reject: (error: LogError) => void
}

/**
 * Sends, a partition at a time. kafkajs skips a partition of a `send()` whose leader moved and resolves all the same,
 * so a send has one partition. It numbers a failed send's messages again, so a message that waits behind one that may
 * have been stored would be taken for its repeat and lost: so each partition has one send in flight, what comes
 * meanwhile goes together in the next, and after a send that failed for good the producer is replaced.
 */
export function startSender(options: SenderOptions): Sender {
  const slots = producerSlots(options.client)
  const lanes = new Map<string, Lane>()
  const closing = new AbortController()
  const ticks = startTickSender(options.client, options.emit)
  const shared: Shared = { ...options, failing: new Map(), ticks, closed: closing.signal }

  function laneOf(topic: string, partition: number): Lane {
    const name = `${topic}/${partition}`
    const known = lanes.get(name)
    if (known !== undefined) return known
    const lane = new Lane(topic, partition, slots[lanes.size % slots.length]!, shared)
    lanes.set(name, lane)
    return lane
  }

  return {
    async send(topic, partition, messages) {
      const lane = laneOf(topic, partition)
      await Promise.all(chunks(messages).map(({ messages, bytes }) => lane.enqueue(messages, bytes)))
    },
    failing: () => shared.failing,
    recovered(name) {
      if (lanes.get(name)?.running === undefined) shared.failing.delete(name)
    },
    async close() {
      closing.abort()
      await Promise.all([...lanes.values()].map((lane) => lane.running))
      await ticks.close()
      await Promise.all(slots.map((slot) => slot.close()))
    },
  }
}

/** One partition: its queue, and the one send in flight. */
class Lane {
  /** Settles when the queue is empty; undefined when nothing is sent. */
  running: Promise<void> | undefined
  private queue: Item[] = []
  private readonly name: string
  private readonly topic: string
  private readonly partition: number
  private readonly slot: ProducerSlot
  private readonly shared: Shared

  constructor(topic: string, partition: number, slot: ProducerSlot, shared: Shared) {
    this.name = `${topic}/${partition}`
    this.topic = topic
    this.partition = partition
    this.slot = slot
    this.shared = shared
  }

  /** @throws LogError when the messages are refused, or not sent after `giveUpAfter_ms` */
  enqueue(messages: readonly LogMessage[], bytes: number): Promise<void> {
    const { clock, failing, giveUpAfter_ms } = this.shared
    return new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        item.abandoned = true
        const reason = failing.get(this.name) ?? 'no answer'
        reject(unavailable(`${this.name} does not take messages: ${reason}`))
      }, giveUpAfter_ms)
      const item: Item = {
        messages,
        bytes,
        appended_ms: clock(),
        abandoned: false,
        resolve: () => {
          clearTimeout(timer)
          resolve()
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      this.queue.push(item)
      this.running ??= this.drain()
    })
  }

  private async drain(): Promise<void> {
    for (;;) {
      this.queue = this.queue.filter((item) => !item.abandoned)
      const group: Item[] = []
      for (let bytes = 0; this.queue.length > 0; ) {
        bytes += this.queue[0]!.bytes
        if (group.length > 0 && bytes > MAX_MESSAGE_BYTES) break
        group.push(this.queue.shift()!)
      }
      if (group.length === 0) {
        // At once, not when this promise settles: what is queued in between must start a new run.
        this.running = undefined
        return
      }
      await this.sendGroup(group)
    }
  }

  private async sendGroup(items: readonly Item[]): Promise<void> {
    const tooLarge = (error: unknown): boolean => TOO_LARGE.has(errorType(error))
    try {
      await retry(() => this.sendOnce(items), {
        ...PAUSES,
        signal: this.shared.closed,
        retriable: (error) => !tooLarge(error) && items.some((item) => !item.abandoned),
      })
      this.shared.failing.delete(this.name)
      for (const item of items) item.resolve()
    } catch (cause) {
      if (!tooLarge(cause)) await this.renumber(items)
      const error = tooLarge(cause)
        ? new LogError('too_large', `${this.name}: the brokers refuse its size`, { retriable: false })
        : unavailable(`${this.name}: the log closes`)
      for (const item of items) item.reject(error)
    }
  }

  /** @throws kafkajs's error when the leader may not have the messages */
  private async sendOnce(items: readonly Item[]): Promise<void> {
    try {
      if (onlyTicks(items)) await this.shared.ticks.send(this.topic, this.outgoing(items))
      else await this.sendNumbered(items)
    } catch (error) {
      const type = errorType(error)
      // The messages are stored already.
      if (type === 'DUPLICATE_SEQUENCE_NUMBER') return
      if (!TOO_LARGE.has(type)) {
        this.shared.failing.set(this.name, type)
        this.shared.emit({ type: 'log_append_failed', log: 'kafka', error })
      }
      throw error
    }
  }

  private async sendNumbered(items: readonly Item[]): Promise<void> {
    const producer = await this.slot.acquire()
    try {
      await producer.send({
        topic: this.topic,
        acks: -1,
        compression: this.shared.codec,
        messages: this.outgoing(items),
      })
    } catch (error) {
      if (WEDGED.has(errorType(error))) await this.slot.retire(producer)
      throw error
    } finally {
      await this.slot.release(producer)
    }
  }

  /** These messages may be stored or not: the next one must not be taken for their repeat. Ticks have no numbers. */
  private async renumber(items: readonly Item[]): Promise<void> {
    const producer = onlyTicks(items) ? undefined : await this.slot.current()
    if (producer !== undefined) await this.slot.retire(producer)
  }

  private outgoing(items: readonly Item[]): Outgoing[] {
    const { compacted } = this.shared
    const deleted = (value: Uint8Array): boolean => value.length === 0 && compacted(this.topic)
    return items.flatMap(({ messages, appended_ms }) =>
      messages.map(({ key, headers, value }) => ({
        partition: this.partition,
        key: key ?? null,
        value: deleted(value) ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength),
        headers: { ...headers },
        timestamp: String(appended_ms),
      })),
    )
  }
}

const onlyTicks = (items: readonly Item[]): boolean => items.every((item) => item.messages.every(isTick))

const unavailable = (message: string): LogError => new LogError('unavailable', message, { retriable: true })

/** What goes in one record batch: at most `MAX_MESSAGE_BYTES`, at least one message. */
function chunks(messages: readonly LogMessage[]): { messages: LogMessage[]; bytes: number }[] {
  const all: { messages: LogMessage[]; bytes: number }[] = []
  for (const message of messages) {
    const last = all.at(-1)
    const bytes = sizeOf(message)
    if (last !== undefined && last.bytes + bytes <= MAX_MESSAGE_BYTES) {
      last.messages.push(message)
      last.bytes += bytes
    } else all.push({ messages: [message], bytes })
  }
  return all
}

function sizeOf({ key, headers, value }: LogMessage): number {
  let bytes = value.length + (key?.length ?? 0)
  for (const name in headers) bytes += name.length + headers[name]!.length
  return bytes
}
