import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Board } from '../../../dashboards/board.ts'
import { boards } from '../../../dashboards/boards.ts'
import { CLICKHOUSE, type ClickHouseTarget } from '../../../dashboards/query.ts'
import type { Answer } from '../ask.ts'
import { type Choice, expand, intervalOf } from '../macros.ts'
import type { Cell, PreviewBoard, PreviewPanel, Series, StateRow, Threshold } from './panelData.ts'
import { grafanaText } from './units.ts'

export interface Sources {
  sql(text: string): Promise<Pick<Answer, 'meta' | 'data'>>
  /** PromQL over a time; without it panels of Prometheus say that nobody was asked. */
  promql?(expression: string, from_ms: number, to_ms: number, step_s: number): Promise<PromSeries[]>
}

export interface PromSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [number, string])[]
}

/** Width of a screen's 24 columns, in pixels: how many points a panel may have. */
const SCREEN_PX = 1600

const isTime = (type: string) => /^DateTime/.test(type)
const isNumber = (type: string) => /^(Nullable\()?(U?Int|Float|Decimal)/.test(type)
const timeOf = (value: unknown): number => Date.parse(`${String(value).replace(' ', 'T')}Z`)
const numberOf = (value: unknown): number | null =>
  value === null || value === undefined || value === '' ? null : Number(value)

const thresholdsIn = (panel: Panel): Threshold[] =>
  (panel.fieldConfig?.defaults?.thresholds?.steps ?? []) as Threshold[]

const colorOf = (steps: readonly Threshold[], value: number | null): string =>
  value === null
    ? 'text'
    : ([...steps].reverse().find((step) => step.value === null || value >= step.value)?.color ?? 'text')

const custom = (panel: Panel) => (panel.fieldConfig?.defaults?.custom ?? {}) as Record<string, unknown>

type Property = { readonly id: string; readonly value: unknown }

const headingIn = (panel: Panel, name: string): string =>
  (panel.fieldConfig?.overrides ?? [])
    .filter(({ matcher }) => matcher.options === name)
    .flatMap(({ properties }) => properties as Property[])
    .find(({ id }) => id === 'displayName')
    ?.value?.toString() ?? name

/** The series of a result: one a number column, or one a value of its text column. */
function seriesOf({ meta, data }: Pick<Answer, 'meta' | 'data'>, panel: Panel): Series[] {
  const time = meta.find(({ type }) => isTime(type))!.name
  const numbers = meta.filter(({ type }) => isNumber(type)).map(({ name }) => name)
  const label = meta.find(({ name, type }) => name !== time && !isNumber(type) && !isTime(type))?.name
  const named = panel.fieldConfig?.defaults?.displayName !== undefined
  const found = new Map<string, [number, number | null][]>()
  for (const row of data) {
    for (const number of numbers) {
      const name =
        label === undefined
          ? number
          : named || numbers.length === 1
            ? String(row[label])
            : `${number} ${row[label]}`
      const points = found.get(name) ?? []
      points.push([timeOf(row[time]), numberOf(row[number])])
      found.set(name, points)
    }
  }
  return [...found].map(([name, points]) => ({ name: headingIn(panel, name) || '–', points }))
}

function tableOf({ meta, data }: Pick<Answer, 'meta' | 'data'>, panel: Panel) {
  const properties = (name: string): readonly Property[] =>
    (panel.fieldConfig?.overrides ?? [])
      .filter(({ matcher }) => matcher.options === name)
      .flatMap((each) => each.properties as Property[])
  const columns = meta.map(({ name, type }) => {
    const own = properties(name)
    const value = <T>(id: string) => own.find((each) => each.id === id)?.value as T | undefined
    return {
      name: value<string>('displayName') ?? name,
      key: name,
      number: isNumber(type),
      time: isTime(type),
      unit: value<string>('unit') ?? panel.fieldConfig?.defaults?.unit ?? 'short',
      decimals: value<number>('decimals'),
      width: value<number>('custom.width'),
      steps: value<{ steps: Threshold[] }>('thresholds')?.steps,
      mappings: value<{ options: Record<string, { color?: string; text?: string }> }[]>('mappings'),
      colored: value<{ type: string }>('custom.cellOptions')?.type === 'color-text',
      link: value('links') !== undefined,
    }
  })
  const cell = (column: (typeof columns)[number], raw: unknown): Cell => {
    if (raw === null || raw === undefined) return { text: '–' }
    const mapped = column.mappings?.[0]?.options[String(raw)]
    const color =
      mapped?.color ?? (column.steps && column.colored ? colorOf(column.steps, numberOf(raw)) : undefined)
    const text =
      mapped?.text ??
      (column.number
        ? grafanaText(column.unit, Number(raw), column.decimals)
        : column.time
          ? String(raw).slice(0, 19)
          : String(raw))
    return { text, ...(color !== undefined && { color }), ...(column.link && text !== '' && { link: true }) }
  }
  return {
    columns: columns.map(({ name, number, width }) => ({
      name,
      number,
      ...(width !== undefined && { width }),
    })),
    rows: data.map((row) => columns.map((column) => cell(column, row[column.key]))),
  }
}

/** Spans of equal states; the last one ends with the board. */
function statesOf(answer: Pick<Answer, 'meta' | 'data'>, panel: Panel, to_ms: number): StateRow[] {
  const time = answer.meta.find(({ type }) => isTime(type))!.name
  const words = (panel.fieldConfig?.defaults?.mappings?.[0]?.options ?? {}) as Record<
    string,
    { text?: string; color?: string }
  >
  const rows = new Map<string, [number, string][]>()
  const text = answer.meta.find(({ name, type }) => name !== time && !isNumber(type))?.name
  const number = answer.meta.find(({ type }) => isNumber(type))?.name
  for (const row of answer.data) {
    const name = number === undefined ? (text ?? '') : String(row[text!])
    rows.set(name, [...(rows.get(name) ?? []), [timeOf(row[time]), String(row[number ?? text!])]])
  }
  return [...rows].map(([name, points]) => {
    const spans: { from_ms: number; to_ms: number; text: string; color?: string }[] = []
    for (const [at, value] of points) {
      const word = words[value]
      const last = spans.at(-1)
      if (last) last.to_ms = at
      if (last?.text !== (word?.text ?? value))
        spans.push({
          from_ms: at,
          to_ms,
          text: word?.text ?? value,
          ...(word?.color !== undefined && { color: word.color }),
        })
      else last.to_ms = to_ms
    }
    return { name, spans }
  })
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }
const leastOf = (panel: Panel): number => {
  const found = /^(\d+)([smh])$/.exec(panel.interval ?? '')
  return found ? Number(found[1]) * SECONDS[found[2]!]! : 1
}

async function promPanel(panel: Panel, choice: Choice, sources: Sources): Promise<Series[]> {
  const step = Math.max(1, Math.round((choice.to_ms - choice.from_ms) / 1000 / 200))
  const all: Series[] = []
  for (const target of panel.targets ?? []) {
    const { expr, legendFormat } = target as unknown as { expr: string; legendFormat?: string }
    const ready = expr.replaceAll('$__rate_interval', `${Math.max(15, 4 * step)}s`)
    for (const { metric, values } of await sources.promql!(ready, choice.from_ms, choice.to_ms, step))
      all.push({
        name: (legendFormat ?? '').replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] || '–'),
        points: values.map(([at, value]) => [at * 1000, Number.isNaN(Number(value)) ? null : Number(value)]),
      })
  }
  return all
}

function linesOf(
  panel: Panel,
  series: readonly Series[],
): Omit<PreviewPanel & { type: 'lines' }, keyof Omit<PreviewPanel & { type: 'row' }, 'type'>> {
  const defaults = panel.fieldConfig?.defaults
  const own = custom(panel)
  const style = (own.thresholdsStyle as { mode?: string } | undefined)?.mode
  const legend = (panel.options as { legend?: { showLegend?: boolean } } | undefined)?.legend
  return {
    type: 'lines',
    unit: defaults?.unit ?? 'short',
    ...(defaults?.decimals !== undefined && { decimals: defaults.decimals }),
    ...(defaults?.min !== undefined && { min: defaults.min as number }),
    ...(defaults?.max !== undefined && { max: defaults.max as number }),
    ...(own.axisSoftMin !== undefined && { softMin: own.axisSoftMin as number }),
    ...(own.axisSoftMax !== undefined && { softMax: own.axisSoftMax as number }),
    stacked: (own.stacking as { mode?: string } | undefined)?.mode === 'normal',
    fill: Number(own.fillOpacity ?? 0),
    bars: own.drawStyle === 'bars',
    colors: Object.fromEntries(
      (panel.fieldConfig?.overrides ?? []).flatMap(({ matcher, properties }) =>
        (properties as Property[])
          .filter(({ id }) => id === 'color')
          .map(({ value }) => [matcher.options, (value as { fixedColor: string }).fixedColor]),
      ),
    ),
    legend: legend?.showLegend ?? true,
    none: String(defaults?.noValue ?? 'No data'),
    thresholds: style === undefined || style === 'off' ? [] : thresholdsIn(panel),
    gap_ms: typeof own.spanNulls === 'number' ? own.spanNulls : Number.POSITIVE_INFINITY,
    series,
  }
}

async function previewPanel(panel: Panel, board: Choice, sources: Sources): Promise<PreviewPanel> {
  const base = {
    title: panel.title ?? '',
    description: panel.description ?? '',
    grid: panel.gridPos as { x: number; y: number; w: number; h: number },
  }
  if (panel.type === 'row') return { ...base, type: 'row' }
  const target = panel.targets?.[0] as unknown as ClickHouseTarget
  const points = Math.min(panel.maxDataPoints ?? 2000, Math.round((base.grid.w / 24) * SCREEN_PX))
  const choice = {
    ...board,
    interval_s: Math.max(leastOf(panel), intervalOf(board.to_ms - board.from_ms, points)),
  }
  if (target.datasource.type !== CLICKHOUSE.type) {
    if (sources.promql === undefined) return { ...base, type: 'failed', message: 'No Prometheus was named.' }
    return { ...base, ...linesOf(panel, await promPanel(panel, choice, sources)) }
  }
  const answer = await sources.sql(expand(target.rawSql, choice))
  const defaults = panel.fieldConfig?.defaults
  const unit = defaults?.unit ?? 'short'
  switch (panel.type) {
    case 'timeseries':
      return { ...base, ...linesOf(panel, seriesOf(answer, panel)) }
    case 'stat': {
      const number = answer.meta.find(({ type }) => isNumber(type))!.name
      const values = answer.data.map((row) => numberOf(row[number]))
      const last = values.findLast((value) => value !== null) ?? null
      const line = (panel.options as { graphMode?: string }).graphMode === 'area'
      return {
        ...base,
        type: 'stat',
        text: last === null ? String(defaults?.noValue ?? '–') : grafanaText(unit, last, defaults?.decimals),
        color: colorOf(thresholdsIn(panel), last),
        spark: line ? (seriesOf(answer, panel)[0]?.points ?? []) : [],
      }
    }
    case 'table':
      return { ...base, type: 'table', ...tableOf(answer, panel) }
    case 'barchart': {
      const { xField, stacking } = panel.options as { xField: string; stacking?: string }
      const names = answer.meta.filter(({ type }) => isNumber(type)).map(({ name }) => name)
      return {
        ...base,
        type: 'bars',
        unit,
        stacked: stacking === 'normal',
        names: names.map((each) => headingIn(panel, each)),
        bars: answer.data.map((row) => ({
          name: String(row[xField]) || '–',
          values: names.map((name) => numberOf(row[name])),
        })),
      }
    }
    case 'state-timeline':
      return { ...base, type: 'states', rows: statesOf(answer, panel, choice.to_ms) }
    default:
      throw new Error(`a panel of type ${panel.type} cannot be drawn`)
  }
}

async function previewBoard(
  name: Board,
  dashboard: Dashboard,
  choice: Choice,
  sources: Sources,
): Promise<PreviewBoard> {
  const panels: PreviewPanel[] = []
  for (const panel of dashboard.panels ?? []) panels.push(await previewPanel(panel as Panel, choice, sources))
  const annotation = dashboard.annotations?.list?.[0]?.target as unknown as ClickHouseTarget
  const incidents = await sources.sql(expand(annotation.rawSql, choice))
  const hidden = ['datasource', 'console']
  return {
    name,
    title: dashboard.title ?? '',
    about: dashboard.description ?? '',
    from_ms: choice.from_ms,
    to_ms: choice.to_ms,
    variables: (dashboard.templating?.list ?? [])
      .filter((each) => !hidden.includes(each.name))
      .map(({ name, label }) => {
        const value = [choice.variables[name] ?? ''].flat().join(', ')
        return [label || name, value === '$__all' ? 'All' : value]
      }),
    panels,
    incidents: incidents.data.map((row) => ({
      from_ms: timeOf(row.time),
      to_ms: timeOf(row.timeEnd),
      text: String(row.text),
    })),
  }
}

/** Asks every query of the boards named; `choiceOf` says what is chosen on each. Throws on a query that fails. */
export async function previewBoards(
  choiceOf: (board: Board) => Choice,
  sources: Sources,
  only: readonly Board[] = [...boards().keys()],
): Promise<PreviewBoard[]> {
  const all = boards()
  const built: PreviewBoard[] = []
  for (const name of only) built.push(await previewBoard(name, all.get(name)!, choiceOf(name), sources))
  return built
}
