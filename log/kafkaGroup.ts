import { setTimeout as pause } from 'node:timers/promises'
import type { Emit } from '../schemas/facts.ts'
import { retry } from '../schemas/retry.ts'
import { checkCommit } from './check.ts'
import { commitSeen, type Deferred, deferred } from './kafkaCommit.ts'
import { type Batch, type Consumer, type EachBatchPayload, errorType, type KafkaClient } from './kafkajs.ts'
import { splitRecords, toRecord } from './kafkaRead.ts'
import {
  type Assignment,
  type Commit,
  LogError,
  type Partition,
  type SubscribeOptions,
  type Subscription,
} from './log.ts'

const DEFAULT_BATCH_BYTES = 4 << 20
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 5_000
const PAUSES = { first_ms: FIRST_PAUSE_MS, longest_ms: LONGEST_PAUSE_MS }
const BEAT_MS = 1_000
/** What was handled is committed this often: a reader that dies has so much handled again. */
const COMMIT_EVERY_MS = 1_000
/** Commits that fail for so long mean that the coordinator is elsewhere. */
const COMMIT_WITHIN_MS = 3_000
/** How long the group waits for a running handler before this member joins again without it. */
const GRACE_MS = 3_000
const MISSED_BEATS = 3
/** These say that the group has moved on (the partition may be another's), or that its coordinator has. */
const MOVED = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'NOT_COORDINATOR_FOR_GROUP',
])

/** No later try of the same commit can succeed. */
const REFUSED = new Set([
  'OFFSET_METADATA_TOO_LARGE',
  'INVALID_COMMIT_OFFSET_SIZE',
  'GROUP_AUTHORIZATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
])

export interface GroupOptions {
  readonly client: KafkaClient
  readonly options: SubscribeOptions
  /** Resolves when the topics are there. */
  readonly ready: Promise<void>
  readonly partitions: number
  readonly session_ms: number
  /** What `assigned` is told of the partitions of one topic. */
  readonly assignments: (group: string, topic: string, partitions: readonly number[]) => Promise<Assignment[]>
  readonly emit: Emit
  readonly onClose: () => void
}

/** A partition while this member has it. */
interface Held extends Partition {
  lost: boolean
  /** The offset to read next; unknown until `assigned` was asked. */
  next: number
  /** The `next` that kafkajs was told to seek to: it is told once. */
  sought: number | undefined
  /** Settles when `assigned` has answered. */
  ready: Promise<void>
  /** Settles when the last handler has. */
  busy: Promise<void>
}

/**
 * A member of a consumer group. kafkajs joins again when its handlers are done (or at once, when a leader moved), so
 * they get a few seconds to finish, and then it joins without them: a handler may wait for a commit that waits for the
 * join. A partition that was lost is revoked when its own handler is done. One that stays goes on where it was, without
 * `revoked` and `assigned`. When kafkajs crashes, or the group forgets the member, everything is revoked and a new
 * member joins.
 */
export function joinGroup(group: GroupOptions): Subscription {
  const { client, options, emit } = group
  const stop = new AbortController()
  const held = new Map<string, Held>()
  const leaving = new Map<string, Promise<void>>()
  /** Offsets that handlers have reached and that are not committed, by partition. */
  let uncommitted = new Map<string, Partition & { readonly offset: number }>()
  let committing: NodeJS.Timeout | undefined
  let committed: Promise<void> = Promise.resolve()
  let consumer: Consumer | undefined
  let memberId: string | undefined
  /** This member must join again: handlers are not tried again until it has. */
  let turning = false
  /** Counts joins: a batch fetched before one is not gone on with after it. */
  let joins = 0
  let joining: Deferred | undefined
  /** kafkajs's commit of one attempt, for the consumer that runs now. */
  let commitOnce: EachBatchPayload['commitOffsetsIfNecessary'] | undefined
  let closing: Promise<void> | undefined
  const life = live()

  /** Joins, and joins anew after each crash, until closed. */
  async function live(): Promise<void> {
    const stopped = new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }))
    await Promise.race([group.ready, stopped])
    for (let wait = FIRST_PAUSE_MS; !stop.signal.aborted; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      const began = performance.now()
      try {
        await runUntilCrash()
      } catch (error) {
        emit({ type: 'log_reader_left', group: options.group, error })
      }
      // Closing hands the partitions back by itself, while it is still a member.
      if (stop.signal.aborted) return
      loseAll()
      if (performance.now() - began > 10 * LONGEST_PAUSE_MS) wait = FIRST_PAUSE_MS
      await pause(wait, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }

  async function runUntilCrash(): Promise<void> {
    const maxBytesPerPartition = options.maxBatch_bytes ?? DEFAULT_BATCH_BYTES
    const onJoining = (): void => {
      joining ??= deferred()
    }
    const member = client.consumer({
      group: options.group,
      session_ms: group.session_ms,
      maxBytesPerPartition,
      onJoining,
    })
    consumer = member
    commitOnce = undefined
    memberId = undefined
    turning = false
    const crashed = new Promise<never>((_, reject) => {
      member.on(member.events.CRASH, ({ payload }) => reject(payload.error))
      stop.signal.addEventListener('abort', () => reject(new Error('closed')), { once: true })
    })
    crashed.catch(() => undefined)
    member.on(member.events.GROUP_JOIN, ({ payload }) => joined(payload.memberId, payload.memberAssignment))
    try {
      await Promise.race([member.connect(), crashed])
      await Promise.race([member.subscribe({ topics: [...options.topics], fromBeginning: true }), crashed])
      await member.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: Math.max(1, group.partitions),
        eachBatch: (payload) => take(member, payload),
      })
      await crashed
    } catch (error) {
      if (stop.signal.aborted) return
      await member.disconnect().catch(() => undefined)
      throw error
    }
  }

  function joined(member: string, assignment: Record<string, number[]>): void {
    const mine = new Set(
      Object.entries(assignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => `${topic}/${partition}`),
      ),
    )
    // Another member number means that the group went on without this member for a while.
    const forgotten = memberId !== undefined && memberId !== member
    memberId = member
    turning = false
    joins += 1
    for (const [name, entry] of held) if (forgotten || !mine.has(name)) lose(name, entry)
    for (const [topic, partitions] of Object.entries(assignment)) {
      const added = partitions.filter((partition) => !held.has(`${topic}/${partition}`))
      if (added.length > 0) begin(topic, added)
    }
    joining?.resolve()
    joining = undefined
  }

  function begin(topic: string, partitions: readonly number[]): void {
    const added = partitions.map((partition): Held => {
      const ready = Promise.resolve()
      return { topic, partition, lost: false, next: 0, sought: undefined, ready, busy: ready }
    })
    // Whoever had the partition before, in this process too, has committed for the last time before it is asked.
    const reported = Promise.all(added.map(({ partition }) => leaving.get(`${topic}/${partition}`))).then(
      () => ask(topic, added),
    )
    for (const entry of added) {
      const name = `${topic}/${entry.partition}`
      const before = leaving.get(name)
      held.set(name, entry)
      entry.ready = (async () => {
        await before
        const assignment = (await reported).get(entry.partition)
        if (assignment === undefined) return
        await insist(entry, async () => {
          const start =
            (await options.assigned?.(assignment)) ?? assignment.committed?.offset ?? assignment.begin
          entry.next = Math.max(start, assignment.begin)
        })
      })()
    }
  }

  /** What the brokers know of partitions that were added, asked until they tell, or all are lost again. */
  async function ask(topic: string, added: readonly Held[]): Promise<Map<number, Assignment>> {
    const partitions = added.map(({ partition }) => partition)
    try {
      const reported = await retry(() => group.assignments(options.group, topic, partitions), {
        ...PAUSES,
        signal: stop.signal,
        retriable: () => added.some((entry) => !entry.lost),
        failed: tell(topic),
      })
      return new Map(reported.map((assignment) => [assignment.partition, assignment]))
    } catch {
      return new Map()
    }
  }

  function lose(name: string, entry: Held): void {
    entry.lost = true
    held.delete(name)
    uncommitted.delete(name)
    const { topic, partition } = entry
    const left = Promise.all([leaving.get(name), entry.ready, entry.busy])
      .then(() => options.revoked?.({ topic, partition }))
      .catch((error: unknown) => emit({ type: 'log_handler_failed', group: options.group, topic, error }))
    leaving.set(name, left)
    void left.finally(() => {
      if (leaving.get(name) === left) leaving.delete(name)
    })
  }

  function loseAll(): void {
    for (const [name, entry] of held) lose(name, entry)
    joining?.resolve()
    joining = undefined
  }

  /** One fetched batch: the fetch loop of its broker waits for it, so the heartbeat is kept up from here. */
  async function take(from: Consumer, payload: EachBatchPayload): Promise<void> {
    commitOnce = payload.commitOffsetsIfNecessary
    const { batch } = payload
    const entry = held.get(`${batch.topic}/${batch.partition}`)
    if (entry === undefined || stop.signal.aborted) return
    const over = deferred()
    let missed = 0
    let turned_ms: number | undefined
    const beat = setInterval(() => {
      if (turning) turned_ms ??= performance.now()
      if (turned_ms !== undefined && performance.now() - turned_ms >= GRACE_MS) over.resolve()
      payload.heartbeat().then(
        () => {
          missed = 0
        },
        (error: unknown) => {
          missed += 1
          if (MOVED.has(errorType(error)) || missed >= MISSED_BEATS) turning = true
        },
      )
    }, BEAT_MS)
    const done = entry.busy.then(() => deliver(from, entry, batch, payload))
    entry.busy = done.catch(tell(batch.topic))
    try {
      await Promise.race([done, over.done])
    } finally {
      clearInterval(beat)
    }
    // kafkajs looks for the coordinator, and joins again, when a batch ends in this error.
    if (turning) throw Object.assign(new Error('the group turns over'), { type: 'REBALANCE_IN_PROGRESS' })
  }

  async function deliver(
    from: Consumer,
    entry: Held,
    batch: Batch,
    payload: EachBatchPayload,
  ): Promise<void> {
    const { topic, partition } = entry
    await entry.ready
    if (entry.lost || turning || stop.signal.aborted) return
    const join = joins
    const over = (): boolean => turning || join !== joins
    // After a join kafkajs begins at the commit; `assigned` and what was handled since may say otherwise.
    if (
      Number((batch as Batch & { fetchedOffset: string }).fetchedOffset) !== entry.next &&
      entry.sought !== entry.next
    ) {
      entry.sought = entry.next
      from.seek({ topic, partition, offset: String(entry.next) })
      return
    }
    const end = Number(batch.highWatermark)
    const records = batch.messages.map((message) => toRecord(topic, partition, message))
    const fresh = records.filter(({ offset }) => offset >= entry.next)
    for (const part of splitRecords(fresh, options.maxBatch_bytes ?? DEFAULT_BATCH_BYTES)) {
      const after = part.at(-1)!.offset + 1
      const handled = await insist(
        entry,
        () => options.handler({ topic, partition, records: part, end: Math.max(end, after) }),
        over,
      )
      if (!handled) return
      entry.next = after
      if (!over()) payload.resolveOffset(String(after - 1))
      // A partition that was lost meanwhile may be another's: its new owner has this part again.
      if (options.autoCommit !== false && !entry.lost) commitSoon({ topic, partition, offset: after })
      if (over() || entry.lost) return
    }
    entry.next = Math.max(entry.next, Number(batch.lastOffset()) + 1)
    payload.resolveOffset(batch.lastOffset())
  }

  function commitSoon(reached: Partition & { readonly offset: number }): void {
    uncommitted.set(`${reached.topic}/${reached.partition}`, reached)
    committing ??= setTimeout(() => {
      committed = commitReached()
    }, COMMIT_EVERY_MS)
  }

  /** One request for all partitions. One that fails is made up for by the next: what was handled is not handled again while the partition stays. */
  async function commitReached(): Promise<void> {
    committing = undefined
    await joining?.done
    const reached = [...uncommitted.values()].filter(({ topic, partition }) =>
      held.has(`${topic}/${partition}`),
    )
    uncommitted = new Map()
    if (reached.length === 0 || commitOnce === undefined) return
    const topics = options.topics.map((topic) => ({
      topic,
      partitions: reached
        .filter((each) => each.topic === topic)
        .map(({ partition, offset }) => ({ partition, offset: String(offset), metadata: null })),
    }))
    try {
      await commitOnce({ topics: topics.filter(({ partitions }) => partitions.length > 0) } as never)
    } catch (error) {
      if (MOVED.has(errorType(error))) turning = true
      for (const each of reached) {
        const name = `${each.topic}/${each.partition}`
        if (held.has(name) && !uncommitted.has(name) && !stop.signal.aborted) commitSoon(each)
        else if (held.has(name) && !uncommitted.has(name)) uncommitted.set(name, each)
      }
      emit({ type: 'log_handler_failed', group: options.group, topic: reached[0]!.topic, error })
    }
  }

  async function commit({ topic, partition }: Partition, { offset, metadata }: Commit): Promise<void> {
    checkCommit(metadata === undefined ? { offset } : { offset, metadata })
    const name = `${topic}/${partition}`
    const topics = [
      { topic, partitions: [{ partition, offset: String(offset), metadata: metadata ?? null }] },
    ]
    const before = held.get(name)
    const began = performance.now()
    async function attempt(): Promise<void> {
      await joining?.done
      const entry = held.get(name)
      if (consumer === undefined || entry === undefined || entry !== before)
        throw new LogError('revoked', `${name} is not this member's`, { retriable: true })
      if (commitOnce !== undefined) await commitOnce({ topics } as never)
      else
        await commitSeen(consumer, { topic, partition, offset: String(offset), metadata: metadata ?? null })
    }
    function retriable(cause: unknown): boolean {
      const type = errorType(cause)
      const long = performance.now() - began > COMMIT_WITHIN_MS
      if (cause instanceof LogError || REFUSED.has(type) || (long && stop.signal.aborted)) return false
      if (long || MOVED.has(type)) turning = true
      return true
    }
    try {
      await retry(attempt, { first_ms: FIRST_PAUSE_MS, longest_ms: LONGEST_PAUSE_MS / 5, retriable })
    } catch (cause) {
      if (cause instanceof LogError) throw cause
      const type = errorType(cause)
      throw new LogError('unavailable', `${name} is not committed: ${type}`, {
        retriable: !REFUSED.has(type),
        cause,
      })
    }
  }

  function tell(topic: string): (error: unknown) => void {
    return (error) => emit({ type: 'log_handler_failed', group: options.group, topic, error })
  }

  /** Does a step until it succeeds; false when the partition is lost, or reading stops, or it is told to give up. */
  async function insist(entry: Held, step: () => Promise<void>, giveUp = () => false): Promise<boolean> {
    let over = false
    const once = async (): Promise<void> => {
      over = entry.lost || stop.signal.aborted
      if (over) return
      try {
        await step()
      } catch (error) {
        tell(entry.topic)(error)
        throw error
      }
    }
    try {
      await retry(once, { ...PAUSES, signal: stop.signal, retriable: () => !giveUp() })
      return !over
    } catch {
      return false
    }
  }

  async function close(): Promise<void> {
    stop.abort()
    const all = [...held.values()]
    const entry = consumer
    try {
      entry?.pause(options.topics.map((topic) => ({ topic })))
    } catch {
      // It does not run yet.
    }
    await Promise.all(all.map(({ ready, busy }) => Promise.all([ready, busy])))
    clearTimeout(committing)
    const reached = committed.then(() =>
      Promise.all(
        [...uncommitted.values()].map(({ offset, ...partition }) =>
          commit(partition, { offset }).catch(tell(partition.topic)),
        ),
      ),
    )
    // A join that does not end, since the brokers are away, does not hold up the end.
    await Promise.race([reached, pause(COMMIT_WITHIN_MS, undefined, { ref: false })])
    for (const { topic, partition } of all) {
      if (held.has(`${topic}/${partition}`)) await options.revoked?.({ topic, partition })
      held.delete(`${topic}/${partition}`)
    }
    await Promise.all(leaving.values())
    await entry?.disconnect().catch(() => undefined)
    await life
    group.onClose()
  }

  return {
    commit,
    close() {
      closing ??= close()
      return closing
    },
  }
}
