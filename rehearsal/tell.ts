import { planScore, type WalkedPlan } from '../schemas/planWalk.ts'
import type { Scenario } from './scenarioSchema.ts'
import type { Happening, Scorecard } from './scorecard.ts'

const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
const place = (cause: Readonly<Record<string, string>> | null): string =>
  cause === null
    ? '—'
    : Object.entries(cause)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ') || 'everywhere'

/** One line while a rehearsal runs. */
export const tellHappening = ({ change, notify, incident }: Happening, at_s: number): string =>
  `${clock(at_s).padStart(7)}  ${(notify === 'page' ? 'PAGE' : change).padEnd(9)} ${incident.hop.padEnd(11)} ${incident.summary_en}`

const LEVELS = ['check', 'automatic', 'standby', 'manual'] as const

/** The levels that had to act, and whether one held. */
function tellPlan(plan: WalkedPlan | null): string {
  const steps = (plan?.steps ?? []).filter(({ state }) => state === 'done' || state === 'failed')
  const acted = steps.map(
    ({ level, state, took_s, within_s }) => `${level} ${state} after ${took_s} of ${within_s} s`,
  )
  return `${acted.join(', then ')}${plan?.held ? '' : '  NOT HELD'}`
}

/** The scorecard for a person. */
export function tellScorecard(card: Scorecard, scenario: Scenario): string {
  const lines = [
    '',
    `${card.title}: ${card.viewers.toLocaleString('en-US')} viewers, ${clock(card.length_s)}, seed ${card.seed}`,
    '',
  ]
  for (const fault of card.faults) {
    const { expected } = fault
    lines.push(`  ${fault.fault}`)
    if (!fault.paged) {
      lines.push(expected.page ? '    MISSED: nobody was paged' : '    nobody was paged, as wanted')
      continue
    }
    const late =
      (fault.seconds_to_page ?? 0) > fault.within_s ? `  LATE, wanted within ${fault.within_s} s` : ''
    lines.push(
      `    paged      ${fault.seconds_to_page} s after the first affected beacon${late}`,
      `    hop        ${fault.hop}${fault.hop_right ? '' : `  WRONG, it is ${expected.hop}`}`,
      `    cause      ${place(fault.cause)}${fault.cause_right ? '' : `  WRONG, it is ${place(expected.cause)}`}`,
      `    over       ${fault.seconds_to_resolve === null ? 'NEVER' : `${fault.seconds_to_resolve} s after the fault`}`,
      `    plan       ${tellPlan(fault.plan)}`,
      `    said       ${fault.summary}`,
    )
  }
  for (const { at_s, summary } of card.false_pages) lines.push(`  FALSE PAGE at ${clock(at_s)}: ${summary}`)
  const plan = scenario.plan ?? []
  if (plan.length > 0) {
    lines.push('', '  Contingency plan')
    for (const level of LEVELS) {
      for (const step of plan.filter((entry) => entry.level === level)) {
        const seconds = step.within_s === undefined ? '' : `, within ${step.within_s} s`
        lines.push(
          `    ${level.padEnd(10)} ${step.who}: ${step.does}${seconds}${step.for ? ` (${step.for})` : ''}`,
        )
      }
    }
  }
  const { held, over } = planScore(card.faults.flatMap(({ plan }) => plan ?? []))
  lines.push(
    '',
    `  Plan held in ${held} of ${over} faults`,
    `  ${card.passed ? 'PASSED' : 'FAILED'}: ${card.faults.filter(({ paged }) => paged).length} of ${card.faults.filter(({ expected }) => expected.page).length} faults paged, ${card.missed} missed, ${card.false_pages.length} false pages, ${card.unresolved} unresolved`,
  )
  return lines.join('\n')
}
