import type { Metric } from '../../schemas/metrics.ts'
import { board } from '../board.ts'
import { describe } from '../panels/describe.ts'
import { incidentTable } from '../panels/incidents.ts'
import { metricLines, metricRows, metricStat, tablePanel } from '../panels/panels.ts'
import { WORST_SESSIONS } from '../sql/sessionQueries.ts'

const FELT: readonly Metric[] = [
  'concurrent_plays',
  'rebuffering_ratio',
  'rebuffering_frequency',
  'live_latency',
  'bitrate',
]

/** One stream: what its viewers feel, over time, by CDN, and for whom it is worst. */
export function stream() {
  return board(
    'stream',
    {
      about:
        'What the viewers of a stream feel, by CDN, network and region, down to the sessions it is worst for.',
    },
    [
      metricStat('concurrent_plays', { span: 4 }),
      metricStat('rebuffering_ratio', { span: 4 }),
      metricStat('rebuffering_frequency', { span: 4 }),
      metricStat('stalled_viewers', { span: 4 }),
      metricStat('live_latency_p95', { span: 4 }),
      metricStat('playback_failure', { span: 4 }),
      metricLines('concurrent_plays', { by: 'cdn', span: 8 }),
      metricLines('rebuffering_ratio', { by: 'cdn', span: 8 }),
      metricLines('rebuffering_frequency', { by: 'cdn', span: 8 }),
      metricLines('live_latency', { by: 'app', span: 8 }),
      metricLines('live_latency_p95', { span: 8 }),
      metricLines('bitrate', { by: 'cdn', span: 8 }),
      metricLines('dropped_frames', { by: 'app', span: 8 }),
      metricLines('buffer', { by: 'cdn', span: 8 }),
      metricLines('fast_playback', { by: 'app', span: 8 }),
      metricLines('slow_playback', { by: 'cdn', span: 8 }),
      metricLines('catch_up_gain', { by: 'app', span: 8 }),
      metricLines('media_request_failure', { by: 'cdn', span: 8 }),
      'For whom',
      metricRows(FELT, {
        by: ['isp', 'cdn'],
        title: 'Network operator × CDN',
        span: 12,
        limit: 60,
        height: 10,
      }),
      metricRows(FELT, { by: ['region'], title: 'Regions', span: 12, limit: 60, height: 10 }),
      metricRows(FELT, {
        by: ['container', 'player_version'],
        title: 'Containers and player versions',
        span: 12,
      }),
      metricRows(FELT, { by: ['component', 'component_version'], title: 'Components by version', span: 12 }),
      tablePanel({
        span: 24,
        title: 'Sessions it is worst for',
        description: describe(
          'Sessions with the longest stalls in the last five minutes of the board’s time; a click shows the session.',
          'received_time',
          'heartbeat (raw rows of five minutes)',
        ),
        sql: WORST_SESSIONS,
        columns: {
          session: { leadsTo: 'session', carrying: ['stream'], inConsole: 'session', width: 260 },
          stalled: { unit: 'ms' },
          stall_ratio: { metric: 'rebuffering_ratio' },
          latency: { metric: 'live_latency' },
          bitrate: { unit: 'Kbits' },
        },
      }),
      'Incidents',
      incidentTable({ span: 24, height: 6 }),
    ],
  )
}
