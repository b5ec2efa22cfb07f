import { EXPERIENCE_PART_NAMES } from '../../schemas/metrics/experience.ts'
import type { Metric } from '../../schemas/metrics.ts'
import { board } from '../board.ts'
import { incidentTable, openIncidents } from '../panels/incidents.ts'
import { metricLines, metricRows, metricStat } from '../panels/panels.ts'

/** One metric a hop, in the order of the data: a cause is seen left of its effect. */
const LINK: readonly Metric[] = [
  'encoder_fps',
  'ingest_bitrate',
  'transcode_speed',
  'origin_ttfb',
  'edge_ttfb',
  'rebuffering_ratio',
  'interaction_success',
]

/** The whole event: is it all right; if not, where, for whom, since when. */
export function show() {
  return board(
    'show',
    {
      about: 'The whole event: its audience, its link from encoder to interaction, its apps and streams.',
      refresh: '5s',
    },
    [
      metricStat('concurrent_plays', { span: 3 }),
      metricStat('rebuffering_ratio', { span: 3 }),
      metricStat('video_startup_time', { span: 3 }),
      metricStat('video_start_failure', { span: 3 }),
      metricStat('live_latency', { span: 3 }),
      metricStat('interaction_success', { span: 3, title: 'Interactions' }),
      metricStat('completeness', { span: 3, title: 'Complete' }),
      openIncidents({ span: 3 }),
      metricLines('concurrent_plays', { by: 'stream', span: 12 }),
      metricLines('rebuffering_ratio', { by: 'stream', span: 12 }),
      'The link, in the order of the data',
      ...LINK.map((name) => metricLines(name, { span: name === 'interaction_success' ? 24 : 8, height: 6 })),
      'Experience: one number, and the parts it is made of',
      metricStat('experience_score', { span: 4 }),
      ...EXPERIENCE_PART_NAMES.map((part) => metricStat(part, { span: 4 })),
      metricLines('experience_score', { by: 'stream', span: 12, height: 6 }),
      metricRows(['experience_score'], {
        by: ['cdn', 'app'],
        title: 'Experience by CDN and app',
        span: 12,
        height: 6,
      }),
      'Streams and apps',
      metricRows(
        [
          'concurrent_plays',
          'rebuffering_ratio',
          'live_latency',
          'bitrate',
          'dropped_frames',
          'playback_failure',
        ],
        { by: ['stream'], links: { stream: 'stream' }, title: 'Streams', span: 13, height: 6 },
      ),
      metricRows(
        ['concurrent_plays', 'rebuffering_ratio', 'live_latency', 'bitrate', 'media_request_failure'],
        {
          by: ['app'],
          title: 'Apps',
          links: { app: 'stream' },
          span: 11,
          height: 6,
        },
      ),
      'Incidents',
      incidentTable({ span: 24, height: 7 }),
    ],
  )
}
