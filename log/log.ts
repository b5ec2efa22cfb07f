/**
 * The log: an ordered, durable sequence of messages a partition, read by groups at their own pace.
 *
 * Two implementations pass one contract test (`log/contract.ts`): Kafka (`log/kafka.ts`) and, embedded, an LMDB file
 * (`log/embedded.ts`). Delivery is at least once and ordered within a partition.
 */

/** A topic as both logs know it; the list comes from the catalogue (`schemas/topics.ts`). */
export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  /** Only the newest message of each key is kept; read from the beginning by whoever needs its state. */
  readonly compacted?: boolean
  /** How long a message is kept, ms. Compacted topics keep the newest of a key for ever. */
  readonly retention_ms?: number
  /**
   * Small and needed to make room, such as dead letters: taken by a log that refuses everything else because it is full.
   * Compacted topics are so without saying.
   */
  readonly whenFull?: 'take'
}

/**
 * A message to append. In a compacted topic `key` is required, and an empty value deletes the key: readers see it as a
 * message for a day, to learn of it, and take it for a deletion.
 */
export interface LogMessage {
  readonly topic: string
  readonly partition: number
  readonly key?: string
  readonly headers: Readonly<Record<string, string>>
  readonly value: Uint8Array
}

/** A message as it is read back. Offsets grow by partition; they may have gaps. */
export interface LogRecord extends LogMessage {
  readonly offset: number
  /** When the log took it, ms since the epoch (the appender's clock). */
  readonly appended_ms: number
}

export interface Partition {
  readonly topic: string
  readonly partition: number
}

/** A group's place in a partition: the next offset to read, and what the group noted beside it. */
export interface Commit {
  readonly offset: number
  readonly metadata?: string
}

export interface Assignment extends Partition {
  /** What the group committed last, or undefined if it never did. */
  readonly committed: Commit | undefined
  /** The oldest offset still kept, and the offset the next message will get. */
  readonly begin: number
  readonly end: number
}

export interface LogBatch extends Partition {
  readonly records: readonly LogRecord[]
  /** The partition's end when the batch was read: `end - last offset - 1` is the lag. */
  readonly end: number
}

export interface SubscribeOptions {
  readonly group: string
  readonly topics: readonly string[]
  /**
   * Called before the first batch of a partition that came to this member. The offset it returns is where reading
   * begins; without one, reading begins at the commit, or at the oldest message kept.
   */
  readonly assigned?: (assignment: Assignment) => Promise<number | undefined>
  /** The partition leaves this member (another takes it, or the subscription closes). Its last handler has resolved. */
  readonly revoked?: (partition: Partition) => Promise<void>
  /**
   * Called with one batch of one partition at a time; different partitions may interleave. One that rejects gets the
   * same batch again after a pause. On Kafka the partitions that one broker leads wait for each other's handlers, and a
   * handler that runs for seconds while the group turns over goes on beside whoever got its partition: its commit is
   * refused then.
   */
  readonly handler: (batch: LogBatch) => Promise<void>
  /**
   * true (the default): the offset after a batch is committed once its handler resolves.
   * false: the handler's owner calls `Subscription.commit` itself.
   */
  readonly autoCommit?: boolean
  readonly maxBatch_bytes?: number
}

export interface Subscription {
  /**
   * Commits under this member's generation, tried until it is durable or the partition has left the member: then, and
   * when it closes meanwhile, it rejects with a retriable LogError. Metadata takes up to `MAX_METADATA_BYTES`.
   */
  commit(partition: Partition, commit: Commit): Promise<void>
  /** Stops taking batches, waits for running handlers, leaves the group. */
  close(): Promise<void>
}

export interface ReplayOptions extends Partition {
  /** Where to begin: an offset, or the first message appended at or after a time. Default: the oldest kept. */
  readonly from?: { readonly offset: number } | { readonly time_ms: number }
  /** Stop before this offset. Default: the end at the time of the call. */
  readonly until?: number
}

export interface Log {
  readonly topics: ReadonlyMap<string, TopicSpec>
  /**
   * Resolves when every message is durable; rejects with a LogError and then none or some are. Ticks are the exception: one may be lost
   * when a broker dies, and never stands before what was appended before it.
   */
  append(messages: readonly LogMessage[]): Promise<void>
  /** Resolves at once; partitions come by `assigned`, on Kafka seconds later, or when a broker answers. */
  subscribe(options: SubscribeOptions): Promise<Subscription>
  /** Reads without a group: for refilling windows, rebuilding state, and looking back. */
  replay(options: ReplayOptions): AsyncIterable<LogRecord>
  /** Oldest offset kept and next offset of a partition. */
  bounds(partition: Partition): Promise<{ begin: number; end: number }>
  /**
   * Of a log that puts on a disk what it cannot append in time: whether anything waits there. An append that ended there took long because the
   * log is away, not because there is too much work.
   */
  readonly spilling?: () => boolean
  /** Whether appends go through now, and if not, why, in words. */
  health(): { readonly ok: boolean; readonly reason?: string }
  close(): Promise<void>
}

/**
 * The largest value of a message, bytes: what both logs take. Kafka's topics are made with room for the headers on top.
 */
export const MAX_MESSAGE_BYTES = 4 << 20

/** The largest metadata of a commit, bytes: Kafka's default. */
export const MAX_METADATA_BYTES = 4_096

/** An error of the log. `retriable` says whether the same call can succeed later. */
export class LogError extends Error {
  readonly retriable: boolean
  readonly code: 'unavailable' | 'full' | 'damaged' | 'revoked' | 'unknown_topic' | 'too_large' | 'closed'
  constructor(code: LogError['code'], message: string, options: { retriable: boolean; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.name = 'LogError'
    this.code = code
    this.retriable = options.retriable
  }
}
