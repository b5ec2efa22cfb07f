import type { JudgedChange } from '../../main/judge.ts'
import type { History } from '../../rehearsal/history/readHistory.ts'

/** A labelled incident: the minute to find, and the combinations that are right. */
export interface Label {
  readonly file: string
  readonly at: number
  readonly causes: readonly Readonly<Record<string, string>>[]
}

/** What judging said about one labelled history. */
export interface JudgedCase {
  readonly file: string
  /** Seconds after the labelled minute's beginning; undefined: not opened within it. */
  readonly opened_s: number | undefined
  /** The same for the first critical one. */
  readonly critical_s: number | undefined
  /** An incident that had been opened in an earlier minute was still open, or came back. */
  readonly continued: boolean
  /** The cause in the minute's last change is one of the labelled ones. */
  readonly exact: boolean
  /** The same of the change that opened it. */
  readonly exact_at_once: boolean
  readonly cause: Readonly<Record<string, string>> | undefined
  /** What was stated of that cause, 0…1. */
  readonly confidence: number
  readonly causes: Label['causes']
  readonly quiet_minutes: number
  /** Minutes before the labelled one in which an incident was opened: of any severity, and critical. */
  readonly false_opened: readonly number[]
  readonly false_critical: readonly number[]
  readonly false_causes: readonly string[]
}

const MINUTE_S = 60

export const keyOf = (cause: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(cause).sort(([a], [b]) => (a < b ? -1 : 1)))

export function judgedOf(
  { file, at, causes }: Label,
  history: History,
  changes: readonly JudgedChange[],
): JudgedCase {
  const quiet = history.minutes.filter(({ start_s }) => start_s < at).length
  const within = changes.filter((change) => change.at > at && change.at <= at + MINUTE_S)
  const before = changes.filter((change) => change.at <= at)
  const opened = within.find(({ change }) => change === 'opened' || change === 'reopened')
  const critical = within.find(({ change, severity }) => change !== 'resolved' && severity === 'critical')
  const last = within.filter(({ change }) => change !== 'resolved').at(-1)
  const wanted = causes.map(keyOf)
  const minute = (entry: JudgedChange) => Math.ceil((entry.at - at) / MINUTE_S) - 1
  const wrong = before.filter(({ change }) => change === 'opened')
  const wrongCritical = before.filter(
    (entry, index) =>
      entry.severity === 'critical' &&
      (entry.change === 'opened' ||
        (entry.change === 'updated' && before[index - 1]?.severity !== 'critical')),
  )
  return {
    file,
    opened_s: opened && opened.at - at,
    critical_s: critical && critical.at - at,
    continued: opened === undefined && last !== undefined,
    exact: last !== undefined && wanted.includes(keyOf(last.cause)),
    exact_at_once: opened !== undefined && wanted.includes(keyOf(opened.cause)),
    cause: last?.cause,
    confidence: last?.confidence ?? 0,
    causes,
    quiet_minutes: quiet,
    false_opened: wrong.map(minute),
    false_critical: wrongCritical.map(minute),
    false_causes: wrong.map(({ severity, summary }) => `${severity} ${summary}`),
  }
}

const percent = (part: number, whole: number): number => Math.round((1000 * part) / Math.max(1, whole)) / 10
const quantile = (values: readonly number[], q: number): number | null => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!
}

/** The figures of many cases: shares in per cent, rates per 100 quiet minutes. */
export function summaryOf(cases: readonly JudgedCase[]) {
  const opened = cases.filter(({ opened_s }) => opened_s !== undefined)
  const critical = cases.filter(({ critical_s }) => critical_s !== undefined)
  const quiet = cases.reduce((sum, { quiet_minutes }) => sum + quiet_minutes, 0)
  const sum = (pick: (entry: JudgedCase) => number) => cases.reduce((all, entry) => all + pick(entry), 0)
  const seconds = opened.map(({ opened_s }) => opened_s!)
  return {
    cases: cases.length,
    opened: percent(opened.length, cases.length),
    continued: percent(cases.filter(({ continued }) => continued).length, cases.length),
    critical: percent(critical.length, cases.length),
    median_s: quantile(seconds, 0.5),
    p95_s: quantile(seconds, 0.95),
    exact_of_opened: percent(opened.filter(({ exact }) => exact).length, opened.length),
    exact_at_once_of_opened: percent(
      opened.filter(({ exact_at_once }) => exact_at_once).length,
      opened.length,
    ),
    quiet_minutes: quiet,
    opened_per_100_quiet: percent(
      sum(({ false_opened }) => false_opened.length),
      quiet,
    ),
    critical_per_100_quiet: percent(
      sum(({ false_critical }) => false_critical.length),
      quiet,
    ),
  }
}
