import { readdirSync, readFileSync } from 'node:fs'
import { rehearse } from '../main/rehearse.ts'
import { parseScenario } from '../rehearsal/parseScenario.ts'
import type { Scenario } from '../rehearsal/scenarioSchema.ts'
import type { Scorecard } from '../rehearsal/scorecard.ts'
import { summaryOf, tellSummary } from '../rehearsal/summary.ts'
import { varied } from '../rehearsal/vary.ts'
import type { BenchOptions } from './run.ts'

const MAIN = ['cdn-in-one-region', 'encoder-killed', 'origin-5xx', 'player-version', 'gateway-overload']
const VIEWERS = 200_000
const LENGTH_S = 600
const FOLDER = new URL('../rehearsal/scenarios/', import.meta.url)
/** Seeds of unseen shows begin here: no scenario has one of these. */
const FIRST_SEED = 1001

/**
 * Without `seeds`: the main faults with 200,000 viewers for ten minutes. Other names, `viewers=N` or `length=S` on the command
 * line take the place of these.
 *
 * `seeds=N [from=SEED] [verbose=1]`: every scenario (or those named) as it is in the repository but unseen, N times: another seed, and faults at
 * other moments and places, see `varied`.
 */
export async function run({ json, args }: BenchOptions): Promise<void> {
  const number = (name: string, usual: number) =>
    Number(args.find((each) => each.startsWith(`${name}=`))?.split('=')[1] ?? usual)
  const names = args.filter((each) => !each.includes('='))
  const seeds = number('seeds', 0)
  if (seeds > 0)
    await unseen({ json, names, seeds, from: number('from', FIRST_SEED), verbose: number('verbose', 0) > 0 })
  else await large({ json, names, viewers: number('viewers', VIEWERS), length_s: number('length', LENGTH_S) })
}

function scenarioOf(name: string): Scenario {
  const parsed = parseScenario(readFileSync(new URL(`${name}.yaml`, FOLDER), 'utf8'))
  if ('errors' in parsed) throw new Error(`${name}.yaml: ${JSON.stringify(parsed.errors)}`)
  return parsed.scenario
}

interface Large {
  readonly json: boolean
  readonly names: readonly string[]
  readonly viewers: number
  readonly length_s: number
}

async function large({ json, names, viewers, length_s }: Large): Promise<void> {
  const cards: Scorecard[] = []
  for (const name of names.length > 0 ? names : MAIN) {
    const scenario = scenarioOf(name)
    const started = performance.now()
    let most = 0
    let reported = started
    const card = await rehearse({
      scenario: { ...scenario, length_s, audience: { ...scenario.audience, viewers } },
      each({ at_s, viewers: watching }) {
        most = Math.max(most, process.memoryUsage.rss())
        const now = performance.now()
        if (json || now - reported < 5000) return
        reported = now
        console.error(
          `   ${name}: ${at_s} of ${length_s} s, ${watching.toLocaleString('en-US')} watching, ${Math.round(most / 1e6)} MB`,
        )
      },
    })
    const seconds = (performance.now() - started) / 1000
    cards.push(card)
    if (!json) for (const trouble of troublesOf(card)) console.log(`   ${name}: ${trouble}`)
    for (const fault of card.faults) {
      const result = {
        bench: 'rehearsals',
        case: `${name}-${viewers}`,
        value: fault.seconds_to_page,
        unit: 's to page',
        reference: 3,
        ratio: fault.seconds_to_page === null ? null : fault.seconds_to_page / 3,
        hop_right: fault.hop_right,
        cause_right: fault.cause_right,
        pages: card.pages,
        false_pages: card.false_pages.length,
        seconds_to_resolve: fault.seconds_to_resolve,
        times_real_time: Math.round((length_s / seconds) * 10) / 10,
        peak_mb: Math.round(most / 1e6),
      }
      console.log(
        json
          ? JSON.stringify(result)
          : `${name}: page after ${result.value} s (aim 3), hop ${result.hop_right ? 'right' : 'wrong'}, cause ${result.cause_right ? 'right' : 'wrong'}, ${result.pages} page(s), ${result.false_pages} false, over after ${result.seconds_to_resolve} s; ${result.times_real_time}× real time, ${result.peak_mb} MB at most`,
      )
    }
  }
  if (!json) console.log(tellSummary(summaryOf(cards)))
}

interface Unseen {
  readonly json: boolean
  readonly names: readonly string[]
  readonly seeds: number
  readonly from: number
  readonly verbose: boolean
}

async function unseen({ json, names, seeds, from, verbose }: Unseen): Promise<void> {
  const all = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml') && !name.startsWith('quiet-'))
    .map((name) => name.slice(0, -5))
    .sort()
  const cards: Scorecard[] = []
  for (const name of names.length > 0 ? names : all) {
    const scenario = scenarioOf(name)
    for (let seed = from; seed < from + seeds; seed += 1) {
      const show = varied(scenario, seed)
      const card = await rehearse({ scenario: show })
      cards.push(card)
      if (verbose)
        for (const { fault, at_page, expected } of card.faults)
          if (at_page && !(at_page.hop_right && at_page.cause_right))
            console.error(
              `     ${name}, seed ${seed}: ${fault} at ${JSON.stringify(expected.cause)} not right in the page itself: ${JSON.stringify(card.happenings.find(({ notify }) => notify === 'page')?.incident, ['hop', 'cause', 'summary_en', 'cdn', 'region', 'isp', 'app', 'player_version', 'network'])}`,
            )
      if (card.passed) continue
      const result = { name, struck: show.faults, ...card, happenings: undefined }
      console.log(json ? JSON.stringify(result) : `${name}, seed ${seed}: ${troublesOf(card).join('; ')}`)
    }
    if (!json)
      console.error(
        `   ${name}: ${cards.slice(-seeds).filter(({ passed }) => passed).length} of ${seeds} passed`,
      )
  }
  const summary = summaryOf(cards)
  if (!json) return console.log(tellSummary(summary))
  console.log(
    JSON.stringify({
      bench: 'rehearsals',
      case: `unseen-${seeds}`,
      value: summary.median_s,
      unit: 's to page',
      reference: 3,
      ratio: summary.median_s / 3,
      ...summary,
    }),
  )
}

/** What was not as it ought to be. */
function troublesOf({ faults, false_pages, unresolved }: Scorecard): string[] {
  return [
    ...faults
      .filter(({ expected }) => expected.page)
      .flatMap((fault) => [
        ...(fault.paged ? [] : [`${fault.fault} MISSED at ${JSON.stringify(fault.expected.cause)}`]),
        ...(fault.paged && !fault.hop_right
          ? [`hop ${fault.hop}, not ${fault.expected.hop} (${fault.summary})`]
          : []),
        ...(fault.paged && !fault.cause_right
          ? [`cause ${JSON.stringify(fault.cause)}, not ${JSON.stringify(fault.expected.cause)}`]
          : []),
        ...((fault.seconds_to_page ?? 0) > fault.within_s ? [`late: ${fault.seconds_to_page} s`] : []),
      ]),
    ...false_pages.map(({ at_s, summary }) => `FALSE at ${at_s} s: ${summary}`),
    ...(unresolved > 0 ? [`${unresolved} unresolved`] : []),
  ]
}
