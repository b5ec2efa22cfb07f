import { ownText } from '../ownText.ts'
import { RETURN_MS } from './addressCrowds.ts'

/** What is kept of one session; a player says less before it comes back. */
const MOST_EACH = 4
/** Kept for one to two lengths of this, ms. */
const KEPT_MS = 60_000
/** Of everybody, and of one network, in a length. */
export const KEPT_BYTES = { all: 8_000_000, network: 2_000_000 } as const

interface Kept<Report> {
  readonly since_ms: number
  readonly reports: Report[]
}

/** Reports of sessions that are not believed yet, kept in memory until the session comes back. */
export interface UntilReturn<Report> {
  keep(
    report: Report,
    of: {
      readonly tenant: string
      readonly session: string
      readonly network: string
      readonly bytes: number
      readonly received_ms: number
    },
  ): void
  /** What a session that is heard again said before, once; usually nothing. */
  take(tenant: string, session: string, received_ms: number): readonly Report[]
}

const NOTHING: readonly never[] = []

/**
 * The first report of a phone behind a crowded address is stored and does not count, since nobody knows yet whether it comes back. It
 * holds what is measured once: the start. So it is kept for a minute or two, within bounds, to be judged again when the session is
 * heard after `RETURN_MS`. What does not fit, or waits while this process ends, stays as it was stored.
 */
export function keepUntilReturn<Report>(): UntilReturn<Report> {
  let current = new Map<string, Kept<Report>>()
  let before = new Map<string, Kept<Report>>()
  let bytes = new Map<string, number>()
  let all = 0
  let turned_ms = Number.NEGATIVE_INFINITY

  function turn(received_ms: number): void {
    if (received_ms - turned_ms <= KEPT_MS && received_ms >= turned_ms) return
    before = received_ms - turned_ms > 2 * KEPT_MS ? new Map() : current
    current = new Map()
    bytes = new Map()
    all = 0
    turned_ms = received_ms
  }

  return {
    keep(report, of) {
      turn(of.received_ms)
      const network = `${of.tenant}\n${of.network}`
      const own = bytes.get(network) ?? 0
      if (all + of.bytes > KEPT_BYTES.all || own + of.bytes > KEPT_BYTES.network) return
      const name = `${of.tenant}\n${of.session}`
      let kept = current.get(name) ?? before.get(name)
      if (kept === undefined) current.set(ownText(name), (kept = { since_ms: of.received_ms, reports: [] }))
      if (kept.reports.length >= MOST_EACH) return
      kept.reports.push(report)
      all += of.bytes
      bytes.set(own === 0 ? ownText(network) : network, own + of.bytes)
    },
    take(tenant, session, received_ms) {
      if (current.size === 0 && before.size === 0) return NOTHING
      turn(received_ms)
      const name = `${tenant}\n${session}`
      const from = current.has(name) ? current : before
      const kept = from.get(name)
      if (kept === undefined || received_ms - kept.since_ms < RETURN_MS) return NOTHING
      from.delete(name)
      return kept.reports
    },
  }
}
