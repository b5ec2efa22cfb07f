import type { RuleSet } from '../processor/watch/detect/activeRules.ts'
import { createJudge } from '../processor/watch/incident/judge.ts'
import { createWatchCore } from '../processor/watch/watchCore.ts'
import { columnsToWatch } from '../processor/watch/windows/windows.ts'
import { createBuilder } from '../schemas/arrow/builder.ts'
import { columnsOf } from '../schemas/derive/columns.ts'
import type { Incident } from '../schemas/incident.ts'
import type { Kind } from '../schemas/kinds/kinds.ts'
import type { Marked } from '../schemas/mark.ts'
import { MEASURED_KINDS } from '../schemas/measuredKinds.ts'
import { literal } from '../schemas/sql.ts'

export interface ReplayOptions {
  /** Asks the store: rows as objects. */
  readonly query: (sql: string) => Promise<Record<string, unknown>[]>
  readonly rules: RuleSet
  readonly from_ms: number
  readonly to_ms: number
  readonly tenant?: string
  readonly show?: string
  /** Marks of the on-call: the pages are compared with those that come without them. */
  readonly marks?: readonly Marked[]
  /** Called after each minute read, for a progress bar. */
  readonly progress?: (at_ms: number) => void
}

/** A page that would have come. */
export interface ReplayedPage {
  readonly at_ms: number
  readonly change: string
  readonly incident: string
  readonly show: string
  readonly stream: string
  readonly rule: string
  readonly hop: string
  readonly cause: Readonly<Record<string, string>>
  readonly viewers: number
  readonly summary_en: string
  readonly summary_zh: string
  /** Where marks are tried: whether they leave the page as it is, take it away, bring it, or move it. */
  readonly effect?: 'same' | 'gone' | 'new' | 'earlier' | 'later'
  /** Of an earlier or later one: by how much, s. */
  readonly moved_s?: number
}

const STEP_MS = 60_000
const SECOND_MS = 1000

/** The columns of a kind that windows read, times as numbers. */
function select(kind: Kind): string {
  const types = new Map(columnsOf(kind).map(({ name, field }) => [name, field.type]))
  return [...new Set([...columnsToWatch(kind), 'session', 'source'])]
    .filter((name) => types.has(name))
    .map((name) => (types.get(name) === 'time' ? `toUnixTimestamp64Milli(${name}) AS ${name}` : name))
    .join(', ')
}

/**
 * Runs stored traffic through rules once more, second by second of `received_time`, and says which pages would have come.
 * The store holds no repeats, so nothing is left out here; a pipeline's own delays are not played.
 */
export async function replay({
  query,
  rules,
  from_ms,
  to_ms,
  tenant,
  show,
  marks,
  progress,
}: ReplayOptions): Promise<ReplayedPage[]> {
  const emit = () => {}
  const core = createWatchCore({ emit })
  const marked = marks && new Map(marks.map((each) => [each.incident, each]))
  const judges = [undefined, ...(marked === undefined ? [] : [marked])].map((own) => ({
    judge: createJudge({ rules, emit, ...(own && { marks: own }) }),
    pages: [] as ReplayedPage[],
  }))
  const conditions = [
    ...(tenant === undefined ? [] : [`tenant = ${literal(tenant)}`]),
    ...(show === undefined ? [] : [`show = ${literal(show)}`]),
  ]
  for (let at = from_ms; at < to_ms; at += STEP_MS) {
    const until = Math.min(at + STEP_MS, to_ms)
    const bySecond = new Map<number, Map<Kind, Record<string, unknown>[]>>()
    for (const kind of MEASURED_KINDS) {
      const where = [
        `received_time >= fromUnixTimestamp64Milli(${at})`,
        `received_time < fromUnixTimestamp64Milli(${until})`,
        ...conditions,
      ]
      // The alias of the instant must not shadow the column that the condition prunes by.
      const rows = await query(
        `SELECT ${select(kind).replace('AS received_time', 'AS received_ms')} FROM ${kind} WHERE ${where.join(' AND ')} ORDER BY ${kind}.received_time`,
      )
      for (const { received_ms, ...row } of rows) {
        const received_time = Number(received_ms)
        const second = Math.floor(received_time / SECOND_MS) * SECOND_MS
        const kinds = bySecond.get(second) ?? new Map<Kind, Record<string, unknown>[]>()
        bySecond.set(second, kinds)
        kinds.set(kind, [...(kinds.get(kind) ?? []), { ...row, received_time }])
      }
    }
    for (let second = at; second < until; second += SECOND_MS) {
      for (const [kind, rows] of bySecond.get(Math.floor(second / SECOND_MS) * SECOND_MS) ?? []) {
        const builder = createBuilder(kind, { capacity: rows.length })
        for (const row of rows) builder.pushRow(row)
        core.ingest({ kind, partition: 0, bytes: builder.finish() })
      }
      const watermark_ms = second + SECOND_MS
      core.advance(watermark_ms)
      for (const { judge, pages } of judges) {
        const { changes } = judge.evaluate({ views: core.windows.streams.values(), watermark_ms })
        for (const { change, notify, incident } of changes)
          if (notify === 'page' || notify === 'resolve') pages.push(pageOf(change, incident, watermark_ms))
      }
    }
    progress?.(until)
  }
  const [usual, tried] = judges
  return tried === undefined ? usual!.pages : compared(usual!.pages, tried.pages)
}

function pageOf(change: string, incident: Incident, at_ms: number): ReplayedPage {
  const { show, stream, rule, hop, cause, viewers, summary_en, summary_zh, id } = incident
  return { at_ms, change, incident: id, show, stream, rule, hop, cause, viewers, summary_en, summary_zh }
}

/** Pages of one stream's rule this close together are the same page, moved. */
const SAME_MS = 300_000

/** What marks do to pages: each page of either run once, in the order of time. */
export function compared(before: readonly ReplayedPage[], after: readonly ReplayedPage[]): ReplayedPage[] {
  const left = [...before]
  const found = after.map((page): ReplayedPage => {
    const at = left.findIndex(
      ({ change, show, stream, rule, at_ms }) =>
        change === page.change &&
        show === page.show &&
        stream === page.stream &&
        rule === page.rule &&
        Math.abs(at_ms - page.at_ms) <= SAME_MS,
    )
    if (at < 0) return { ...page, effect: 'new' }
    const [old] = left.splice(at, 1)
    const moved_s = Math.abs(page.at_ms - old!.at_ms) / 1000
    if (moved_s === 0) return { ...page, effect: 'same' }
    return { ...page, effect: page.at_ms > old!.at_ms ? 'later' : 'earlier', moved_s }
  })
  return [...found, ...left.map((page): ReplayedPage => ({ ...page, effect: 'gone' }))].sort(
    (a, b) => a.at_ms - b.at_ms,
  )
}
