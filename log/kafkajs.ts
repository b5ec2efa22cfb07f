import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import kafkajs, {
  type Admin,
  type Consumer,
  type ISocketFactoryArgs,
  type Kafka,
  type Producer,
  type ProducerConfig,
} from 'kafkajs'
import type { Emit } from '../schemas/facts.ts'

/** The only file that imports kafkajs (2.2.4, unmaintained): what the Kafka log needs of it, and its traps. */

// A CommonJS package whose exports Node does not see by name.
const { AssignerProtocol, CompressionCodecs, CompressionTypes, logLevel } = kafkajs

export type { Admin, Batch, Consumer, EachBatchPayload, Producer } from 'kafkajs'

export type Compression = 'zstd' | 'gzip' | 'none'

export interface KafkaConnection {
  readonly brokers: readonly string[]
  readonly clientId: string
  /** TLS; `ca`: PEM of who signed the brokers' certificates, where that is not a public authority. */
  readonly ssl?: { readonly ca?: string }
  readonly sasl?: {
    mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
    username: string
    password: string
  }
}

export interface KafkaClient {
  admin(): Admin
  /** Idempotent. Retries a send a few times by itself; the rest is the sender's. */
  producer(): Producer
  /** Not idempotent: for what may be lost or come twice, several partitions at a time. */
  plainProducer(): Producer
  consumer(options: ConsumerOptions): Consumer
  /** Reads partitions without a group. */
  fetcher(): Fetcher
}

export interface ConsumerOptions {
  readonly group: string
  /** A member that is silent for so long is taken for dead. */
  readonly session_ms: number
  readonly maxBytesPerPartition: number
  /** Called before the member asks to join (again). */
  readonly onJoining: () => void
}

/** A message as kafkajs decodes it from a fetch. */
export interface FetchedMessage {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>
  readonly isControlRecord?: boolean
}

export interface Fetcher {
  /** Messages from an offset on, and where the partition ends. May give none although there are some: ask again. */
  fetch(
    topic: string,
    partition: number,
    offset: number,
  ): Promise<{ messages: FetchedMessage[]; end: number }>
  /** After an error: look up the leaders anew. */
  refresh(): Promise<void>
  close(): Promise<void>
}

const RETRY = { initialRetryTime: 100, multiplier: 2, maxRetryTime: 1_000 }
const PRODUCER: ProducerConfig = {
  allowAutoTopicCreation: false,
  createPartitioner: () => (message) => message.message.partition!,
}
const FETCH_BYTES = 4 << 20
const LONGEST_FETCH_MS = 500
/** How long a broker may keep a reader's fetch open while nothing comes; what comes ends it. */
const LONGEST_WAIT_MS = 1_000

/** A kafkajs client whose own log becomes facts. */
export function kafkaClient(connection: KafkaConnection, emit: Emit): KafkaClient {
  const kafka = new kafkajs.Kafka({
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    ...(connection.ssl === undefined ? {} : { ssl: { ...connection.ssl } }),
    ...(connection.sasl === undefined ? {} : { sasl: connection.sasl as never }),
    connectionTimeout: 3_000,
    socketFactory: connectSocket,
    requestTimeout: 10_000,
    retry: { ...RETRY, retries: 5 },
    logLevel: logLevel.ERROR,
    // It says each retry as an error: for whoever looks closely.
    logCreator: () => (entry) =>
      emit({ type: 'kafka_client', namespace: entry.namespace, text: entry.log.message }),
  })
  return {
    admin: () => kafka.admin(),
    producer: () => kafka.producer({ ...PRODUCER, idempotent: true, retry: { ...RETRY, retries: 3 } }),
    plainProducer: () => kafka.producer({ ...PRODUCER, retry: { ...RETRY, retries: 1 } }),
    consumer: ({ group, session_ms, maxBytesPerPartition, onJoining }) =>
      kafka.consumer({
        groupId: group,
        allowAutoTopicCreation: false,
        maxBytesPerPartition,
        maxWaitTimeInMs: LONGEST_WAIT_MS,
        sessionTimeout: session_ms,
        rebalanceTimeout: 30_000,
        heartbeatInterval: 1_000,
        metadataMaxAge: 60_000,
        // A crash is answered by the subscription, which knows what was lost with it.
        retry: { ...RETRY, retries: 8, restartOnFailure: async () => false },
        partitionAssigners: [(config) => byPartition(config.cluster as unknown as Cluster, onJoining)],
      }),
    fetcher: () => groupless(clusterOf(kafka)),
  }
}

/** As kafkajs's own, which warns of a leak when more than ten requests wait for a broker that is just coming back. */
function connectSocket({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  const name = isIP(host) === 0 ? { servername: host } : {}
  const socket = ssl
    ? connectTls({ host, port, ...name, ...ssl }, onConnect)
    : connect({ host, port }, onConnect)
  socket.setKeepAlive(true, 60_000)
  socket.setMaxListeners(0)
  return socket
}

/**
 * Partition n of every topic goes to the same member, so that all of a session's kinds meet; kafkajs's own round robin
 * scatters them. `onJoining` is called before a member asks to join: until it has, its commits would go out under a
 * generation in which the partition may be another's.
 */
function byPartition(cluster: Cluster, onJoining: () => void) {
  const name = 'ByPartition'
  const version = 1
  const { MemberAssignment, MemberMetadata } = AssignerProtocol
  return {
    name,
    version,
    async assign({ members, topics }: { members: { memberId: string }[]; topics: string[] }) {
      const sorted = members.map(({ memberId }) => memberId).sort()
      return sorted.map((memberId, index) => {
        const mine = (partition: number): boolean => partition % sorted.length === index
        const partitionsOf = (topic: string): number[] =>
          cluster
            .findTopicPartitionMetadata(topic)
            .map(({ partitionId }) => partitionId)
            .filter(mine)
        const assignment = Object.fromEntries(topics.map((topic) => [topic, partitionsOf(topic)]))
        return {
          memberId,
          memberAssignment: MemberAssignment.encode({ version, assignment, userData: Buffer.alloc(0) }),
        }
      })
    },
    protocol({ topics }: { topics: string[] }) {
      onJoining()
      return { name, metadata: MemberMetadata.encode({ version, topics, userData: Buffer.alloc(0) }) }
    },
  }
}

/**
 * kafkajs's public interface reads only within a group, which costs a join (seconds) and leaves a group behind for each
 * replay. Its cluster object reads without; the package no longer changes and its version is pinned.
 */
interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  refreshMetadata(): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[]
  findBroker(node: { nodeId: number }): Promise<{
    fetch(request: {
      replicaId: number
      isolationLevel: number
      maxWaitTime: number
      min_bytes: number
      maxBytes: number
      topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[]
    }): Promise<{ responses: { partitions: { highWatermark: string; messages: FetchedMessage[] }[] }[] }>
  }>
}

function clusterOf(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) =>
    description?.endsWith(':createCluster'),
  )
  const create = symbol && (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol]
  if (create === undefined)
    throw new Error('this kafkajs is not the version 2.2.4 that the log was written for')
  return create({ metadataMaxAge: 60_000, allowAutoTopicCreation: false })
}

function groupless(cluster: Cluster): Fetcher {
  let connecting: Promise<void> | undefined
  return {
    async fetch(topic, partition, offset) {
      connecting ??= cluster.connect()
      await connecting
      await cluster.addTargetTopic(topic)
      await cluster.refreshMetadataIfNecessary()
      const place = cluster
        .findTopicPartitionMetadata(topic)
        .find(({ partitionId }) => partitionId === partition)
      if (place === undefined || place.leader < 0) throw new Error(`${topic}/${partition} has no leader`)
      const broker = await cluster.findBroker({ nodeId: place.leader })
      const { responses } = await broker.fetch({
        replicaId: -1,
        isolationLevel: 1,
        maxWaitTime: LONGEST_FETCH_MS,
        min_bytes: 1,
        maxBytes: FETCH_BYTES,
        topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: FETCH_BYTES }] }],
      })
      const answer = responses[0]?.partitions[0]
      return { messages: answer?.messages ?? [], end: Number(answer?.highWatermark ?? 0) }
    },
    async refresh() {
      connecting = undefined
      await cluster.connect()
      await cluster.refreshMetadata()
    },
    close: () => cluster.disconnect(),
  }
}

/**
 * Makes zstd known to kafkajs (its own package for it cannot be installed; snappy is not needed, lz4 reads badly).
 * Where the codec's binary is not there, gzip is taken instead. Returns kafkajs's number of the codec.
 */
export async function chooseCompression(
  wanted: Compression,
): Promise<{ codec: number; chosen: Compression }> {
  const zstd = await import('@mongodb-js/zstd').catch(() => undefined)
  if (zstd !== undefined) {
    CompressionCodecs[CompressionTypes.ZSTD] = () => ({
      compress: (encoder: { buffer: Buffer }) => zstd.compress(encoder.buffer, 3),
      decompress: (buffer: Buffer) => zstd.decompress(buffer),
    })
  }
  const chosen = wanted === 'zstd' && zstd === undefined ? 'gzip' : wanted
  const codecs = { zstd: CompressionTypes.ZSTD, gzip: CompressionTypes.GZIP, none: CompressionTypes.None }
  return { codec: codecs[chosen], chosen }
}

/** Kafka's name of an error (`OUT_OF_ORDER_SEQUENCE_NUMBER`), or kafkajs's (`KafkaJSLockTimeout`), under its wrappers. */
export function errorType(error: unknown): string {
  for (let at = error as { type?: string; cause?: unknown; originalError?: unknown } | undefined; at; ) {
    if (typeof at.type === 'string') return at.type
    const inner = (at.originalError ?? at.cause) as typeof at | undefined
    if (inner === undefined || inner === at) return (at as unknown as Error).name ?? 'Error'
    at = inner
  }
  return 'Error'
}

/** The same with what the client says of it: `KafkaJSConnectionError: Connection error: self-signed certificate`. */
export function reasonOf(error: unknown): string {
  const type = errorType(error)
  const { message = '' } = (error ?? {}) as { message?: string }
  return message === '' || message === type ? type : `${type}: ${message}`
}
