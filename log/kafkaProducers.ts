import type { KafkaClient, Producer } from './kafkajs.ts'

/** A broker answers one send of a producer at a time: several producers let partitions go side by side. */
const PRODUCERS = 4

/** A place for a producer. Lanes share it, and a producer that is replaced is replaced for all of them. */
export class ProducerSlot {
  private readonly client: KafkaClient
  private connecting: Promise<Producer> | undefined
  /** Sends that run now, by producer. */
  private readonly sends = new Map<Producer, number>()
  /** Replaced producers that still send: each is disconnected when its last send has finished. */
  private readonly retired = new Set<Producer>()

  constructor(client: KafkaClient) {
    this.client = client
  }

  /** The producer that sends now, undefined when none is connected. */
  async current(): Promise<Producer | undefined> {
    return this.connecting?.catch(() => undefined)
  }

  /** A connected producer, counted as sending until `release`. */
  async acquire(): Promise<Producer> {
    const connecting = this.connecting ?? this.connect()
    this.connecting = connecting
    try {
      const producer = await connecting
      this.sends.set(producer, (this.sends.get(producer) ?? 0) + 1)
      return producer
    } catch (error) {
      if (this.connecting === connecting) this.connecting = undefined
      throw error
    }
  }

  async release(producer: Producer): Promise<void> {
    this.sends.set(producer, this.sends.get(producer)! - 1)
    await this.disconnectUnused(producer)
  }

  /** The next `acquire` connects a new producer. */
  async retire(producer: Producer): Promise<void> {
    if ((await this.current()) === producer) this.connecting = undefined
    this.retired.add(producer)
    await this.disconnectUnused(producer)
  }

  async close(): Promise<void> {
    const producer = await this.current()
    await producer?.disconnect().catch(() => undefined)
  }

  private async connect(): Promise<Producer> {
    const producer = this.client.producer()
    try {
      await producer.connect()
    } catch (error) {
      await producer.disconnect().catch(() => undefined)
      throw error
    }
    return producer
  }

  private async disconnectUnused(producer: Producer): Promise<void> {
    if ((this.sends.get(producer) ?? 0) > 0 || !this.retired.delete(producer)) return
    this.sends.delete(producer)
    await producer.disconnect().catch(() => undefined)
  }
}

/** Producers of this process, one for each append that may be under way at a time. */
export function producerSlots(client: KafkaClient): ProducerSlot[] {
  return Array.from({ length: PRODUCERS }, () => new ProducerSlot(client))
}
