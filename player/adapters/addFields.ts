import type { Kind, KindFields } from '../../schemas/kinds/kinds.ts'
import type { Session } from '../createMonitor.ts'

/**
 * Adds fields to every event of a kind before it is sent: a handler of `session.on` gets the event itself. What is undefined is
 * left out. Returns how to stop.
 */
export function addFields<K extends Kind>(
  session: Pick<Session, 'on'>,
  kind: K,
  fieldsOf: (event: KindFields<K>) => Partial<KindFields<K>>,
): () => void {
  return session.on((news) => {
    if (news.type !== 'event' || news.event.kind !== kind) return
    const event = news.event as unknown as KindFields<K>
    for (const [name, value] of Object.entries(fieldsOf(event)))
      if (value !== undefined) Object.assign(event, { [name]: value })
  })
}
