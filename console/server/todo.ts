import type { IncidentView, Todo } from '../../schemas/incident.ts'
import { partOf } from '../../schemas/runbookParts.ts'
import { runbookZh } from '../../schemas/runbookZh.ts'

/** What is to be done about an incident, and by whom: what the runbook says. */
export function todoOf(incident: IncidentView): Todo | undefined {
  const part = partOf({ ...incident, symptoms: incident.evidence.symptoms })
  return (
    part && {
      manual: part.manual,
      manual_zh: part.manual_zh,
      standby: part.standby,
      standby_zh: runbookZh(part.standby),
      automatic: part.automatic,
      automatic_zh: runbookZh(part.automatic),
      tell: part.tell,
      tell_zh: part.tell.map((sentence) => runbookZh(sentence) ?? sentence),
    }
  )
}

/** An incident with what to do about it, from its runbook. */
export const withTodo = (incident: IncidentView): IncidentView => {
  const todo = todoOf(incident)
  return todo === undefined ? incident : { ...incident, todo }
}
