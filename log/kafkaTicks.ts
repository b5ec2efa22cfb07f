import type { Emit } from '../schemas/facts.ts'
import type { KafkaClient, Producer } from './kafkajs.ts'

/** What kafkajs takes of one message. */
export interface Outgoing {
  readonly partition: number
  readonly key: string | null
  readonly value: Buffer | null
  readonly headers: Record<string, string>
  readonly timestamp: string
}

interface Waiting {
  readonly topic: string
  readonly messages: readonly Outgoing[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Ends with the sender's other producers. */
export interface TickSender {
  /** Resolves when they were handed to the leader, or passed over because it moved; rejects when no broker took them. */
  send(topic: string, messages: readonly Outgoing[]): Promise<void>
  close(): Promise<void>
}

/**
 * Every collector ticks in every partition twice a second, so ticks are most of what an idle Kafka does. Unlike rows they may be lost,
 * since the next one says the same: so ticks of all partitions go together, one request a broker, unnumbered, to the leader alone.
 */
export function startTickSender(client: KafkaClient, emit: Emit): TickSender {
  let waiting: Waiting[] = []
  let producer: Promise<Producer> | undefined
  let running: Promise<void> = Promise.resolve()

  async function connect(): Promise<Producer> {
    const entry = client.plainProducer()
    await entry.connect()
    return entry
  }

  async function sendAll(): Promise<void> {
    const batch = waiting
    waiting = []
    if (batch.length === 0) return
    const byTopic = new Map<string, Outgoing[]>()
    for (const { topic, messages } of batch) {
      const known = byTopic.get(topic)
      if (known === undefined) byTopic.set(topic, [...messages])
      else known.push(...messages)
    }
    const connecting = producer ?? connect()
    producer = connecting
    try {
      const entry = await connecting
      await entry.sendBatch({
        acks: 1,
        topicMessages: [...byTopic].map(([topic, messages]) => ({ topic, messages })),
      })
      for (const { resolve } of batch) resolve()
    } catch (error) {
      emit({ type: 'log_append_failed', log: 'kafka', error })
      if (producer === connecting) producer = undefined
      void connecting.then((entry) => entry.disconnect()).catch(() => undefined)
      for (const { reject } of batch) reject(error)
    }
  }

  return {
    send(topic, messages) {
      return new Promise((resolve, reject) => {
        waiting.push({ topic, messages, resolve, reject })
        // What is appended together comes in one turn of the event loop; one request at a time, so that ticks keep their order.
        if (waiting.length === 1)
          setImmediate(() => {
            running = running.then(sendAll)
          })
      })
    },
    async close() {
      await running
      await (await producer?.catch(() => undefined))?.disconnect().catch(() => undefined)
    },
  }
}
