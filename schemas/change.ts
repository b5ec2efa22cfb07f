import { DIMENSION_NAMES, type Dimension } from './dimensions.ts'
import type { Term } from './words.ts'

/** What somebody changed (an event of the kind `change`), with the scope its context named. */
export interface Change {
  readonly at_ms: number
  readonly changed: string
  readonly version: string
  readonly detail: string
  readonly by: string
  /** Dimension values it was for: show, stream, app, CDN, …; without one it was for all of them. */
  readonly scope: Readonly<Record<string, string>>
}

/** A change is a possible cause of what begins within this time after it. */
export const CHANGE_CAUSE_MS = 15 * 60_000
/** An incident names so many of them at most, the latest first. */
export const CHANGES_MOST = 3

/** Dimensions that say for whom a change was made. */
export const SCOPES: readonly Dimension[] = DIMENSION_NAMES.filter(
  (name) => !['tenant', 'session', 'viewer', 'source'].includes(name),
)

/**
 * What was changed before an incident began and could have caused it: in its show, and not for somebody else than it strikes.
 * @param streams where the incident is felt; empty: not known
 */
export function changesBefore(
  changes: readonly Change[],
  { began_ms, cause, streams }: Struck,
): readonly Change[] {
  const fits = ({ at_ms, scope: { show, stream, ...rest } }: Change): boolean =>
    at_ms <= began_ms &&
    at_ms > began_ms - CHANGE_CAUSE_MS &&
    (streams.length === 0 ||
      streams.some((each) => (!show || each.show === show) && (!stream || each.stream === stream))) &&
    Object.entries(rest).every(([name, value]) => cause[name] === undefined || cause[name] === value)
  return changes
    .filter(fits)
    .sort((a, b) => b.at_ms - a.at_ms)
    .slice(0, CHANGES_MOST)
}

interface Struck {
  readonly began_ms: number
  readonly cause: Readonly<Record<string, string>>
  readonly streams: readonly { readonly show: string; readonly stream: string }[]
}

/** What was changed, in a few words: `config 4.2: gop 2 s (app=shop), by ci`. */
export function changeText({ changed, version, detail, by, scope }: Change): string {
  const { show: _show, stream: _stream, ...rest } = scope
  const places = Object.entries(rest).map(([name, value]) => `${name}=${value}`)
  const where = places.length === 0 ? '' : ` (${places.join(', ')})`
  return `${changed}${version && ` ${version}`}${detail && `: ${detail}`}${where}${by && `, ${by}`}`
}

/** How long before an incident it was changed: `2 min before`. */
export function timeBefore(change: Change, began_ms: number): Term {
  const seconds = Math.max(0, Math.round((began_ms - change.at_ms) / 1000))
  const minutes = Math.round(seconds / 60)
  return seconds < 90
    ? { en: `${seconds} s before`, zh: `${seconds} 秒前` }
    : { en: `${minutes} min before`, zh: `${minutes} 分钟前` }
}
