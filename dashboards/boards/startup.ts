import { metricOf } from '../../schemas/metrics.ts'
import { board } from '../board.ts'
import { describe } from '../panels/describe.ts'
import { thresholdsOf } from '../panels/look.ts'
import {
  barsPanel,
  dashedThresholds,
  linesPanel,
  metricLines,
  metricRows,
  metricStat,
  statPanel,
  tablePanel,
} from '../panels/panels.ts'
import {
  ATTEMPTS,
  ERRORS,
  FIRST_SCREEN_QUANTILES,
  OUTCOMES,
  PHASES_OVER_TIME,
  waterfall,
} from '../sql/startupQueries.ts'

const stated = (text: string) => describe(text, 'received_time', 'startup_10s')
const PHASES =
  'Mean time of each phase from the request to play until the first frame (docs/data/tables.md#startup).'

/** From the touch to the first frame: how long, where the time goes, and who never got there. */
export function startup() {
  return board(
    'startup',
    {
      about: 'From the touch to the first frame: how long, in which phase, and who never got there.',
    },
    [
      statPanel({ title: 'Attempts', description: stated('Attempts to start.'), sql: ATTEMPTS, span: 4 }),
      metricStat('video_startup_time', { span: 5 }),
      metricStat('video_startup_time_p95', { span: 5 }),
      metricStat('video_start_failure', { span: 5 }),
      metricStat('exit_before_video_start', { span: 5 }),
      barsPanel({
        title: 'Where the time goes, by CDN',
        description: stated(PHASES),
        sql: waterfall('cdn'),
        by: 'cdn',
        stacked: true,
        unit: 'ms',
        span: 12,
      }),
      barsPanel({
        title: 'Where the time goes, by app',
        description: stated(PHASES),
        sql: waterfall('app'),
        by: 'app',
        stacked: true,
        unit: 'ms',
        span: 12,
      }),
      linesPanel({
        title: 'Phases over time',
        description: stated(PHASES),
        sql: PHASES_OVER_TIME,
        stacked: true,
        unit: 'ms',
        span: 12,
      }).interval('1m'),
      linesPanel({
        title: 'First screen',
        description: stated('Mean and 95th percentile (within 2 %) of the first-screen time.'),
        sql: FIRST_SCREEN_QUANTILES,
        unit: 'ms',
        span: 12,
      })
        .interval('1m')
        .axisSoftMin(0)
        .thresholds(thresholdsOf(metricOf('video_startup_time')))
        .thresholdsStyle(dashedThresholds()),
      linesPanel({
        title: 'How attempts ended',
        description: stated('Attempts by their outcome.'),
        sql: OUTCOMES,
        stacked: true,
        colors: { Failed: 'red' },
        span: 12,
      }).interval('1m'),
      metricLines('video_start_failure', { by: 'cdn', span: 12 }),
      'Before the picture: container, component, licence',
      metricLines('container_load', { by: 'app', span: 8 }),
      metricLines('component_load', { by: 'app', span: 8 }),
      metricLines('resource_cache_hits', { by: 'app', span: 8 }),
      metricLines('licence_time', { by: 'cdn', span: 8 }),
      metricLines('drm_failure', { by: 'app', span: 8 }),
      metricRows(['component_load', 'container_load', 'resource_cache_hits', 'video_startup_time'], {
        by: ['component', 'component_version', 'container'],
        title: 'Components by version and container',
        span: 8,
      }),
      'For whom',
      metricRows(
        ['video_startup_time', 'video_startup_time_p95', 'video_start_failure', 'exit_before_video_start'],
        { by: ['isp', 'cdn'], title: 'Network operator × CDN', span: 12, limit: 60 },
      ),
      metricRows(
        ['video_startup_time', 'video_startup_time_p95', 'video_start_failure', 'exit_before_video_start'],
        { by: ['region'], title: 'Regions', span: 12, limit: 60 },
      ),
      tablePanel({
        title: 'Errors of the last hour',
        description: describe(
          'Failed attempts by error.',
          'received_time',
          'startup (raw rows of failures, at most an hour)',
        ),
        sql: ERRORS,
        span: 24,
        height: 6,
      }),
    ],
  )
}
