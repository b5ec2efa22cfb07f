import { board } from '../board.ts'
import { describe, describeMetrics } from '../panels/describe.ts'
import { WHOLE } from '../panels/look.ts'
import { linesPanel, metricLines, metricRows, statPanel, tablePanel } from '../panels/panels.ts'
import {
  BY_APP,
  BY_CODEC,
  BYTES,
  BYTES_OVER_TIME,
  BYTES_SAVED,
  COST,
  REACH,
  SESSIONS,
  VIEWERS,
  WATCH_HOURS,
} from '../sql/audienceQueries.ts'

const stated = (text: string) => describe(text, 'event_time', 'audience_5m')

/** Who watched, how long, at what cost, and what better codecs and peers saved. */
export function audience() {
  return board(
    'audience',
    {
      about: 'Who watched and how long; what was delivered, what it costs, and what codecs and peers saved.',
      filters: ['stream', 'app'],
      texts: { price_per_gb: '0.02' },
      refresh: '1m',
      from: 'now-3h',
    },
    [
      statPanel({
        title: 'Viewers',
        description: stated('Distinct viewers (within 1 %).'),
        sql: VIEWERS,
        span: 4,
      }),
      statPanel({
        title: 'Sessions',
        description: stated('Distinct sessions (within 1 %).'),
        sql: SESSIONS,
        span: 4,
      }),
      statPanel({
        title: 'Watch time',
        description: stated('Time played.'),
        sql: WATCH_HOURS,
        unit: 'suffix: h',
        span: 4,
      }),
      statPanel({
        title: 'Delivered',
        description: stated('Media bytes received by players.'),
        sql: BYTES,
        unit: 'decbytes',
        span: 4,
      }),
      statPanel({
        title: 'Saved by codecs',
        description: describeMetrics(['bandwidth_saved'], 'audience_5m'),
        sql: BYTES_SAVED,
        unit: 'decbytes',
        span: 4,
      }),
      statPanel({
        title: 'Cost of delivery',
        description: stated('Delivered gigabytes × the price in the text box above.'),
        sql: COST,
        span: 4,
      }),
      metricLines('concurrent_plays', { by: 'app', span: 12, filters: ['stream', 'app'] }),
      linesPanel({
        title: 'Distinct viewers by app',
        description: stated('Distinct viewers of each interval: not to be added up over time.'),
        sql: REACH,
        by: 'app',
        span: 12,
      })
        .interval('5m')
        .axisSoftMin(0),
      tablePanel({
        title: 'Codecs',
        description: describeMetrics(['bandwidth_saved', 'bitrate'], 'audience_5m'),
        sql: BY_CODEC,
        span: 12,
        columns: {
          bitrate: { unit: 'Kbits' },
          delivered: { unit: 'decbytes' },
          would_have_been: { unit: 'decbytes' },
          saved: { metric: 'bandwidth_saved' },
        },
      }),
      tablePanel({
        title: 'Apps',
        description: describeMetrics(['stalled_viewers', 'concurrent_plays'], 'audience_5m'),
        sql: BY_APP,
        span: 12,
        columns: { stalled: { metric: 'stalled_viewers' }, average_audience: { unit: WHOLE } },
      }),
      linesPanel({
        title: 'Bytes by codec',
        description: stated('Media bytes received in each interval.'),
        sql: BYTES_OVER_TIME,
        by: 'codec',
        stacked: true,
        unit: 'decbytes',
        span: 12,
      }).interval('5m'),
      metricLines('bitrate', { by: 'app', span: 12, filters: ['stream', 'app'] }),
      metricLines('peers', { by: 'cdn', span: 12 }),
      metricRows(['concurrent_plays', 'rebuffering_ratio', 'rebuffering_frequency', 'p2p_share', 'peers'], {
        by: ['delivery'],
        title: 'Stalls by delivery: CDN and peers',
        span: 12,
      }),
      metricRows(['concurrent_plays', 'bitrate', 'p2p_share'], {
        by: ['region'],
        title: 'Regions',
        span: 12,
        filters: ['stream', 'app'],
      }),
      metricLines('p2p_share', { by: 'app', span: 6, height: 8, filters: ['stream', 'app'] }),
      metricLines('bandwidth_saved', { by: 'app', span: 6, height: 8, filters: ['stream', 'app'] }),
    ],
  )
}
