import type { Emit } from '../schemas/facts.ts'
import type { Kind } from '../schemas/kinds/kinds.ts'
import type { Reason } from '../schemas/reasons.ts'

/** Counts what happens many thousand times a second, and says it once a second as facts. */
export interface Tally {
  answered(route: string, status: number): void
  taken(kind: Kind): void
  refused(code: Reason): void
  /** An event of a tenant was stored without being counted. */
  setApart(tenant: string): void
  /** A request of a tenant was answered 429. */
  limited(tenant: string): void
  /** Emits what was counted since the last time. */
  tell(): void
}

class Counts extends Map<string, number> {
  add(name: string): void {
    this.set(name, (this.get(name) ?? 0) + 1)
  }
  take(): [string, number][] {
    const entries = [...this]
    this.clear()
    return entries
  }
}

/** Counts what was accepted and refused, and emits the sums as facts. */
export function createTally(emit: Emit): Tally {
  const routes = new Map<string, Counts>()
  const kinds = new Counts()
  const codes = new Counts()
  const limited = new Counts()
  const apart = new Counts()
  return {
    answered(route, status) {
      let statuses = routes.get(route)
      if (statuses === undefined) {
        statuses = new Counts()
        routes.set(route, statuses)
      }
      statuses.add(String(status))
    },
    taken: (kind) => kinds.add(kind),
    refused: (code) => codes.add(code),
    setApart: (tenant) => apart.add(tenant),
    limited: (tenant) => limited.add(tenant),
    tell() {
      for (const [route, statuses] of routes)
        for (const [status, requests] of statuses.take())
          emit({ type: 'requests_answered', route, status, requests })
      for (const [kind, events] of kinds.take()) emit({ type: 'events_taken', kind, events })
      for (const [tenant, events] of apart.take()) emit({ type: 'events_set_apart', tenant, events })
      for (const [tenant, requests] of limited.take()) emit({ type: 'requests_limited', tenant, requests })
      for (const [code, events] of codes.take()) emit({ type: 'events_refused', code, events })
    },
  }
}
