import type { Incident } from '../../../schemas/incident.ts'

/** One entry of the compacted topic `incident_state`; `null` removes the key. */
export interface StateEntry {
  readonly key: string
  readonly value: string | null
}

/** Incidents, as receivers get them; and the streams' own, of which they are made. */
export const INCIDENT_PREFIX = 'incident/'
export const PART_PREFIX = 'part/'
/** When a show was paged within the last hour. */
export const PAGES_PREFIX = 'pages/'

/** An incident as an entry of the compacted topic. */
export const incidentEntry = (incident: Incident): StateEntry => ({
  key: `${INCIDENT_PREFIX}${incident.id}`,
  value: JSON.stringify(incident),
})

/** A stream’s part of an incident as an entry of the compacted topic. */
export const partEntry = (part: Incident): StateEntry => ({
  key: `${PART_PREFIX}${part.id}`,
  value: JSON.stringify(part),
})
