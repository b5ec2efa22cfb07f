import { setTimeout as pause } from 'node:timers/promises'
import type { Emit } from '../schemas/facts.ts'
import { errorType, type KafkaClient, type Producer } from './kafkajs.ts'
import { type Outgoing, startTickSender } from './kafkaTicks.ts'
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
const PRODUCERS = 4
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

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

interface Item {
  readonly messages: readonly LogMessage[]
  readonly bytes: number
  readonly appended_ms: number
  abandoned: boolean
  readonly resolve: () => void
  readonly reject: (error: LogError) => void
}

interface Lane {
  readonly name: string
  readonly topic: string
  readonly partition: number
  readonly slot: Slot
  queue: Item[]
  running: Promise<void> | undefined
}

interface Slot {
  current: Promise<Producer> | undefined
}

/**
 * Sends, a partition at a time. kafkajs skips a partition of a `send()` whose leader moved and resolves all the same,
 * so a send has one partition. It numbers a failed send's messages again, so a message that waits behind one that may
 * have been stored would be taken for its repeat and lost: so each partition has one send in flight, what comes
 * meanwhile goes together in the next, and after a send that failed for good the producer is replaced.
 */
export function startSender(options: SenderOptions): Sender {
  const { client, emit } = options
  const slots = Array.from({ length: PRODUCERS }, (): Slot => ({ current: undefined }))
  const lanes = new Map<string, Lane>()
  const failing = new Map<string, string>()
  const uses = new Map<Producer, number>()
  const retired = new Set<Producer>()
  const closed = new AbortController()
  const ticks = startTickSender(client, emit)

  function laneOf(topic: string, partition: number): Lane {
    const name = `${topic}/${partition}`
    const known = lanes.get(name)
    if (known !== undefined) return known
    // A broker answers one send of a producer at a time: several producers let partitions go side by side.
    const slot = slots[lanes.size % PRODUCERS]!
    const lane: Lane = { name, topic, partition, slot, queue: [], running: undefined }
    lanes.set(name, lane)
    return lane
  }

  async function producerOf(slot: Slot): Promise<Producer> {
    const connecting = slot.current ?? connect()
    slot.current = connecting
    try {
      return await connecting
    } catch (error) {
      if (slot.current === connecting) slot.current = undefined
      throw error
    }
  }

  async function connect(): Promise<Producer> {
    const producer = client.producer()
    try {
      await producer.connect()
    } catch (error) {
      await producer.disconnect().catch(() => undefined)
      throw error
    }
    return producer
  }

  /** Others may still send by it: it is disconnected when the last has finished. */
  async function retire(slot: Slot, producer: Producer): Promise<void> {
    if ((await slot.current?.catch(() => undefined)) === producer) slot.current = undefined
    retired.add(producer)
    await release(producer, 0)
  }

  async function release(producer: Producer, count: number): Promise<void> {
    const left = (uses.get(producer) ?? 0) - count
    uses.set(producer, left)
    if (left > 0 || !retired.has(producer)) return
    retired.delete(producer)
    uses.delete(producer)
    await producer.disconnect().catch(() => undefined)
  }

  async function once(
    lane: Lane,
    items: readonly Item[],
  ): Promise<'sent' | 'wedged' | 'again' | 'too_large'> {
    let producer: Producer | undefined
    try {
      if (onlyTicks(items)) {
        await ticks.send(lane.topic, outgoing(lane, items))
        return 'sent'
      }
      producer = await producerOf(lane.slot)
      uses.set(producer, (uses.get(producer) ?? 0) + 1)
      await producer.send({
        topic: lane.topic,
        acks: -1,
        compression: options.codec,
        messages: outgoing(lane, items),
      })
      return 'sent'
    } catch (error) {
      const type = errorType(error)
      // What is repeated is there already.
      if (type === 'DUPLICATE_SEQUENCE_NUMBER') return 'sent'
      if (TOO_LARGE.has(type)) return 'too_large'
      failing.set(lane.name, type)
      emit({ type: 'log_append_failed', log: 'kafka', error })
      if (!WEDGED.has(type)) return 'again'
      if (producer !== undefined) await retire(lane.slot, producer)
      return 'wedged'
    } finally {
      if (producer !== undefined) await release(producer, 1)
    }
  }

  const onlyTicks = (items: readonly Item[]): boolean => items.every((item) => item.messages.every(isTick))

  const outgoing = (lane: Lane, items: readonly Item[]): Outgoing[] =>
    items.flatMap((item) => item.messages.map((message) => toKafka(message, item, lane.partition)))

  function toKafka(message: LogMessage, item: Item, partition: number): Outgoing {
    const { value } = message
    const deleted = value.length === 0 && options.compacted(message.topic)
    return {
      partition,
      key: message.key ?? null,
      value: deleted ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength),
      headers: { ...message.headers },
      timestamp: String(item.appended_ms),
    }
  }

  async function sendGroup(lane: Lane, items: readonly Item[]): Promise<void> {
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      const outcome = await once(lane, items)
      if (outcome === 'sent') {
        failing.delete(lane.name)
        for (const item of items) item.resolve()
        return
      }
      if (outcome === 'too_large') {
        const error = new LogError('too_large', `${lane.name}: the brokers refuse its size`, {
          retriable: false,
        })
        for (const item of items) item.reject(error)
        return
      }
      if (items.every((item) => item.abandoned) || closed.signal.aborted) {
        // It may be stored or not: the next message must not be taken for its repeat. Ticks have no numbers.
        const producer = onlyTicks(items) ? undefined : await lane.slot.current?.catch(() => undefined)
        if (producer !== undefined) await retire(lane.slot, producer)
        const error = new LogError('unavailable', `${lane.name}: the log closes`, { retriable: true })
        for (const item of items) item.reject(error)
        return
      }
      if (outcome === 'again') await pause(wait, undefined, { signal: closed.signal }).catch(() => undefined)
    }
  }

  async function drain(lane: Lane): Promise<void> {
    for (;;) {
      lane.queue = lane.queue.filter((item) => !item.abandoned)
      const group: Item[] = []
      for (let bytes = 0; lane.queue.length > 0; ) {
        bytes += lane.queue[0]!.bytes
        if (group.length > 0 && bytes > MAX_MESSAGE_BYTES) break
        group.push(lane.queue.shift()!)
      }
      if (group.length === 0) {
        // At once, not when this promise settles: what is queued in between must start a new run.
        lane.running = undefined
        return
      }
      await sendGroup(lane, group)
    }
  }

  function enqueue(lane: Lane, messages: readonly LogMessage[], bytes: number): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const settle = (): void => clearTimeout(timer)
      const item: Item = {
        messages,
        bytes,
        appended_ms: options.clock(),
        abandoned: false,
        resolve: () => {
          settle()
          resolve()
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      }
      const giveUp = (): void => {
        item.abandoned = true
        const reason = failing.get(lane.name) ?? 'no answer'
        reject(
          new LogError('unavailable', `${lane.name} does not take messages: ${reason}`, { retriable: true }),
        )
      }
      const timer = setTimeout(giveUp, options.giveUpAfter_ms)
      lane.queue.push(item)
      lane.running ??= drain(lane)
    })
  }

  return {
    async send(topic, partition, messages) {
      const lane = laneOf(topic, partition)
      await Promise.all(chunks(messages).map(({ messages, bytes }) => enqueue(lane, messages, bytes)))
    },
    failing: () => failing,
    recovered(name) {
      if (lanes.get(name)?.running === undefined) failing.delete(name)
    },
    async close() {
      closed.abort()
      await Promise.all([...lanes.values()].map((lane) => lane.running))
      await ticks.close()
      const producers = await Promise.all(slots.map((slot) => slot.current?.catch(() => undefined)))
      await Promise.all(producers.map((producer) => producer?.disconnect().catch(() => undefined)))
    },
  }
}

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
