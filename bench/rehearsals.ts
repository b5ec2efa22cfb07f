import { readFileSync } from 'node:fs'
import { rehearse } from '../main/rehearse.ts'
import { parseScenario } from '../rehearsal/parse_scenario.ts'
import type { BenchOptions } from './run.ts'

const MAIN = ['cdn-in-one-region', 'encoder-killed', 'origin-5xx', 'player-version', 'gateway-overload']
const VIEWERS = 200_000
const LENGTH_S = 600

/**
 * The main faults with 200,000 viewers for ten minutes. Other names, `viewers=N` or `length=S` on the command line take
 * the place of these.
 */
export async function run({ json, args }: BenchOptions): Promise<void> {
  const number = (name: string, usual: number) =>
    Number(args.find((each) => each.startsWith(`${name}=`))?.split('=')[1] ?? usual)
  const [viewers, length_s] = [number('viewers', VIEWERS), number('length', LENGTH_S)]
  const names = args.filter((each) => !each.includes('='))
  for (const name of names.length > 0 ? names : MAIN) {
    const parsed = parseScenario(
      readFileSync(new URL(`../rehearsal/scenarios/${name}.yaml`, import.meta.url), 'utf8'),
    )
    if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors))
    const { scenario } = parsed
    const started = performance.now()
    const card = await rehearse({
      scenario: { ...scenario, length_s, audience: { ...scenario.audience, viewers } },
    })
    const seconds = (performance.now() - started) / 1000
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
      }
      console.log(
        json
          ? JSON.stringify(result)
          : `${name}: page after ${result.value} s (aim 3), hop ${result.hop_right ? 'right' : 'wrong'}, cause ${result.cause_right ? 'right' : 'wrong'}, ${result.pages} page(s), ${result.false_pages} false, over after ${result.seconds_to_resolve} s; ${result.times_real_time}× real time`,
      )
    }
  }
}
