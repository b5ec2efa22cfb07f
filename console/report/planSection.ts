import { type Change, changesBefore, changeText, timeBefore } from '../../schemas/change.ts'
import { ACTING_LEVELS, OBSERVED, type WalkedStep } from '../../schemas/planWalk.ts'
import type { ShowPlan } from '../../schemas/showPlan.ts'
import { clockTime, count, duration } from './amount.ts'
import type { ReportData } from './data.ts'
import { section, table, text } from './elements.ts'
import { type Fault, faultsOf } from './faults.ts'
import type { Lang, Words } from './words.ts'

interface Look {
  readonly lang: Lang
  readonly zone: string
}

/** What was changed before a fault began and may have caused it, the latest first. */
const changesOf = ({ changes, show }: ReportData, { began_ms, lead, streams }: Fault): readonly Change[] =>
  changesBefore(changes, {
    began_ms,
    cause: lead.cause,
    streams: streams.map((stream) => ({ show, stream })),
  })

/** The changes before a fault, as lines under what it says: `2 min before: player 4.9.3`. */
export const beforeFault = (data: ReportData, fault: Fault, lang: Lang): string =>
  changesOf(data, fault)
    .map(
      (each) =>
        `<br><span class="soft">${timeBefore(each, fault.began_ms)[lang]}: ${text(changeText(each))}</span>`,
    )
    .join('')

/** What was changed, and which faults followed. Empty where nothing was. */
export function changesSection(data: ReportData, words: Words, { lang, zone }: Look): string {
  if (data.changes.length === 0) return ''
  const followers = faultsOf(data).map((fault) => ({ fault, changes: changesOf(data, fault) }))
  return section(
    words.changes,
    table(
      [words.when, words.what, words.followedBy],
      data.changes.map((change) => [
        clockTime(change.at_ms, zone),
        text(changeText(change)),
        `<span class="wide">${
          followers
            .filter(({ changes }) => changes.includes(change))
            .map(({ fault: { lead, began_ms } }) =>
              text(`${words.after(duration(began_ms - change.at_ms))}: ${lead[`summary_${lang}`]}`),
            )
            .join('<br>') || words.nothingFollowed
        }</span>`,
      ]),
    ),
  )
}

/** Where a step of an incident got to, with its time against the time it had. */
function stepText({ state, took_s, within_s, by, does, who }: WalkedStep, words: Words): string {
  const word = words.stepStates[state]
  const time =
    took_s === undefined ? '' : ` ${words.tookOf(duration(took_s * 1000), duration(within_s * 1000))}`
  const how = by === undefined ? '' : ` · ${by === OBSERVED ? words.observed : by}`
  const tone = state === 'done' ? 'good' : state === 'failed' ? 'bad' : 'soft'
  const what = [does, who].filter(Boolean).join(' · ')
  const did =
    what === '' || state === 'spared' || state === 'waiting'
      ? ''
      : `<br><span class="soft">${text(what)}</span>`
  const wide = state === 'spared' || state === 'waiting' ? '' : ' class="wide"'
  return `<span${wide}><span class="${tone}">${word}</span>${text(time + how)}${did}</span>`
}

/** The plan's score, its checks, and how each incident went through its levels. Empty where there is neither. */
export function planSection({ plan }: ReportData, words: Words, { lang, zone }: Look): string {
  if (plan === undefined || plan.checks.length + plan.incidents.length === 0) return ''
  const { checks, incidents } = plan
  const before = checks.map(({ step, does, who, due_ms, state, at_ms, by }) => [
    text(does),
    `<span class="${state === 'done' ? 'good' : state === 'open' ? 'soft' : 'bad'}">${words.checkStates[state]}</span>`,
    at_ms === undefined ? '–' : clockTime(at_ms, zone),
    due_ms === undefined ? '–' : clockTime(due_ms, zone),
    text((by === OBSERVED ? words.observed : by) ?? who ?? step),
  ])
  const walked = incidents.map(({ summary_en, summary_zh, plan: { steps, held } }) => [
    text(lang === 'zh' ? summary_zh : summary_en),
    held === undefined
      ? `<span class="soft">${words.stillOpen}</span>`
      : `<span class="${held ? 'good' : 'bad'}">${held ? words.planHeld : words.planBroke}</span>`,
    ...steps.map((step) => stepText(step, words)),
  ])
  return section(
    words.plan,
    `<p>${text(planText(plan, words))}</p>${
      before.length === 0
        ? ''
        : table([words.check, words.verdictHead, words.at, words.due, words.who], before)
    }${
      walked.length === 0
        ? ''
        : table([words.what, words.verdictHead, ...ACTING_LEVELS.map((level) => words.levels[level])], walked)
    }`,
  )
}

/** The plan's score in a sentence. */
export const planText = ({ score }: ShowPlan, words: Words): string =>
  words.planScore(
    ...([score.checks_done, score.checks, score.held, score.over, score.led_on].map(count) as [
      string,
      string,
      string,
      string,
      string,
    ]),
  )
