import { type Change, SCOPES } from '../../schemas/change.ts'
import type { Rows } from './ask.ts'

/** Marks on one axis; a pipeline that floods draws no more. */
const MOST = 50

/** What was changed for a show, or for all shows, in a stretch of time: the latest 50, in order. */
export async function readChanges(
  rows: Rows,
  { tenant, show, from_ms, to_ms }: { tenant: string; show: string; from_ms: number; to_ms: number },
): Promise<Change[]> {
  const found = await rows<Record<string, string> & { at_ms: number }>(
    `SELECT toFloat64(toUnixTimestamp64Milli(event_time)) AS at_ms, changed, version, detail, by, ${SCOPES.join(', ')} FROM change WHERE tenant = {tenant:String} AND show IN ('', {show:String}) AND event_time >= fromUnixTimestamp64Milli({from_ms:Int64}) AND event_time < fromUnixTimestamp64Milli({to_ms:Int64}) ORDER BY event_time DESC LIMIT ${MOST}`,
    { tenant, show, from_ms: String(Math.floor(from_ms)), to_ms: String(Math.floor(to_ms)) },
  )
  return found
    .map(({ at_ms, changed = '', version = '', detail = '', by = '', ...rest }) => ({
      at_ms: Number(at_ms),
      ...{ changed, version, detail, by },
      scope: Object.fromEntries(SCOPES.flatMap((name) => (rest[name] ? [[name, rest[name]]] : []))),
    }))
    .reverse()
}
