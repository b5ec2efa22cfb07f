import { setTimeout as pause } from 'node:timers/promises'
import type { Emit } from '../schemas/facts.ts'
import { retry } from '../schemas/retry.ts'
import { COMMIT_WITHIN_MS, Committer } from './kafkaCommit.ts'
import type { Batch, Consumer, EachBatchPayload, KafkaClient } from './kafkajs.ts'
import { deferred, Membership } from './kafkaMembership.ts'
import { splitRecords, toRecord } from './kafkaRead.ts'
import type { Assignment, Commit, Partition, SubscribeOptions, Subscription } from './log.ts'

const DEFAULT_BATCH_BYTES = 4 << 20
const PAUSES = { first_ms: 50, longest_ms: 5_000 }
/** A run that crashes after so long is no sign of a lasting fault: the pauses begin anew. */
const LASTED_MS = 50_000
const BEAT_MS = 1_000
/** How long the group waits for a running handler before this member joins again without it. */
const GRACE_MS = 3_000
const MISSED_BEATS = 3

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
  return new GroupReader(group)
}

class GroupReader implements Subscription {
  private readonly group: GroupOptions
  private readonly member = new Membership()
  private readonly commits: Committer
  private readonly held = new Map<string, Held>()
  /** Lost partitions until `revoked` has answered. */
  private readonly leaving = new Map<string, Promise<void>>()
  private readonly stop = new AbortController()
  private readonly life: Promise<void>
  private closing: Promise<void> | undefined

  constructor(group: GroupOptions) {
    this.group = group
    this.commits = new Committer({
      member: this.member,
      holder: (name) => this.held.get(name),
      stopped: this.stop.signal,
      failed: (topic, error) => this.failed(topic, error),
    })
    this.life = this.live()
  }

  commit(partition: Partition, commit: Commit): Promise<void> {
    return this.commits.commit(partition, commit)
  }

  close(): Promise<void> {
    this.closing ??= this.leave()
    return this.closing
  }

  /** Joins, and joins anew after each crash, until closed. */
  private async live(): Promise<void> {
    const { signal } = this.stop
    const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    await Promise.race([this.group.ready, stopped])
    while (!signal.aborted) {
      const began = performance.now()
      const retriable = (): boolean => performance.now() - began < LASTED_MS
      await retry(() => this.run(), { ...PAUSES, signal, retriable }).catch(() => undefined)
    }
  }

  /** Reads until this reader closes, or kafkajs crashes, which it throws. */
  private async run(): Promise<void> {
    try {
      await this.runUntilCrash()
    } catch (error) {
      this.group.emit({ type: 'log_reader_left', group: this.group.options.group, error })
      // Closing hands the partitions back by itself, while it is still a member.
      if (!this.stop.signal.aborted) this.loseAll()
      throw error
    }
  }

  private async runUntilCrash(): Promise<void> {
    const { client, options, session_ms, partitions } = this.group
    const consumer = client.consumer({
      group: options.group,
      session_ms,
      maxBytesPerPartition: options.maxBatch_bytes ?? DEFAULT_BATCH_BYTES,
      onJoining: () => this.member.beginJoin(),
    })
    this.member.start(consumer)
    const crashed = new Promise<never>((_, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      this.stop.signal.addEventListener('abort', () => reject(new Error('closed')), { once: true })
    })
    crashed.catch(() => undefined)
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
      this.joined(payload.memberId, payload.memberAssignment),
    )
    try {
      await Promise.race([consumer.connect(), crashed])
      await Promise.race([consumer.subscribe({ topics: [...options.topics], fromBeginning: true }), crashed])
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: Math.max(1, partitions),
        eachBatch: (payload) => this.take(consumer, payload),
      })
      await crashed
    } catch (error) {
      if (this.stop.signal.aborted) return
      await consumer.disconnect().catch(() => undefined)
      throw error
    }
  }

  private joined(id: string, assignment: Record<string, number[]>): void {
    const mine = new Set(
      Object.entries(assignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => `${topic}/${partition}`),
      ),
    )
    const forgotten = this.member.join(id)
    for (const [name, entry] of this.held) if (forgotten || !mine.has(name)) this.lose(name, entry)
    for (const [topic, partitions] of Object.entries(assignment)) {
      const added = partitions.filter((partition) => !this.held.has(`${topic}/${partition}`))
      if (added.length > 0) this.begin(topic, added)
    }
    this.member.endJoin()
  }

  private begin(topic: string, partitions: readonly number[]): void {
    const added = partitions.map((partition): Held => {
      const ready = Promise.resolve()
      return { topic, partition, lost: false, next: 0, sought: undefined, ready, busy: ready }
    })
    // Whoever had the partition before, in this process too, has committed for the last time before it is asked.
    const reported = Promise.all(
      added.map(({ partition }) => this.leaving.get(`${topic}/${partition}`)),
    ).then(() => this.assignmentsOf(topic, added))
    for (const entry of added) {
      const name = `${topic}/${entry.partition}`
      const before = this.leaving.get(name)
      this.held.set(name, entry)
      entry.ready = this.prepare(entry, before, reported)
    }
  }

  /** Finds where to begin: where `assigned` says, else at the commit, else at the first record. */
  private async prepare(
    entry: Held,
    before: Promise<void> | undefined,
    reported: Promise<ReadonlyMap<number, Assignment>>,
  ): Promise<void> {
    await before
    const assignment = (await reported).get(entry.partition)
    if (assignment === undefined) return
    await this.insist(entry, async () => {
      const { committed, begin } = assignment
      const start = (await this.group.options.assigned?.(assignment)) ?? committed?.offset ?? begin
      entry.next = Math.max(start, begin)
    })
  }

  /** What the brokers know of partitions that were added, asked until they answer, or all are lost again. */
  private async assignmentsOf(topic: string, added: readonly Held[]): Promise<Map<number, Assignment>> {
    const partitions = added.map(({ partition }) => partition)
    try {
      const reported = await retry(
        () => this.group.assignments(this.group.options.group, topic, partitions),
        {
          ...PAUSES,
          signal: this.stop.signal,
          retriable: () => added.some((entry) => !entry.lost),
          failed: (error) => this.failed(topic, error),
        },
      )
      return new Map(reported.map((assignment) => [assignment.partition, assignment]))
    } catch {
      return new Map()
    }
  }

  private lose(name: string, entry: Held): void {
    entry.lost = true
    this.held.delete(name)
    this.commits.forget(name)
    const { topic, partition } = entry
    const left = Promise.all([this.leaving.get(name), entry.ready, entry.busy])
      .then(() => this.group.options.revoked?.({ topic, partition }))
      .catch((error: unknown) => this.failed(topic, error))
    this.leaving.set(name, left)
    void left.finally(() => {
      if (this.leaving.get(name) === left) this.leaving.delete(name)
    })
  }

  private loseAll(): void {
    for (const [name, entry] of this.held) this.lose(name, entry)
    this.member.endJoin()
  }

  /** One fetched batch: the fetch loop of its broker waits for it, so the heartbeat is kept up from here. */
  private async take(consumer: Consumer, payload: EachBatchPayload): Promise<void> {
    this.member.commitOnce = payload.commitOffsetsIfNecessary
    const { batch } = payload
    const entry = this.held.get(`${batch.topic}/${batch.partition}`)
    if (entry === undefined || this.stop.signal.aborted) return
    const beat = this.keepBeating(payload)
    const done = entry.busy.then(() => this.deliver(consumer, entry, payload))
    entry.busy = done.catch((error) => this.failed(batch.topic, error))
    try {
      await Promise.race([done, beat.graceOver])
    } finally {
      beat.end()
    }
    // kafkajs looks for the coordinator, and joins again, when a batch ends in this error.
    if (this.member.turning)
      throw Object.assign(new Error('the group turns over'), { type: 'REBALANCE_IN_PROGRESS' })
  }

  /** Heartbeats while a handler runs; `graceOver` resolves when the group has waited long enough for it. */
  private keepBeating(payload: EachBatchPayload): { graceOver: Promise<void>; end: () => void } {
    const over = deferred()
    let missed = 0
    let turned_ms: number | undefined
    const timer = setInterval(() => {
      if (this.member.turning) turned_ms ??= performance.now()
      if (turned_ms !== undefined && performance.now() - turned_ms >= GRACE_MS) over.resolve()
      payload.heartbeat().then(
        () => {
          missed = 0
        },
        (error: unknown) => {
          missed += 1
          if (missed >= MISSED_BEATS) this.member.turning = true
          this.member.observe(error)
        },
      )
    }, BEAT_MS)
    return { graceOver: over.done, end: () => clearInterval(timer) }
  }

  private async deliver(consumer: Consumer, entry: Held, payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const { topic, partition } = entry
    const { options } = this.group
    await entry.ready
    if (entry.lost || this.member.turning || this.stop.signal.aborted) return
    const join = this.member.joins
    const over = (): boolean => this.member.turning || join !== this.member.joins
    if (beginsElsewhere(batch, entry)) {
      entry.sought = entry.next
      consumer.seek({ topic, partition, offset: String(entry.next) })
      return
    }
    const end = Number(batch.highWatermark)
    const records = batch.messages.map((message) => toRecord(topic, partition, message))
    const fresh = records.filter(({ offset }) => offset >= entry.next)
    for (const part of splitRecords(fresh, options.maxBatch_bytes ?? DEFAULT_BATCH_BYTES)) {
      const after = part.at(-1)!.offset + 1
      const handled = await this.insist(
        entry,
        () => options.handler({ topic, partition, records: part, end: Math.max(end, after) }),
        over,
      )
      if (!handled) return
      entry.next = after
      if (!over()) payload.resolveOffset(String(after - 1))
      // A partition that was lost meanwhile may be another's: its new owner has this part again.
      if (options.autoCommit !== false && !entry.lost) this.commits.soon({ topic, partition, offset: after })
      if (over() || entry.lost) return
    }
    entry.next = Math.max(entry.next, Number(batch.lastOffset()) + 1)
    payload.resolveOffset(batch.lastOffset())
  }

  private failed(topic: string, error: unknown): void {
    this.group.emit({ type: 'log_handler_failed', group: this.group.options.group, topic, error })
  }

  /** Does a step until it succeeds; false when the partition is lost, or reading stops, or `giveUp` says so. */
  private async insist(entry: Held, step: () => Promise<void>, giveUp = () => false): Promise<boolean> {
    let over = false
    const once = async (): Promise<void> => {
      over = entry.lost || this.stop.signal.aborted
      if (over) return
      try {
        await step()
      } catch (error) {
        this.failed(entry.topic, error)
        throw error
      }
    }
    try {
      await retry(once, { ...PAUSES, signal: this.stop.signal, retriable: () => !giveUp() })
      return !over
    } catch {
      return false
    }
  }

  private async leave(): Promise<void> {
    this.stop.abort()
    const all = [...this.held.values()]
    const { consumer } = this.member
    const { options, onClose } = this.group
    try {
      consumer?.pause(options.topics.map((topic) => ({ topic })))
    } catch {
      // It does not run yet.
    }
    await Promise.all(all.map(({ ready, busy }) => Promise.all([ready, busy])))
    // A join that does not end, since the brokers are away, does not hold up the end.
    await Promise.race([this.commits.finish(), pause(COMMIT_WITHIN_MS, undefined, { ref: false })])
    for (const { topic, partition } of all) {
      if (this.held.has(`${topic}/${partition}`)) await options.revoked?.({ topic, partition })
      this.held.delete(`${topic}/${partition}`)
    }
    await Promise.all(this.leaving.values())
    await consumer?.disconnect().catch(() => undefined)
    await this.life
    onClose()
  }
}

/** After a join kafkajs begins at the commit; `assigned` and what was handled since may say otherwise. */
const beginsElsewhere = (batch: Batch, entry: Held): boolean =>
  Number((batch as Batch & { fetchedOffset: string }).fetchedOffset) !== entry.next &&
  entry.sought !== entry.next
