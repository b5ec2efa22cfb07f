import { createHmac } from 'node:crypto'
import { markdownText, oneLine, slackText } from './literal.ts'
import {
  type Dialect,
  details,
  headline,
  type Language,
  links,
  type Notice,
  type Outcome,
  todoOf,
} from './message.ts'
import type { ReceiverConfig } from './receiverConfig.ts'

const MINUTE = 60_000
const hmac = (key: string, text: string) => createHmac('sha256', key).update(text)
const cut = (text: string, length: number) => (text.length <= length ? text : `${text.slice(0, length - 1)}…`)
/** Lines of our own making stay; a name makes none. */
const plain = (text: string): string => text.split('\n').map(oneLine).join('\n')
type Of<T extends ReceiverConfig['type']> = Extract<ReceiverConfig, { type: T }>

/** Prometheus Alertmanager, `POST /api/v2/alerts`. Labels are an alert's identity there, so they stay as at the opening. */
function alertmanager({ url }: Of<'alertmanager'>): Dialect {
  return {
    limit: { messages: 50, per_ms: 1000 },
    // It forgets an alert that is not told again (resolve_timeout, 5 minutes).
    repeat_ms: MINUTE,
    compose({ event, incident, first }, now_ms) {
      const todo = todoOf(incident)
      const alert = {
        labels: {
          alertname: first.rule,
          incident: incident.id,
          severity: first.severity,
          hop: first.hop,
          ...(incident.tenant && { tenant: incident.tenant }),
          ...(incident.show && { show: incident.show }),
          ...(incident.stream && { stream: incident.stream }),
        },
        annotations: {
          summary: incident.summary_en,
          summary_zh: incident.summary_zh,
          hop: incident.hop,
          cause: JSON.stringify(incident.cause),
          viewers: String(Math.round(incident.viewers)),
          ...(todo && { do: todo.en, do_zh: todo.zh }),
          ...(incident.evidence.runbook && { runbook_url: incident.evidence.runbook }),
        },
        startsAt: new Date(incident.began_ms).toISOString(),
        ...(event === 'resolve' && {
          endsAt: new Date(Math.min(now_ms, incident.resolved_ms || now_ms)).toISOString(),
        }),
        ...(incident.evidence.dashboard && { generatorURL: incident.evidence.dashboard }),
      }
      return { url: `${url.replace(/\/+$/, '')}/api/v2/alerts`, body: JSON.stringify([alert]) }
    },
  }
}

/** PagerDuty, Events API v2. */
function pagerduty({
  url = 'https://events.pagerduty.com/v2/enqueue',
  routing_key,
}: Of<'pagerduty'>): Dialect {
  return {
    limit: { messages: 100, per_ms: MINUTE },
    compose(notice) {
      const { event, incident } = notice
      const todo = todoOf(incident)
      return {
        url,
        body: JSON.stringify({
          routing_key,
          event_action: event === 'resolve' ? 'resolve' : 'trigger',
          dedup_key: incident.id,
          ...(incident.evidence.dashboard && {
            client: 'Firstframe',
            client_url: incident.evidence.dashboard,
          }),
          links: links(notice, 'en').map(([text, href]) => ({ text, href })),
          payload: {
            summary: cut(oneLine(incident.summary_en), 1024),
            source:
              oneLine([incident.tenant, incident.show, incident.stream].filter(Boolean).join('/')) ||
              'firstframe',
            severity: incident.severity,
            timestamp: new Date(incident.began_ms).toISOString(),
            component: incident.hop,
            group: oneLine(incident.show),
            class: incident.rule,
            custom_details: {
              summary_zh: oneLine(incident.summary_zh),
              cause: Object.fromEntries(
                Object.entries(incident.cause).map(([name, value]) => [name, oneLine(value)]),
              ),
              viewers: Math.round(incident.viewers),
              explains: incident.explains,
              confidence: incident.confidence,
              value: incident.value,
              baseline: incident.baseline,
              clean_hops: incident.evidence.clean,
              ...(todo && { do: todo.en, do_zh: todo.zh }),
            },
          },
        }),
      }
    },
  }
}

/** Slack, incoming webhook: about one message a second. */
function slack({ url, language = 'en' }: Of<'slack'>): Dialect {
  return {
    limit: { messages: 1, per_ms: 1100 },
    compose(notice) {
      const head = plain(headline(notice, language))
      const mark = notice.event === 'resolve' ? '🟢' : '🔴'
      const fields = details(notice, language).map(([name, value]) => ({
        // Plain text: no mark, link or mention comes of a name.
        type: 'plain_text',
        text: cut(`${name}\n${oneLine(value)}`, 2000),
        emoji: false,
      }))
      const buttons = links(notice, language).map(([text, to]) => `<${to}|${text}>`)
      return {
        url,
        body: JSON.stringify({
          // Shown in notifications.
          text: cut(slackText(head), 3000),
          mrkdwn: false,
          unfurl_links: false,
          unfurl_media: false,
          blocks: [
            {
              type: 'section',
              text: { type: 'plain_text', text: cut(`${mark} ${head}`, 3000), emoji: false },
            },
            { type: 'section', fields: fields.slice(0, 10) },
            ...(buttons.length > 0
              ? [{ type: 'context', elements: [{ type: 'mrkdwn', text: buttons.join(' · ') }] }]
              : []),
          ],
        }),
      }
    },
  }
}

const markdown = (notice: Notice, language: Language): string =>
  [
    `### ${headline(notice, language).split('\n').map(markdownText).join('\n\n')}`,
    ...details(notice, language).map(([name, value]) => `- **${name}** ${markdownText(value)}`),
    links(notice, language)
      .map(([text, to]) => `[${text}](${to})`)
      .join(' · '),
  ].join('\n')

/** Robots answer 200 and say in the body what went wrong. */
const robot =
  (field: string, busy: readonly number[]) =>
  (body: string): Outcome => {
    try {
      const answer = JSON.parse(body) as Record<string, unknown>
      const code = Number(answer[field] ?? answer.StatusCode ?? 0)
      return code === 0 ? 'taken' : busy.includes(code) ? 'retry' : 'refused'
    } catch {
      return 'taken'
    }
  }

/** DingTalk group robot: 20 messages a minute, signed over the time in ms. */
function dingtalk({ url, secret, language = 'both' }: Of<'dingtalk'>): Dialect {
  return {
    limit: { messages: 20, per_ms: MINUTE },
    judge: robot('errcode', [130101, -1]),
    compose(notice, now_ms) {
      const signed = new URL(url)
      if (secret) {
        signed.searchParams.set('timestamp', String(now_ms))
        signed.searchParams.set('sign', hmac(secret, `${now_ms}\n${secret}`).digest('base64'))
      }
      const title = cut(oneLine(headline(notice, language === 'en' ? 'en' : 'zh')), 100)
      return {
        url: signed.href,
        body: JSON.stringify({
          msgtype: 'markdown',
          markdown: { title, text: cut(markdown(notice, language), 5000) },
        }),
      }
    },
  }
}

/** Feishu group robot: 100 messages a minute, at most 20 KB; the key of its signature is time and secret, over nothing. */
function feishu({ url, secret, language = 'both' }: Of<'feishu'>): Dialect {
  return {
    limit: { messages: 100, per_ms: MINUTE },
    judge: robot('code', [9499, 11232]),
    compose(notice, now_ms) {
      const timestamp = String(Math.floor(now_ms / 1000))
      // Plain text: no mention, link or format comes of a name.
      const content = details(notice, language)
        .map(([name, value]) => `${name}  ${oneLine(value)}`)
        .join('\n')
      const buttons = links(notice, language).map(([text, to]) => ({
        tag: 'button',
        type: 'default',
        text: { tag: 'plain_text', content: text },
        url: to,
      }))
      return {
        url,
        body: JSON.stringify({
          ...(secret && { timestamp, sign: hmac(`${timestamp}\n${secret}`, '').digest('base64') }),
          msg_type: 'interactive',
          card: {
            config: { wide_screen_mode: true },
            header: {
              template:
                notice.event === 'resolve'
                  ? 'green'
                  : notice.incident.severity === 'critical'
                    ? 'red'
                    : 'orange',
              title: { tag: 'plain_text', content: cut(plain(headline(notice, language)), 1000) },
            },
            elements: [
              { tag: 'div', text: { tag: 'plain_text', content: cut(content, 5000) } },
              ...(buttons.length > 0 ? [{ tag: 'action', actions: buttons }] : []),
            ],
          },
        }),
      }
    },
  }
}

/**
 * Any endpoint. `X-Firstframe-Signature: t=<seconds>,v1=<hex HMAC-SHA256 of "t.body">`: check it, and that t is recent.
 */
function webhook({ url, secret }: Of<'webhook'>): Dialect {
  return {
    limit: { messages: 10, per_ms: 1000 },
    compose({ event, incident }, now_ms) {
      const body = JSON.stringify({ version: 1, event, incident })
      const seconds = Math.floor(now_ms / 1000)
      return {
        url,
        body,
        headers: {
          'x-firstframe-event': event,
          'x-firstframe-incident': incident.id,
          ...(secret && {
            'x-firstframe-signature': `t=${seconds},v1=${hmac(secret, `${seconds}.${body}`).digest('hex')}`,
          }),
        },
      }
    },
  }
}

/** How a configured receiver is talked to. */
export function dialectOf(config: ReceiverConfig): Dialect {
  switch (config.type) {
    case 'alertmanager':
      return alertmanager(config)
    case 'pagerduty':
      return pagerduty(config)
    case 'slack':
      return slack(config)
    case 'dingtalk':
      return dingtalk(config)
    case 'feishu':
      return feishu(config)
    case 'webhook':
      return webhook(config)
  }
}
