import { changeText, SCOPES } from '../../schemas/change.ts'
import type { Store } from '../../store/client.ts'
import type { Snapshot } from '../api.ts'
import type { Scope } from './state.ts'

/** Marks on one axis; a pipeline that floods draws no more. */
const MOST = 50

/** What was changed for a show, or for all shows, in a stretch of time: the latest 50. */
export async function readChanges(
  store: Store,
  { tenant, show, from_ms, to_ms }: Pick<Scope, 'tenant' | 'show' | 'from_ms' | 'to_ms'>,
): Promise<Snapshot['changes']> {
  const rows = await store.query<Record<string, string> & { at_ms: number }>(
    `SELECT toFloat64(toUnixTimestamp64Milli(event_time)) AS at_ms, changed, version, detail, by, ${SCOPES.join(', ')} FROM change WHERE tenant = {tenant:String} AND show IN ('', {show:String}) AND event_time >= fromUnixTimestamp64Milli({from_ms:Int64}) AND event_time < fromUnixTimestamp64Milli({to_ms:Int64}) ORDER BY event_time DESC LIMIT ${MOST}`,
    { params: { tenant, show, from_ms: Math.floor(from_ms), to_ms: Math.floor(to_ms) } },
  )
  return Object.fromEntries(
    rows.map(({ at_ms, changed = '', version = '', detail = '', by = '', ...rest }, index) => {
      const scope = Object.fromEntries(SCOPES.flatMap((name) => (rest[name] ? [[name, rest[name]]] : [])))
      const label = changeText({ at_ms, changed, version, detail, by, scope })
      return [`${at_ms}-${index}`, { at_ms: Number(at_ms), label }]
    }),
  )
}
