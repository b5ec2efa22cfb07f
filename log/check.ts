import {
  type Commit,
  LogError,
  type LogMessage,
  MAX_MESSAGE_BYTES,
  MAX_METADATA_BYTES,
  type Partition,
  type TopicSpec,
} from './log.ts'

/** Throws a LogError `unknown_topic` unless the log has this partition. */
export function checkPartition(
  topics: ReadonlyMap<string, TopicSpec>,
  { topic, partition }: Partition,
): void {
  const spec = topics.get(topic)
  if (spec === undefined || partition < 0 || partition >= spec.partitions)
    throw new LogError('unknown_topic', `no ${topic}/${partition}`, { retriable: false })
}

/**
 * What every log refuses before it takes any message of a call: a LogError `unknown_topic` or `too_large`, or a TypeError
 * for a message without a key in a compacted topic (a bug of the caller).
 */
export function checkMessage(topics: ReadonlyMap<string, TopicSpec>, message: LogMessage): void {
  checkPartition(topics, message)
  if (topics.get(message.topic)!.compacted === true && message.key === undefined)
    throw new TypeError(`a message of the compacted topic ${message.topic} needs a key`)
  if (message.value.length > MAX_MESSAGE_BYTES)
    throw new LogError('too_large', `a message of ${message.value.length} bytes`, { retriable: false })
}

/** Throws a LogError `too_large` for metadata that no log keeps. */
export function checkCommit({ metadata }: Commit): void {
  if (metadata === undefined || Buffer.byteLength(metadata) <= MAX_METADATA_BYTES) return
  throw new LogError('too_large', `a commit's metadata of ${Buffer.byteLength(metadata)} bytes`, {
    retriable: false,
  })
}
