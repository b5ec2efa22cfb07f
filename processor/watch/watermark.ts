/** A collector that has not ticked for so long, while others did, is held to be gone. */
export const GONE_MS = 5_000

/**
 * The watermark: everything received before it has been read. Each collector appends a tick a second to every partition,
 * after everything it took before; the watermark is the smallest newest tick of the live collectors over all partitions.
 */
export class Watermark {
  private readonly ticks = new Map<string, Map<string, number>>()
  private readonly gone_ms: number

  constructor({ gone_ms = GONE_MS }: { readonly gone_ms?: number } = {}) {
    this.gone_ms = gone_ms
  }

  /** A partition came to this watcher; nothing is judged until it has ticked, and `expected` collectors are waited for. */
  add(partition: string, expected: readonly string[] = []): void {
    if (!this.ticks.has(partition))
      this.ticks.set(partition, new Map(expected.map((collector) => [collector, 0])))
  }

  remove(partition: string): void {
    this.ticks.delete(partition)
    this.firsts.delete(partition)
  }

  tick(partition: string, collector: string, time_ms: number): void {
    this.add(partition)
    const collectors = this.ticks.get(partition)!
    if (time_ms > (collectors.get(collector) ?? 0)) collectors.set(collector, time_ms)
  }

  private readonly firsts = new Map<string, number>()

  private since(partition: string, newest: number): number {
    if (newest > 0 && !this.firsts.has(partition)) this.firsts.set(partition, newest)
    return this.firsts.get(partition) ?? newest
  }

  /** ms since the epoch; 0 while a partition has not ticked yet. */
  get value(): number {
    let least = Number.POSITIVE_INFINITY
    for (const [partition, collectors] of this.ticks) {
      const newest = Math.max(0, ...collectors.values())
      let slowest = newest
      for (const [collector, time] of collectors) {
        // One that has never ticked is waited for as long, from the first tick of another.
        const known = time > 0 ? time : this.since(partition, newest)
        if (known < newest - this.gone_ms) collectors.delete(collector)
        else if (time < slowest) slowest = time
      }
      if (slowest < least) least = slowest
    }
    return Number.isFinite(least) ? least : 0
  }
}
