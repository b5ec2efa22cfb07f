import { metricSql } from '../../schemas/sql.ts'
import type { Store } from '../../store/client.ts'
import { type Scope, scopeWhere } from './state.ts'

/** Playbacks of the last ten seconds by group; each kind of group adds up to the whole of its scope. */
export interface WatchingCounts {
  readonly streams: Readonly<Record<string, number>>
  readonly apps: Readonly<Record<string, number>>
  /** By operator, then CDN. */
  readonly cells: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** The window of the header's count: all counts of a page are over the same time. */
const WINDOW_MS = 10_000
const GROUPS_MOST = 2_000

/**
 * Rounds counts so that they add up to their rounded sum (largest remainder): a header of 3 stands over rows that make 3.
 * @param counts not below 0
 */
export function apportion(counts: readonly number[]): number[] {
  const whole = counts.map(Math.floor)
  const missing = Math.round(counts.reduce((sum, count) => sum + count, 0)) - whole.reduce((a, b) => a + b, 0)
  const order = counts
    .map((count, index) => [index, count - Math.floor(count)] as const)
    .sort(([, a], [, b]) => b - a)
  for (const [index] of order.slice(0, Math.max(0, missing))) whole[index]! += 1
  return whole
}

type Row = { stream: string; app: string; isp: string; cdn: string; kind: number; watching: number }

/**
 * Who watches now by stream, app and operator × CDN, over the same ten seconds as the header's count. Streams are of the whole
 * show (or app), apps of the whole stream.
 */
export async function readWatching(
  store: Store,
  subject: Omit<Scope, 'from_ms' | 'to_ms'>,
  at_ms: number,
): Promise<WatchingCounts> {
  const range = { from_ms: at_ms - WINDOW_MS, to_ms: at_ms }
  const expression = metricSql('concurrent_plays', { over: 'raw', window_ms: WINDOW_MS })
  const ask = (scope: typeof subject) => {
    const { sql, params } = scopeWhere({ ...scope, ...range }, 'heartbeat')
    return store.query<Row>(
      `SELECT toString(stream) AS stream, toString(app) AS app, toString(isp) AS isp, toString(cdn) AS cdn, toUInt32(grouping(stream, app, isp)) AS kind, ${expression} AS watching FROM heartbeat WHERE ${sql} AND NOT synthetic GROUP BY GROUPING SETS ((stream), (app), (isp, cdn)) ORDER BY watching DESC LIMIT ${GROUPS_MOST}`,
      { params },
    )
  }
  const { tenant, show, stream } = subject
  const all = await ask(subject)
  const filtered = stream !== undefined || subject.app !== undefined
  const [ofShow, ofStream] = filtered
    ? await Promise.all([ask({ tenant, show }), ask({ tenant, show, stream })])
    : [all, all]
  // grouping() has a bit for each column that the row's set leaves out: stream, app, operator from the left.
  const of = (rows: readonly Row[], kind: number) => {
    const those = rows.filter((row) => Number(row.kind) === kind)
    const counts = apportion(those.map(({ watching }) => Number(watching)))
    return those.map((row, index) => ({ ...row, watching: counts[index]! }))
  }
  const cells: Record<string, Record<string, number>> = {}
  for (const { isp, cdn, watching } of of(all, 6)) cells[isp] = { ...cells[isp], [cdn]: watching }
  return {
    streams: Object.fromEntries(of(ofShow, 3).map((row) => [row.stream, row.watching])),
    apps: Object.fromEntries(of(ofStream, 5).map((row) => [row.app, row.watching])),
    cells,
  }
}
