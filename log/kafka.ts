import { setTimeout as pause } from 'node:timers/promises'
import type { Emit } from '../schemas/facts.ts'
import { retry } from '../schemas/retry.ts'
import { checkMessage, checkPartition } from './check.ts'
import { KafkaAdmin } from './kafkaAdmin.ts'
import { joinGroup } from './kafkaGroup.ts'
import { type Compression, chooseCompression, type KafkaConnection, kafkaClient } from './kafkajs.ts'
import { readRange } from './kafkaRead.ts'
import { type Sender, startSender } from './kafkaSend.ts'
import { ensureTopics } from './kafkaTopics.ts'
import {
  type Log,
  LogError,
  type LogMessage,
  type LogRecord,
  type Partition,
  type ReplayOptions,
  type SubscribeOptions,
  type Subscription,
  type TopicSpec,
} from './log.ts'

export interface KafkaLogOptions extends KafkaConnection {
  readonly topics: readonly TopicSpec[]
  /** Copies of each message in topics that are made here (default: three, or as many as there are brokers). */
  readonly replication?: number
  /** Default zstd, which becomes gzip where its binary is not there. Each is read, whatever is written. */
  readonly compression?: Compression
  /** How long an append may take before it is refused as unavailable, ms (default 30,000: a leader moves in 3–28 s). */
  readonly giveUpAfter_ms?: number
  /** A reader that is silent for so long is taken for dead and its partitions move, ms (default 10,000; at least 6,000). */
  readonly session_ms?: number
  readonly emit: Emit
  readonly clock: () => number
}

const GIVE_UP_AFTER_MS = 30_000
const SESSION_MS = 10_000
const PAUSES = { first_ms: 100, longest_ms: 2_000 }
const PROBE_MS = 1_000

/**
 * The log on Kafka. Opens at once, also while no broker answers: the topics are then made as soon as one does, and
 * until then `health` says so, appends are refused after `giveUpAfter_ms`, and subscriptions wait.
 */
export async function openKafkaLog(options: KafkaLogOptions): Promise<Log> {
  const { codec, chosen } = await chooseCompression(options.compression ?? 'zstd')
  if (options.compression === 'zstd' && chosen !== 'zstd')
    options.emit({ type: 'kafka_codec_missing', wanted: 'zstd', chosen })
  return new KafkaLog(options, codec)
}

class KafkaLog implements Log {
  readonly topics: ReadonlyMap<string, TopicSpec>
  private readonly options: KafkaLogOptions
  private readonly client
  private readonly giveUpAfter_ms: number
  private readonly sender: Sender
  private readonly fetcher
  private readonly admin: KafkaAdmin
  private readonly subscriptions = new Set<Subscription>()
  private readonly stop = new AbortController()
  /** Resolves when the topics are there, or the log closes. */
  private readonly ready: Promise<void>
  private reachable = false
  /** Whoever sees a failing log in `health` stops appending, so the log must find out by itself that there are leaders again. */
  private readonly probing: NodeJS.Timeout
  private closing: Promise<void> | undefined

  constructor(options: KafkaLogOptions, codec: number) {
    const { emit, clock } = options
    this.options = options
    this.topics = new Map(options.topics.map((topic) => [topic.name, topic]))
    this.giveUpAfter_ms = options.giveUpAfter_ms ?? GIVE_UP_AFTER_MS
    this.client = kafkaClient(options, emit)
    this.sender = startSender({
      client: this.client,
      codec,
      giveUpAfter_ms: this.giveUpAfter_ms,
      compacted: (topic) => this.topics.get(topic)?.compacted === true,
      emit,
      clock,
    })
    this.fetcher = this.client.fetcher()
    this.admin = new KafkaAdmin(this.client, this.giveUpAfter_ms, this.stop.signal)
    this.ready = this.makeTopics()
    this.probing = setInterval(() => void this.probeFailing(), PROBE_MS)
    this.probing.unref()
  }

  async append(messages: readonly LogMessage[]): Promise<void> {
    this.mustBeOpen()
    const byPartition = new Map<string, LogMessage[]>()
    for (const message of messages) {
      checkMessage(this.topics, message)
      const name = `${message.topic}/${message.partition}`
      const known = byPartition.get(name)
      if (known === undefined) byPartition.set(name, [message])
      else known.push(message)
    }
    await this.becomeReady()
    await Promise.all(
      [...byPartition.values()].map((some) => this.sender.send(some[0]!.topic, some[0]!.partition, some)),
    )
  }

  async subscribe(subscribe: SubscribeOptions): Promise<Subscription> {
    this.mustBeOpen()
    for (const topic of subscribe.topics) checkPartition(this.topics, { topic, partition: 0 })
    const subscription = joinGroup({
      client: this.client,
      options: subscribe,
      ready: this.ready,
      session_ms: this.options.session_ms ?? SESSION_MS,
      partitions: subscribe.topics.reduce((sum, topic) => sum + this.topics.get(topic)!.partitions, 0),
      assignments: (...asked) => this.admin.assignments(...asked),
      emit: this.options.emit,
      onClose: () => void this.subscriptions.delete(subscription),
    })
    this.subscriptions.add(subscription)
    return subscription
  }

  async bounds({ topic, partition }: Partition): Promise<{ begin: number; end: number }> {
    this.mustBeOpen()
    checkPartition(this.topics, { topic, partition })
    await this.becomeReady()
    const all = await this.admin.askAgain((admin) => admin.fetchTopicOffsets(topic))
    const found = all.find((entry) => entry.partition === partition)
    if (found === undefined)
      throw new LogError('unavailable', `no ${topic}/${partition} yet`, { retriable: true })
    return { begin: Number(found.low), end: Number(found.high) }
  }

  async *replay({ topic, partition, from, until }: ReplayOptions): AsyncIterable<LogRecord> {
    const { begin, end } = await this.bounds({ topic, partition })
    let first = begin
    if (from !== undefined && 'offset' in from) first = Math.max(begin, from.offset)
    if (from !== undefined && 'time_ms' in from) {
      const found = await this.admin.askAgain((admin) =>
        admin.fetchTopicOffsetsByTimestamp(topic, from.time_ms),
      )
      first = Number(found.find((entry) => entry.partition === partition)?.offset ?? end)
    }
    yield* readRange(this.fetcher, { topic, partition, from: first, until: Math.min(until ?? end, end) })
  }

  health(): { ok: boolean; reason?: string } {
    if (this.closing !== undefined) return { ok: false, reason: 'it is closed' }
    if (!this.reachable) return { ok: false, reason: 'Kafka does not answer yet' }
    const [first] = this.sender.failing()
    return first === undefined ? { ok: true } : { ok: false, reason: `${first[0]}: ${first[1]}` }
  }

  close(): Promise<void> {
    this.closing ??= this.closeAll()
    return this.closing
  }

  private mustBeOpen(): void {
    if (this.closing !== undefined) throw new LogError('closed', 'the log is closed', { retriable: false })
  }

  private async makeTopics(): Promise<void> {
    const make = (): Promise<void> =>
      this.admin.ask((admin) => ensureTopics(admin, this.options.topics, this.options.replication))
    try {
      await retry(make, {
        ...PAUSES,
        signal: this.stop.signal,
        failed: (error) => this.options.emit({ type: 'log_append_failed', log: 'kafka', error }),
      })
      this.reachable = true
    } catch {
      // The log closes.
    }
  }

  private async becomeReady(): Promise<void> {
    if (this.reachable) return
    const late = pause(this.giveUpAfter_ms, 'late', { ref: false })
    if ((await Promise.race([this.ready, late])) === 'late')
      throw new LogError('unavailable', 'Kafka does not answer', { retriable: true })
    this.mustBeOpen()
  }

  private async probeFailing(): Promise<void> {
    for (const lane of [...this.sender.failing().keys()]) {
      const at = lane.lastIndexOf('/')
      if (await this.admin.hasLeader(lane.slice(0, at), Number(lane.slice(at + 1))))
        this.sender.recovered(lane)
    }
  }

  private async closeAll(): Promise<void> {
    clearInterval(this.probing)
    await Promise.all([...this.subscriptions].map((subscription) => subscription.close()))
    this.stop.abort()
    await Promise.all([this.sender.close(), this.ready])
    await Promise.all([this.fetcher.close().catch(() => undefined), this.admin.close()])
  }
}
