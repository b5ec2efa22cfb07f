import type { IncidentView } from '../../schemas/incident.ts'
import type { Store } from '../../store/client.ts'
import type { Frame } from '../api.ts'

/** How far before and after an incident a picture still says something. */
const AROUND_MS = 120_000
/** Targets of which pictures are shown. */
const MOST_TARGETS = 4

/**
 * What browser probes saw just before an incident, in it and after it: by target, the newest picture before its beginning, the
 * first in it that was not healthy (else the first), and the first after its end.
 */
export async function readFrames(store: Store, incident: IncidentView): Promise<Frame[]> {
  const { tenant, show, stream, began_ms, state, resolved_ms } = incident
  const open = state === 'open'
  const until_ms = open ? began_ms + 86_400_000 : resolved_ms
  const at = 'toUnixTimestamp64Milli(received_time)'
  const frames = await store.query<Frame>(
    `SELECT target, if(${at} < {began:Int64}, 'before', if(${at} < {until:Int64}, 'in', 'after')) AS part,
  if(part = 'before', argMax(${at}, received_time), argMin(${at}, (verdict = 'healthy' AND part = 'in', received_time))) AS at_ms,
  if(part = 'before', argMax(frame, received_time), argMin(frame, (verdict = 'healthy' AND part = 'in', received_time))) AS jpeg,
  if(part = 'before', argMax(reason, received_time), argMin(reason, (verdict = 'healthy' AND part = 'in', received_time))) AS reason
FROM probe WHERE tenant = {tenant:String} AND show = {show:String} AND ({stream:String} = '' OR stream = '' OR stream = {stream:String})
  AND received_time >= fromUnixTimestamp64Milli({from:Int64}) AND received_time < fromUnixTimestamp64Milli({to:Int64}) AND frame != ''
GROUP BY target, part ORDER BY target, at_ms LIMIT ${3 * MOST_TARGETS}`,
    {
      params: {
        ...{ tenant, show, stream, began: Math.floor(began_ms), until: Math.floor(until_ms) },
        ...{ from: Math.floor(began_ms - AROUND_MS), to: Math.floor(until_ms + AROUND_MS) },
      },
    },
  )
  return frames.map((frame) => ({ ...frame, at_ms: Number(frame.at_ms) }))
}
