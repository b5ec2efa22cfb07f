import type { Evidence, IncidentView, Symptom } from '../../schemas/incident.ts'
import type { Hop } from '../../schemas/kinds/kinds.ts'
import { type Metric, metricOf } from '../../schemas/metrics.ts'
import { causeName, HOP_NAMES, type Lang, namedInChinese } from '../../schemas/words.ts'
import { share, textOf } from './amount.ts'
import type { Words } from './words.ts'

/** What was seen, as far as it was kept: an old row may lack parts. */
export type Seen = Partial<Evidence>

/** An incident’s evidence; empty where it has none yet. */
export const seenOf = ({ evidence }: IncidentView): Seen => evidence ?? {}

/** The incident in a sentence; the number of viewers, which ends it, stands elsewhere. */
export function titleOfIncident(incident: IncidentView, lang: Lang): string {
  const summary = (lang === 'zh' ? incident.summary_zh : incident.summary_en).split(' · ')[0]!
  return lang === 'zh' ? namedInChinese(summary, incident.cause) : summary
}

/** Whom it strikes, in two words: `cdn-b Guangdong`; without a named place the hop. */
export const placeOf = ({ cause, hop }: IncidentView, lang: Lang): string =>
  causeName(cause, lang) || (HOP_NAMES[hop as Hop]?.[lang] ?? hop)

/** The kind of rule that found something: `absence` of `encoder_fps-absence`. */
export const ruleType = (rule: string): string => rule.split('-').at(-1)!

/** An encoder (or another hop) of which nothing is heard: its last value is not its value. */
export const isAbsence = ({ rule }: { readonly rule: string }): boolean => ruleType(rule) === 'absence'

/**
 * Hops that the watcher looked at and found well. The hop that breaks, and hops where something was seen, are never among them.
 */
export function ruledOut(incident: IncidentView): readonly Hop[] {
  const { clean = [], symptoms = [] } = seenOf(incident)
  return clean.filter((hop) => hop !== incident.hop && !symptoms.some((each) => each.hop === hop))
}

/** A symptom's number in the unit of its rule: a share of silence is no frame rate. */
export function symptomText(
  { metric, rule }: Pick<Symptom, 'metric' | 'rule'>,
  value: number,
  words: Words,
  lang: Lang,
): string {
  switch (ruleType(rule)) {
    case 'absence':
      return value > 0.5 ? words.reporting : words.silent
    case 'mix':
    case 'quorum':
      return share(value)
    default:
      return textOf(metric, value, lang)
  }
}

/** What there is more of because of an incident, for "98 % of the extra stalls are here". */
export function excessOf({ metric }: IncidentView, words: Words): string {
  const spec = metricOf(metric as Metric)
  if (/^rebuffering|^stalled/.test(metric)) return words.excess.stalls
  if (/failure|errors|success|delivery/.test(metric)) return words.excess.failures
  return spec?.unit === 'ms' ? words.excess.delay : words.excess.change
}
