import { ownText } from '../ownText.ts'

interface Bucket {
  tokens: number
  at_ms: number
}

/** Buckets by name, each refilled at a rate; whoever was not seen for a while is forgotten, so names cost no memory. */
export interface Buckets {
  /**
   * Takes an amount when the bucket is not empty; it may go into debt, so that a large request passes once.
   * @returns ms until it is not empty again; 0 when the amount was taken
   */
  take(name: string, amount: number, now_ms: number, rate?: number): number
}

const MOST = 20_000

export interface BucketsOptions {
  /** Refilled a second. */
  readonly rate: number
  /** What a full bucket holds; the rate of a second when left out. */
  readonly burst?: number
}

/** Token buckets by name. `rate`: tokens a second; `burst`: tokens of a full bucket. */
export function createBuckets({ rate: standard, burst }: BucketsOptions): Buckets {
  let current = new Map<string, Bucket>()
  let before = new Map<string, Bucket>()
  return {
    take(name, amount, now_ms, rate = standard) {
      if (!Number.isFinite(rate)) return 0
      const full = Math.max(1, burst ?? rate)
      let bucket = current.get(name)
      if (bucket === undefined) {
        if (current.size >= MOST) {
          before = current
          current = new Map()
        }
        bucket = before.get(name) ?? { tokens: full, at_ms: now_ms }
        current.set(ownText(name), bucket)
      }
      // A clock that is set back refills nothing, and takes nothing away.
      const passed_ms = Math.max(0, now_ms - bucket.at_ms)
      bucket.tokens = Math.min(full, bucket.tokens + (passed_ms / 1000) * rate)
      bucket.at_ms = now_ms
      if (bucket.tokens < Math.min(1, full)) return Math.ceil(((1 - bucket.tokens) / rate) * 1000)
      bucket.tokens -= amount
      return 0
    },
  }
}
