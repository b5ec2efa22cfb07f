import { retry } from '../schemas/retry.ts'
import { checkCommit } from './check.ts'
import { type Consumer, errorType } from './kafkajs.ts'
import type { Membership } from './kafkaMembership.ts'
import { type Commit, LogError, type Partition } from './log.ts'

/** What was handled is committed this often: a reader that dies has so much handled again. */
const COMMIT_EVERY_MS = 1_000
/** Commits that fail for so long mean that the coordinator is elsewhere. */
export const COMMIT_WITHIN_MS = 3_000
const PAUSES = { first_ms: 50, longest_ms: 1_000 }

/** No later try of the same commit can succeed. */
const REFUSED = new Set([
  'OFFSET_METADATA_TOO_LARGE',
  'INVALID_COMMIT_OFFSET_SIZE',
  'GROUP_AUTHORIZATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
])

/** A partition and the offset of its next record. */
interface Reached extends Partition {
  readonly offset: number
}

export interface CommitterOptions {
  readonly member: Membership
  /** What holds a partition now, undefined when this member does not have it. */
  readonly holder: (name: string) => object | undefined
  readonly stopped: AbortSignal
  readonly failed: (topic: string, error: unknown) => void
}

/** Commits of one member: at once when asked, and once a second for what its handlers have reached. */
export class Committer {
  private readonly options: CommitterOptions
  /** Offsets that handlers have reached and that are not committed, by partition. */
  private uncommitted = new Map<string, Reached>()
  private timer: NodeJS.Timeout | undefined
  private running: Promise<void> = Promise.resolve()

  constructor(options: CommitterOptions) {
    this.options = options
  }

  /** Commits with the next request of all partitions. */
  soon(reached: Reached): void {
    this.uncommitted.set(nameOf(reached), reached)
    this.timer ??= setTimeout(() => {
      this.running = this.commitReached()
    }, COMMIT_EVERY_MS)
  }

  /** The partition is lost: its new owner commits. */
  forget(name: string): void {
    this.uncommitted.delete(name)
  }

  /** Commits what is left, before this member leaves. */
  async finish(): Promise<void> {
    clearTimeout(this.timer)
    await this.running
    await Promise.all(
      [...this.uncommitted.values()].map(({ offset, ...partition }) =>
        this.commit(partition, { offset }).catch((error) => this.options.failed(partition.topic, error)),
      ),
    )
  }

  /** @throws LogError `revoked` when the partition is not this member's, `unavailable` when the group does not take it */
  async commit(partition: Partition, commit: Commit): Promise<void> {
    checkCommit(commit)
    const { member, holder, stopped } = this.options
    const name = nameOf(partition)
    const before = holder(name)
    const began = performance.now()
    const attempt = async (): Promise<void> => {
      await member.joined()
      const held = holder(name)
      if (member.consumer === undefined || held === undefined || held !== before)
        throw new LogError('revoked', `${name} is not this member's`, { retriable: true })
      await this.commitOnce(member.consumer, partition, commit)
    }
    const retriable = (cause: unknown): boolean => {
      const long = performance.now() - began > COMMIT_WITHIN_MS
      if (cause instanceof LogError || REFUSED.has(errorType(cause)) || (long && stopped.aborted))
        return false
      if (long) member.turning = true
      member.observe(cause)
      return true
    }
    try {
      await retry(attempt, { ...PAUSES, retriable })
    } catch (cause) {
      if (cause instanceof LogError) throw cause
      const type = errorType(cause)
      throw new LogError('unavailable', `${name} is not committed: ${type}`, {
        retriable: !REFUSED.has(type),
        cause,
      })
    }
  }

  private async commitOnce(
    consumer: Consumer,
    { topic, partition }: Partition,
    { offset, metadata = null }: { offset: number; metadata?: string | null },
  ): Promise<void> {
    const entry = { partition, offset: String(offset), metadata }
    const { commitOnce } = this.options.member
    if (commitOnce !== undefined) await commitOnce({ topics: [{ topic, partitions: [entry] }] } as never)
    else await commitSeen(consumer, { topic, ...entry })
  }

  /** One request for all partitions. The next one makes up for one that fails: handled records are not handled again while the partition stays. */
  private async commitReached(): Promise<void> {
    const { member, holder, stopped, failed } = this.options
    this.timer = undefined
    await member.joined()
    const reached = [...this.uncommitted.values()].filter((each) => holder(nameOf(each)) !== undefined)
    this.uncommitted = new Map()
    if (reached.length === 0 || member.commitOnce === undefined) return
    try {
      await member.commitOnce({ topics: byTopic(reached) } as never)
    } catch (error) {
      member.observe(error)
      for (const each of reached) {
        const name = nameOf(each)
        if (holder(name) === undefined || this.uncommitted.has(name)) continue
        if (stopped.aborted) this.uncommitted.set(name, each)
        else this.soon(each)
      }
      failed(reached[0]!.topic, error)
    }
  }
}

const nameOf = ({ topic, partition }: Partition): string => `${topic}/${partition}`

function byTopic(reached: readonly Reached[]) {
  return [...new Set(reached.map(({ topic }) => topic))].map((topic) => ({
    topic,
    partitions: reached
      .filter((each) => each.topic === topic)
      .map(({ partition, offset }) => ({ partition, offset: String(offset), metadata: null })),
  }))
}

/**
 * Commits by kafkajs's public commit, which does nothing, silently, while the consumer stops: so it counts when kafkajs
 * has said that it was done. Only for a time before the first batch; a batch brings a commit that tells.
 */
async function commitSeen(
  consumer: Consumer,
  offset: { topic: string; partition: number; offset: string; metadata: string | null },
): Promise<void> {
  let seen = false
  const off = consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
    seen ||= payload.topics.some(
      ({ topic, partitions }) =>
        topic === offset.topic && partitions.some((entry) => Number(entry.partition) === offset.partition),
    )
  })
  try {
    await consumer.commitOffsets([offset])
  } finally {
    off()
  }
  if (!seen) throw new Error('the consumer is stopping')
}
