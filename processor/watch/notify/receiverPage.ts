import type { TSchema } from '@sinclair/typebox'
import { ReceiverConfig } from './receiverConfig.ts'

/** A receiver of each kind, as it stands under `receivers:` in firstframe.yaml. */
export const RECEIVER_EXAMPLES: Readonly<Record<ReceiverConfig['type'], ReceiverConfig>> = {
  alertmanager: {
    name: 'alertmanager',
    type: 'alertmanager',
    url: 'http://alertmanager:9093',
    allow: ['alertmanager'],
  },
  pagerduty: {
    name: 'on-call',
    type: 'pagerduty',
    routing_key: 'R0UT1NGKEY',
    severities: ['critical'],
    language: 'en',
  },
  slack: {
    name: 'slack-video',
    type: 'slack',
    url: 'https://hooks.slack.com/services/T0/B0/X',
    updates: true,
    match: { show: 'gala' },
  },
  dingtalk: {
    name: 'dingtalk-video',
    type: 'dingtalk',
    url: 'https://oapi.dingtalk.com/robot/send?access_token=X',
    secret: 'SEC-of-the-robot',
    language: 'zh',
  },
  feishu: {
    name: 'feishu-video',
    type: 'feishu',
    url: 'https://open.feishu.cn/open-apis/bot/v2/hook/X',
    secret: 'of-the-robot',
    language: 'zh',
  },
  webhook: { name: 'own', type: 'webhook', url: 'https://hooks.example.com/firstframe', secret: 'shared' },
}

/** One line of YAML. */
const inline = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value).replace(/^"([a-z-]+)"$/, '$1')
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${key}: ${inline(each)}`)
    .join(', ')} }`
}

type Property = TSchema & { readonly properties?: Record<string, TSchema> }

/** Docs page of the receivers, from their schema. */
export function receiverPage(): string {
  const kinds = ReceiverConfig.anyOf
  const isCommon = (name: string) =>
    name !== 'url' && kinds.every(({ properties }) => Object.hasOwn(properties, name))
  const row = (name: string, property: Property, needed: boolean) => {
    const inside = Object.keys(property.properties ?? {}).join('`, `')
    const help = `${property.description ?? ''}${inside === '' ? '' : ` Keys: \`${inside}\`.`}`
    return `| \`${name}\` | ${needed ? 'yes' : ''} | ${help} |`
  }
  const table = (rows: readonly string[]) => ['| setting | needed | what |', '| --- | --- | --- |', ...rows]
  const rowsOf = (kind: (typeof kinds)[number], common: boolean) =>
    Object.entries(kind.properties)
      .filter(([name]) => name !== 'type' && isCommon(name) === common)
      .map(([name, property]) =>
        row(name, property as Property, (kind.required as readonly string[]).includes(name)),
      )
  const [first] = kinds
  const sections = kinds.flatMap((kind) => {
    const type = kind.properties.type.const
    const own = rowsOf(kind, false)
    return [
      '',
      `## ${kind.description?.replace(/\.$/, '')}`,
      '',
      '```yaml',
      'receivers:',
      `  - ${inline(RECEIVER_EXAMPLES[type])}`,
      '```',
      ...(own.length === 0 ? [] : ['', ...table(own)]),
    ]
  })
  return `${[
    '<!-- Made by `npm run generate`. -->',
    '# Receivers',
    '',
    'Who is told about incidents: `receivers:` in `firstframe.yaml`. An incident is one page, told when it opens and when it is',
    'resolved. A receiver that does not answer is tried again with growing waits; what is queued survives a restart, and one',
    'receiver that is away delays no other. What is sent in other languages, and how it is signed: [judgement](../processor/watch/README.md).',
    '',
    'Addresses inside your network are refused unless `allow` names them, so that a wrong entry cannot reach what it should not.',
    '',
    '## All of them',
    '',
    ...table(rowsOf(first!, true)),
    ...sections,
  ].join('\n')}\n`
}
