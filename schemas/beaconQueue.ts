import { setTimeout as pause } from 'node:timers/promises'
import type { Beacon } from './beacon.ts'
import { retry } from './retry.ts'

export interface BeaconQueueOptions<Item> {
  /** The collector's origin: `https://beacons.example.com`. */
  readonly collector: string
  /** One beacon with these items, in their order. */
  readonly beaconOf: (items: readonly Item[]) => Beacon
  /** Items in one beacon. */
  readonly batch: number
  /** Items kept while the collector is away; beyond it the oldest go. */
  readonly most: number
  /** Pauses after 429, 5xx and a line that is down; a `Retry-After` that is longer counts. */
  readonly pauses: { readonly first_ms: number; readonly longest_ms: number }
  /** An answer that ends the matter: the items are taken, or refused for good. */
  readonly answered: (items: readonly Item[], status: number, body: string) => void
  /** An attempt that is made again, with what came meanwhile; `attempt` counts from 0 after each answer. */
  readonly failed: (items: readonly Item[], reason: string, attempt: number) => void
  readonly fetch?: typeof fetch
}

const TIMEOUT_MS = 10_000

/** Sends items to the collector as beacons, in order, one request at a time, and keeps them while it is away. */
export class BeaconQueue<Item> {
  private readonly options: BeaconQueueOptions<Item>
  private readonly items: Item[] = []
  private draining: Promise<void> | undefined
  private retryAfter_ms = 0

  constructor(options: BeaconQueueOptions<Item>) {
    this.options = options
  }

  /** How many items wait. */
  get waiting(): number {
    return this.items.length
  }

  /** Returns how many of the oldest items were dropped to keep the bound. */
  add(items: readonly Item[]): number {
    this.items.push(...items)
    return this.items.splice(0, Math.max(0, this.items.length - this.options.most)).length
  }

  /** Delivers what waits. Resolves when nothing waits, or when the signal is aborted and the attempt that runs has ended. */
  async flush(signal?: AbortSignal): Promise<void> {
    while (this.draining !== undefined) await this.draining
    this.draining = this.drain(signal).finally(() => {
      this.draining = undefined
    })
    await this.draining
  }

  private async drain(signal: AbortSignal | undefined): Promise<void> {
    while (this.items.length > 0) {
      let batch: readonly Item[] = []
      let attempt = 0
      const next = (): Promise<void> => {
        batch = this.items.slice(0, this.options.batch)
        return this.post(batch)
      }
      try {
        await retry(next, {
          ...this.options.pauses,
          signal,
          failed: (error) => this.options.failed(batch, (error as Error).message, attempt++),
          wait: (ms) => pause(Math.max(ms, this.retryAfter_ms), undefined, { signal }).catch(() => undefined),
        })
      } catch {
        return
      }
      // What came meanwhile may have pushed the oldest out.
      const sent = new Set(batch)
      while (this.items.length > 0 && sent.has(this.items[0]!)) this.items.shift()
    }
  }

  /** @throws Error when the same items are to be sent again */
  private async post(batch: readonly Item[]): Promise<void> {
    const { collector, beaconOf, answered, pauses } = this.options
    this.retryAfter_ms = 0
    const answer = await (this.options.fetch ?? fetch)(new URL('/v1/beacons', collector), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(beaconOf(batch)),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const body = await answer.text()
    if (answer.status === 429 || answer.status >= 500) {
      const after_ms = Number(answer.headers.get('retry-after')) * 1_000
      if (after_ms > 0) this.retryAfter_ms = Math.min(after_ms, pauses.longest_ms)
      throw new Error(`HTTP ${answer.status}`)
    }
    answered(batch, answer.status, body)
  }
}
