import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { checkCollector } from '../checkCollector.ts'
import { expectedError } from '../expectedError.ts'
import { readText } from '../readText.ts'
import { demoServerKey } from '../serverKeys.ts'
import { registerDrillSwitch } from './drillSwitch.ts'
import { configOf, withConfig } from './options.ts'

const BUILT = '.cache/bin/k6'

/** `firstframe drill FILE.yaml`: asks more and more of the room's APIs and streams, and says who bends first. */
export function registerDrill(program: Command): void {
  const drill = withConfig(program.command('drill'))
  registerDrillSwitch(drill)
  drill
    .argument('<file>', 'what is asked of whom, in which steps: docs/ready.md')
    .description(
      'load the room’s APIs and streams by k6 in steps, and say which hop bends first and at what load; exit code 1 when one did',
    )
    .option('--to-the-end', 'go on although something has bent')
    .option('--k6 <path>', 'where k6 is (default: .cache/bin/k6 if it is there, else k6)')
    .option('--collector <address>', 'report the traffic here too, marked synthetic')
    .option('--key <key>', 'a server key for that (default: that of `demo` in the data folder)')
    .option('--json', 'the scorecard as JSON')
    .action(async (file: string, flags) => {
      const text = readText(file)
      const [{ readDrill }, { runDrill }, { tellCard }] = await Promise.all([
        import('../drill/drillFile.ts'),
        import('../drill/runDrill.ts'),
        import('../drill/scorecard.ts'),
      ])
      const wanted = readDrill(text, file)
      const config = configOf(flags)
      const key: string | undefined = flags.key ?? (config.server_key || demoServerKey(resolve(config.data)))
      if (flags.collector !== undefined && key === undefined)
        throw expectedError(
          'a report of synthetic traffic needs a server key: --key, made by `firstframe keys make`.',
        )
      if (flags.collector !== undefined) {
        const away = await checkCollector({ collector: flags.collector, key: key!, source: 'k6' })
        if (away !== undefined) throw expectedError(away)
      }
      const abort = new AbortController()
      process.once('SIGINT', () => abort.abort())
      const card = await runDrill({
        drill: wanted,
        k6: flags.k6 ?? (existsSync(BUILT) ? BUILT : 'k6'),
        name: `drill-${Date.now().toString(36)}`,
        report: flags.collector === undefined ? undefined : { collector: flags.collector, key: key! },
        toTheEnd: flags.toTheEnd,
        each: ({ load_per_s }) => flags.json || console.log(`${load_per_s} requests a second: done`),
        signal: abort.signal,
      })
      console.log(flags.json ? JSON.stringify(card, null, 2) : tellCard(card))
      process.exitCode = card.first === undefined ? 0 : 1
    })
}
