import { metricOf } from '../../schemas/metrics.ts'
import { board } from '../board.ts'
import { describe, describeMetrics } from '../panels/describe.ts'
import { thresholdsOf } from '../panels/look.ts'
import {
  dashedThresholds,
  linesPanel,
  metricLines,
  metricRows,
  metricStat,
  statPanel,
  tablePanel,
} from '../panels/panels.ts'
import {
  BY_ACTION,
  COHOST,
  CUE_BY_APP,
  LATENCY_SPREAD,
  LEVELS,
  PARTICIPANTS,
  ROUNDS,
} from '../sql/interactionQueries.ts'

/** What viewers do, whether it arrives, and whether every app has the same chance. */
export function interactions() {
  return board(
    'interactions',
    {
      about:
        'Likes, red packets, votes and draws: whether they arrive, how fast, and whether every app sees a round at the same moment.',
      filters: ['stream', 'app'],
      refresh: '5s',
    },
    [
      metricStat('interactions_per_minute', { span: 4 }),
      metricStat('interaction_success', { span: 4 }),
      metricStat('interaction_latency', { span: 4 }),
      metricStat('message_delivery', { span: 4 }),
      statPanel({
        title: 'Took part',
        description: describe(
          'Distinct viewers who interacted (within 1 %).',
          'received_time',
          'interaction_10s',
        ),
        sql: PARTICIPANTS,
        span: 4,
      }),
      metricStat('cue_production_latency', { span: 4 }),
      linesPanel({
        title: 'Interactions a minute by action',
        description: describeMetrics(['interactions_per_minute'], 'interaction_10s'),
        sql: BY_ACTION,
        by: 'action',
        unit: 'suffix: /min',
        stacked: true,
        span: 12,
      }),
      metricLines('api_latency', { by: 'node', span: 12 }),
      metricLines('api_errors', { by: 'node', span: 12 }),
      metricLines('interaction_success', { by: 'app', span: 12 }),
      metricLines('interaction_latency', { by: 'app', span: 12 }),
      metricLines('message_delivery', { by: 'channel', span: 12 }),
      metricLines('message_delay', { by: 'channel', span: 12 }),
      metricLines('message_queue', { by: 'topic', span: 8 }),
      metricLines('message_delay', { by: 'topic', title: 'Message delay by topic', span: 8 }),
      metricLines('prefetch_hits', { by: 'action', span: 8 }),
      metricLines('message_duplicates', { by: 'channel', span: 6 }),
      metricLines('message_disorder', { by: 'channel', span: 6 }),
      metricLines('interaction_rate', { by: 'app', span: 12 }),
      tablePanel({
        title: 'Rounds',
        description: describe(
          'One row a round: viewers who took part, what arrived and how fast.',
          'received_time',
          'interaction_10s',
        ),
        sql: ROUNDS,
        span: 12,
        columns: {
          success: { metric: 'interaction_success' },
          round_trip: { metric: 'interaction_latency' },
        },
      }),
      metricRows(['interactions_per_minute', 'interaction_success', 'interaction_latency'], {
        by: ['app', 'container'],
        title: 'Apps and containers',
        span: 12,
        filters: ['stream', 'app'],
      }),
      metricRows(['interactions_per_minute', 'interaction_success', 'interaction_latency'], {
        by: ['component', 'component_version'],
        title: 'Components by version',
        span: 12,
        filters: ['stream', 'app'],
      }),
      'Fairness: does every app see it at the same moment',
      metricLines('live_latency_spread', {
        by: 'app',
        title: 'Live latency by app',
        span: 8,
        filters: ['stream', 'app'],
      }),
      linesPanel({
        title: 'Between the first app and the last',
        description: describeMetrics(['live_latency_spread'], 'heartbeat_stream_10s'),
        sql: LATENCY_SPREAD,
        unit: 'ms',
        span: 8,
      })
        .axisSoftMin(0)
        .axisSoftMax(metricOf('live_latency_spread').objective!)
        .thresholds(thresholdsOf(metricOf('live_latency_spread')))
        .thresholdsStyle(dashedThresholds()),
      tablePanel({
        title: 'From the trigger to the screen',
        description: describeMetrics(['cue_production_latency'], 'cue_10s'),
        sql: CUE_BY_APP,
        span: 8,
        height: 7,
        columns: { trigger_to_screen: { unit: 'ms' }, page_after_frame: { unit: 'ms' } },
      }),
      'Rewards and orders, as their platforms book them',
      metricLines('reward_issued', { by: 'pool', span: 6 }),
      metricLines('reward_claimed', { by: 'pool', span: 6 }),
      metricLines('orders_per_minute', { by: 'round', span: 6 }),
      metricLines('sales_per_minute', { span: 6 }),
      'Levels and co-hosting',
      linesPanel({
        title: 'Levels',
        description: describeMetrics(['resource_level'], 'resource_10s'),
        sql: LEVELS,
        by: 'name',
        unit: 'percentunit',
        span: 12,
      }),
      linesPanel({
        title: 'Co-hosting',
        description: describeMetrics(['cohost_latency'], 'cohost_10s'),
        sql: COHOST,
        unit: 'ms',
        span: 6,
      })
        .axisSoftMin(0)
        .thresholds(thresholdsOf(metricOf('cohost_latency')))
        .thresholdsStyle(dashedThresholds()),
      metricLines('cohost_freeze', { span: 6 }),
    ],
  )
}
