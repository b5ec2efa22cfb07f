import type { Command } from 'commander'
import { expectedError } from '../expectedError.ts'
import { readText } from '../readText.ts'

/** Adds `firstframe rehearse`. */
export function registerRehearse(program: Command): void {
  program
    .command('rehearse')
    .argument('<file>', 'a scenario in YAML; its format: rehearsal/scenario.schema.json')
    .description(
      'play a show with its faults in virtual time through the real watcher, and print a scorecard',
    )
    .option('--speed <factor>', 'times real time; without it as fast as it goes', '')
    .option('--seed <n>', 'takes the place of the scenario’s own', '')
    .option('--json', 'the scorecard as JSON')
    .action(async (file: string, flags: { speed: string; seed: string; json?: boolean }) => {
      const number = (name: 'speed' | 'seed'): number | undefined => {
        if (flags[name] === '') return undefined
        const value = Number(flags[name])
        if (!Number.isFinite(value) || (name === 'speed' && value <= 0))
          throw expectedError(`--${name} is a number`)
        return value
      }
      const [speed, seed] = [number('speed'), number('seed')]
      const { parseScenario } = await import('../../rehearsal/parseScenario.ts')
      const { tellScorecard, tellHappening } = await import('../../rehearsal/tell.ts')
      const { rehearse } = await import('../rehearse.ts')
      const text = readText(file)
      const parsed = parseScenario(text)
      if ('errors' in parsed)
        throw expectedError(
          parsed.errors.map(({ line, column, message }) => `${file}:${line}:${column} ${message}`).join('\n'),
        )
      const started = performance.now()
      const { happenings: _, ...card } = await rehearse({
        scenario: parsed.scenario,
        seed,
        async each({ at_s, happenings }) {
          if (!flags.json) for (const each of happenings) console.log(tellHappening(each, at_s))
          const ahead = speed === undefined ? 0 : (at_s * 1000) / speed - (performance.now() - started)
          if (ahead > 5) await new Promise((resolve) => setTimeout(resolve, ahead))
        },
      })
      if (flags.json) console.log(JSON.stringify({ ...card, plan: parsed.scenario.plan ?? [] }, null, 2))
      else console.log(tellScorecard(card, parsed.scenario))
      process.exitCode = card.passed ? 0 : 1
    })
}
