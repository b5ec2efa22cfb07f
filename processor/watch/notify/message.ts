import { changeText, timeBefore } from '../../../schemas/change.ts'
import type { Incident } from '../../../schemas/incident.ts'
import { partOf } from '../../../schemas/runbookParts.ts'
import { HOP_NAMES } from '../../../schemas/words.ts'
import { oneLine } from './literal.ts'

/** What a receiver is told. */
export interface Notice {
  readonly event: 'page' | 'update' | 'resolve'
  readonly incident: Incident
  /** As it was when it was opened: what identifies it at the receiver must not change. */
  readonly first: { readonly severity: string; readonly hop: string; readonly rule: string }
}

/** A request, ready to be sent. */
export interface Outgoing {
  readonly url: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What the answer means. `retry`: the same may succeed later. */
export type Outcome = 'taken' | 'retry' | 'refused'

/** How one kind of receiver is talked to. */
export interface Dialect {
  /** @param now_ms goes into signatures */
  compose(notice: Notice, now_ms: number): Outgoing
  /** Looks into an answer 2xx; without it 2xx is success. */
  judge?(body: string): Outcome
  /** So many messages in so many ms. */
  readonly limit: { readonly messages: number; readonly per_ms: number }
  /** An open incident is told again so often, where the receiver forgets otherwise. */
  readonly repeat_ms?: number
}

export type Language = 'en' | 'zh' | 'both'

const EVENTS = {
  page: ['', ''],
  again: ['Again: ', '再次：'],
  update: ['Update: ', '更新：'],
  resolve: ['Resolved: ', '已恢复：'],
} as const

/** The headline in the language asked for. */
export function headline({ event, incident }: Notice, language: Language): string {
  const [en, zh] = EVENTS[event === 'page' && incident.reopened > 0 ? 'again' : event]
  const english = `${en}${oneLine(incident.summary_en)}`
  const chinese = `${zh}${oneLine(incident.summary_zh)}`
  return language === 'en' ? english : language === 'zh' ? chinese : `${english}\n${chinese}`
}

/** The details under the headline: label and value. */
export function details(
  { event, incident }: Notice,
  language: Language,
): readonly (readonly [string, string])[] {
  const zh = language === 'zh'
  const say = (en: string, chinese: string) => (language === 'both' ? `${en} ${chinese}` : zh ? chinese : en)
  const rows: [string, string][] = [
    [say('Where', '环节'), HOP_NAMES[incident.hop][zh ? 'zh' : 'en']],
    [say('Since', '开始'), time(incident.began_ms)],
  ]
  if (event === 'resolve') rows.push([say('Until', '恢复'), time(incident.resolved_ms)])
  if (incident.show || incident.stream)
    rows.push([say('Stream', '直播'), [incident.show, incident.stream].filter(Boolean).join(' / ')])
  const { stream_count = 1, show_count = 1 } = incident
  if (stream_count > 1)
    rows.push([
      say('In all', '共计'),
      language === 'zh'
        ? `${show_count} 场直播，${stream_count} 路流`
        : `${stream_count} streams of ${show_count} shows`,
    ])
  if (event === 'page' && incident.last_of_hour)
    rows.push([
      say('Note', '注意'),
      say(
        'The last page of this show for an hour; further incidents are on the console.',
        '本场一小时内的最后一次呼叫；之后的事件见控制台。',
      ),
    ])
  if (incident.explains > 0 && Object.keys(incident.cause).length > 0)
    rows.push([
      say('Sure', '把握'),
      `${Math.round(incident.confidence * 100)} % · ${say('explains', '解释')} ${Math.round(incident.explains * 100)} %`,
    ])
  for (const change of incident.evidence.changes ?? []) {
    const before = timeBefore(change, incident.began_ms)
    rows.push([say('Changed', '变更'), oneLine(`${before[zh ? 'zh' : 'en']}: ${changeText(change)}`)])
  }
  const { clean = [] } = incident.evidence
  if (clean.length > 0)
    rows.push([say('Clean', '正常'), clean.map((hop) => HOP_NAMES[hop][zh ? 'zh' : 'en']).join(', ')])
  const todo = event === 'resolve' ? undefined : todoOf(incident)
  if (todo) rows.push([say('Do', '处置'), todo[language]])
  return rows
}

/** Links under the details, those that there are. */
export function links({ incident }: Notice, language: Language): readonly (readonly [string, string])[] {
  const { dashboard, runbook } = incident.evidence
  const all: [string, string][] = [
    [language === 'zh' ? '看板' : 'Dashboard', dashboard],
    [language === 'zh' ? '处置手册' : 'Runbook', runbook],
  ]
  return all.filter(([, url]) => url)
}

const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`

/** What people do about it, and who: the manual step of its runbook. */
export function todoOf(incident: Incident): Readonly<Record<Language, string>> | undefined {
  const part = partOf({ ...incident, symptoms: incident.evidence.symptoms })
  return part && { en: part.manual, zh: part.manual_zh, both: `${part.manual} ${part.manual_zh}` }
}
