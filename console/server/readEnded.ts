import { metricSql } from '../../schemas/sql.ts'
import type { Store } from '../../store/client.ts'
import type { EndedView } from '../api.ts'

/** A show that reported nothing for so long, without an incident, is over. */
export const ENDED_MS = 60_000
/** Shows that ended within this time stay on the list. */
const LISTED_MS = 86_400_000

type Row = { show: string; last_s: number; peak: number }

/**
 * The shows of a tenant that reported within a day: when each was heard last, and its peak (most viewers at once in one minute).
 * @param show only this one
 */
export async function readLast(
  store: Store,
  { tenant, show, now_ms }: { readonly tenant: string; readonly show?: string; readonly now_ms: number },
): Promise<Record<string, EndedView>> {
  const plays = metricSql('concurrent_plays', { over: 'rollup', window_ms: 10_000 })
  const where = `tenant = {tenant:String} AND show != ''${show === undefined ? '' : ' AND show = {show:String}'} AND time >= fromUnixTimestamp64Milli({from_ms:Int64}) AND time < fromUnixTimestamp64Milli({to_ms:Int64})`
  const rows = await store.query<Row>(
    `SELECT show, max(last) AS last_s, max(watching) AS peak FROM (
       SELECT show, toUnixTimestamp(time) AS step, toUnixTimestamp(max(time)) AS last, ${plays} AS watching FROM heartbeat_stream_10s WHERE ${where} AND NOT synthetic GROUP BY show, step
       UNION ALL SELECT show, 0 AS step, toUnixTimestamp(max(time)) AS last, 0 AS watching FROM hop_10s WHERE ${where} GROUP BY show
     ) GROUP BY show ORDER BY last_s DESC LIMIT 200`,
    { params: { tenant, show, from_ms: Math.floor(now_ms - LISTED_MS), to_ms: Math.floor(now_ms) } },
  )
  return Object.fromEntries(
    rows.map((row) => [
      row.show,
      { at_ms: Math.min(now_ms, Number(row.last_s) * 1000 + 10_000), peak: Math.round(Number(row.peak)) },
    ]),
  )
}
