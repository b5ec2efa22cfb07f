import { setTimeout as pause } from 'node:timers/promises'
import type { Emit } from '../schemas/facts.ts'
import { retry } from '../schemas/retry.ts'
import { checkMessage, checkPartition } from './check.ts'
import { joinGroup } from './kafkaGroup.ts'
import {
  type Admin,
  type Compression,
  chooseCompression,
  type KafkaConnection,
  kafkaClient,
  reasonOf,
} from './kafkajs.ts'
import { readRange } from './kafkaRead.ts'
import { startSender } from './kafkaSend.ts'
import {
  type Assignment,
  type Log,
  LogError,
  type LogMessage,
  MAX_MESSAGE_BYTES,
  type Partition,
  type ReplayOptions,
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

/** Room for key, headers and the record's own fields on top of the largest value. */
const HEAD_BYTES = 1 << 20
const PAUSES = { first_ms: 100, longest_ms: 2_000 }
const PROBE_MS = 1_000

/**
 * The log on Kafka. Opens at once, also while no broker answers: the topics are then made as soon as one does, and
 * until then `health` says so, appends are refused after `giveUpAfter_ms`, and subscriptions wait.
 */
export async function openKafkaLog(options: KafkaLogOptions): Promise<Log> {
  const { emit, clock } = options
  const client = kafkaClient(options, emit)
  const topics = new Map(options.topics.map((topic) => [topic.name, topic]))
  const { codec, chosen } = await chooseCompression(options.compression ?? 'zstd')
  if (options.compression === 'zstd' && chosen !== 'zstd')
    emit({ type: 'kafka_codec_missing', wanted: 'zstd', chosen })
  const giveUpAfter_ms = options.giveUpAfter_ms ?? 30_000
  const sender = startSender({
    client,
    codec,
    giveUpAfter_ms,
    compacted: (topic) => topics.get(topic)?.compacted === true,
    emit,
    clock,
  })
  const fetcher = client.fetcher()
  const closed = new AbortController()
  const subscriptions = new Set<Subscription>()
  let admin: Promise<Admin> | undefined
  let reachable = false
  let closing: Promise<void> | undefined

  const mustBeOpen = (): void => {
    if (closing !== undefined) throw new LogError('closed', 'the log is closed', { retriable: false })
  }

  /** Asks a broker something; a failed connection is not used again. */
  async function ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const connecting = admin ?? connectAdmin()
    admin = connecting
    try {
      return await question(await connecting)
    } catch (cause) {
      if (admin === connecting) admin = undefined
      void connecting.then((entry) => entry.disconnect()).catch(() => undefined)
      throw new LogError('unavailable', `Kafka does not answer: ${reasonOf(cause)}`, {
        retriable: true,
        cause,
      })
    }
  }
  /** The same until it is answered, or `giveUpAfter_ms`: a topic that was just made has no leader yet, nor has one whose broker died. */
  async function askAgain<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const end = performance.now() + giveUpAfter_ms
    return retry(() => ask(question), {
      ...PAUSES,
      signal: closed.signal,
      retriable: () => performance.now() < end,
    })
  }
  async function connectAdmin(): Promise<Admin> {
    const entry = client.admin()
    await entry.connect()
    return entry
  }

  const ready = makeTopics()
  async function makeTopics(): Promise<void> {
    const make = (): Promise<void> =>
      ask((admin) => ensureTopics(admin, [...topics.values()], options.replication))
    try {
      await retry(make, {
        ...PAUSES,
        signal: closed.signal,
        failed: (error) => emit({ type: 'log_append_failed', log: 'kafka', error }),
      })
      reachable = true
    } catch {
      // The log closes.
    }
  }
  async function becomeReady(): Promise<void> {
    if (reachable) return
    const late = pause(giveUpAfter_ms, 'late', { ref: false })
    if ((await Promise.race([ready, late])) === 'late')
      throw new LogError('unavailable', 'Kafka does not answer', { retriable: true })
    mustBeOpen()
  }

  // Whoever sees a failing log in `health` stops appending, so it must find out by itself that there are leaders again.
  const timer = setInterval(() => void probe(), PROBE_MS)
  timer.unref()
  async function probe(): Promise<void> {
    for (const lane of [...sender.failing().keys()]) {
      const at = lane.lastIndexOf('/')
      const topic = lane.slice(0, at)
      const metadata = await ask((entry) => entry.fetchTopicMetadata({ topics: [topic] })).catch(
        () => undefined,
      )
      const found = metadata?.topics[0]?.partitions.find(
        (partition) => String(partition.partitionId) === lane.slice(at + 1),
      )
      if (found !== undefined && found.leader >= 0 && found.partitionErrorCode === 0) sender.recovered(lane)
    }
  }

  async function append(messages: readonly LogMessage[]): Promise<void> {
    mustBeOpen()
    const byPartition = new Map<string, LogMessage[]>()
    for (const message of messages) {
      checkMessage(topics, message)
      const name = `${message.topic}/${message.partition}`
      const known = byPartition.get(name)
      if (known === undefined) byPartition.set(name, [message])
      else known.push(message)
    }
    await becomeReady()
    await Promise.all(
      [...byPartition.values()].map((some) => sender.send(some[0]!.topic, some[0]!.partition, some)),
    )
  }

  async function bounds({ topic, partition }: Partition): Promise<{ begin: number; end: number }> {
    mustBeOpen()
    checkPartition(topics, { topic, partition })
    await becomeReady()
    const all = await askAgain((entry) => entry.fetchTopicOffsets(topic))
    const found = all.find((entry) => entry.partition === partition)
    if (found === undefined)
      throw new LogError('unavailable', `no ${topic}/${partition} yet`, { retriable: true })
    return { begin: Number(found.low), end: Number(found.high) }
  }

  async function* replay({ topic, partition, from, until }: ReplayOptions) {
    const { begin, end } = await bounds({ topic, partition })
    let first = begin
    if (from !== undefined && 'offset' in from) first = Math.max(begin, from.offset)
    if (from !== undefined && 'time_ms' in from) {
      const found = await askAgain((entry) => entry.fetchTopicOffsetsByTimestamp(topic, from.time_ms))
      first = Number(found.find((entry) => entry.partition === partition)?.offset ?? end)
    }
    yield* readRange(fetcher, { topic, partition, from: first, until: Math.min(until ?? end, end) })
  }

  async function assignments(
    group: string,
    topic: string,
    partitions: readonly number[],
  ): Promise<Assignment[]> {
    const [committed, offsets] = await Promise.all([
      ask((entry) => entry.fetchOffsets({ groupId: group, topics: [topic] })),
      ask((entry) => entry.fetchTopicOffsets(topic)),
    ])
    return partitions.map((partition) => {
      const place = offsets.find((offset) => offset.partition === partition)!
      const commit = committed[0]?.partitions.find((entry) => entry.partition === partition)
      const known = commit !== undefined && Number(commit.offset) >= 0
      return {
        ...{ topic, partition, begin: Number(place.low), end: Number(place.high) },
        committed: !known
          ? undefined
          : commit.metadata === null || commit.metadata === ''
            ? { offset: Number(commit.offset) }
            : { offset: Number(commit.offset), metadata: commit.metadata },
      }
    })
  }

  async function close(): Promise<void> {
    clearInterval(timer)
    await Promise.all([...subscriptions].map((subscription) => subscription.close()))
    closed.abort()
    await Promise.all([sender.close(), ready])
    await Promise.all(
      [fetcher.close(), admin?.then((entry) => entry.disconnect())].map((entry) =>
        entry?.catch(() => undefined),
      ),
    )
  }

  return {
    topics,
    append,
    async subscribe(subscribe) {
      mustBeOpen()
      for (const topic of subscribe.topics) checkPartition(topics, { topic, partition: 0 })
      const subscription = joinGroup({
        client,
        options: subscribe,
        ready,
        session_ms: options.session_ms ?? 10_000,
        partitions: subscribe.topics.reduce((sum, topic) => sum + topics.get(topic)!.partitions, 0),
        assignments,
        emit,
        onClose: () => void subscriptions.delete(subscription),
      })
      subscriptions.add(subscription)
      return subscription
    },
    replay,
    bounds,
    health() {
      if (closing !== undefined) return { ok: false, reason: 'it is closed' }
      if (!reachable) return { ok: false, reason: 'Kafka does not answer yet' }
      const [first] = sender.failing()
      return first === undefined ? { ok: true } : { ok: false, reason: `${first[0]}: ${first[1]}` }
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}

/** Makes the topics that are missing, and adds partitions to those that have fewer. Configured topics stay as they are. */
async function ensureTopics(
  admin: Admin,
  topics: readonly TopicSpec[],
  replication: number | undefined,
): Promise<void> {
  const { brokers } = await admin.describeCluster()
  const copies = replication ?? Math.min(3, brokers.length)
  const existing = new Set(await admin.listTopics())
  const missing = topics.filter((topic) => !existing.has(topic.name))
  if (missing.length > 0) {
    await admin
      .createTopics({
        waitForLeaders: true,
        topics: missing.map((topic) => ({
          topic: topic.name,
          numPartitions: topic.partitions,
          replicationFactor: copies,
          configEntries: Object.entries(topicConfig(topic, copies)).map(([name, value]) => ({ name, value })),
        })),
      })
      // Another process made them a moment ago.
      .catch((error: unknown) => {
        if (!JSON.stringify(error, ['errors', 'type']).includes('TOPIC_ALREADY_EXISTS')) throw error
      })
  }
  const present = topics.filter((topic) => existing.has(topic.name))
  if (present.length === 0) return
  const metadata = await admin.fetchTopicMetadata({ topics: present.map((topic) => topic.name) })
  const short = present.filter((topic) => {
    const found = metadata.topics.find((entry) => entry.name === topic.name)
    return found !== undefined && found.partitions.length < topic.partitions
  })
  if (short.length > 0) {
    const topicPartitions = short.map((topic) => ({ topic: topic.name, count: topic.partitions }))
    await admin.createPartitions({ topicPartitions })
  }
}

function topicConfig(topic: TopicSpec, copies: number): Record<string, string> {
  return {
    'max.message.bytes': String(MAX_MESSAGE_BYTES + HEAD_BYTES),
    'min.insync.replicas': copies >= 3 ? '2' : '1',
    'cleanup.policy': topic.compacted === true ? 'compact' : 'delete',
    // State is read whole at every start, and the segment that is written to is never compacted: so it is kept short.
    ...(topic.compacted === true
      ? { 'segment.ms': '600000', 'segment.bytes': String(16 << 20), 'min.cleanable.dirty.ratio': '0.1' }
      : {}),
    ...(topic.retention_ms === undefined ? {} : { 'retention.ms': String(topic.retention_ms) }),
  }
}
