import { RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
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
  const builder = board('show', {
    about: 'The whole event: its audience, its link from encoder to interaction, its apps and streams.',
    refresh: '5s',
  })
    .withPanel(metricStat('concurrent_plays', { span: 3 }))
    .withPanel(metricStat('rebuffering_ratio', { span: 3 }))
    .withPanel(metricStat('video_startup_time', { span: 3 }))
    .withPanel(metricStat('video_start_failure', { span: 3 }))
    .withPanel(metricStat('live_latency', { span: 3 }))
    .withPanel(metricStat('interaction_success', { span: 3, title: 'Interactions' }))
    .withPanel(metricStat('completeness', { span: 3, title: 'Complete' }))
    .withPanel(openIncidents({ span: 3 }))
    .withPanel(metricLines('concurrent_plays', { by: 'stream', span: 12 }))
    .withPanel(metricLines('rebuffering_ratio', { by: 'stream', span: 12 }))
    .withRow(new RowBuilder('The link, in the order of the data'))
  for (const name of LINK)
    builder.withPanel(metricLines(name, { span: name === 'interaction_success' ? 24 : 8, height: 6 }))
  builder
    .withRow(new RowBuilder('Experience: one number, and the parts it is made of'))
    .withPanel(metricStat('experience_score', { span: 4 }))
  for (const part of EXPERIENCE_PART_NAMES) builder.withPanel(metricStat(part, { span: 4 }))
  return builder
    .withPanel(metricLines('experience_score', { by: 'stream', span: 12, height: 6 }))
    .withPanel(
      metricRows(['experience_score'], {
        by: ['cdn', 'app'],
        title: 'Experience by CDN and app',
        span: 12,
        height: 6,
      }),
    )
    .withRow(new RowBuilder('Streams and apps'))
    .withPanel(
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
    )
    .withPanel(
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
    )
    .withRow(new RowBuilder('Incidents'))
    .withPanel(incidentTable({ span: 24, height: 7 }))
}
