import * as bars from '@grafana/grafana-foundation-sdk/barchart'
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { type DynamicConfigValue, MappingType } from '@grafana/grafana-foundation-sdk/dashboard'
import * as stats from '@grafana/grafana-foundation-sdk/stat'
import * as states from '@grafana/grafana-foundation-sdk/statetimeline'
import * as tables from '@grafana/grafana-foundation-sdk/table'
import * as lines from '@grafana/grafana-foundation-sdk/timeseries'
import { type AnyMetric, metricOf } from '../../schemas/metrics.ts'
import type { Board } from '../board.ts'
import { type Column, columnNames, columnOverrides, dimensionWord, headingOf } from '../columns.ts'
import { query } from '../query.ts'
import { type Built, metricLine, metricTable, metricValue, reachOf } from '../sql/metricQueries.ts'
import type { Filter } from '../sql/scope.ts'
import { rollup } from '../sql/source.ts'
import { describeMetrics } from './describe.ts'
import { decimalsOf, neutral, plainThresholds, softScale, thresholdsOf, unitOf, WHOLE } from './look.ts'

/** Where a panel stands: columns of 24, rows of 30 pixels. */
export interface Place {
  readonly span: number
  readonly height?: number
}

const legend = () =>
  new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)
    .calcs([])
/** Draws a panel’s thresholds as dashed lines. */
export const dashedThresholds = () =>
  new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed)
const tooltip = () => new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi)

/** Headings of the numbers of a query that have names of columns. */
const seriesNames = (sql: string, by: string | undefined) =>
  columnNames(sql)
    .filter((name) => name !== 'at' && name !== by && headingOf(name) !== name)
    .map((name) => [name, [{ id: 'displayName', value: headingOf(name) }]] as [string, DynamicConfigValue[]])

interface Own extends Place {
  readonly title: string
  readonly description: string
  readonly unit?: string
}

/** Lines over time; each query gives `at`, at most one text column that names the series, and numbers. */
export function linesPanel(
  own: Own & {
    readonly sql: string
    readonly by?: string
    readonly stacked?: boolean
    /** Counts of separate things: bars. */
    readonly bars?: boolean
    /** Colours of series that are a verdict: severities. */
    readonly colors?: Readonly<Record<string, string>>
  },
) {
  const panel = new lines.PanelBuilder()
    .title(own.title)
    .description(own.description)
    .unit(own.unit ?? WHOLE)
    .colorScheme(neutral())
    .span(own.span)
    .height(own.height ?? 7)
    .interval('10s')
    .maxDataPoints(400)
    .lineWidth(1)
    .fillOpacity(own.stacked ? 30 : 6)
    .showPoints(VisibilityMode.Never)
    .spanNulls(30_000)
    .thresholds(plainThresholds())
    .legend(legend())
    .tooltip(tooltip())
    .withTarget(query(own.sql))
  if (own.by !== undefined) panel.displayName(`\${__field.labels.${own.by}}`)
  else for (const [name, heading] of seriesNames(own.sql, undefined)) panel.overrideByName(name, heading)
  if (own.bars) panel.drawStyle(GraphDrawStyle.Bars).fillOpacity(60).decimals(0)
  for (const [name, fixedColor] of Object.entries(own.colors ?? {}))
    panel.overrideByName(name, [{ id: 'color', value: { mode: 'fixed', fixedColor } }])
  if (own.stacked || own.bars)
    panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A')).axisSoftMin(0)
  return panel
}

/** One number; a query that gives lines shows its last point and a spark line. */
export function statPanel(own: Own & { readonly sql: string; readonly line?: boolean }) {
  return new stats.PanelBuilder()
    .title(own.title)
    .description(own.description)
    .unit(own.unit ?? WHOLE)
    .span(own.span)
    .height(own.height ?? 4)
    .interval('10s')
    .maxDataPoints(200)
    .colorMode(BigValueColorMode.Value)
    .graphMode(own.line ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .thresholds(plainThresholds())
    .noValue('–')
    .withTarget(query(own.sql, { shape: own.line ? 'lines' : 'table' }))
}

/** Rows and columns; `columns` says units, colours and where a cell leads. */
export function tablePanel(
  own: Own & { readonly sql: string; readonly columns?: Readonly<Record<string, Column>> },
) {
  const panel = new tables.PanelBuilder()
    .title(own.title)
    .description(own.description)
    .unit(WHOLE)
    .span(own.span)
    .height(own.height ?? 8)
    .thresholds(plainThresholds())
    .noValue('–')
    .minWidth(70)
    .withTarget(query(own.sql, { shape: 'table' }))
  for (const [name, properties] of columnOverrides(own.columns ?? {}, columnNames(own.sql)))
    panel.overrideByName(name, properties)
  return panel
}

/** Bars beside one another or, stacked, one bar a row of the result: the waterfall of a start. */
export function barsPanel(
  own: Own & { readonly sql: string; readonly by: string; readonly stacked?: boolean },
) {
  const panel = new bars.PanelBuilder()
    .title(own.title)
    .description(own.description)
    .unit(own.unit ?? WHOLE)
    .colorScheme(neutral())
    .span(own.span)
    .height(own.height ?? 9)
    .xField(own.by)
    .orientation(VizOrientation.Horizontal)
    .stacking(own.stacked ? StackingMode.Normal : StackingMode.None)
    .showValue(VisibilityMode.Auto)
    .legend(legend())
    .tooltip(tooltip())
    .thresholds(plainThresholds())
    .withTarget(query(own.sql, { shape: 'table' }))
  for (const [name, heading] of seriesNames(own.sql, own.by)) panel.overrideByName(name, heading)
  return panel
}

/**
 * States over time. Without `by` the query gives `at` and one text column; with it `at`, the text column `by` that names the row, and a
 * number whose words are `words`.
 */
export function statesPanel(
  own: Own & {
    readonly sql: string
    readonly by?: string
    readonly words?: Readonly<Record<string, { readonly text: string; readonly color: string }>>
  },
) {
  const panel = new states.PanelBuilder()
    .title(own.title)
    .description(own.description)
    .span(own.span)
    .height(own.height ?? 7)
    .interval('10s')
    .showValue(VisibilityMode.Auto)
    .mergeValues(true)
    .legend(legend())
    .tooltip(tooltip())
    .thresholds(plainThresholds())
    .withTarget(query(own.sql, { shape: own.by === undefined ? 'table' : 'lines' }))
  if (own.by !== undefined) panel.displayName(`\${__field.labels.${own.by}}`)
  if (own.words) panel.mappings([{ type: MappingType.ValueToText, options: { ...own.words } }])
  return panel
}

interface MetricPlace extends Place {
  readonly by?: string
  readonly filters?: readonly Filter[]
  readonly title?: string
}

/** A metric over time, with its definition, unit and objective from the catalogue. */
export function metricLines(name: AnyMetric, { by, filters, title, ...place }: MetricPlace) {
  const spec = metricOf(name)
  const built = metricLine(name, {
    by,
    ...(filters && { filters }),
  })
  const panel = linesPanel({
    ...place,
    title: title ?? `${spec.title.en}${by === undefined ? '' : ` by ${dimensionWord(by)}`}`,
    description: describeMetrics([name], built.source),
    unit: unitOf(name),
    sql: built.sql,
    ...(by !== undefined && { by }),
    ...(name === 'concurrent_plays' && by !== undefined && { stacked: true }),
  }).thresholds(thresholdsOf(spec))
  if (spec.objective !== undefined) panel.thresholdsStyle(dashedThresholds())
  const { min, max } = softScale(name)
  panel.axisSoftMin(min)
  if (max !== undefined) panel.axisSoftMax(max)
  const decimals = decimalsOf(spec)
  if (decimals !== undefined) panel.decimals(decimals)
  // few attempts begin in ten seconds: one that fails would be a tower
  return rollup(built.source).kind === 'startup' ? panel.interval('1m') : panel
}

/** A metric over the board's time as one number; what is going on now as its last point. */
export function metricStat(name: AnyMetric, { filters, title, ...place }: Omit<MetricPlace, 'by'>) {
  const spec = metricOf(name)
  const line = spec.per_window === true
  const built: Built = line
    ? metricLine(name, filters ? { filters } : {})
    : metricValue(name, filters ? { filters } : {})
  const panel = statPanel({
    ...place,
    title: title ?? spec.title.en,
    description: describeMetrics([name], built.source),
    unit: unitOf(name),
    sql: built.sql,
    line,
  }).thresholds(thresholdsOf(spec))
  const decimals = spec.unit === 'ratio' ? 2 : decimalsOf(spec)
  return decimals === undefined ? panel : panel.decimals(decimals)
}

/** Metrics of one kind side by side, a row for each combination of values. */
export function metricRows(
  names: readonly AnyMetric[],
  {
    by,
    filters,
    title,
    links,
    limit,
    only,
    ...place
  }: Omit<MetricPlace, 'by'> & {
    readonly by: readonly string[]
    readonly links?: Readonly<Record<string, Board>>
    readonly limit?: number
    readonly only?: string
  },
) {
  const built = metricTable(names, {
    by,
    ...(filters && { filters }),
    ...(limit !== undefined && { limit }),
    ...(only !== undefined && { only }),
  })
  const reach = reachOf(built.source)
  const columns: Record<string, Column> = {}
  for (const [name, board] of Object.entries(links ?? {})) columns[name] = { leadsTo: board }
  for (const name of names) columns[metricOf(name).title.en] = { metric: name }
  return tablePanel({
    ...place,
    title: `${title ?? `By ${by.join(' × ')}`}${reach === undefined ? '' : ', last five minutes'}`,
    description: `${reach === undefined ? '' : 'The last five minutes of the board’s time.\n\n'}${describeMetrics(names, built.source)}`,
    sql: built.sql,
    columns,
  })
}
