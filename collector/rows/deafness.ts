import { HELD_MS, type Hold } from '../../schemas/hold.ts'

/** A sender that was refused tries again sooner than this. */
const RETRIED_MS = 10_000

/** Times in which nobody was heard: senders waited for an answer, or were refused. Ticks carry them to the watcher. */
export class Deafness {
  /** Holds that no tick has carried yet. */
  private holds: Hold[] = []
  /** Since when beacons have been refused, and when the last one was. */
  private refused: { readonly from_ms: number; last_ms: number } | undefined

  held(hold: Hold): void {
    if (hold.until_ms - hold.from_ms >= HELD_MS) this.holds.push(hold)
  }

  /** Rows that came since `first_ms` are durable. */
  answered(first_ms: number, now_ms: number): void {
    this.held({ from_ms: this.refused?.from_ms ?? first_ms, until_ms: now_ms })
    this.refused = undefined
  }

  refuse(first_ms: number, now_ms: number): void {
    this.refused ??= { from_ms: first_ms, last_ms: 0 }
    this.refused.last_ms = now_ms
  }

  /** What a tick of this time says. */
  take(tick_ms: number): Hold[] {
    const holds = [...this.holds, ...this.refusing(tick_ms)]
    this.holds = []
    return holds
  }

  /** While beacons are refused, ticks, which are small, may still be taken: each says that nobody is heard. */
  private refusing(tick_ms: number): Hold[] {
    if (this.refused === undefined) return []
    // Nobody tried again: nobody waits any more.
    if (tick_ms - this.refused.last_ms > RETRIED_MS) this.refused = undefined
    return this.refused === undefined || tick_ms <= this.refused.from_ms
      ? []
      : [{ from_ms: this.refused.from_ms, until_ms: tick_ms }]
  }
}
