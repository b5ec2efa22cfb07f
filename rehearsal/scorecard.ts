import { type WalkedPlan, walkPlan } from '../schemas/planWalk.ts'
import type { Expectation } from './expectations.ts'

/** An incident's change, as far as a scorecard needs it. Times are ms since the epoch. */
export interface Happening {
  readonly at_ms: number
  readonly change: 'opened' | 'updated' | 'reopened' | 'resolved'
  readonly notify: 'page' | 'update' | 'resolve' | 'nothing'
  readonly incident: {
    readonly id: string
    readonly hop: string
    readonly cause: Readonly<Record<string, string>>
    readonly rule: string
    readonly began_ms: number
    readonly summary_en: string
    readonly viewers: number
  }
}

export interface FaultScore {
  readonly fault: string
  readonly expected: {
    readonly page: boolean
    readonly hop: string
    readonly cause: Readonly<Record<string, string>>
  }
  readonly paged: boolean
  /** From the first affected beacon to the page. */
  readonly seconds_to_page: number | null
  readonly within_s: number
  /** What it says a quarter of a minute after the page, when all of it has been seen. */
  readonly hop: string | null
  readonly cause: Readonly<Record<string, string>> | null
  readonly hop_right: boolean
  readonly cause_right: boolean
  /** What it said in the page itself. */
  readonly at_page: { readonly hop_right: boolean; readonly cause_right: boolean } | null
  readonly pages: number
  /** From the end of the fault to the end of the incident. */
  readonly seconds_to_resolve: number | null
  readonly summary: string | null
  readonly rule: string | null
  /** Its contingency plan, walked by what was observed; null where nobody was paged. */
  readonly plan: WalkedPlan | null
}

export interface Scorecard {
  readonly title: string
  readonly seed: number
  readonly viewers: number
  readonly length_s: number
  readonly faults: readonly FaultScore[]
  readonly missed: number
  /** Pages for which there is no fault, and second pages for one. */
  readonly false_pages: readonly { readonly at_s: number; readonly summary: string; readonly rule: string }[]
  readonly unresolved: number
  readonly pages: number
  readonly passed: boolean
}

/** So long after the page an incident has seen what there is to see. */
const SETTLED_MS = 15_000
/** An incident may be found so long before (reports that overlap) or after the fault. */
const BEFORE_MS = 3_000
const AFTER_MS = 12_000

/** Compares what was paged with what was broken. */
export function scorecardOf({
  title,
  seed,
  viewers,
  length_s,
  start_ms,
  expectations,
  happenings,
}: {
  title: string
  seed: number
  viewers: number
  length_s: number
  start_ms: number
  expectations: readonly Expectation[]
  happenings: readonly Happening[]
}): Scorecard {
  const pages = happenings.filter(({ notify }) => notify === 'page')
  const owners = new Map<Happening, Expectation>()
  const taken = new Set<Expectation>()
  const falsePages: Happening[] = []
  const settledOf = (id: string, page_ms: number): Happening['incident'] =>
    happenings.filter(({ incident, at_ms }) => incident.id === id && at_ms <= page_ms + SETTLED_MS).at(-1)!
      .incident
  for (const page of pages) {
    const settled = settledOf(page.incident.id, page.at_ms)
    const candidates = expectations
      .filter((expectation) => {
        const { trouble } = expectation
        return (
          !taken.has(expectation) &&
          page.at_ms >= start_ms + trouble.from_ms - BEFORE_MS &&
          page.at_ms <= start_ms + trouble.to_ms + AFTER_MS
        )
      })
      .sort((a, b) => rank(b, settled) - rank(a, settled))
    const best = candidates[0]
    if (best?.page) {
      taken.add(best)
      owners.set(page, best)
    } else falsePages.push(page)
  }
  const faults = expectations.map((expected): FaultScore => {
    const { trouble } = expected
    const page = pages.find((page) => owners.get(page) === expected)
    const base = {
      fault: trouble.id,
      expected: { page: expected.page, hop: expected.hops[0]!, cause: expected.cause },
      within_s: expected.within_s,
    }
    if (page === undefined) {
      return {
        ...base,
        paged: false,
        seconds_to_page: null,
        hop: null,
        cause: null,
        hop_right: false,
        cause_right: false,
        at_page: null,
        pages: 0,
        seconds_to_resolve: null,
        summary: null,
        rule: null,
        plan: null,
      }
    }
    const { id } = page.incident
    const settled = settledOf(id, page.at_ms)
    const first = trouble.first_affected_ms >= 0 ? trouble.first_affected_ms : trouble.from_ms
    const resolved = happenings
      .filter(({ incident, change }) => incident.id === id && change === 'resolved')
      .at(-1)
    const reopened = happenings
      .filter(({ incident, change }) => incident.id === id && change === 'reopened')
      .at(-1)
    const over = resolved !== undefined && (reopened === undefined || reopened.at_ms < resolved.at_ms)
    return {
      ...base,
      paged: true,
      seconds_to_page: round((page.at_ms - start_ms - first) / 1000),
      hop: settled.hop,
      cause: settled.cause,
      hop_right: expected.hops.includes(settled.hop),
      cause_right: same(settled.cause, expected.cause),
      at_page: {
        hop_right: expected.hops.includes(page.incident.hop),
        cause_right: same(page.incident.cause, expected.cause),
      },
      pages: pages.filter(({ incident }) => incident.id === id).length,
      seconds_to_resolve: over ? round((resolved.at_ms - start_ms - trouble.to_ms) / 1000) : null,
      summary: settled.summary_en,
      rule: settled.rule,
      plan: walkPlan({
        opened_ms: page.at_ms,
        // Who mended it is the scenario: the level that acts at that moment has held.
        over_ms: Math.max(page.at_ms + 1, start_ms + trouble.to_ms),
        now_ms: start_ms + trouble.to_ms,
        within_s: expected.plan,
      }),
    }
  })
  const wanted = faults.filter(({ expected }) => expected.page)
  const missed = wanted.filter(({ paged }) => !paged).length
  const open = new Set<string>()
  for (const { incident, change } of happenings) {
    if (change === 'resolved') open.delete(incident.id)
    else open.add(incident.id)
  }
  return {
    title,
    seed,
    viewers,
    length_s,
    faults,
    missed,
    false_pages: falsePages.map(({ at_ms, incident }) => ({
      at_s: round((at_ms - start_ms) / 1000),
      summary: `${incident.summary_en} [${incident.hop} ${JSON.stringify(incident.cause)}]`,
      rule: incident.rule,
    })),
    unresolved: open.size,
    pages: pages.length,
    passed:
      missed === 0 &&
      falsePages.length === 0 &&
      open.size === 0 &&
      wanted.every(
        (entry) => entry.hop_right && entry.cause_right && (entry.seconds_to_page ?? 0) <= entry.within_s,
      ),
  }
}

const rank = (expected: Expectation, { hop, cause }: Happening['incident']): number =>
  (same(cause, expected.cause) ? 4 : 0) + (expected.hops.includes(hop) ? 2 : 0) + (expected.page ? 1 : 0)

const same = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([name, value]) => b[name] === value)

const round = (seconds: number): number => Math.round(seconds * 100) / 100
