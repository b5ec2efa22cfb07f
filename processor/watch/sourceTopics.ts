import type { Assignment, Log } from '../../log/log.ts'
import type { Kind } from '../../schemas/kinds/kinds.ts'
import { MEASURED_KINDS } from '../../schemas/measuredKinds.ts'
import { topicOf } from '../../schemas/topics.ts'

/** The topics that are judged, by name. */
export const kindOf: ReadonlyMap<string, Kind> = new Map(MEASURED_KINDS.map((kind) => [topicOf(kind), kind]))

/** The first offset appended at or after a time; the end if there is none. */
export async function offsetAt(
  log: Log,
  { topic, partition, end }: Assignment,
  time_ms: number,
): Promise<number> {
  for await (const { offset } of log.replay({ topic, partition, from: { time_ms } })) return offset
  return end
}
