import { INCIDENT_ROWS, OPEN_INCIDENTS } from '../sql/incidentQueries.ts'
import { describe } from './describe.ts'
import { noneIsGood, WHOLE } from './look.ts'
import { type Place, statPanel, tablePanel } from './panels.ts'

/** A panel: how many incidents are open. */
export const openIncidents = (place: Place) =>
  statPanel({
    ...place,
    title: 'Open incidents',
    description: describe('Incidents that are not over.', 'incident', 'incident FINAL'),
    sql: OPEN_INCIDENTS,
  }).thresholds(noneIsGood())

/** A panel: incidents of the time that is shown, with links to their pages. */
export const incidentTable = (place: Place) =>
  tablePanel({
    ...place,
    title: 'Incidents',
    description: describe(
      'One row an incident: what, where on the link, for whom, how sure, how soon it was found and what it cost in viewer minutes lost.',
      'incident',
      'incident FINAL',
    ),
    sql: INCIDENT_ROWS,
    columns: {
      stream: { leadsTo: 'stream' },
      began: { width: 160 },
      state: { colors: { open: 'red', resolved: 'green' } },
      severity: { colors: { critical: 'red', warning: 'orange' } },
      what: { width: 460 },
      id: { inConsole: 'incident' },
      found_after: { unit: 's' },
      lasted: { unit: 's' },
      confidence: { unit: 'percentunit' },
      viewers: { unit: WHOLE },
      minutes_lost: { unit: WHOLE },
    },
  })
