/** The data sources, by their uid in `provisioning/datasources`. */
export const CLICKHOUSE = { type: 'grafana-clickhouse-datasource', uid: '${datasource}' } as const
export const PROMETHEUS = { type: 'prometheus', uid: 'firstframe-prometheus' } as const
export const PLUGIN_VERSION = '4.20.0'

/** How the plugin shapes a result. */
export const FORMAT = { lines: 0, table: 1 } as const

export interface ClickHouseTarget {
  readonly refId: string
  readonly datasource: { readonly type: string; readonly uid: string }
  readonly editorType: 'sql'
  readonly queryType: 'timeseries' | 'table'
  readonly format: 0 | 1
  readonly rawSql: string
  readonly pluginVersion: string
}

/** One query of a panel: the foundation SDK has no builder for ClickHouse, and takes any object that builds. */
export function query(
  rawSql: string,
  {
    shape = 'lines',
    refId = 'A',
    uid = CLICKHOUSE.uid,
  }: { readonly shape?: keyof typeof FORMAT; readonly refId?: string; readonly uid?: string } = {},
) {
  const target: ClickHouseTarget = {
    refId,
    datasource: { type: CLICKHOUSE.type, uid },
    editorType: 'sql',
    queryType: shape === 'lines' ? 'timeseries' : 'table',
    format: FORMAT[shape],
    rawSql,
    pluginVersion: PLUGIN_VERSION,
  }
  return { build: () => target as never }
}
