import { HOPS, type Hop } from '../../schemas/kinds/kinds.ts'
import { isBranch, METRIC_NAMES, type Metric, metricOf } from '../../schemas/metrics.ts'
import { kindOfMetric } from '../../schemas/sql.ts'
import { board } from '../board.ts'
import { describe } from '../panels/describe.ts'
import { metricLines, statesPanel, tablePanel } from '../panels/panels.ts'
import { HOP_NODES, HOP_REPORTS } from '../sql/hopQueries.ts'

/** What keeps the lines of a hop apart: an edge is one of many, and not every metric is of one hop. */
const lineOf = (name: Metric, hop: Hop): string =>
  isBranch(name) ? 'node' : hop === 'edge' ? 'cdn' : metricOf(name).where === undefined ? 'hop' : 'node'

/** Each hop before the player: every metric the catalogue has of it, by node. */
export function hops() {
  return board(
    'hops',
    {
      about:
        'Each hop of the link before the player, by node: what comes in, what goes out, how fast and with which errors.',
      filters: ['stream', 'cdn'],
      refresh: '5s',
    },
    [
      statesPanel({
        title: 'Who reports',
        description: describe(
          'Nodes from the encoder to the origin, and edges by CDN; silent from the first point without a report.',
          'received_time',
          'hop_10s',
        ),
        sql: HOP_REPORTS,
        by: 'name',
        words: { 1: { text: 'reports', color: 'green' }, 0: { text: 'silent', color: 'red' } },
        span: 24,
        height: 8,
      }),
      tablePanel({
        title: 'Nodes',
        description: describe(
          'Every node over the board’s time: Σ of its measures ÷ Σ of its reports (docs/data/tables.md#hop_10s).',
          'received_time',
          'hop_10s',
        ),
        sql: HOP_NODES,
        span: 24,
        height: 9,
        columns: {
          bitrate_in: { unit: 'Kbits' },
          bitrate_out: { unit: 'Kbits' },
          av_offset: { unit: 'ms' },
          first_byte: { unit: 'ms' },
          congestion: { unit: 'percentunit' },
          dropped: { unit: 'percentunit' },
          errors: { unit: 'percentunit' },
          cache_hits: { unit: 'percentunit' },
        },
      }),
      ...HOPS.flatMap((hop) => {
        const names = METRIC_NAMES.filter(
          (name) => metricOf(name).hop === hop && kindOfMetric(name) === 'hop',
        )
        if (names.length === 0) return []
        const span = Math.max(8, 24 / names.length)
        return [
          `${hop[0]!.toUpperCase()}${hop.slice(1)}`,
          ...names.map((name) => metricLines(name, { by: lineOf(name, hop), span })),
        ]
      }),
    ],
  )
}
