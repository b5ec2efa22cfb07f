import { type Consumer, type EachBatchPayload, errorType } from './kafkajs.ts'

/** These say that the group has moved on (the partition may be another's), or that its coordinator has. */
const MOVED = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'NOT_COORDINATOR_FOR_GROUP',
])

/** A promise that another resolves. */
export interface Deferred {
  readonly done: Promise<void>
  readonly resolve: () => void
}

/** A promise with its resolve beside it. */
export function deferred(): Deferred {
  let resolve = (): void => {}
  const done = new Promise<void>((settle) => {
    resolve = settle
  })
  return { done, resolve }
}

/** The place of one reader in its consumer group, as its consumer reports it. */
export class Membership {
  consumer: Consumer | undefined
  /** kafkajs's commit of one attempt, for the consumer that runs now; known from its first batch on. */
  commitOnce: EachBatchPayload['commitOffsetsIfNecessary'] | undefined
  /** This member must join again: handlers are not tried again until it has. */
  turning = false
  /** Counts joins: a batch fetched before one is not continued after it. */
  joins = 0
  private id: string | undefined
  private joining: Deferred | undefined

  /** A new consumer: it has not joined yet. */
  start(consumer: Consumer): void {
    this.consumer = consumer
    this.commitOnce = undefined
    this.id = undefined
    this.turning = false
  }

  beginJoin(): void {
    this.joining ??= deferred()
  }

  /** Returns whether the group had forgotten this member: another id means that it went on without it for a while. */
  join(id: string): boolean {
    const forgotten = this.id !== undefined && this.id !== id
    this.id = id
    this.turning = false
    this.joins += 1
    return forgotten
  }

  endJoin(): void {
    this.joining?.resolve()
    this.joining = undefined
  }

  /** Resolves when no join is under way. */
  async joined(): Promise<void> {
    await this.joining?.done
  }

  /** Takes note of what a broker answered; returns whether this member must join again. */
  observe(error: unknown): boolean {
    if (MOVED.has(errorType(error))) this.turning = true
    return this.turning
  }
}
