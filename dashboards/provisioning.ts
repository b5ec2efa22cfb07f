import { stringify } from 'yaml'
import { ALERT_SOURCE, alertGroups } from './alerts/alertRules.ts'
import { PROMETHEUS } from './query.ts'

const NOTICE = '# Written by `npm run generate` from dashboards/ and schemas/. Change it there.\n'
const yaml = (value: unknown): string => `${NOTICE}${stringify(value, { lineWidth: 0 })}`

/**
 * Grafana's provisioning files by their path below `dashboards/provisioning/`. Addresses and the password come from the environment that
 * Grafana runs in. It takes queries of alert rules as they stand, but would put variables in the place of `$` anywhere else: so there is none.
 */
export function provisioning(): ReadonlyMap<string, string> {
  return new Map([
    [
      'datasources/firstframe.yaml',
      yaml({
        apiVersion: 1,
        datasources: [
          {
            name: 'Firstframe',
            uid: ALERT_SOURCE,
            type: 'grafana-clickhouse-datasource',
            access: 'proxy',
            isDefault: true,
            jsonData: {
              // the console's read-only SQL; a cluster of your own: its host, port and path instead
              host: '${FIRSTFRAME_HOST}',
              port: '${FIRSTFRAME_PORT}',
              path: '/clickhouse',
              protocol: 'http',
              secure: false,
              username: 'reader',
              defaultDatabase: 'firstframe',
              dialTimeout: '5',
              queryTimeout: '30',
            },
            secureJsonData: { password: '${FIRSTFRAME_READER_PASSWORD}' },
          },
          {
            name: 'Firstframe Prometheus',
            uid: PROMETHEUS.uid,
            type: 'prometheus',
            access: 'proxy',
            url: '${FIRSTFRAME_PROMETHEUS_URL}',
            jsonData: { timeInterval: '10s' },
          },
        ],
      }),
    ],
    [
      'dashboards/firstframe.yaml',
      yaml({
        apiVersion: 1,
        providers: [
          {
            name: 'Firstframe',
            orgId: 1,
            folder: 'Firstframe',
            type: 'file',
            disableDeletion: true,
            allowUiUpdates: false,
            options: { path: '/var/lib/grafana/dashboards/firstframe' },
          },
        ],
      }),
    ],
    ['alerting/firstframe.yaml', yaml(alertGroups())],
  ])
}
