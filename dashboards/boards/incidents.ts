import { board } from '../board.ts'
import { describe } from '../panels/describe.ts'
import { incidentTable, openIncidents } from '../panels/incidents.ts'
import { WHOLE } from '../panels/look.ts'
import { linesPanel, metricLines, statPanel, tablePanel } from '../panels/panels.ts'
import {
  FOUND_AFTER,
  INCIDENT_COST,
  INCIDENTS_BY_HOP,
  INCIDENTS_OVER_TIME,
  LASTED,
} from '../sql/incidentQueries.ts'

const stated = (text: string) => describe(text, 'incident', 'incident FINAL')

/** What went wrong, how soon it was found, and what it cost. */
export function incidents() {
  return board(
    'incidents',
    {
      about:
        'What went wrong, where on the link, how soon it was found, and what it cost in viewer minutes lost.',
      filters: ['stream'],
      from: 'now-6h',
    },
    [
      openIncidents({ span: 4 }),
      statPanel({
        title: 'Viewer minutes lost',
        description: stated(
          'Viewers × how much each of them lost × minutes, added up while each incident lasted (docs/data/tables.md#incident).',
        ),
        sql: INCIDENT_COST,
        span: 5,
      }).decimals(0),
      statPanel({
        title: 'Found after',
        description: stated('Mean time from the first affected beacon until the incident was opened.'),
        sql: FOUND_AFTER,
        unit: 'ms',
        span: 5,
      }),
      statPanel({
        title: 'Lasted',
        description: stated('Mean time from the first affected beacon until it was over.'),
        sql: LASTED,
        unit: 'ms',
        span: 5,
      }),
      tablePanel({
        title: 'Where on the link',
        description: stated('Incidents and their cost by hop.'),
        sql: INCIDENTS_BY_HOP,
        span: 5,
        height: 11,
        columns: { minutes_lost: { unit: WHOLE } },
      }),
      linesPanel({
        title: 'Incidents over time',
        description: stated('Incidents by the minute in which they began.'),
        sql: INCIDENTS_OVER_TIME,
        bars: true,
        colors: { Critical: 'red', Warning: 'orange' },
        span: 9,
      }),
      metricLines('rebuffering_ratio', { by: 'stream', span: 10, filters: ['stream'] }),
      incidentTable({ span: 24, height: 9 }),
    ],
  )
}
