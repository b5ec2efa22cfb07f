import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exampleIncident } from '../testing/incidentExample.ts'
import { dialectOf } from './dialects.ts'
import type { ReceiverConfig } from './receiverConfig.ts'

const URL_OF = 'https://receiver.example/hook'
const RECEIVERS: readonly ReceiverConfig[] = [
  { type: 'slack', name: 'slack', url: URL_OF },
  { type: 'dingtalk', name: 'ding', url: URL_OF },
  { type: 'feishu', name: 'feishu', url: URL_OF },
  { type: 'pagerduty', name: 'pd', url: URL_OF, routing_key: 'r'.repeat(32) },
  { type: 'alertmanager', name: 'am', url: URL_OF },
  { type: 'webhook', name: 'hook', url: URL_OF },
]

/** A hundred names that mean harm: each kind of markup of each service, in ten surroundings. */
const MARKUP = [
  '<at id=all></at>',
  '<!channel>',
  '<https://evil.example|Runbook>',
  '[Runbook](https://evil.example)',
  '![x](https://evil.example/pixel.png)',
  'https://evil.example/login www.evil.example',
  '**bold** _it_ ~no~ `code`',
  '<font color="red">all is well</font>',
  '@all @channel @everyone',
  '{{ .ExternalURL }} {{ template "slack.default.text" . }}',
]
const AROUND: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => `cdn-b ${text}`,
  (text) => `${text} cdn-b`,
  (text) => `\n${text}`,
  (text) => `\n\n# ${text}`,
  (text) => `\n- ${text}\n---\n`,
  (text) => `\\${text}`,
  (text) => `]${text}[`,
  (text) => `\u202e${text}\u202c`,
  (text) => `</at>&lt;${text}&gt;`,
]
const NAMES = MARKUP.flatMap((markup) => AROUND.map((around) => around(markup)))

/** Every text of a message that its service reads as markup: Slack's mrkdwn, Markdown of DingTalk and Feishu. */
function* markupOf(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const each of value) yield* markupOf(each)
  if (typeof value !== 'object' || value === null) return
  const object = value as Record<string, unknown>
  if (object.type === 'mrkdwn' && typeof object.text === 'string') yield object.text
  if ((object.tag === 'markdown' || object.tag === 'lark_md') && typeof object.content === 'string')
    yield object.content
  if (object.msgtype === 'markdown') yield (object.markdown as { text: string }).text
  for (const each of Object.values(object)) yield* markupOf(each)
}

/** What is left when escaped characters are taken out. */
const unescaped = (text: string): string => text.replace(/\\[\\`*_{}[\]()#!|~@:.]/g, '')

test('a hundred hostile names are text at every receiver', () => {
  assert.equal(NAMES.length, 100)
  for (const name of NAMES) {
    const incident = exampleIncident({
      show: name,
      stream: name,
      cause: { cdn: name },
      summary_en: `Stalls up behind ${name} · 10 viewers`,
      summary_zh: `${name} 卡顿`,
    })
    for (const config of RECEIVERS) {
      for (const event of ['page', 'update', 'resolve'] as const) {
        const first = { severity: 'critical', hop: 'edge', rule: 'a-baseline' }
        const { body } = dialectOf(config).compose({ event, incident, first }, 0)
        const sent = JSON.parse(body) as unknown
        for (const markup of markupOf(sent)) {
          const bare = unescaped(markup)
          const what = `${config.type}: ${JSON.stringify(name)} in ${JSON.stringify(markup)}`
          const links = [...bare.matchAll(/https?:\/\/[^\s)|>]+/g)].map(([link]) => link)
          assert.ok(
            links.every((link) => link.startsWith('https://firstframe.example/')),
            what,
          )
          assert.doesNotMatch(bare, /<(?!https:\/\/firstframe\.example\/)/, what)
          assert.doesNotMatch(bare, /!\[|@(all|channel|everyone)|www\.|`/, what)
          assert.doesNotMatch(bare, /^#(?!## )|^---/m, what)
          assert.doesNotMatch(bare, /\u202e/, what)
        }
        if (config.type !== 'webhook' && config.type !== 'alertmanager')
          assert.doesNotMatch(body, /\\u202e|\u202e/, config.type)
      }
    }
  }
})

test('an ordinary page reads as before', () => {
  const first = { severity: 'critical', hop: 'edge', rule: 'a-baseline' }
  const { body } = dialectOf(RECEIVERS[1]!).compose({ event: 'page', incident: exampleIncident(), first }, 0)
  assert.match(body, /### Stalls up eightfold behind cdn-b in Guangdong · 118,400 viewers/)
})
