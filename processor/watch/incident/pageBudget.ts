import type { Family } from '../../../schemas/incident.ts'
import { PAGING } from '../../../schemas/paging.ts'
import { PAGES_PREFIX, type StateEntry } from './stateEntry.ts'

const HOUR_MS = 3_600_000

/** Whose pages are counted: of a tenant's show, those of what stands beside its link apart, since other people answer them. */
export interface Paged {
  readonly tenant: string
  readonly show: string
  readonly family: Family
}

/** Counts the pages of each show within an hour. */
export class PageBudget {
  private readonly pages = new Map<string, number[]>()
  private readonly changed = new Set<string>()

  private key = ({ tenant, show, family }: Paged): string =>
    `${PAGES_PREFIX}${JSON.stringify([tenant, show, ...(family === 'branch' ? [family] : [])])}`

  /** How many more pages a show may send now. */
  left(paged: Paged, now_ms: number): number {
    const times = this.pages.get(this.key(paged)) ?? []
    return PAGING.pages_per_hour - times.filter((time) => time > now_ms - HOUR_MS).length
  }

  spend(paged: Paged, now_ms: number): void {
    const key = this.key(paged)
    const times = (this.pages.get(key) ?? []).filter((time) => time > now_ms - HOUR_MS)
    this.pages.set(key, [...times, now_ms])
    this.changed.add(key)
  }

  /** What must be kept of the pages counted since the last call; shows without a page within the hour are removed. */
  state(now_ms: number): StateEntry[] {
    const entries: StateEntry[] = []
    for (const [key, times] of this.pages) {
      if (times.at(-1)! > now_ms - HOUR_MS) continue
      this.pages.delete(key)
      this.changed.delete(key)
      entries.push({ key, value: null })
    }
    for (const key of this.changed) entries.push({ key, value: JSON.stringify(this.pages.get(key)) })
    this.changed.clear()
    return entries
  }

  restore(key: string, value: string): void {
    this.pages.set(key, JSON.parse(value) as number[])
  }
}
