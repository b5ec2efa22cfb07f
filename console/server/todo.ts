import type { Metric } from '../../schemas/metrics.ts'
import { partOf } from '../../schemas/runbookParts.ts'
import type { Todo } from '../api.ts'
import { symptomsOf } from './health.ts'
import type { IncidentView } from './incidents.ts'

/** What is to be done about an incident, and by whom: what the runbook says. */
export function todoOf(incident: IncidentView): Todo | undefined {
  const { hop, metric, cause } = incident
  const part = partOf({ hop, metric: metric as Metric, cause, symptoms: symptomsOf(incident) })
  return part && { manual: part.manual, standby: part.standby, automatic: part.automatic, tell: part.tell }
}

export const withTodo = (incident: IncidentView): IncidentView => {
  const todo = todoOf(incident)
  return todo === undefined ? incident : { ...incident, todo }
}
