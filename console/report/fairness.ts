import type { Rows } from './ask.ts'
import type { LateBecause, ShownRound } from './data.ts'

/** When an app showed a round, mean of its sessions. */
interface Shown {
  readonly round: string
  readonly app: string
  readonly since_ms: number
  /** Page after frame, ms. */
  readonly skew_ms: number
  /** How far its sessions' clocks may be off, ms. */
  readonly clock_error_ms: number
}

const MOST_ROUNDS = 200

/** Why an app is behind the first one: what explains most of it. */
function because(last: Shown, first: Shown): LateBecause {
  const behind_ms = last.since_ms - first.since_ms
  if (last.clock_error_ms + first.clock_error_ms >= behind_ms) return 'clocks'
  return last.skew_ms - first.skew_ms > behind_ms / 2 ? 'page' : 'picture'
}

/** Compares the apps by round; rounds that one app showed say nothing about fairness. */
export function fairnessOf(shown: readonly Shown[]): ShownRound[] {
  const rounds = new Map<string, Shown[]>()
  for (const each of shown) rounds.set(each.round, [...(rounds.get(each.round) ?? []), each])
  return [...rounds].flatMap(([round, apps]) => {
    if (apps.length < 2) return []
    const sorted = apps.sort((a, b) => a.since_ms - b.since_ms)
    const [first, last] = [sorted[0]!, sorted.at(-1)!]
    return {
      round,
      first_ms: first.since_ms,
      spread_ms: last.since_ms - first.since_ms,
      last: last.app,
      because: because(last, first),
      offsets: sorted.map(({ app, since_ms }) => ({ app, wait_ms: last.since_ms - since_ms })),
    }
  })
}

/** The rounds in which an app was latest behind the first come first; others in their order. */
export const widestFirst = (shown: readonly ShownRound[]): ShownRound[] =>
  [...shown].sort((a, b) => b.spread_ms - a.spread_ms)

/** Reads when each app showed each round. @param where the condition on tenant, show and event time, without synthetic viewers */
export async function readShown(
  rows: Rows,
  where: string,
  params: Record<string, string>,
): Promise<ShownRound[]> {
  const shown = await rows<Shown>(
    `SELECT round, app, sum(weight * since_trigger_ms) / sum(weight) AS since_ms, ifNull(avg(skew_ms), 0) AS skew_ms, ifNull(avg(clock_error_ms), 0) AS clock_error_ms
     FROM cue WHERE ${where} AND stage = 'shown' AND app != '' AND isNotNull(since_trigger_ms) AND weight > 0
     GROUP BY round, app ORDER BY min(event_time), round LIMIT ${MOST_ROUNDS * 20}`,
    params,
  )
  return fairnessOf(shown).slice(0, MOST_ROUNDS)
}
