import type { Hold } from '../../schemas/hold.ts'

/** Holds are remembered for so long: as long as anything that was silent then could still be judged by it. */
const REMEMBERED_MS = 15 * 60_000
/** More are not remembered: collectors that are held up all the time tell of it once a tick. */
const MOST = 4_096

/** When senders waited for an answer of a collector, as ticks told it, and nobody may be called silent for it. */
export class Holds {
  /** By their beginning. */
  private readonly known = new Map<number, Hold & { readonly number: number }>()
  /** How many were ever told. */
  count = 0

  /** Each partition's tick tells it again, and while it lasts each tick tells more of it; it counts once. */
  add({ from_ms, until_ms }: Hold): void {
    const known = this.known.get(from_ms)
    if (known !== undefined && known.until_ms >= until_ms) return
    this.count += 1
    this.known.set(from_ms, { from_ms, until_ms, number: this.count })
    for (const [old, hold] of this.known) {
      if (this.known.size <= MOST && hold.until_ms >= until_ms - REMEMBERED_MS) break
      this.known.delete(old)
    }
  }

  /**
   * The longest time within a range that one sender may have waited for its answer, ms. Not the sum of all: collectors that are
   * slow all the time delay what is said, and silence nobody.
   */
  longest(from_ms: number, to_ms: number): number {
    let longest = 0
    for (const hold of this.known.values()) {
      const overlap = Math.min(hold.until_ms, to_ms) - Math.max(hold.from_ms, from_ms)
      if (overlap > longest) longest = overlap
    }
    return longest
  }

  /** Those told since there were so many. */
  since(count: number): Hold[] {
    return count === this.count ? [] : [...this.known.values()].filter(({ number }) => number > count)
  }
}

/** Nobody was held up, as far as is known. */
export const NO_HOLDS: Pick<Holds, 'longest'> = { longest: () => 0 }
