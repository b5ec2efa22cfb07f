import {
  AnnotationQueryBuilder,
  ConstantVariableBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { CLICKHOUSE, query } from './query.ts'
import { FILTERS, type Filter } from './sql/scope.ts'
import { VARIABLES } from './sql/variables.ts'

/** Every board, by the end of its uid, in the order of the menu. */
export const BOARDS = {
  show: 'Show',
  stream: 'Stream',
  hops: 'Hop by hop',
  startup: 'Startup',
  interactions: 'Interactions and fairness',
  probes: 'Probes',
  incidents: 'Incidents',
  session: 'Session',
  audience: 'Audience and cost',
  pipeline: 'Pipeline',
} as const
export type Board = keyof typeof BOARDS

/** A board’s identifier in Grafana and in links. */
export const uidOf = (board: Board): string => `firstframe-${board}`

/** A page of the console; `field` is the column that names what it shows. */
export const consoleLink = (view: 'incident' | 'session', field: string): string =>
  `\${console}/${view}/\${__data.fields["${field}"]:percentencode}?tenant=\${tenant:percentencode}`

/** A link to a board with the present choice and time; `fields` become variables of the same name. */
export function boardLink(board: Board, fields: readonly string[]): string {
  const kept = ['datasource', 'tenant', 'show', 'stream', 'app', 'cdn']
    .filter((name) => !fields.includes(name))
    .map((name) => `\${${name}:queryparam}`)
  const own = fields.map((name) => `var-${name}=\${__data.fields["${name}"]:percentencode}`)
  return `/d/${uidOf(board)}?${[...own, ...kept, '${__url_time_range}'].join('&')}`
}

/** The console at the same show and the same time. */
export const CONSOLE_LINK = '${console}/show/${show:percentencode}?tenant=${tenant:percentencode}&at=${__to}'

const INCIDENT_ANNOTATIONS = `SELECT began_time AS time, if(state = 'open', now64(3), resolved_time) AS timeEnd,
  summary_en AS text, concat(severity, ',', hop, ',', metric, ',', state) AS tags
FROM incident FINAL
WHERE tenant = \${tenant:sqlstring} AND show = \${show:sqlstring}
  AND began_time < $__toTime AND (state = 'open' OR resolved_time >= $__fromTime)
ORDER BY time
LIMIT 200`

const CHANGE_ANNOTATIONS = `SELECT event_time AS time, event_time AS timeEnd, concat(changed, ' ', version, ' ', detail) AS text, concat('change,', changed, ',', by) AS tags
FROM change
WHERE tenant = \${tenant:sqlstring} AND show IN ('', \${show:sqlstring}) AND event_time BETWEEN $__fromTime AND $__toTime
ORDER BY time DESC
LIMIT 200`

function variable(name: 'tenant' | 'show' | Filter) {
  const builder = new QueryVariableBuilder(name)
    .label(name === 'cdn' ? 'CDN' : `${name[0]!.toUpperCase()}${name.slice(1)}`)
    .datasource(CLICKHOUSE)
    .query({ ...(query(VARIABLES[name], { shape: 'table' }).build() as object), refId: name })
    .definition(VARIABLES[name])
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
  return name === 'tenant' || name === 'show'
    ? builder
    : builder.multi(true).includeAll(true).current({ text: 'All', value: '$__all' })
}

interface BoardOptions {
  readonly filters?: readonly Filter[]
  readonly about: string
  /** How often it asks again; boards that look back ask seldom. */
  readonly refresh?: string
  readonly from?: string
  /** Text boxes of its own, with their first value. */
  readonly texts?: Readonly<Record<string, string>>
}

type PanelOf = Parameters<DashboardBuilder['withPanel']>[0]

/**
 * A board of these panels; a text begins a row of that title. All boards have: variables chained from the data source to the CDN, incidents and changes as annotations, links to one another and to the
 * console.
 */
export function board(
  name: Board,
  { filters = FILTERS, about, refresh = '10s', from = 'now-1h', texts = {} }: BoardOptions,
  panels: readonly (PanelOf | string)[],
): DashboardBuilder {
  const builder = new DashboardBuilder(`Firstframe · ${BOARDS[name]}`)
    .uid(uidOf(name))
    .description(about)
    .tags(['firstframe'])
    .time({ from, to: 'now' })
    .timezone('browser')
    .refresh(refresh)
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type(CLICKHOUSE.type))
    .withVariable(variable('tenant'))
    .withVariable(variable('show'))
  for (const filter of filters) builder.withVariable(variable(filter))
  for (const [text, value] of Object.entries(texts))
    builder.withVariable(
      new TextBoxVariableBuilder(text).label(text.replaceAll('_', ' ')).defaultValue(value),
    )
  builder
    .withVariable(new ConstantVariableBuilder('console').value('http://127.0.0.1:8081'))
    .annotation(
      new AnnotationQueryBuilder()
        .name('Incidents')
        .datasource(CLICKHOUSE)
        .enable(true)
        .iconColor('red')
        .target(query(INCIDENT_ANNOTATIONS, { shape: 'table', refId: 'incidents' }) as never),
    )
    .annotation(
      new AnnotationQueryBuilder()
        .name('Changes')
        .datasource(CLICKHOUSE)
        .enable(true)
        .iconColor('blue')
        .target(query(CHANGE_ANNOTATIONS, { shape: 'table', refId: 'changes' }) as never),
    )
    .link(
      new DashboardLinkBuilder('Boards')
        .type(DashboardLinkType.Dashboards)
        .tags(['firstframe'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .link(
      new DashboardLinkBuilder('Console')
        .type(DashboardLinkType.Link)
        .icon('external link')
        .tooltip('The same show and time in Firstframe’s own page')
        .url(CONSOLE_LINK)
        .targetBlank(true),
    )
  for (const panel of panels) {
    if (typeof panel === 'string') builder.withRow(new RowBuilder(panel))
    else builder.withPanel(panel)
  }
  return builder
}
