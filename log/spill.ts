import { setTimeout as pause } from 'node:timers/promises'
import type { Emit } from '../schemas/facts.ts'
import { retry } from '../schemas/retry.ts'
import { HEADERS } from '../schemas/topics.ts'
import { checkMessage } from './check.ts'
import { type EmbeddedLog, openEmbeddedLog } from './embedded.ts'
import { type Log, type LogBatch, LogError, type LogMessage } from './log.ts'

export interface SpillOptions {
  /** The log that may be away; closing the spilling log closes it. */
  readonly inner: Log
  /** A folder for what waits; one process at a time. */
  readonly path: string
  /** A bound on what waits, bytes; beyond it appends are refused as `full`. */
  readonly max_bytes: number
  /** How long the inner log may take for an append before it goes to the disk, ms (default 3,000). */
  readonly patience_ms?: number
  readonly emit: Emit
  readonly clock: () => number
}

const GROUP = 'spill'
const PAUSES = { first_ms: 100, longest_ms: 2_000 }
const TRIM_EVERY_MS = 1_000
const REPLAY_BYTES = 1 << 20

interface Item {
  readonly messages: readonly LogMessage[]
  readonly deadline: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** A partition: while any of its messages waits on the disk, what comes goes behind it. */
interface Lane {
  readonly topic: string
  waiting: number
  queue: Item[]
  running: boolean
}

/**
 * A log that goes on while the inner one is away: what that refuses with a retriable error, or does not take in time,
 * goes to an embedded log on the disk and is answered once it is flushed there; when the inner log is back it is
 * appended there in the order of its partition, with the header `spilled`. A partition has one append in the inner log
 * at a time, so nothing overtakes what failed. What an append left undecided may be in the inner log twice.
 */
export async function openSpillingLog(options: SpillOptions): Promise<Log> {
  const { inner, emit, clock } = options
  const patience_ms = options.patience_ms ?? 3_000
  const spill = await openEmbeddedLog({
    path: options.path,
    // A queue: nothing is compacted, and what was given back goes at the next trim.
    topics: [...inner.topics.values()].map(({ name, partitions }) => ({ name, partitions, retention_ms: 0 })),
    max_bytes: options.max_bytes,
    whenFull: 'refuse',
    trimEvery_ms: TRIM_EVERY_MS,
    emit,
    clock,
  })
  const lanes = await findLanes(spill)
  const stop = new AbortController()
  const stopped = new Promise<never>((_, reject) => {
    const error = new LogError('closed', 'the log closes', { retriable: true })
    stop.signal.addEventListener('abort', () => reject(error), { once: true })
  })
  stopped.catch(() => undefined)
  const open = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  async function sendDirect(items: readonly Item[]): Promise<'sent' | 'spill'> {
    const late = new AbortController()
    const left = Math.min(...items.map((item) => item.deadline)) - performance.now()
    // What waited behind a slow append still gets a try of its own.
    const wait = Math.max(left, patience_ms / 2)
    const sending = inner.append(items.flatMap((item) => item.messages)).then(() => 'sent' as const)
    try {
      return await Promise.race([sending, pause(wait, 'spill' as const, { signal: late.signal })])
    } catch (error) {
      if (error instanceof LogError && error.retriable) return 'spill'
      throw error
    } finally {
      sending.catch(() => undefined)
      late.abort()
    }
  }

  function toDisk(lane: Lane, items: readonly Item[]): void {
    const messages = items.flatMap((item) => item.messages)
    if (lane.waiting === 0) emit({ type: 'log_spill_began', topic: lane.topic })
    lane.waiting += messages.length
    spill.append(messages).then(
      () => {
        const spill_bytes = spill.usedBytes()
        emit({ type: 'log_spilled', topic: lane.topic, messages: messages.length, spill_bytes })
        for (const { resolve } of items) resolve()
      },
      (error: unknown) => {
        lane.waiting = Math.max(0, lane.waiting - messages.length)
        for (const { reject } of items) reject(error)
      },
    )
  }

  async function run(lane: Lane): Promise<void> {
    while (lane.queue.length > 0) {
      const items = lane.queue
      lane.queue = []
      if (lane.waiting > 0) {
        toDisk(lane, items)
        continue
      }
      try {
        if ((await sendDirect(items)) === 'spill') toDisk(lane, items)
        else for (const { resolve } of items) resolve()
      } catch (error) {
        if (items.length === 1) items[0]!.reject(error)
        // One of them is refused for good: each finds out for itself, in order.
        else for (const item of items) await sendAlone(lane, item)
      }
    }
    lane.running = false
  }

  async function sendAlone(lane: Lane, item: Item): Promise<void> {
    try {
      if (lane.waiting > 0 || (await sendDirect([item])) === 'spill') toDisk(lane, [item])
      else item.resolve()
    } catch (error) {
      item.reject(error)
    }
  }

  async function append(messages: readonly LogMessage[]): Promise<void> {
    if (closing !== undefined) throw new LogError('closed', 'the log is closed', { retriable: false })
    for (const message of messages) checkMessage(inner.topics, message)
    const byLane = new Map<Lane, LogMessage[]>()
    for (const message of messages) {
      const lane = lanes.get(`${message.topic}/${message.partition}`)!
      const known = byLane.get(lane)
      if (known === undefined) byLane.set(lane, [message])
      else known.push(message)
    }
    const deadline = performance.now() + patience_ms
    const all = [...byLane].map(
      ([lane, messages]) =>
        new Promise<void>((resolve, reject) => {
          lane.queue.push({ messages, deadline, resolve, reject })
          if (lane.running) return
          lane.running = true
          void run(lane)
        }),
    )
    const settled = Promise.allSettled(all)
    open.add(settled)
    try {
      await Promise.all(all)
    } finally {
      open.delete(settled)
    }
  }

  /** One batch of what waits, into the inner log: tried until it goes or the log closes. */
  async function giveBack({ topic, partition, records }: LogBatch): Promise<void> {
    const lane = lanes.get(`${topic}/${partition}`)!
    const messages = records.map(({ key, headers, value }): LogMessage => {
      const message = { topic, partition, headers: { ...headers, [HEADERS.spilled]: '1' }, value }
      return key === undefined ? message : { ...message, key }
    })
    try {
      await retry(() => Promise.race([inner.append(messages), stopped]), {
        ...PAUSES,
        signal: stop.signal,
        retriable: (error) => !(error instanceof LogError) || error.retriable,
      })
    } catch (error) {
      if (stop.signal.aborted) throw error
      // It was checked when it came; waiting does not help, and nothing behind it would ever go.
      emit({ type: 'bug', where: 'spill', error })
    }
    lane.waiting = Math.max(0, lane.waiting - records.length)
    emit({ type: 'log_unspilled', topic, messages: records.length, spill_bytes: spill.usedBytes() })
    if (lane.waiting === 0) emit({ type: 'log_spill_ended', topic })
  }

  await spill.subscribe({
    group: GROUP,
    topics: [...spill.topics.keys()],
    maxBatch_bytes: REPLAY_BYTES,
    handler: giveBack,
  })

  const spilling = (): boolean => [...lanes.values()].some((lane) => lane.waiting > 0)

  async function close(): Promise<void> {
    await Promise.all(open)
    stop.abort()
    await spill.close()
    await inner.close()
  }

  return {
    topics: inner.topics,
    spilling,
    append,
    subscribe: (subscribe) => inner.subscribe(subscribe),
    replay: (replay) => inner.replay(replay),
    bounds: (partition) => inner.bounds(partition),
    health() {
      if (closing !== undefined) return { ok: false, reason: 'it is closed' }
      const below = inner.health()
      if (below.ok && !spilling()) return below
      const disk = spill.health()
      const reason = `${below.reason ?? 'it was away'}; messages wait on the disk (${spill.usedBytes()} bytes)`
      return disk.ok ? { ok: true, reason } : { ok: false, reason: `${reason}: ${disk.reason}` }
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}

async function findLanes(spill: EmbeddedLog): Promise<Map<string, Lane>> {
  const lanes = new Map<string, Lane>()
  for (const { name: topic, partitions } of spill.topics.values()) {
    for (let partition = 0; partition < partitions; partition += 1) {
      const { begin, end } = await spill.bounds({ topic, partition })
      const given = Math.max(begin, spill.committed(GROUP, { topic, partition })?.offset ?? begin)
      lanes.set(`${topic}/${partition}`, { topic, waiting: end - given, queue: [], running: false })
    }
  }
  return lanes
}
