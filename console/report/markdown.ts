import { changeText } from '../../schemas/change.ts'
import { metricOf } from '../../schemas/metrics.ts'
import { HOP_NAMES } from '../../schemas/words.ts'
import { adviceOf } from './advice.ts'
import { amount, bytes, clockTime, count, duration, hour, instant, plain } from './amount.ts'
import { meets, type ReportData } from './data.ts'
import { faultsOf } from './faults.ts'
import { byMiss, momentOf, type ReportLook, verdictOf } from './html.ts'
import { planText } from './planSection.ts'
import { WORDS } from './words.ts'

/** Text within a cell or a line: what Markdown or HTML would read otherwise is escaped. */
const cell = (text: string): string => text.replace(/[\\`*_[\]<>|#]/g, '\\$&').replaceAll('\n', ' ')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

/** The report in short as Markdown: the verdict, what to do better, faults, quality; for a ticket or a chat. */
export function reportMarkdown(data: ReportData, { lang, zone, console: address }: ReportLook): string {
  const words = WORDS[lang]
  const { audience } = data
  const faults = faultsOf(data).map((fault) => [
    `[${clockTime(fault.began_ms, zone)}](${momentOf(data, fault.opened_ms + 30_000, address)})`,
    cell(lang === 'zh' ? fault.lead.summary_zh : fault.lead.summary_en),
    HOP_NAMES[fault.lead.hop]?.[lang] ?? cell(fault.lead.hop),
    fault.open ? words.stillOpen : duration(fault.ended_ms - fault.began_ms),
    count(fault.viewers),
    plain(fault.viewer_minutes),
  ])
  const quality = byMiss(data.quality).map(({ metric, value, objective, minutes, minutes_met }) => {
    const { title, unit, better } = metricOf(metric)
    const verdict =
      value === null
        ? words.notMeasured
        : meets(better, value, objective)
          ? `✓ ${words.met}`
          : `✗ ${words.missed}`
    return [
      title[lang],
      value === null ? '–' : amount(value, unit),
      `${better === 'lower' ? '≤' : '≥'} ${amount(objective, unit)}`,
      verdict,
      minutes === 0 ? '–' : `${count(minutes_met)} / ${count(minutes)}`,
    ]
  })
  const advice = adviceOf(data).map((each, index) => `${index + 1}. ${cell(each[lang])}`)
  return [
    `# ${cell(data.show)} · ${words.title}`,
    `${instant(data.from_ms, zone)} – ${instant(data.to_ms, zone)} ${zone}`,
    `**${verdictOf(data, words)}**`,
    [
      `${count(audience.viewers)} ${words.viewers}`,
      `${count(audience.peak)} ${words.peak}, ${hour(audience.peak_ms, zone)}`,
      `${plain(audience.hours)} ${words.hours}`,
      `${bytes(audience.bytes)} ${words.delivered}`,
      ...(data.experience === undefined ? [] : [`${words.score} ${data.experience.score.toFixed(0)}`]),
    ].join(' · '),
    `## ${words.better}`,
    advice.length === 0 ? words.nothing : advice.join('\n'),
    `## ${words.incidents}`,
    faults.length === 0
      ? words.noIncidents
      : table([words.began, words.what, words.where, words.lasted, words.affected, words.cost], faults),
    ...(data.changes.length === 0
      ? []
      : [
          `## ${words.changes}`,
          data.changes.map((each) => `- ${clockTime(each.at_ms, zone)} ${cell(changeText(each))}`).join('\n'),
        ]),
    ...(data.plan === undefined ? [] : [`## ${words.plan}`, planText(data.plan, words)]),
    `## ${words.quality}`,
    table([words.metric, words.value, words.objective, words.verdictHead, words.minutesMet], quality),
    words.times(zone),
  ].join('\n\n')
}
