import { METRIC_NAMES, type Metric, metricOf } from '../../schemas/metrics.ts'
import { uidOf } from '../board.ts'
import { boards } from '../boards.ts'
import { query } from '../query.ts'
import { rollup, sourceOf } from '../sql/source.ts'
import { alertSql, canBeGrafanas, type GrafanaRule } from './alertSql.ts'

export const ALERT_SOURCE = 'firstframe-clickhouse'

/** Rules of the catalogue that Grafana can judge, with the metric they are of. */
export const GRAFANA_RULES: readonly { readonly metric: Metric; readonly rule: GrafanaRule }[] =
  METRIC_NAMES.flatMap((metric) =>
    (metricOf(metric).rules ?? []).filter(canBeGrafanas).map((rule) => ({ metric, rule })),
  )

/** What is asked of the past: the longest window of a rule. */
function reach_s(rule: GrafanaRule): number {
  if (rule.type === 'baseline') return rule.window_s + rule.baseline_s + 30
  if (rule.type === 'objective') return rule.slow_s + 30
  return 330
}

const VALUE = '.Values.A.Value'

/** Units that are no words. */
const SUFFIX: Readonly<Record<string, string>> = { ratio: '×', per_minute: '/min', plays: '', count: '' }

/** What the value of a rule means, as a template of Grafana's. */
function saidOf({ metric, rule }: { readonly metric: Metric; readonly rule: GrafanaRule }): string {
  const { unit } = metricOf(metric)
  const number = `{{ humanize ${VALUE} }}`
  switch (rule.type) {
    case 'absence':
      return `silent for ${number} s`
    case 'forecast':
      return `{{ .Labels.resource }} {{ .Labels.node }} is used up in ${number} s`
    case 'quorum':
      return `seen from ${number} places`
    case 'spread':
      return `${number} ${unit} between one ${rule.by} and another`
    default:
      return unit === 'ratio' && !metric.endsWith('_speed')
        ? `{{ humanizePercentage ${VALUE} }}`
        : `${number}${SUFFIX[unit] ?? ` ${unit}`}`
  }
}

/** The panel that an alert leads to: the first that draws its metric, lines before others. Throws when no board shows it. */
function panelOf(metric: Metric): { readonly dashboardUid: string; readonly panelId: number } {
  const named = new RegExp(`metrics\\.md#${metric}\\b`)
  const showing = [...boards()].flatMap(([board, { panels = [] }]) =>
    panels
      .filter(
        (panel) => panel.type !== 'row' && named.test(('description' in panel && panel.description) || ''),
      )
      .map(({ type, id }) => ({ type, dashboardUid: uidOf(board), panelId: id! })),
  )
  const found = showing.find(({ type }) => type === 'timeseries') ?? showing[0]
  if (found === undefined) throw new Error(`no panel shows ${metric}`)
  return { dashboardUid: found.dashboardUid, panelId: found.panelId }
}

function alertRule({ metric, rule }: { readonly metric: Metric; readonly rule: GrafanaRule }) {
  const spec = metricOf(metric)
  return {
    uid: `firstframe-${metric}-${rule.type}`.slice(0, 40),
    title: `${spec.title.en}: ${rule.type}`,
    condition: 'B',
    data: [
      {
        refId: 'A',
        relativeTimeRange: { from: reach_s(rule), to: 0 },
        datasourceUid: ALERT_SOURCE,
        model: query(alertSql(metric, rule), { shape: 'table', uid: ALERT_SOURCE }).build(),
      },
      {
        refId: 'B',
        relativeTimeRange: { from: reach_s(rule), to: 0 },
        datasourceUid: '__expr__',
        model: {
          refId: 'B',
          type: 'threshold',
          datasource: { type: '__expr__', uid: '__expr__' },
          expression: 'A',
          // every row that comes back broke the rule already, whatever its value
          conditions: [{ type: 'query', evaluator: { type: 'gt', params: [-1e300] } }],
        },
      },
    ],
    // no row means that all is well
    noDataState: 'OK',
    execErrState: 'Error',
    for: '0s',
    isPaused: false,
    labels: { severity: rule.severity, hop: spec.hop, metric, rule: rule.type },
    annotations: {
      summary: `${spec.title.en}: ${saidOf({ metric, rule })}, {{ .Labels.stream }} ({{ .Labels.show }})`,
      description: `${spec.help} Clock: ${rollup(sourceOf(metric)).clock}.`,
      // Grafana's environment says where the console is
      runbook_url: `\${FIRSTFRAME_CONSOLE_URL}/runbooks/${metric}`,
    },
    ...panelOf(metric),
  }
}

/** Rule groups as Grafana provisions them: everything each ten seconds. */
export const alertGroups = () => ({
  apiVersion: 1,
  groups: [
    {
      orgId: 1,
      name: 'firstframe',
      folder: 'Firstframe',
      interval: '10s',
      rules: GRAFANA_RULES.map(alertRule),
    },
  ],
})
