import { board } from '../board.ts'
import { describe } from '../panels/describe.ts'
import { linesPanel, metricLines, metricStat, statesPanel, statPanel, tablePanel } from '../panels/panels.ts'
import {
  CHECKS,
  PROBE_FRESHNESS,
  PROBE_REASONS,
  PROBE_STARTUP,
  TARGETS,
  VERDICTS,
} from '../sql/probeQueries.ts'

const stated = (text: string) => describe(text, 'received_time', 'probe_10s')

/** Synthetic playback checks: what a machine sees that asks for the stream like a viewer. */
export function probes() {
  return board(
    'probes',
    {
      about:
        'Synthetic playback checks of every target from every place: they see a broken stream even when nobody watches.',
      filters: ['stream'],
    },
    [
      statPanel({ title: 'Checks', description: stated('Checks made.'), sql: CHECKS, span: 6 }),
      metricStat('probe_failure', { span: 6, filters: ['stream'] }),
      metricLines('probe_failure', { by: 'region', span: 12, height: 4, filters: ['stream'] }),
      statesPanel({
        title: 'Verdicts',
        description: stated('The worst verdict of all places, by target.'),
        sql: VERDICTS,
        by: 'target',
        words: {
          0: { text: 'healthy', color: 'green' },
          1: { text: 'degraded', color: 'orange' },
          2: { text: 'failed', color: 'red' },
        },
        span: 24,
      }),
      linesPanel({
        title: 'What a viewer would have waited',
        description: stated('Mean time until the first key frame was parsed (docs/data/tables.md#probe).'),
        sql: PROBE_STARTUP,
        by: 'target',
        unit: 'ms',
        span: 12,
      }).axisSoftMin(0),
      linesPanel({
        title: 'Age of the live edge',
        description: stated('Mean age of the newest media.'),
        sql: PROBE_FRESHNESS,
        by: 'target',
        unit: 'ms',
        span: 12,
      }).axisSoftMin(0),
      tablePanel({
        title: 'Targets and places',
        description: stated('Checks that failed ÷ checks, start-up and age of the live edge.'),
        sql: TARGETS,
        span: 12,
        height: 9,
        columns: { failing: { metric: 'probe_failure' }, startup: { unit: 'ms' }, freshness: { unit: 'ms' } },
      }),
      tablePanel({
        title: 'Reasons',
        description: stated('Why checks were not healthy, by the probe’s reasons.'),
        sql: PROBE_REASONS,
        span: 12,
        height: 9,
      }),
    ],
  )
}
