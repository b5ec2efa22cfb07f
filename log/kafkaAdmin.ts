import { retry } from '../schemas/retry.ts'
import { type Admin, type KafkaClient, reasonOf } from './kafkajs.ts'
import { type Assignment, LogError } from './log.ts'

const PAUSES = { first_ms: 100, longest_ms: 2_000 }

/** Questions to the brokers over one connection, which is replaced when it fails. */
export class KafkaAdmin {
  private readonly client: KafkaClient
  private connecting: Promise<Admin> | undefined
  private readonly giveUpAfter_ms: number
  private readonly closed: AbortSignal

  constructor(client: KafkaClient, giveUpAfter_ms: number, closed: AbortSignal) {
    this.client = client
    this.giveUpAfter_ms = giveUpAfter_ms
    this.closed = closed
  }

  /** @throws LogError `unavailable` when the brokers do not answer */
  async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const connecting = this.connecting ?? this.connect()
    this.connecting = connecting
    try {
      return await question(await connecting)
    } catch (cause) {
      if (this.connecting === connecting) this.connecting = undefined
      void connecting.then((admin) => admin.disconnect()).catch(() => undefined)
      throw new LogError('unavailable', `Kafka does not answer: ${reasonOf(cause)}`, {
        retriable: true,
        cause,
      })
    }
  }

  /** Asks until it is answered, or `giveUpAfter_ms`: a topic that was just made has no leader yet, nor has one whose broker died. */
  async askAgain<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const end = performance.now() + this.giveUpAfter_ms
    return retry(() => this.ask(question), {
      ...PAUSES,
      signal: this.closed,
      retriable: () => performance.now() < end,
    })
  }

  /** Where a group is in partitions of a topic, and what the partitions hold. */
  async assignments(group: string, topic: string, partitions: readonly number[]): Promise<Assignment[]> {
    const [committed, offsets] = await Promise.all([
      this.ask((admin) => admin.fetchOffsets({ groupId: group, topics: [topic] })),
      this.ask((admin) => admin.fetchTopicOffsets(topic)),
    ])
    return partitions.map((partition) => {
      const place = offsets.find((offset) => offset.partition === partition)!
      const commit = committed[0]?.partitions.find((entry) => entry.partition === partition)
      const known = commit !== undefined && Number(commit.offset) >= 0
      return {
        ...{ topic, partition, begin: Number(place.low), end: Number(place.high) },
        committed: known
          ? { offset: Number(commit.offset), metadata: commit.metadata || undefined }
          : undefined,
      }
    })
  }

  /** Whether a partition has a leader that takes messages. */
  async hasLeader(topic: string, partition: number): Promise<boolean> {
    const metadata = await this.ask((admin) => admin.fetchTopicMetadata({ topics: [topic] })).catch(
      () => undefined,
    )
    const found = metadata?.topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)
    return found !== undefined && found.leader >= 0 && found.partitionErrorCode === 0
  }

  async close(): Promise<void> {
    await this.connecting?.then((admin) => admin.disconnect()).catch(() => undefined)
  }

  private async connect(): Promise<Admin> {
    const admin = this.client.admin()
    await admin.connect()
    return admin
  }
}
