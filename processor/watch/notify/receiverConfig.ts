import { type Static, Type } from '@sinclair/typebox'

const optional = Type.Optional
const text = (description: string) => Type.String({ minLength: 1, description })

const common = {
  name: text('Names the receiver in metrics and in what is remembered; must not change.'),
  severities: optional(
    Type.Array(Type.Union(['critical', 'warning', 'info'].map((entry) => Type.Literal(entry))), {
      description: 'Only incidents that are opened with one of these. Default: critical and warning.',
    }),
  ),
  match: optional(
    Type.Object(
      {
        tenant: optional(Type.String()),
        show: optional(Type.String()),
        stream: optional(Type.String()),
        hop: optional(Type.String()),
      },
      { additionalProperties: false, description: 'Only incidents of these; `*` matches anything.' },
    ),
  ),
  updates: optional(
    Type.Boolean({ description: 'Also tell that an incident grew or moved. Default false.' }),
  ),
  language: optional(
    Type.Union([Type.Literal('en'), Type.Literal('zh'), Type.Literal('both')], {
      description: 'Default both.',
    }),
  ),
  allow: optional(
    Type.Array(Type.String(), {
      description:
        'Addresses (CIDR) or host names that may be reached although they are not public, e.g. 10.1.0.0/16 or alertmanager.internal.',
    }),
  ),
}
const url = text('Where to send it; http or https.')
const secret = text('Signs what is sent.')
const object = <T extends Parameters<typeof Type.Object>[0]>(properties: T, description: string) =>
  Type.Object(properties, { additionalProperties: false, description })

/** One place that is told about incidents. */
export const ReceiverConfig = Type.Union([
  object(
    {
      ...common,
      type: Type.Literal('alertmanager'),
      url: text('Base URL of the Alertmanager, e.g. http://alertmanager:9093.'),
    },
    'Prometheus Alertmanager, API v2.',
  ),
  object(
    {
      ...common,
      type: Type.Literal('pagerduty'),
      routing_key: text('Integration key of the service.'),
      url: optional(text('Default https://events.pagerduty.com/v2/enqueue.')),
    },
    'PagerDuty, Events API v2.',
  ),
  object({ ...common, type: Type.Literal('slack'), url }, 'Slack, incoming webhook.'),
  object(
    { ...common, type: Type.Literal('dingtalk'), url, secret: optional(secret) },
    'DingTalk group robot.',
  ),
  object(
    { ...common, type: Type.Literal('feishu'), url, secret: optional(secret) },
    'Feishu (Lark) group robot.',
  ),
  object(
    { ...common, type: Type.Literal('webhook'), url, secret: optional(secret) },
    'Any HTTP endpoint; signed when there is a secret.',
  ),
])
export type ReceiverConfig = Static<typeof ReceiverConfig>
