/** A collector that has not ticked for so long, while others did, is held to be gone. */
export const GONE_MS = 5_000

/**
 * The watermark: everything received before it has been read. Each collector appends a tick a second to every partition,
 * after everything it took before; the watermark is the smallest newest tick of the live collectors over all partitions.
 */
export class Watermark {
  private readonly ticks = new Map<string, Map<string, number>>()

  /** A partition came to this watcher; nothing is judged until it has ticked. */
  add(partition: string): void {
    if (!this.ticks.has(partition)) this.ticks.set(partition, new Map())
  }

  remove(partition: string): void {
    this.ticks.delete(partition)
  }

  tick(partition: string, collector: string, time_ms: number): void {
    this.add(partition)
    const collectors = this.ticks.get(partition)!
    if (time_ms > (collectors.get(collector) ?? 0)) collectors.set(collector, time_ms)
  }

  /** ms since the epoch; 0 while a partition has not ticked yet. */
  get value(): number {
    let least = Number.POSITIVE_INFINITY
    for (const collectors of this.ticks.values()) {
      const newest = Math.max(0, ...collectors.values())
      let slowest = newest
      for (const [collector, time] of collectors) {
        if (time < newest - GONE_MS) collectors.delete(collector)
        else if (time < slowest) slowest = time
      }
      if (slowest < least) least = slowest
    }
    return Number.isFinite(least) ? least : 0
  }
}
