import type { Admin } from './kafkajs.ts'
import { MAX_MESSAGE_BYTES, type TopicSpec } from './log.ts'

/** Room for key, headers and the record's own fields on top of the largest value. */
const HEAD_BYTES = 1 << 20

/** Makes the topics that are missing, and adds partitions to those that have fewer. Configured topics stay as they are. */
export async function ensureTopics(
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
