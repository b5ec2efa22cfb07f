import {
  LegendDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import * as lines from '@grafana/grafana-foundation-sdk/timeseries'
import { FACTS, type FactName } from '../../schemas/facts.ts'
import { board } from '../board.ts'
import { describe } from '../panels/describe.ts'
import { neutral, plainThresholds, WHOLE } from '../panels/look.ts'
import { barsPanel, tablePanel } from '../panels/panels.ts'
import { PROMETHEUS } from '../query.ts'
import { DEAD_LETTERS, FRESHNESS, TABLE_SIZES } from '../sql/pipelineQueries.ts'

interface Series {
  readonly title: string
  readonly fact: FactName
  /** The end of the metric's name: `total` counts the fact itself. */
  readonly what: string
  readonly by?: string
  readonly unit?: string
  /** A percentile of a histogram instead of a rate. */
  readonly quantile?: number
  readonly gauge?: true
  readonly span?: number
}

/** Utilisation, saturation and errors along our own path. */
const SERIES: readonly Series[] = [
  {
    title: 'Requests by status',
    fact: 'requests_answered',
    what: 'requests_total',
    by: 'status',
    unit: 'reqps',
  },
  {
    title: 'Events taken by kind',
    fact: 'events_taken',
    what: 'events_total',
    by: 'kind',
    unit: 'suffix: /s',
  },
  {
    title: 'Events refused by code',
    fact: 'events_refused',
    what: 'events_total',
    by: 'code',
    unit: 'suffix: /s',
  },
  {
    title: 'Time until a batch is durable, p99',
    fact: 'batch_appended',
    what: 'append_seconds',
    quantile: 0.99,
    unit: 's',
  },
  { title: 'Batches refused', fact: 'batch_refused', what: 'total', by: 'code', unit: 'suffix: /s' },
  {
    title: 'Messages on disk while the log is away',
    fact: 'log_spilled',
    what: 'spill_bytes',
    gauge: true,
    by: 'topic',
    unit: 'decbytes',
  },
  { title: 'Writer: messages not read yet', fact: 'write_read', what: 'lag', gauge: true, by: 'topic' },
  {
    title: 'Rows written by table',
    fact: 'rows_written',
    what: 'rows_total',
    by: 'table',
    unit: 'suffix: /s',
  },
  {
    title: 'Repeats left out',
    fact: 'rows_written',
    what: 'repeated_total',
    by: 'table',
    unit: 'suffix: /s',
  },
  { title: 'Time of an insert, p99', fact: 'rows_written', what: 'seconds', quantile: 0.99, unit: 's' },
  { title: 'Inserts tried again', fact: 'write_retried', what: 'total', by: 'table', unit: 'suffix: /s' },
  { title: 'Set apart', fact: 'write_set_apart', what: 'total', by: 'code', unit: 'suffix: /s' },
  { title: 'Watcher: behind the clock', fact: 'watermark', what: 'lag_seconds', gauge: true, unit: 's' },
  { title: 'Streams watched', fact: 'watermark', what: 'streams', gauge: true },
  { title: 'Rows after their window', fact: 'window_late', what: 'rows_total', unit: 'suffix: /s' },
  { title: 'Incidents', fact: 'incident_changed', what: 'total', by: 'change', unit: 'suffix: /s' },
  {
    title: 'Notifications sent',
    fact: 'notification_sent',
    what: 'total',
    by: 'receiver',
    unit: 'suffix: /s',
  },
  {
    title: 'Notifications failed',
    fact: 'notification_failed',
    what: 'total',
    by: 'receiver',
    unit: 'suffix: /s',
  },
  { title: 'Store on disk', fact: 'store_size', what: 'bytes', gauge: true, unit: 'decbytes' },
  { title: 'Store died', fact: 'store_died', what: 'total', unit: 'suffix: /s' },
  { title: 'Bugs', fact: 'bug', what: 'total', by: 'where', unit: 'suffix: /s' },
]

function expression({ fact, what, by, quantile, gauge }: Series): string {
  const name = `firstframe_${fact}_${what}`
  const group = by === undefined ? '' : ` by (${by})`
  if (gauge) return `max${group} (${name})`
  if (quantile !== undefined)
    return `histogram_quantile(${quantile}, sum by (le) (rate(${name}_bucket[$__rate_interval])))`
  return `sum${group} (rate(${name}[$__rate_interval]))`
}

const panel = (series: Series) =>
  new lines.PanelBuilder()
    .title(series.title)
    .description(
      describe(
        `${FACTS[series.fact].help} (docs/data/facts.md)`,
        'prometheus',
        `firstframe_${series.fact}_${series.what}`,
      ),
    )
    .datasource(PROMETHEUS)
    .unit(series.unit ?? WHOLE)
    .colorScheme(neutral())
    .span(series.span ?? 8)
    .height(6)
    .fillOpacity(6)
    .axisSoftMin(0)
    .noValue('None so far')
    .showPoints(VisibilityMode.Never)
    .thresholds(plainThresholds())
    .legend(
      new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).showLegend(series.by !== undefined),
    )
    .withTarget(
      new DataqueryBuilder()
        .refId('A')
        .datasource(PROMETHEUS)
        .expr(expression(series))
        .legendFormat(series.by === undefined ? series.title : `{{${series.by}}}`)
        .range(),
    )

/** Firstframe itself: is what the other boards say complete and fresh. */
export function pipeline() {
  return board(
    'pipeline',
    {
      about:
        'Firstframe itself, from beacon to board: what comes in, what waits, what is refused, and how old the newest fact is.',
      filters: [],
      refresh: '10s',
    },
    [
      barsPanel({
        title: 'Age of the newest fact',
        description: describe(
          'Seconds between the board’s end and the newest step of each kind; ten are the step’s own.',
          'received_time',
          'the 10 s rollups',
        ),
        sql: FRESHNESS,
        by: 'kind',
        unit: 's',
        span: 8,
        height: 8,
      }),
      tablePanel({
        title: 'Set apart or refused',
        description: describe(
          'Dead letters by stage and reason (docs/data/reasons.md).',
          'received_time',
          'dead_letter',
        ),
        sql: DEAD_LETTERS,
        span: 16,
        height: 8,
      }),
      'Collector, log, writer, watcher, store',
      ...SERIES.map(panel),
      'Store',
      tablePanel({
        title: 'Tables',
        description: describe('Rows and bytes of every table.', 'received_time', 'system.parts'),
        sql: TABLE_SIZES,
        span: 24,
        columns: { bytes: { unit: 'decbytes' }, bytes_a_row: { unit: 'decbytes' } },
      }),
    ],
  )
}
