import type { Emit } from '../../schemas/facts.ts'
import { readHolds } from '../../schemas/hold.ts'
import { Holds } from './holds.ts'

/** A collector that has not ticked for so long, while others did, is held to be gone. */
export const GONE_MS = 5_000
/**
 * A clock that is so far behind the others' is wrong: its collector is not waited for. One that is so far ahead of the
 * watcher's is wrong too: by it everybody else would be behind.
 */
export const WRONG_MS = 10 * 60_000
/** When a collector’s ticks fall back by more than this and so do their times in the log, its clock was set back. */
const SET_BACK_MS = 2_000
/** After this time without any tick, players could not be heard: no collector was up, or none could append. */
const UNHEARD_MS = 2_000

interface Ticks {
  time_ms: number
  /** When its last tick was appended. */
  heard_ms: number
  /** A tick that fell, when the one before it did not: a single one may be a repeat that came late. */
  fallen_ms?: number
}

interface PartitionTicks {
  readonly collectors: Map<string, Ticks>
  /** When the newest tick was appended. */
  heard_ms: number
  /** The newest tick. */
  newest_ms: number
}

export interface WatermarkOptions {
  readonly gone_ms?: number
  /** Tells which clocks are far ahead; without it none is. */
  readonly clock?: () => number
  readonly emit?: Emit
  /** A collector's clock was set back: what was judged by its later time stands in the way, so the watcher starts anew. */
  readonly onSetBack?: () => void
  /** Ticks further apart than this mean that nobody could be heard between them, ms. */
  readonly unheard_ms?: number
}

/**
 * The watermark: everything received before it has been read. Each collector appends a tick a second to every partition,
 * after everything it took before; the watermark is the smallest newest tick of the live collectors over all partitions.
 * Whether a collector lives is told by when its ticks were appended, not by what they say: after an outage of the log
 * every collector hands in what it kept, each at its own pace, and all are waited for.
 */
export class Watermark {
  private readonly partitions = new Map<string, PartitionTicks>()
  private readonly gone_ms: number
  private readonly clock: () => number
  private readonly emit: Emit | undefined
  private readonly unheard_ms: number
  private readonly onSetBack: (() => void) | undefined
  private readonly ahead = new Set<string>()
  /** When senders could not be heard, as ticks told it. */
  readonly holds = new Holds()

  constructor(options: WatermarkOptions = {}) {
    this.unheard_ms = options.unheard_ms ?? UNHEARD_MS
    this.gone_ms = options.gone_ms ?? GONE_MS
    this.clock = options.clock ?? (() => Number.POSITIVE_INFINITY)
    this.emit = options.emit
    this.onSetBack = options.onSetBack
  }

  /** A partition came to this watcher; nothing is judged until it has ticked, and `expected` collectors are waited for. */
  add(partition: string, expected: readonly string[] = []): void {
    if (this.partitions.has(partition)) return
    const collectors = new Map(expected.map((name): [string, Ticks] => [name, { time_ms: 0, heard_ms: 0 }]))
    this.partitions.set(partition, { collectors, heard_ms: 0, newest_ms: 0 })
  }

  remove(partition: string): void {
    this.partitions.delete(partition)
  }

  /**
   * @param appended_ms when the tick was appended to the log
   * @param held its header of that name
   * @param live false for what is read again after a start: ticks of a clock that was ahead then do not count
   */
  tick(
    partition: string,
    collector: string,
    time_ms: number,
    appended_ms = time_ms,
    held?: string,
    live = true,
  ): void {
    if (live ? this.isAhead(collector, time_ms) : time_ms > this.clock() + SET_BACK_MS) return
    this.add(partition)
    const known = this.partitions.get(partition)!
    for (const hold of readHolds(held)) this.holds.add(hold)
    if (known.newest_ms > 0 && time_ms - known.newest_ms > this.unheard_ms)
      this.holds.add({ from_ms: known.newest_ms, until_ms: time_ms })
    known.newest_ms = Math.max(known.newest_ms, time_ms)
    const { collectors } = known
    const before = collectors.get(collector)
    if (before !== undefined && this.wasSetBack(before, time_ms, appended_ms)) {
      known.newest_ms = time_ms
      known.heard_ms = appended_ms
      for (const each of collectors.values()) each.heard_ms = appended_ms
      if (live) this.onSetBack?.()
    }
    // Nobody was heard for a while: the partition was away, and each has its time again.
    if (appended_ms - known.heard_ms > this.gone_ms / 2)
      for (const each of collectors.values()) each.heard_ms = appended_ms
    known.heard_ms = Math.max(known.heard_ms, appended_ms)
    const ticks = collectors.get(collector)
    if (ticks === undefined) collectors.set(collector, { time_ms, heard_ms: appended_ms })
    else {
      ticks.time_ms = Math.max(ticks.time_ms, time_ms)
      ticks.heard_ms = Math.max(ticks.heard_ms, appended_ms)
    }
  }

  /** Two ticks in a row fell: the collector's time is the lower one from now on. */
  private wasSetBack(ticks: Ticks, time_ms: number, appended_ms: number): boolean {
    const fell = time_ms < ticks.time_ms - SET_BACK_MS && appended_ms < ticks.heard_ms - SET_BACK_MS
    const again = fell && ticks.fallen_ms !== undefined && time_ms > ticks.fallen_ms
    ticks.fallen_ms = fell ? time_ms : undefined
    if (again) {
      ticks.time_ms = time_ms
      ticks.fallen_ms = undefined
    }
    return again
  }

  private isAhead(collector: string, time_ms: number): boolean {
    if (time_ms <= this.clock() + WRONG_MS) {
      this.ahead.delete(collector)
      return false
    }
    if (!this.ahead.has(collector)) this.emit?.({ type: 'clock_ahead', collector })
    this.ahead.add(collector)
    return true
  }

  /** ms since the epoch; 0 while a partition has not ticked yet. */
  get value(): number {
    let least = Number.POSITIVE_INFINITY
    for (const { collectors, heard_ms } of this.partitions.values()) {
      let newest = 0
      for (const { time_ms } of collectors.values()) newest = Math.max(newest, time_ms)
      let slowest = newest
      for (const [collector, ticks] of collectors) {
        const wrong = ticks.time_ms > 0 && ticks.time_ms < newest - WRONG_MS
        if (wrong || ticks.heard_ms < heard_ms - this.gone_ms) collectors.delete(collector)
        else slowest = Math.min(slowest, ticks.time_ms)
      }
      least = Math.min(least, slowest)
    }
    return Number.isFinite(least) ? least : 0
  }
}
